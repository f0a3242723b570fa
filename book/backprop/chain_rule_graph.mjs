// The figure "chain rule graph": L = (ReLU(w x1 + b) + ReLU(w x2 + b) - t)^2 as a graph.
//
// One ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes. The computing functions come
// first and are exported; `render` draws.

import { button, choice, make, speaker } from "../figures/elements.mjs";
import { onceAFrame, watch } from "../figures/model.mjs";
import { numberText } from "../figures/numbers.mjs";

const LARGEST = 100;
const INPUTS = ["x1", "x2", "w", "b", "t"];
const NUDGE = 0.001;

/** Where a number goes: which nodes use it. Backward, its gradient is a sum over these. */
const USED_BY = {
  L: [],
  s: ["L"],
  r1: ["s"],
  r2: ["s"],
  q1: ["r1"],
  q2: ["r2"],
  p1: ["q1"],
  p2: ["q2"],
  b: ["q1", "q2"],
  x1: ["p1"],
  w: ["p1", "p2"],
  x2: ["p2"],
};

/** The backward pass visits the nodes in this order: each after all that use it. */
export const ORDER = ["L", "s", "r1", "r2", "q1", "q2", "p1", "p2", "b", "x1", "w", "x2"];

const NAMES = { x1: "x₁", x2: "x₂", p1: "p₁", p2: "p₂", q1: "q₁", q2: "q₂", r1: "r₁", r2: "r₂" };
const RULES = {
  p1: "w · x₁",
  p2: "w · x₂",
  q1: "p₁ + b",
  q2: "p₂ + b",
  r1: "ReLU(q₁)",
  r2: "ReLU(q₂)",
  s: "r₁ + r₂",
  L: "(s − t)²",
};
const nameOf = (node) => NAMES[node] ?? node;

/** The value of every node, from the five inputs. */
export function forward({ x1, x2, w, b, t }) {
  const [p1, p2] = [w * x1, w * x2];
  const [q1, q2] = [p1 + b, p2 + b];
  const [r1, r2] = [Math.max(q1, 0), Math.max(q2, 0)];
  const s = r1 + r2;
  return { x1, x2, w, b, t, p1, p2, q1, q2, r1, r2, s, L: (s - t) ** 2 };
}

/** The slope of one node with respect to another that it uses. ReLU has slope 0 at 0. */
export function slope(node, used, values) {
  if (node === "L") return 2 * (values.s - values.t);
  if (node === "r1" || node === "r2") return values[used] > 0 ? 1 : 0;
  if (node === "p1" || node === "p2") return used === "w" ? values[`x${node[1]}`] : values.w;
  return 1;
}

/**
 * The backward pass: for each node of ORDER its gradient and the ways that make it, each
 * { to, upstream, slope, product }.
 */
export function backward(values) {
  const gradients = {};
  return ORDER.map((node) => {
    const ways = USED_BY[node].map((to) => {
      const local = slope(to, node, values);
      return { to, upstream: gradients[to], slope: local, product: gradients[to] * local };
    });
    gradients[node] = node === "L" ? 1 : ways.reduce((sum, { product }) => sum + product, 0);
    return { node, gradient: gradients[node], ways };
  });
}

/** The slope of the loss with respect to an input, measured by central differences. */
export function measured(values, input, h = NUDGE) {
  const [above, below] = [h, -h].map((step) => forward({ ...values, [input]: values[input] + step }).L);
  return (above - below) / (2 * h);
}

/** Read a typed number: { value }, or { problem } in words. */
export function readNumber(text) {
  const clean = text.trim().replaceAll("\u2212", "-");
  if (clean === "") return { problem: "nothing typed" };
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(clean)) {
    const comma = /^[+-]?\d+,\d+$/.test(clean) ? "; write the decimal point as a dot" : "";
    return { problem: `not a number: "${text.trim()}"${comma}` };
  }
  const value = Number(clean);
  if (Math.abs(value) > LARGEST) {
    return { problem: `too large: "${text.trim()}"; use numbers from -${LARGEST} to ${LARGEST}` };
  }
  return { value: value === 0 ? 0 : value };
}

