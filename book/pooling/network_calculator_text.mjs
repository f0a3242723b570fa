// A network as text, read line by line: a list of objects, as in Python, such as
// { kind: "conv", filters, size, stride, padding }.

const LARGEST = 100000;

/** What each kind of entry takes: bare numbers first, then named ones with their defaults. */
const KINDS = {
  image: { bare: ["channels", "height", "width"], named: {} },
  conv: { bare: ["filters"], named: { size: null, stride: 1, padding: 0 } },
  max_pool: { bare: [], named: { size: null, stride: "size" } },
  avg_pool: { bare: [], named: { size: null, stride: "size" } },
  adaptive_avg_pool: { bare: [], named: { size: null } },
  relu: { bare: [], named: {} },
  dropout: { bare: [], named: {} },
  flatten: { bare: [], named: {} },
  linear: { bare: ["units"], named: {} },
};

/** @typedef {{ kind: string } & Record<string, any>} Layer */

/**
 * Read one number: { value }, or { problem } in words.
 *
 * @param {string | undefined} typed
 * @param {string} name
 * @returns {{ value?: number, problem?: string }}
 */
function readNumber(typed, name) {
  const words = name.endsWith("s") ? `number of ${name}` : name;
  if (typed === undefined) return { problem: `the ${words} is missing` };
  if (!/^\d+$/.test(typed))
    return { problem: `the ${words} has to be a whole number, not "${typed}"` };
  const value = Number(typed);
  const least = name === "padding" ? 0 : 1;
  if (value < least) return { problem: `the ${words} has to be at least ${least}` };
  if (value > LARGEST)
    return { problem: `the ${words} is too large: at most ${LARGEST.toLocaleString("en-US")}` };
  return { value };
}

/**
 * Read one line: { layer }, or { problem } in words.
 *
 * @param {string} line
 * @returns {{ layer?: Layer, problem?: string }}
 */
export function readLine(line) {
  const [kind, ...words] = line.toLowerCase().replaceAll(",", " ").trim().split(/\s+/);
  if (!Object.hasOwn(KINDS, kind)) {
    return { problem: `there is no layer "${kind}". Known are ${Object.keys(KINDS).join(", ")}` };
  }
  const { bare, named } = KINDS[kind];
  /** @type {Layer} */
  const layer = { kind };
  for (const name of bare) {
    const { value, problem } = readNumber(words.shift(), name);
    if (problem) return { problem };
    layer[name] = value;
  }
  const { given, problem } = readNamed(kind, words);
  if (problem) return { problem };
  for (const [name, preset] of Object.entries(named)) {
    if (!(name in given) && preset === null) {
      const example = `${kind} ${bare.length ? "8 " : ""}${name} 3`;
      return { problem: `${kind} needs a ${name}, as in "${example}"` };
    }
    layer[name] = given[name] ?? (preset === "size" ? layer.size : preset);
  }
  return { layer };
}

/**
 * Read the named numbers of a line: { given }, or { problem } in words.
 *
 * @param {string} kind
 * @param {string[]} words
 * @returns {{ given?: Record<string, number>, problem?: string }}
 */
function readNamed(kind, words) {
  const names = Object.keys(KINDS[kind].named);
  /** @type {Record<string, number>} */
  const given = {};
  while (words.length) {
    const name = words.shift();
    if (!names.includes(name)) {
      const takes = names.length ? `takes ${names.join(", ")}` : "takes nothing more";
      return { problem: `"${name}" is not expected here: ${kind} ${takes}` };
    }
    if (name in given) return { problem: `the ${name} is given twice` };
    const { value, problem } = readNumber(words.shift(), name);
    if (problem) return { problem };
    given[name] = value;
  }
  return { given };
}

/**
 * Read a network: { spec, lines }, or { problem } in words with the number of the line.
 *
 * @param {string} text
 * @returns {{ spec?: Layer[], lines?: number[], problem?: string }}
 */
export function readNetwork(text) {
  const spec = [];
  const lines = [];
  for (const [index, line] of text.split("\n").entries()) {
    const clean = line.split("#")[0].trim();
    if (!clean) continue;
    const { layer, problem } = readLine(clean);
    if (problem) return { problem: `Line ${index + 1}: ${problem}.` };
    spec.push(layer);
    lines.push(index + 1);
  }
  if (!spec.length)
    return { problem: 'The network is empty. Begin with a line such as "image 3 224 224".' };
  return { spec, lines };
}
