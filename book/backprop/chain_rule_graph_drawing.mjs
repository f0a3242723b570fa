// The drawing of the chain rule graph: boxes for its nodes, lines for what uses what.

import { make } from "../figures/elements.mjs";
import { INPUTS, slope, USED_BY } from "./chain_rule_graph_math.mjs";
import { nameOf, text } from "./chain_rule_graph_words.mjs";

/** @typedef {import("./chain_rule_graph.mjs").Now} Now */

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
function border(/** @type {number[]} */ [fromX, fromY], /** @type {number[]} */ [x, y]) {
  const [dx, dy] = [fromX - x, fromY - y];
  const share = Math.min(BOX[0] / 2 / Math.abs(dx || 1e-9), BOX[1] / 2 / Math.abs(dy || 1e-9));
  return [x + dx * share, y + dy * share];
}

/** Draw the graph as far as the backward pass has come. */
export function drawGraph(/** @type {SVGElement} */ svg, /** @type {Now} */ now) {
  const gradients = new Map(now.known.map(({ node, gradient }) => [node, gradient]));
  svg.replaceChildren(
    ...EDGES.map(([from, to]) => drawEdge(from, to, now)),
    ...Object.keys(PLACES).map((node) => drawNode(node, gradients.get(node), now)),
  );
  const read = Object.keys(PLACES).map((node) => {
    const gradient = gradients.get(node);
    const more = gradient === undefined ? "" : `, gradient ${text(gradient)}`;
    return `${nameOf(node)} = ${text(now.values[node])}${more}`;
  });
  const loss = "L = (ReLU(w x₁ + b) + ReLU(w x₂ + b) − t)²";
  svg.setAttribute("aria-label", `Graph of ${loss}. ${read.join("; ")}.`);
}

/** A line from a node to one that uses it, with its slope where the current step goes back on it. */
function drawEdge(/** @type {string} */ from, /** @type {string} */ to, /** @type {Now} */ now) {
  const [x1, y1] = border(PLACES[to], PLACES[from]);
  const [x2, y2] = border(PLACES[from], PLACES[to]);
  const isCurrent = now.current?.node === from;
  const way = isCurrent ? now.current.ways.find((each) => each.to === to) : undefined;
  const blocked = (to === "r1" || to === "r2") && slope(to, from, now.values) === 0;
  const kind = `cr-edge ${way ? "cr-lit" : ""} ${blocked ? "cr-blocked" : ""}`;
  const line = make("line", { x1, y1, x2, y2, class: kind });
  if (!way) return line;
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  const words = `× ${text(way.slope)}`;
  const width = 10 + 7 * words.length;
  const tag = { x: x - width / 2, y: y - 10, width, height: 20, rx: 4, class: "cr-tag" };
  const label = make("text", { x, y: y + 4.5, class: "cr-slope" }, words);
  return make("g", {}, line, make("rect", tag), label);
}

/**
 * The box of a node, with its value and, once it is known, its gradient.
 *
 * @param {string} node
 * @param {number | undefined} gradient
 * @param {Now} now
 */
function drawNode(node, gradient, { values, current }) {
  const [x, y] = PLACES[node];
  const [width, height] = BOX;
  const known = gradient !== undefined;
  const state = current?.node === node ? "cr-current" : known ? "cr-done" : "";
  const kind = INPUTS.includes(node) ? "cr-given" : "";
  return make(
    "g",
    { class: `cr-node ${state} ${kind}` },
    make("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: 6 }),
    make(
      "text",
      { x, y: known ? y - 5 : y + 5, class: "cr-number" },
      `${nameOf(node)} = ${text(values[node])}`,
    ),
    known ? make("text", { x, y: y + 15, class: "cr-gradient" }, `grad ${text(gradient)}`) : "",
  );
}
