// The figure "network calculator": a network as text; its shapes, parameters and multiply-adds.
//
// One ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes. A network is a list of
// objects, as in Python: { kind: "conv", filters, size, stride, padding }. The computing functions
// come first and are exported; `render` draws.

import {
  button,
  choice,
  make,
  onDark,
  onceAFrame,
  positions,
  select,
  speaker,
  watch,
  watchTheme,
} from "../figures/figure.mjs";

const LARGEST = 100000;
const BYTES = 4;

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

const slides = ({ kind }) => kind === "conv" || kind === "max_pool" || kind === "avg_pool";

/** Read one number: { value }, or { problem } in words. */
function readNumber(typed, name) {
  if (typed === undefined) return { problem: `the ${name} is missing` };
  if (!/^\d+$/.test(typed)) return { problem: `the ${name} has to be a whole number, not "${typed}"` };
  const value = Number(typed);
  const least = name === "padding" ? 0 : 1;
  if (value < least) return { problem: `the ${name} has to be at least ${least}` };
  if (value > LARGEST) return { problem: `the ${name} is too large: at most ${LARGEST.toLocaleString("en-US")}` };
  return { value };
}

/** Read one line: { layer }, or { problem } in words. */
export function readLine(line) {
  const [kind, ...words] = line.toLowerCase().replaceAll(",", " ").trim().split(/\s+/);
  const known = KINDS[kind];
  if (!Object.hasOwn(KINDS, kind)) {
    return { problem: `there is no layer "${kind}". Known are ${Object.keys(KINDS).join(", ")}` };
  }
  const layer = { kind };
  for (const name of known.bare) {
    const { value, problem } = readNumber(words.shift(), name);
    if (problem) return { problem };
    layer[name] = value;
  }
  const given = {};
  while (words.length) {
    const name = words.shift();
    if (!Object.hasOwn(known.named, name)) {
      const names = Object.keys(known.named);
      const takes = names.length ? `takes ${names.join(", ")}` : "takes nothing more";
      return { problem: `"${name}" is not expected here: ${kind} ${takes}` };
    }
    if (name in given) return { problem: `the ${name} is given twice` };
    const { value, problem } = readNumber(words.shift(), name);
    if (problem) return { problem };
    given[name] = value;
  }
  for (const [name, preset] of Object.entries(known.named)) {
    if (!(name in given) && preset === null) return { problem: `${kind} needs a ${name}, as in "${kind} ${known.bare.length ? "8 " : ""}${name} 3"` };
    layer[name] = given[name] ?? (preset === "size" ? layer.size : preset);
  }
  return { layer };
}

/** Read a network: { spec, lines }, or { problem } in words with the number of the line. */
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
  if (!spec.length) return { problem: 'The network is empty. Begin with a line such as "image 3 224 224".' };
  return { spec, lines };
}

/** The shape of what one entry hands on: { shape }, or { problem } in words. */
export function nextShape(layer, shape) {
  const { kind } = layer;
  if (kind === "image") {
    if (shape) return { problem: "there can be one image only, in the first line" };
    return { shape: [layer.channels, layer.height, layer.width] };
  }
  if (!shape) return { problem: 'the first line has to be the image, as in "image 3 224 224"' };
  if (kind === "relu" || kind === "dropout") return { shape };
  if (kind === "linear") {
    if (shape.length > 1) return { problem: "a linear layer reads a flat input: put a line \"flatten\" before it" };
    return { shape: [layer.units] };
  }
  if (shape.length === 1) return { problem: `${kind} needs maps, but its input is flat already` };
  if (kind === "flatten") return { shape: [shape.reduce((product, side) => product * side, 1)] };
  if (kind === "adaptive_avg_pool") return { shape: [shape[0], layer.size, layer.size] };
  const padding = layer.padding ?? 0;
  const sides = shape.slice(1).map((side) => positions(side, layer.size, layer.stride, padding));
  if (sides.some((side) => side < 1)) {
    const what = kind === "conv" ? "a filter" : "a window";
    const around = padding ? ` with a padding of ${padding}` : "";
    return {
      problem: `${what} of ${layer.size} × ${layer.size} does not fit into maps of ${shape[1]} × ${shape[2]}${around}`,
    };
  }
  return { shape: [layer.filters ?? shape[0], ...sides] };
}

