// What the chain rule graph computes: L = (ReLU(w x1 + b) + ReLU(w x2 + b) - t)^2, forward and
// backward.

import { sumOf } from "../figures/numbers.mjs";

/** What is given; everything else is computed from it. */
export const INPUTS = ["x1", "x2", "w", "b", "t"];
/** By how much an input is moved to measure a slope. */
export const NUDGE = 0.001;

/** Where a number goes: which nodes use it. Backward, its gradient is a sum over these. */
export const USED_BY = {
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

/** The value of every node, from the five inputs. */
export function forward({ x1, x2, w, b, t }) {
  const [p1, p2] = [w * x1, w * x2];
  const [q1, q2] = [p1 + b, p2 + b];
  const [r1, r2] = [Math.max(q1, 0), Math.max(q2, 0)];
  const s = r1 + r2;
  return { x1, x2, w, b, t, p1, p2, q1, q2, r1, r2, s, L: (s - t) ** 2 };
}

/**
 * The slope of one node with respect to another that it uses. ReLU has slope 0 at 0.
 *
 * @param {string} node
 * @param {string} used
 * @param {Record<string, number>} values
 */
export function slope(node, used, values) {
  if (node === "L") return 2 * (values.s - values.t);
  if (node === "r1" || node === "r2") return values[used] > 0 ? 1 : 0;
  if (node === "p1" || node === "p2") return used === "w" ? values[`x${node[1]}`] : values.w;
  return 1;
}

/**
 * The backward pass: for each node of ORDER its gradient and the ways that make it, each
 * { to, upstream, slope, product }.
 *
 * @param {Record<string, number>} values
 */
export function backward(values) {
  /** @type {Record<string, number>} */
  const gradients = {};
  return ORDER.map((node) => {
    const ways = USED_BY[node].map((to) => {
      const local = slope(to, node, values);
      return { to, upstream: gradients[to], slope: local, product: gradients[to] * local };
    });
    gradients[node] = node === "L" ? 1 : sumOf(ways.map(({ product }) => product));
    return { node, gradient: gradients[node], ways };
  });
}

/**
 * The slope of the loss with respect to an input, measured by central differences.
 *
 * @param {any} values the values of all nodes
 * @param {string} input
 */
export function measured(values, input, h = NUDGE) {
  const [above, below] = [h, -h].map(
    (step) => forward({ ...values, [input]: values[input] + step }).L,
  );
  return (above - below) / (2 * h);
}
