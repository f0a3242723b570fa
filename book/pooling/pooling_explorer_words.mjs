// What the pooling explorer says.

import { numberText, windowAt } from "../figures/numbers.mjs";
import { unread } from "./pooling_explorer_math.mjs";

/** @typedef {import("./pooling_explorer.mjs").Now} Now */

const RULES = {
  max: "maximum",
  avg: "mean",
  first: "first number",
};

/**
 * Why a setting cannot be: words, or nothing.
 *
 * @param {string} name
 * @param {string} typed
 * @param {number} side
 */
export function refusal(name, typed, side) {
  const text = typed.trim();
  if (!/^[+-]?\d+$/.test(text)) return `The ${name} has to be a whole number, not "${text}".`;
  const value = Number(text);
  if (value < 1) return `The ${name} has to be at least 1.`;
  if (name === "size" && value > side) {
    return `A window of ${value} rows does not fit into a picture of ${side} rows. Take at most ${side}.`;
  }
  if (value > side) return `A step of ${value} leaves the picture at once. Take at most ${side}.`;
  return "";
}

/** A number for reading, with a true minus sign. */
export const text = (/** @type {number} */ value) => numberText(value);

/** "row 11", "rows 10 and 11", "rows 2, 5, 8 and 11". */
function listed(/** @type {number[]} */ places, /** @type {string} */ singular) {
  if (places.length === 1) return `${singular} ${places[0]}`;
  return `${singular}s ${places.slice(0, -1).join(", ")} and ${places.at(-1)}`;
}

/** How the current number is made of its window. */
export function sumSentence(
  /** @type {Now} */ { picture, pooled, row, column, size, stride, rule },
) {
  const numbers = windowAt(picture, row * stride, column * stride, size).flat();
  const many = numbers.length > 16 ? [...numbers.slice(0, 15).map(text), "…"] : numbers.map(text);
  const value = text(pooled[row][column]);
  return `y[${row}, ${column}] is the ${RULES[rule]} of ${many.join(", ")}: ${value}.`;
}

/** How many numbers of the result the shift has changed. */
export function changesSentence(/** @type {Now} */ { pooled, before, dy, dx }) {
  if (!dy && !dx) return "Move the picture by a pixel: which numbers of the result change?";
  const changed = pooled.flat().filter((value, at) => value !== before.flat()[at]).length;
  const total = pooled.flat().length;
  const mark = changed ? " (marked with a corner)" : "";
  return `The shift changed ${changed} of ${total} number${total === 1 ? "" : "s"}${mark}.`;
}

/** How many windows there are, and what none of them reads. */
export function factsSentence(/** @type {Now} */ { picture, pooled, size, stride }) {
  const side = picture.length;
  const lost = unread(side, size, stride);
  const count = `Along each side ⌊(${side} − ${size}) / ${stride}⌋ + 1 = ${pooled.length}. `;
  if (!lost.length) return `${count}Every pixel is read.`;
  const no = stride > size ? "The windows leave gaps: no" : "No";
  const same = `of the same ${lost.length === 1 ? "number" : "numbers"} (striped)`;
  return `${count}${no} window reads ${listed(lost, "row")}, nor the columns ${same}.`;
}

/** What is to hear about the current number. */
export function spoken(/** @type {Now} */ now) {
  const { pooled, row, column, rule } = now;
  const value = text(pooled[row][column]);
  return `Row ${row}, column ${column}: ${RULES[rule]} ${value}. ${changesSentence(now)}`;
}