/** The shapes of a network: { shapes }, or { problem, at } with the index of the entry. */
export function networkShapes(spec) {
  const shapes = [];
  for (const [at, layer] of spec.entries()) {
    const { shape, problem } = nextShape(layer, shapes.at(-1));
    if (problem) return { problem, at };
    shapes.push(shape);
  }
  return { shapes };
}

/** How many numbers every entry learns, biases included. */
export function countParameters(spec, shapes) {
  return spec.map((layer, i) => {
    if (layer.kind === "conv") return layer.filters * (shapes[i - 1][0] * layer.size ** 2 + 1);
    if (layer.kind === "linear") return layer.units * (shapes[i - 1][0] + 1);
    return 0;
  });
}

/** How many multiplications (each with an addition) every entry takes for one image. */
export function countMultiplyAdds(spec, shapes) {
  return spec.map((layer, i) => {
    if (layer.kind === "conv") {
      return shapes[i].reduce((product, side) => product * side, 1) * shapes[i - 1][0] * layer.size ** 2;
    }
    if (layer.kind === "linear") return layer.units * shapes[i - 1][0];
    return 0;
  });
}

/** How many numbers every entry hands on. */
export function countNumbers(shapes) {
  return shapes.map((shape) => shape.reduce((product, side) => product * side, 1));
}

/** A whole number with separators. */
const text = (value) => value.toLocaleString("en-US");

/** A large number for reading: 15.5 billion. */
export function rounded(value) {
  for (const [size, word] of [[1e12, "trillion"], [1e9, "billion"], [1e6, "million"]]) {
    if (value >= size) return `${(value / size).toPrecision(3)} ${word}`;
  }
  return text(value);
}

