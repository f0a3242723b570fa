// What the transposed explorer says.

import { outputSize, phaseCounts } from "./transposed_explorer_math.mjs";

/** @typedef {import("./transposed_explorer.mjs").Now} Now */

/** Why there is no output, in words; empty if there is one. */
export function refusal(/** @type {Now} */ { size, kernel, stride, padding, length }) {
  if (length > 0) return "";
  const whole = outputSize(size, kernel, stride, 0);
  return (
    `Nothing is left. The windows cover ${whole} rows, and a padding of ${padding} cuts off ` +
    `${2 * padding}. Make the padding smaller, or the filter or the stride larger.`
  );
}

/** The formula for the size, with its numbers. */
export function formula(/** @type {Now} */ { size, kernel, stride, padding, length }) {
  const cut = padding ? ` − 2 · ${padding}` : "";
  return `H′ = (H − 1) · S + K − 2P = ${size - 1} · ${stride} + ${kernel}${cut} = ${length}`;
}

/** Whether there is a checkerboard, in words. */
export function verdict(/** @type {Now} */ { kernel, stride }) {
  const phases = phaseCounts(kernel, stride);
  const [least, most] = [Math.min(...phases), Math.max(...phases)];
  if (least === most) {
    const once = most === 1 ? "exactly one window" : `${most} windows along each axis`;
    return `${stride} divides ${kernel}: far from the border every pixel lies in ${once}. No checkerboard.`;
  }
  if (!least) {
    return `The filter is shorter than the stride: some rows and columns lie in no window and stay 0.`;
  }
  return (
    `${stride} does not divide ${kernel}: along each axis pixels lie in ${least} or in ${most} ` +
    `windows by turns, so in the map in ${least * least} to ${most * most}. A checkerboard.`
  );
}

/** Where the window of the chosen number lies. */
export function placed(/** @type {Now} */ { row, column, kernel, stride, padding }) {
  const [top, left] = [row, column].map((place) => place * stride - padding);
  const ends = [top, left].map((start) => `${start} to ${start + kernel - 1}`.replace(/-/g, "−"));
  return (
    `The number in row ${row}, column ${column} puts the filter down on rows ${ends[0]} and ` +
    `columns ${ends[1]}.`
  );
}
