// What the size explorer computes, along one axis.

import { positions } from "../figures/numbers.mjs";

/**
 * How many pixels a filter with holes spans.
 *
 * @param {number} kernel
 * @param {number} dilation
 */
export function span(kernel, dilation) {
  return dilation * (kernel - 1) + 1;
}

/**
 * How many positions the filter has along one axis; 0 if it fits nowhere.
 *
 * @param {number} size
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding
 * @param {number} dilation
 */
export function outputSize(size, kernel, stride, padding, dilation) {
  return positions(size, span(kernel, dilation), stride, padding);
}

/**
 * The pixels that the window at one position reads; those outside 0 to size - 1 are padding.
 *
 * @param {number} position
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding
 * @param {number} dilation
 */
export function taps(position, kernel, stride, padding, dilation) {
  return Array.from({ length: kernel }, (_, a) => position * stride - padding + a * dilation);
}

/**
 * How many windows read each pixel of one axis.
 *
 * @param {number} size
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding
 * @param {number} dilation
 */
export function visits(size, kernel, stride, padding, dilation) {
  const counts = Array(size).fill(0);
  for (let i = 0; i < outputSize(size, kernel, stride, padding, dilation); i++) {
    for (const pixel of taps(i, kernel, stride, padding, dilation)) {
      if (pixel >= 0 && pixel < size) counts[pixel]++;
    }
  }
  return counts;
}

/**
 * How many pixels of the padded axis lie behind the last window.
 *
 * @param {number} size
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding
 * @param {number} dilation
 */
export function leftOver(size, kernel, stride, padding, dilation) {
  return Math.max(0, size + 2 * padding - span(kernel, dilation)) % stride;
}
