// What the figure "convolutional layer" computes. Arrays are nested as in NumPy: input (C, H, W),
// weights (F, C, HH, WW), biases (F,), output (F, H', W').

import { randomIntegers, sumOf, total } from "../figures/numbers.mjs";

const SIDE = 5;

/** The side of each filter. */
export const KERNEL = 3;
/** The largest number of channels, and of filters. */
export const MOST = 3;

/** Draw input (3, 5, 5), weights (3, 3, 3, 3) and biases (3,): small integers, fixed by the seed. */
export function drawNumbers(/** @type {number} */ seed) {
  const draw = randomIntegers(seed);
  const list = (length, item) => Array.from({ length }, item);
  const square = (side, low, high) => list(side, () => list(side, () => draw(low, high)));
  return {
    input: list(MOST, () => square(SIDE, 0, 3)),
    weights: list(MOST, () => list(MOST, () => square(KERNEL, -2, 2))),
    biases: list(MOST, () => draw(-3, 3)),
  };
}

/**
 * The elementwise products of one channel's window with one channel of a filter.
 *
 * @param {number[][]} channel
 * @param {number[][]} kernel
 * @param {number} row
 * @param {number} column
 */
export function products(channel, kernel, row, column) {
  return kernel.map((line, a) => line.map((weight, b) => channel[row + a][column + b] * weight));
}

/**
 * One number of the output, and the channel sums it is made of: { sums, value }.
 *
 * @param {number[][][]} input
 * @param {number[][][]} filter
 * @param {number} bias
 * @param {number} row
 * @param {number} column
 */
export function convolveAt(input, filter, bias, row, column) {
  const sums = input.map((channel, c) => total(products(channel, filter[c], row, column)));
  return { sums, value: sumOf(sums) + bias };
}

/**
 * A convolutional layer, stride 1, no padding: output (F, H - HH + 1, W - WW + 1).
 *
 * @param {number[][][]} input
 * @param {number[][][][]} weights
 * @param {number[]} biases
 */
export function convLayer(input, weights, biases) {
  const rows = input[0].length - weights[0][0].length + 1;
  const columns = input[0][0].length - weights[0][0][0].length + 1;
  return weights.map((filter, f) =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => convolveAt(input, filter, biases[f], i, j).value),
    ),
  );
}

/**
 * How many numbers a layer learns: weights and biases.
 *
 * @param {number} channels
 * @param {number} filters
 * @param {number} height
 * @param {number} width
 */
export function parameters(channels, filters, height, width) {
  return filters * (channels * height * width + 1);
}
