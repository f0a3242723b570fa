// What the receptive field explorer says.

import { fields, unitCounts } from "./receptive_field_explorer_math.mjs";

/** @typedef {import("./receptive_field_explorer.mjs").Now} Now */

/** A number and what it counts. */
export const plural = (/** @type {number} */ count, /** @type {string} */ word) =>
  `${count} ${word}${count === 1 ? "" : "s"}`;

const range = (/** @type {number[]} */ [first, last], /** @type {string} */ word) =>
  (first === last ? `${word} ${first}` : `${word}s ${first} to ${last}`).replaceAll("-", "−");

/**
 * Why a layer has no unit, in words; empty if every layer has one.
 *
 * @param {number} pixels
 * @param {number[][]} layers
 */
export function refusal(pixels, layers) {
  const counts = unitCounts(pixels, layers);
  if (counts.length > layers.length) return "";
  const failed = counts.length;
  const [kernel, , padding] = layers[failed - 1];
  const room = counts.at(-1) + 2 * padding;
  const below = failed === 1 ? "the input has" : `layer ${failed - 1} has`;
  return (
    `Layer ${failed} has no unit: its window needs ${kernel} units, and ${below} only ${room}` +
    `${padding ? " with its padding" : ""}. Make its kernel smaller, its padding larger, or the strides below it smaller.`
  );
}

/** Size, jump and start of the fields of the chosen unit's layer. */
export function numbersOf(/** @type {Now} */ { layers, layer }) {
  if (!layer) return "The input: size 1, jump 1, start 0";
  const { size, jump, start } = fields(layers)[layer];
  return `Layer ${layer}: size ${size}, jump ${jump}, start ${start}`.replaceAll("-", "−");
}

/** What the chosen unit sees, layer by layer. */
export function sightOf(/** @type {Now} */ { layers, counts, layer, unit, ranges }) {
  if (!layer) return `Pixel ${unit} of the input. Choose a unit of a layer above it.`;
  const units = ranges
    .slice(1, layer)
    .map((ends, below) => `${range(ends, "unit")} of layer ${below + 1}`)
    .reverse();
  const [first, last] = ranges[0];
  const before = Math.max(0, Math.min(last + 1, 0) - first);
  const outside = before + Math.max(0, last - Math.max(first, counts[0]) + 1);
  const padded = outside ? `, ${outside} of them beyond the border, where there are zeros` : "";
  const sees = [...units, range(ranges[0], "pixel")].join(", ");
  const count = plural(fields(layers)[layer].size, "pixel");
  return `Unit ${unit} of layer ${layer} sees ${sees}: ${count}${padded}.`;
}
