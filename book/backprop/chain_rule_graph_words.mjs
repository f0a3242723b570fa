// The numbers of the chain rule graph as they are typed and read, and what is said of each step.

import { make } from "../figures/elements.mjs";
import { numberText } from "../figures/numbers.mjs";
import { INPUTS, measured, NUDGE } from "./chain_rule_graph_math.mjs";

/** @typedef {import("./chain_rule_graph.mjs").Now} Now */

const LARGEST = 100;
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
/** A node as the reader knows it. */
export const nameOf = (/** @type {string} */ node) => NAMES[node] ?? node;

/**
 * Read a typed number: { value }, or { problem } in words.
 *
 * @param {string} text
 * @returns {{ value?: number, problem?: string }}
 */
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
export const text = (/** @type {number} */ value) => numberText(value, 3);

/** A number as a factor or a later term. */
function term(/** @type {number} */ value) {
  return text(value).startsWith("\u2212") ? `(${text(value)})` : text(value);
}

/** A line of an explanation. */
const line = (/** @type {string} */ words, kind = "cr-way") => make("p", { class: kind }, words);

/** What happens in the current step: { title, lines, proof }. */
export function explanation(/** @type {Now} */ { values, current }) {
  if (!current) {
    const rules = Object.entries(RULES);
    return {
      title: "Forward: every box is computed from the boxes above it.",
      lines: rules.map(([node, rule]) => line(`${nameOf(node)} = ${rule} = ${text(values[node])}`)),
      proof: "Press “Step” to go backward, from the loss to the inputs.",
    };
  }
  const { node, gradient, ways } = current;
  if (node === "L") {
    const lines = [line("If L grows by 1, the loss grows by 1.")];
    return { title: "Begin at the loss: grad L = 1.", lines, proof: "" };
  }
  const name = nameOf(node);
  const sum = ways.length > 1 ? `${ways.map(({ product }) => term(product)).join(" + ")} = ` : "";
  const rate = INPUTS.includes(node) ? text(measured(values, node)) : "";
  return {
    title:
      ways.length === 1 ? `${name} is used once.` : `${name} is used ${ways.length} times: add up.`,
    lines: [
      ...ways.map((way) => line(wayText(way, values[node]))),
      line(`grad ${name} = ${sum}${text(gradient)}`, "cr-sum"),
    ],
    proof: rate && `Measured, with ${name} moved by ±${NUDGE}: L changes at the rate ${rate}.`,
  };
}

/** What comes back on one way: upstream times slope. */
function wayText({ to, upstream, slope, product }, /** @type {number} */ value) {
  const why = to[0] === "r" ? ` (ReLU at ${text(value)})` : "";
  const factors = `${term(upstream)} · ${term(slope)} = ${text(product)}`;
  return `through ${nameOf(to)}: upstream ${text(upstream)}, slope ${text(slope)}${why}: ${factors}`;
}
