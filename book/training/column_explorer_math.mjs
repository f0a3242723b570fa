// What the column explorer computes. Arrays are arrays of rows; a batch is nested as (N, C, H, W).

import { positions } from "../figures/numbers.mjs";

/**
 * The pixel at (row, column) of a picture; outside it is zero.
 *
 * @param {number[][]} picture
 * @param {number} row
 * @param {number} column
 */
export function pixel(picture, row, column) {
  return picture[row]?.[column] ?? 0;
}

/**
 * Copy every window of a batch into a column: (C * HH * WW) rows, (N * H' * W') columns.
 *
 * @param {number[][][][]} batch
 * @param {number} height
 * @param {number} width
 * @param {number} stride
 * @param {number} padding
 */
export function im2col(batch, height, width, stride, padding) {
  const [rows, columns] = [
    positions(batch[0][0].length, height, stride, padding),
    positions(batch[0][0][0].length, width, stride, padding),
  ];
  const matrix = [];
  for (let c = 0; c < batch[0].length; c++) {
    for (let a = 0; a < height; a++) {
      for (let b = 0; b < width; b++) {
        const line = [];
        for (const image of batch) {
          for (let i = 0; i < rows; i++) {
            for (let j = 0; j < columns; j++) {
              line.push(pixel(image[c], i * stride + a - padding, j * stride + b - padding));
            }
          }
        }
        matrix.push(line);
      }
    }
  }
  return matrix;
}

/**
 * The product of a row of numbers with a matrix.
 *
 * @param {number[]} row
 * @param {number[][]} matrix
 */
export function rowTimesMatrix(row, matrix) {
  return matrix[0].map((_, j) => row.reduce((sum, value, i) => sum + value * matrix[i][j], 0));
}

/**
 * Say in words why a window does not fit, or return an empty text.
 *
 * @param {number[]} size
 * @param {number} height
 * @param {number} width
 * @param {number} padding
 */
export function complaint(size, height, width, padding) {
  if (positions(size[0], height, 1, padding) && positions(size[1], width, 1, padding)) return "";
  const border = padding ? `, even with padding ${padding}` : "";
  return `A window of ${height} × ${width} does not fit into ${size[0]} × ${size[1]} pixels${border}. The settings stay as they were.`;
}