/** A number for reading: at most three decimals, a true minus sign. */
const text = (value) => numberText(value, 3);

/** A number as a factor or a later term. */
function term(value) {
  return text(value).startsWith("\u2212") ? `(${text(value)})` : text(value);
}

// Centers of the nodes, in units of the drawing; each box is BOX wide and high.
const BOX = [76, 46];
const PLACES = {
  x1: [50, 32],
  w: [180, 32],
  x2: [310, 32],
  p1: [95, 122],
  p2: [265, 122],
  b: [180, 152],
  q1: [95, 212],
  q2: [265, 212],
  r1: [95, 302],
  r2: [265, 302],
  s: [180, 378],
  t: [310, 392],
  L: [180, 462],
};
const EDGES = Object.entries(USED_BY)
  .flatMap(([from, users]) => users.map((to) => [from, to]))
  .concat([["t", "L"]]);

/** Where the line between two centers meets the box around the second one. */
function border([fromX, fromY], [x, y]) {
  const [dx, dy] = [fromX - x, fromY - y];
  const share = Math.min(BOX[0] / 2 / Math.abs(dx || 1e-9), BOX[1] / 2 / Math.abs(dy || 1e-9));
  return [x + dx * share, y + dy * share];
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const fields = Object.fromEntries(
    INPUTS.map((name) => [
      name,
      make("input", {
        class: "lf-input",
        inputmode: "text",
        "data-lm-suppress-shortcuts": "true",
        onchange: () => {
          const { value, problem: words } = readNumber(fields[name].value);
          problem.textContent = "";
          if (words === undefined) put({ [name]: value });
          else {
            problem.textContent = `${words[0].toUpperCase()}${words.slice(1)}. ${nameOf(name)} stays ${text(model.get(name))}.`;
            fields[name].value = text(model.get(name));
          }
        },
      }),
    ]),
  );
  const stepTo = (step) => put({ step: Math.max(0, Math.min(ORDER.length, step)) });
  const back = button("◀ Back", () => stepTo(model.get("step") - 1));
  const next = button("Step ▶", () => stepTo(model.get("step") + 1));
  const problem = make("p", { class: "lf-refusal", role: "alert" });
  const svg = make("svg", { class: "cr-drawing", viewBox: "0 0 360 496", role: "img" });
  const title = make("p", { class: "cr-title" });
  const ways = make("div", { class: "cr-ways" });
  const proof = make("p", { class: "cr-proof" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf lf-bounded cr", role: "group", "aria-label": "Chain rule, step by step" },
    make(
      "div",
      { class: "lf-controls" },
      ...INPUTS.map((name) => choice(nameOf(name), fields[name])),
    ),
    problem,
    make(
      "div",
      { class: "cr-stage" },
      svg,
      make(
        "div",
        { class: "cr-side" },
        make(
          "div",
          { class: "lf-controls", role: "group", "aria-label": "Backward pass" },
          back,
          next,
          button("Start over", () => stepTo(0)),
          button("Show all", () => stepTo(ORDER.length)),
        ),
        title,
        ways,
        proof,
      ),
    ),
    voice.line,
  );
  el.append(root);

  function drawGraph(values, known, current) {
    const done = new Map(known.map(({ node, gradient }) => [node, gradient]));
    const active = current ? current.ways.map(({ to }) => to) : [];
    const parts = EDGES.map(([from, to]) => {
      const [x1, y1] = border(PLACES[to], PLACES[from]);
      const [x2, y2] = border(PLACES[from], PLACES[to]);
      const lit = current?.node === from && active.includes(to);
      const blocked = (to === "r1" || to === "r2") && slope(to, from, values) === 0;
      const line = make("line", { x1, y1, x2, y2, class: `cr-edge ${lit ? "cr-lit" : ""} ${blocked ? "cr-blocked" : ""}` });
      if (!lit) return line;
      const way = current.ways.find((one) => one.to === to);
      const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
      const words = `× ${text(way.slope)}`;
      const width = 10 + 7 * words.length;
      return make(
        "g",
        {},
        line,
        make("rect", { x: x - width / 2, y: y - 10, width, height: 20, rx: 4, class: "cr-tag" }),
        make("text", { x, y: y + 4.5, class: "cr-slope" }, words),
      );
    });
    const boxes = Object.entries(PLACES).map(([node, [x, y]]) => {
      const gradient = done.get(node);
      const state = current?.node === node ? "cr-current" : gradient === undefined ? "" : "cr-done";
      const kind = INPUTS.includes(node) ? "cr-given" : "";
      const box = make("rect", { x: x - BOX[0] / 2, y: y - BOX[1] / 2, width: BOX[0], height: BOX[1], rx: 6 });
      const value = make("text", { x, y: gradient === undefined ? y + 5 : y - 5, class: "cr-number" }, `${nameOf(node)} = ${text(values[node])}`);
      const slopeText = gradient === undefined ? "" : make("text", { x, y: y + 15, class: "cr-gradient" }, `grad ${text(gradient)}`);
      return make("g", { class: `cr-node ${state} ${kind}` }, box, value, slopeText);
    });
    svg.replaceChildren(...parts, ...boxes);
    const read = Object.keys(PLACES).map((node) => {
      const gradient = done.get(node);
      return `${nameOf(node)} = ${text(values[node])}${gradient === undefined ? "" : `, gradient ${text(gradient)}`}`;
    });
    svg.setAttribute("aria-label", `Graph of L = (ReLU(w x₁ + b) + ReLU(w x₂ + b) − t)². ${read.join("; ")}.`);
  }

  function explain(values, current) {
    if (!current) {
      title.textContent = "Forward: every box is computed from the boxes above it.";
      ways.replaceChildren(
        ...Object.entries(RULES).map(([node, rule]) => make("p", { class: "cr-way" }, `${nameOf(node)} = ${rule} = ${text(values[node])}`)),
      );
      proof.textContent = "Press “Step” to go backward, from the loss to the inputs.";
      return;
    }
    const { node, gradient, ways: all } = current;
    const name = nameOf(node);
    if (node === "L") {
      title.textContent = "Begin at the loss: grad L = 1.";
      ways.replaceChildren(make("p", { class: "cr-way" }, "If L grows by 1, the loss grows by 1."));
      proof.textContent = "";
      return;
    }
    title.textContent = all.length === 1 ? `${name} is used once.` : `${name} is used ${all.length} times: add up.`;
    const lines = all.map(({ to, upstream, slope: local, product }) => {
      const why = to[0] === "r" ? ` (ReLU at ${text(values[node])})` : "";
      return make(
        "p",
        { class: "cr-way" },
        `through ${nameOf(to)}: upstream ${text(upstream)}, slope ${text(local)}${why}: ${term(upstream)} · ${term(local)} = ${text(product)}`,
      );
    });
    const sum = all.map(({ product }) => term(product)).join(" + ");
    lines.push(make("p", { class: "cr-sum" }, all.length > 1 ? `grad ${name} = ${sum} = ${text(gradient)}` : `grad ${name} = ${text(gradient)}`));
    ways.replaceChildren(...lines);
    proof.textContent = INPUTS.includes(node)
      ? `Measured, with ${name} moved by ±${NUDGE}: L changes at the rate ${text(measured(values, node))}.`
      : "";
  }

  const written = {};

  function show() {
    const given = Object.fromEntries(INPUTS.map((name) => [name, model.get(name)]));
    const values = forward(given);
    const step = model.get("step");
    const known = backward(values).slice(0, step);
    const current = known.at(-1);
    for (const name of INPUTS) {
      // What is being typed stays, unless the number itself has changed meanwhile.
      if (document.activeElement !== fields[name] || written[name] !== given[name]) {
        fields[name].value = text(given[name]);
      }
      written[name] = given[name];
    }
    drawGraph(values, known, current);
    explain(values, current);
    back.disabled = step === 0;
    next.disabled = step === ORDER.length;
    const words = [title, ...ways.children, proof].map((one) => one.textContent).join(" ");
    voice.say(words);
  }

  const unwatch = watch(model, [...INPUTS, "step"], schedule);
  show();

  return () => {
    unwatch();
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
