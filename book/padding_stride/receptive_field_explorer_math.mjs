// What the receptive field explorer computes, along one axis: a layer is [kernel, stride, padding],
// layer 0 is the input.

import { positions } from "../figures/numbers.mjs";

/** How many units a layer has over so many units below it. */
export function units(
  /** @type {number} */ below,
  /** @type {number[]} */ [kernel, stride, padding],
) {
  return positions(below, kernel, stride, padding);
}

/**
 * The number of units of the input and of every layer, up to the last one that has any.
 *
 * @param {number} pixels
 * @param {number[][]} layers
 */
export function unitCounts(pixels, layers) {
  const counts = [pixels];
  for (const layer of layers) {
    const count = units(counts.at(-1), layer);
    if (!count) break;
    counts.push(count);
  }
  return counts;
}

/** Size, jump and start of the receptive fields of every layer; layer 0 is the input. */
export function fields(/** @type {number[][]} */ layers) {
  const all = [{ size: 1, jump: 1, start: 0 }];
  for (const [kernel, stride, padding] of layers) {
    const { size, jump, start } = all.at(-1);
    all.push({
      size: size + (kernel - 1) * jump,
      jump: jump * stride,
      start: start - padding * jump,
    });
  }
  return all;
}

/**
 * First and last unit that a unit sees, in its own layer and in every layer below; index 0 is the
 * input.
 *
 * @param {number[][]} layers
 * @param {number} layer
 * @param {number} unit
 * @returns {number[][]}
 */
export function seen(layers, layer, unit) {
  const ranges = Array(layer + 1);
  ranges[layer] = [unit, unit];
  for (let at = layer; at > 0; at--) {
    const [kernel, stride, padding] = layers[at - 1];
    const [first, last] = ranges[at];
    ranges[at - 1] = [first * stride - padding, last * stride - padding + kernel - 1];
  }
  return ranges;
}

/**
 * On how many paths each pixel of the field reaches the unit. A path goes through real units only:
 * what lies in the padding is zero, whatever the pixels are.
 *
 * @param {number} pixels
 * @param {number[][]} layers
 * @param {number} layer
 * @param {number} unit
 */
export function paths(pixels, layers, layer, unit) {
  const counts = unitCounts(pixels, layers);
  const ranges = seen(layers, layer, unit);
  let reached = [1];
  for (let at = layer; at > 0; at--) {
    const [kernel, stride] = layers[at - 1];
    const below = Array((reached.length - 1) * stride + kernel).fill(0);
    reached.forEach((count, i) => {
      for (let a = 0; a < kernel; a++) below[i * stride + a] += count;
    });
    const first = ranges[at - 1][0];
    reached = below.map((count, i) => (first + i >= 0 && first + i < counts[at - 1] ? count : 0));
  }
  return reached;
}

/**
 * Where the middle of a unit's field lies, in pixels.
 *
 * @param {{ size: number, jump: number, start: number }} field
 * @param {number} unit
 */
export function centerOf({ size, jump, start }, unit) {
  return start + unit * jump + (size - 1) / 2;
}
