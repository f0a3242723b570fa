// Numbers of live figures: how they are written, counted, drawn at random and unpacked.

/** Write a number for reading: at most `digits` decimals, a true minus sign, no negative zero. */
export function numberText(/** @type {number} */ value, digits = 2) {
  const rounded = Number(value.toFixed(digits));
  return String(rounded === 0 ? 0 : rounded).replace("-", "\u2212");
}

/** Write a number with exactly `digits` decimals, a true minus sign and no negative zero. */
export function fixedText(/** @type {number} */ value, digits = 2) {
  const rounded = Number(value.toFixed(digits));
  return (rounded === 0 ? 0 : rounded).toFixed(digits).replace("-", "\u2212");
}

/** Write a share for reading: "25 %". */
export function percent(/** @type {number} */ share) {
  return `${Math.round(100 * share)} %`;
}

/** The class of a number's sign; nothing for zero. */
export function signClass(/** @type {number} */ value) {
  return value > 0 ? "lf-plus" : value < 0 ? "lf-minus" : "";
}

/** The value that lies nearest between `low` and `high`. */
export function clamp(
  /** @type {number} */ value,
  /** @type {number} */ low,
  /** @type {number} */ high,
) {
  return Math.max(low, Math.min(high, value));
}

/** The sum of a list of numbers. */
export function sumOf(/** @type {number[]} */ values) {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The sum of all numbers of a map. */
export function total(/** @type {number[][]} */ map) {
  return map.reduce((sum, line) => line.reduce((part, value) => part + value, sum), 0);
}

/**
 * A map of rows and columns, each number made by `item(row, column)`.
 *
 * @template Item
 * @param {number} rows
 * @param {number} columns
 * @param {(row: number, column: number) => Item} item
 * @returns {Item[][]}
 */
export function grid(rows, columns, item) {
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => item(i, j)),
  );
}

/**
 * The window of a map with `side` rows and columns, upper left corner at (row, column).
 *
 * @param {number[][]} map
 * @param {number} row
 * @param {number} column
 * @param {number} side
 */
export function windowAt(map, row, column, side) {
  return map.slice(row, row + side).map((line) => line.slice(column, column + side));
}

/**
 * How many positions a window has along one axis; 0 if it fits nowhere.
 *
 * @param {number} size
 * @param {number} window
 * @param {number} stride
 */
export function positions(size, window, stride, padding = 0) {
  const room = size + 2 * padding - window;
  return room < 0 ? 0 : Math.floor(room / stride) + 1;
}

/** A stream of pseudorandom integers: the same numbers as `random_integers` in Python. */
export function randomIntegers(/** @type {number} */ seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state;
  };
  for (let skipped = 0; skipped < 8; skipped++) next();
  return (/** @type {number} */ low, /** @type {number} */ high) =>
    low + Math.floor((next() / 2 ** 32) * (high - low + 1));
}

/** Numbers out of base64 of 16 bits each, little-endian, in multiples of `step` (embedded.py). */
export function decode(/** @type {string} */ text, /** @type {number} */ step) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 2 }, (_, i) => view.getInt16(2 * i, true) * step);
}
