// What the pooling explorer computes. Maps are arrays of rows.

import { positions, sumOf, windowAt } from "../figures/numbers.mjs";

/** One number out of a window: its maximum, its mean, or its first number. */
export function reduce(/** @type {number[][]} */ window, /** @type {string} */ rule) {
  const numbers = window.flat();
  if (rule === "max") return numbers.reduce((most, value) => Math.max(most, value), -Infinity);
  if (rule === "first") return numbers[0];
  return sumOf(numbers) / numbers.length;
}

/**
 * Pool a map: one number for every window that lies wholly inside.
 *
 * @param {number[][]} map
 * @param {number} size
 * @param {number} stride
 * @param {string} rule
 */
export function pool(map, size, stride, rule) {
  const rows = positions(map.length, size, stride);
  const columns = positions(map[0].length, size, stride);
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) =>
      reduce(windowAt(map, i * stride, j * stride, size), rule),
    ),
  );
}

/**
 * Move a map down and to the right; what leaves it comes back on the other side.
 *
 * @param {number[][]} map
 * @param {number} dy
 * @param {number} dx
 */
export function shift(map, dy, dx) {
  const [height, width] = [map.length, map[0].length];
  const wrap = (/** @type {number} */ place, /** @type {number} */ side) =>
    ((place % side) + side) % side;
  return map.map((line, i) => line.map((_, j) => map[wrap(i - dy, height)][wrap(j - dx, width)]));
}

/**
 * The rows (or columns) that no window reads.
 *
 * @param {number} side
 * @param {number} size
 * @param {number} stride
 */
export function unread(side, size, stride) {
  const count = positions(side, size, stride);
  const reads = (/** @type {number} */ place) =>
    Array.from({ length: count }, (_, i) => i * stride).some(
      (start) => place >= start && place < start + size,
    );
  return Array.from({ length: side }, (_, place) => place).filter((place) => !reads(place));
}