/** Bytes for reading: 58.3 MB. */
export function bytes(count) {
  for (const [size, unit] of [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) {
    if (count >= size) return `${Number((count / size).toPrecision(3))} ${unit}`;
  }
  return `${count} B`;
}

/** An entry as the table names it. */
function nameOf({ kind, ...settings }) {
  const { size, stride, padding } = settings;
  const more = [
    stride > 1 || (stride !== undefined && kind !== "conv") ? `stride ${stride}` : "",
    padding ? `padding ${padding}` : "",
  ].filter(Boolean);
  const tail = more.length ? `, ${more.join(", ")}` : "";
  if (kind === "image") return "image";
  if (kind === "conv") return `conv ${settings.filters}, ${size}×${size}${tail}`;
  if (kind === "linear") return `linear ${settings.units}`;
  if (kind === "adaptive_avg_pool") return `average to ${size}×${size}`;
  if (slides({ kind })) return `${kind === "max_pool" ? "max" : "avg"} pool ${size}×${size}${tail}`;
  return kind;
}

function render({ model, el }) {
  const unique = `nc${Math.random().toString(36).slice(2, 10)}`;
  const presets = model.get("presets");
  const { put, schedule, stop } = onceAFrame(model, () => show());

  // ---------------------------------------------------------------- controls
  const options = [...presets.map(({ name, label }) => [name, label]), ["own", "your own"]];
  const presetSelect = select(options, (chosen) => {
    const found = presets.find(({ name }) => name === chosen);
    if (found) put({ text: found.text });
  });
  const area = make("textarea", {
    class: "lf-input lf-code nc-area",
    id: `${unique}-text`,
    rows: "13",
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    wrap: "off",
    "aria-describedby": `${unique}-problem ${unique}-help`,
    "data-lm-suppress-shortcuts": "true",
    oninput: () => put({ text: area.value }),
  });
  const problemLine = make("p", { class: "lf-complaint", role: "alert", id: `${unique}-problem` });
  const quiet = button("Only layers that learn", toggle);
  quiet.setAttribute("aria-pressed", "false");
  let onlyLearning = false;
  const totals = make("div", { class: "nc-totals" });
  const body = make("tbody");
  const heads = ["layer", "shape", "parameters", "multiply-adds", "memory of the output"];
  const table = make(
    "table",
    { class: "nc-table" },
    make("caption", { class: "nc-caption" }, "One image. The bars compare within a column."),
    make("thead", {}, make("tr", {}, ...heads.map((words) => make("th", { scope: "col" }, words)))),
    body,
  );
  const scroller = make(
    "div",
    { class: "nc-scroller", tabindex: "0", role: "region", "aria-label": "Layers, table" },
    table,
  );
  const voice = speaker(500);
  const root = make(
    "div",
    { class: "lf nc", role: "group", "aria-label": "Network calculator" },
    make(
      "div",
      { class: "lf-controls" },
      choice("Network", presetSelect),
      quiet,
    ),
    make(
      "div",
      { class: "nc-board" },
      make(
        "div",
        { class: "nc-editor" },
        make("label", { class: "nc-label", for: `${unique}-text` }, "The network, one layer a line"),
        area,
        make(
          "p",
          { class: "nc-help", id: `${unique}-help` },
          "conv 16 size 5 stride 1 padding 2 · max_pool size 2 stride 2 · avg_pool · " +
            "adaptive_avg_pool size 1 · relu · dropout · flatten · linear 10",
        ),
      ),
      make("div", { class: "nc-result" }, problemLine, totals, scroller),
    ),
    voice.line,
  );
  el.append(root);

  // ---------------------------------------------------------------- changes
  function toggle() {
    onlyLearning = !onlyLearning;
    quiet.setAttribute("aria-pressed", onlyLearning);
    schedule();
  }

  // ---------------------------------------------------------------- showing
  /** Compute everything: the network and its costs, or a problem in words. */
  function compute() {
    const read = readNetwork(model.get("text"));
    if (read.problem) return read;
    const { shapes, problem, at } = networkShapes(read.spec);
    if (problem) return { problem: `Line ${read.lines[at]}: ${problem}.` };
    return {
      spec: read.spec,
      shapes,
      parameters: countParameters(read.spec, shapes),
      work: countMultiplyAdds(read.spec, shapes),
      numbers: countNumbers(shapes),
    };
  }

  function barred(value, most, shown) {
    const cell = make("td", { class: "nc-number" });
    if (value > 0) {
      cell.append(make("span", { class: "nc-bar", "aria-hidden": "true", style: `width: ${(100 * value) / most}%` }));
    }
    cell.append(make("span", { class: "nc-value" }, shown));
    return cell;
  }

  function show() {
    root.dataset.dark = onDark(root);
    const typed = model.get("text");
    if (area.value !== typed) area.value = typed;
    presetSelect.value = presets.find((preset) => preset.text === typed)?.name ?? "own";
    const found = compute();
    problemLine.textContent = found.problem ? `${found.problem} Below stands the last network that worked.` : "";
    area.setAttribute("aria-invalid", Boolean(found.problem));
    root.classList.toggle("nc-stale", Boolean(found.problem));
    if (found.problem) return;

    const sum = (list) => list.reduce((all, value) => all + value, 0);
    const parameters = sum(found.parameters);
    const work = sum(found.work);
    const memory = sum(found.numbers) * BYTES;
    const item = (words, shown, more) =>
      make(
        "div",
        {},
        make("p", { class: "lf-small" }, words),
        make("p", { class: "nc-amount" }, shown),
        make("p", { class: "nc-more" }, more),
      );
    totals.replaceChildren(
      item("parameters", text(parameters), `${bytes(parameters * BYTES)} in 32-bit floats`),
      item("multiply-adds", text(work), "for one image"),
      item("all outputs", bytes(memory), "for one image"),
    );
    const most = (list) => Math.max(...list, 1);
    const rows = found.spec.flatMap((layer, i) => {
      if (onlyLearning && !found.parameters[i]) return [];
      return [
        make(
          "tr",
          {},
          make("th", { scope: "row" }, nameOf(layer)),
          make("td", { class: "nc-shape" }, `(${found.shapes[i].join(", ")}${found.shapes[i].length === 1 ? "," : ""})`),
          barred(found.parameters[i], most(found.parameters), text(found.parameters[i])),
          barred(found.work[i], most(found.work), text(found.work[i])),
          barred(found.numbers[i], most(found.numbers), bytes(found.numbers[i] * BYTES)),
        ),
      ];
    });
    body.replaceChildren(...rows);
    const words = `${found.spec.length} lines, ${rounded(parameters)} parameters, ${rounded(work)} multiply-adds.`;
    voice.say(words);
  }

  // ---------------------------------------------------------------- life
  const unwatch = watch(model, ["text"], schedule);
  const unwatchTheme = watchTheme(schedule);
  show();

  return () => {
    unwatch();
    stop();
    voice.stop();
    unwatchTheme();
    root.remove();
  };
}

export default { render };
