// What the occlusion explorer computes of the scores that come with the page.

import { decode, sumOf } from "../figures/numbers.mjs";

/** The probabilities that a softmax makes of scores. */
export function softmax(/** @type {number[]} */ scores) {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = sumOf(powers);
  return powers.map((power) => power / sum);
}

/**
 * What is asked of the network: the score of a class, or its probability.
 *
 * @param {number[]} scores
 * @param {number} target
 * @param {string} measure
 */
export function ask(scores, target, measure) {
  return measure === "score" ? scores[target] : softmax(scores)[target];
}

/**
 * By how much the answer falls, for each place of the patch, in reading order.
 *
 * @param {number[]} clean
 * @param {number[][]} scores
 * @param {number} target
 * @param {string} measure
 */
export function drops(clean, scores, target, measure) {
  const whole = ask(clean, target, measure);
  return scores.map((hidden) => whole - ask(hidden, target, measure));
}

/** The number of the class with the highest score; what comes after the classes does not count. */
export function mostLikely(/** @type {number[]} */ scores, /** @type {number} */ classes) {
  const named = scores.slice(0, classes);
  return named.indexOf(Math.max(...named));
}

/** The number of the place whose start is nearest to a pixel. */
export function nearest(/** @type {number[]} */ starts, /** @type {number} */ pixel) {
  let best = 0;
  starts.forEach((start, i) => {
    if (Math.abs(start - pixel) < Math.abs(starts[best] - pixel)) best = i;
  });
  return best;
}

/** @typedef {{ patch: number, starts: number[], scores: string, clean: string }} Sweep */

/** A function that unpacks a sweep's scores: for each place those of the classes, only once. */
export function makeUnpacker() {
  /** @type {Map<Sweep, number[][]>} */
  const unpacked = new Map();
  return (/** @type {Sweep} */ sweep, /** @type {number} */ step) => {
    if (!unpacked.has(sweep)) {
      const flat = decode(sweep.scores, step);
      const places = sweep.starts.length ** 2;
      const columns = flat.length / places;
      unpacked.set(
        sweep,
        Array.from({ length: places }, (_, i) => flat.slice(i * columns, (i + 1) * columns)),
      );
    }
    return unpacked.get(sweep);
  };
}
