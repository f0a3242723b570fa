// What the size explorer says.

import { leftOver, outputSize, span, taps } from "./size_explorer_math.mjs";

/** @typedef {import("./size_explorer.mjs").Now} Now */

/** The two axes, by the names of what lies along them. */
export const AXES = [
  { name: "height", line: "row", lines: "rows", end: "below", letter: "H" },
  { name: "width", line: "column", lines: "columns", end: "at the right", letter: "W" },
];

/**
 * Why there is no position at all, in words; empty if there is one.
 *
 * @param {number} height
 * @param {number} width
 * @param {number} kernel
 * @param {number} padding
 * @param {number} dilation
 */
export function refusal(height, width, kernel, padding, dilation) {
  const length = span(kernel, dilation);
  const short = [height, width]
    .map((size, axis) => ({ ...AXES[axis], room: size + 2 * padding }))
    .filter(({ room }) => room < length);
  if (!short.length) return "";
  const filter = dilation > 1 ? "With its holes the filter" : "The filter";
  const rooms = short.map(({ line, lines, room }) => `${room} ${room === 1 ? line : lines}`);
  return (
    `No position. ${filter} spans ${length} pixels, but the padded input has only ${rooms.join(" and ")}. ` +
    `Make the filter${dilation > 1 ? " or the dilation" : ""} smaller, or the input or the padding larger.`
  );
}

/** "2, 5 and 6", with a true minus sign. */
function listed(/** @type {number[]} */ numbers) {
  const words = numbers.map((number) => `${number}`.replace("-", "\u2212"));
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0];
}

/**
 * Which pixels no window reads, in words.
 *
 * @param {number[]} rows
 * @param {number[]} columns
 */
export function neverRead(rows, columns) {
  const unread = [rows, columns].map((counts) =>
    counts.flatMap((count, at) => (count ? [] : [at])),
  );
  const total = rows.length * columns.length;
  const read = (rows.length - unread[0].length) * (columns.length - unread[1].length);
  if (read === total) return "Every pixel of the input is read.";
  if (read === 0) return "No pixel of the input is read.";
  const parts = unread.flatMap((lines, axis) =>
    lines.length
      ? [`${lines.length > 1 ? AXES[axis].lines : AXES[axis].line} ${listed(lines)}`]
      : [],
  );
  return `Never read: ${parts.join(", and ")}. That is ${total - read} of ${total} pixels.`;
}

/**
 * The computation of one size, with its numbers.
 *
 * @param {string} letter
 * @param {number} size
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding
 * @param {number} dilation
 */
export function formula(letter, size, kernel, stride, padding, dilation) {
  const room = size + 2 * padding - span(kernel, dilation);
  const reach = dilation > 1 ? `${dilation}·(${kernel} − 1) − 1` : `${kernel}`;
  const inside = `${size} + 2·${padding} − ${reach}`;
  return `${letter}′ = ⌊(${inside}) / ${stride}⌋ + 1 = ⌊${room} / ${stride}⌋ + 1 = ${outputSize(size, kernel, stride, padding, dilation)}`;
}

/** What is left over behind the last window, and what no window reads. */
export function factsOf(/** @type {Now} */ { settings, shared, fits, counts }) {
  if (!fits) return "";
  const behind = AXES.flatMap(({ name, line, lines, end }) => {
    const count = leftOver(settings[name], ...shared);
    return count ? [`${count} ${count > 1 ? lines : line} ${end}`] : [];
  });
  const over = behind.length ? `Left over behind the last window: ${behind.join(", ")}. ` : "";
  return over + neverRead(counts[0], counts[1]);
}

/** What is to hear about the window. */
export function spoken(
  /** @type {Now} */ { rows, columns, row, column, shared, fits },
  /** @type {string} */ facts,
) {
  if (!fits) return "";
  const [down, across] = [row, column].map((place) => listed(taps(place, ...shared)));
  const where = `Window at row ${row}, column ${column}: reads rows ${down}, columns ${across}`;
  return `Output ${rows} by ${columns}. ${where}. ${facts}`;
}
