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

/** The number of the place whose start is nearest to a pixel. */
export function nearest(/** @type {number[]} */ starts, /** @type {number} */ pixel) {
  let best = 0;
  starts.forEach((start, i) => {
    if (Math.abs(start - pixel) < Math.abs(starts[best] - pixel)) best = i;
  });
  return best;
}

/** @typedef {{ patch: number, starts: number[], scores: string, clean: string }} Sweep */

/** A function that unpacks the scores of a sweep, for each place those of all classes, only once. */
export function makeUnpacker(/** @type {number} */ classes, /** @type {number} */ step) {
  /** @type {Map<Sweep, number[][]>} */
  const unpacked = new Map();
  return (/** @type {Sweep} */ sweep) => {
    if (!unpacked.has(sweep)) {
      const flat = decode(sweep.scores, step);
      const places = Array.from({ length: flat.length / classes }, (_, i) => i * classes);
      unpacked.set(
        sweep,
        places.map((start) => flat.slice(start, start + classes)),
      );
    }
    return unpacked.get(sweep);
  };
}
