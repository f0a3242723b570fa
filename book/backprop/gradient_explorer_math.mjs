// What the gradient explorer computes. Arrays are nested as in NumPy: input (H, W), kernel
// (HH, WW), upstream (H', W').

import { grid, randomIntegers, sumOf } from "../figures/numbers.mjs";

/** The sides of the input and of the kernel. */
export const SIDE = 5;
export const KERNEL = 3;
const PLACES = 7; // the side of the largest output

/** Draw input (5, 5), kernel (3, 3) and upstream (7, 7): small integers, fixed by the seed. */
export function drawNumbers(/** @type {number} */ seed) {
  const draw = randomIntegers(seed);
  const square = (/** @type {number} */ side, low, high) => grid(side, side, () => draw(low, high));
  return {
    input: square(SIDE, 0, 3),
    kernel: square(KERNEL, -2, 2),
    upstream: square(PLACES, -2, 3),
  };
}

/**
 * The outputs that an input pixel feeds: { i, j, a, b, factor, upstream, product } for each, where
 * factor is the weight w[a][b] that joins the pixel to the output (i, j).
 *
 * @param {number[][]} upstream
 * @param {number[][]} kernel
 * @param {number} row
 * @param {number} column
 * @param {number} stride
 * @param {number} padding
 */
export function termsOfInput(upstream, kernel, row, column, stride, padding) {
  const terms = [];
  upstream.forEach((line, i) => {
    line.forEach((value, j) => {
      const [a, b] = [row + padding - i * stride, column + padding - j * stride];
      const factor = kernel[a]?.[b];
      if (factor === undefined) return;
      terms.push({ i, j, a, b, factor, upstream: value, product: value * factor });
    });
  });
  return terms;
}

/**
 * The outputs that a weight feeds, all of them: { i, j, row, column, factor, upstream, product }
 * for each, where factor is the pixel under the weight; null rows and columns lie in the padding.
 *
 * @param {number[][]} upstream
 * @param {number[][]} input
 * @param {number} a
 * @param {number} b
 * @param {number} stride
 * @param {number} padding
 */
export function termsOfWeight(upstream, input, a, b, stride, padding) {
  return upstream.flatMap((line, i) =>
    line.map((value, j) => {
      const [row, column] = [i * stride + a - padding, j * stride + b - padding];
      const pixel = input[row]?.[column];
      const outside = pixel === undefined;
      return {
        i,
        j,
        row: outside ? null : row,
        column: outside ? null : column,
        factor: outside ? 0 : pixel,
        upstream: value,
        product: outside ? 0 : value * pixel,
      };
    }),
  );
}

/** The sum of the products of terms. */
export const sumOfTerms = (/** @type {{ product: number }[]} */ terms) =>
  sumOf(terms.map(({ product }) => product));

/**
 * The gradients of input, kernel and bias: { dx, dw, db }.
 *
 * @param {number[][]} upstream
 * @param {number[][]} input
 * @param {number[][]} kernel
 * @param {number} stride
 * @param {number} padding
 */
export function backward(upstream, input, kernel, stride, padding) {
  return {
    dx: grid(input.length, input[0].length, (row, column) =>
      sumOfTerms(termsOfInput(upstream, kernel, row, column, stride, padding)),
    ),
    dw: grid(kernel.length, kernel[0].length, (a, b) =>
      sumOfTerms(termsOfWeight(upstream, input, a, b, stride, padding)),
    ),
    db: sumOf(upstream.flat()),
  };
}
