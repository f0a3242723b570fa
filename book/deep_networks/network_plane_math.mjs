// Where networks lie in the plane, and what is said of them.

import { clamp } from "../figures/numbers.mjs";
import { bytes, rounded } from "../pooling/network_calculator_words.mjs";

/**
 * @typedef {{ name: string, year: number, idea: string, kind: string, parameters: number,
 *   multiply_adds: number, activations: number, accuracy: number[] }} Network
 */

/**
 * A quantity: its name, whether its axis is logarithmic, how a value is written.
 *
 * @type {Record<string, { words: string, log: boolean, write: (value: number) => string }>}
 */
export const QUANTITIES = {
  accuracy: {
    words: "top-1 accuracy on ImageNet",
    log: false,
    write: (value) => `${value.toFixed(1)} %`,
  },
  year: { words: "year", log: false, write: (value) => String(value) },
  parameters: { words: "parameters", log: true, write: rounded },
  multiply_adds: { words: "multiply-adds for one image", log: true, write: rounded },
  activations: { words: "memory kept in training, for one image", log: true, write: bytes },
};

/**
 * The value of a quantity; undefined where a network has none.
 *
 * @param {Network} network
 * @param {string} quantity
 * @param {boolean} newest
 * @returns {number | undefined}
 */
export function amount(network, quantity, newest) {
  if (quantity !== "accuracy") return network[quantity];
  return newest ? network.accuracy.at(-1) : network.accuracy[0];
}

/**
 * The ends of an axis and its ticks, so that all values lie inside.
 *
 * @param {number[]} values
 * @param {boolean} log
 */
export function axis(values, log) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (log) {
    const low = Math.floor(Math.log10(least));
    const high = Math.max(Math.ceil(Math.log10(most)), low + 1);
    const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
    return { low: 10 ** low, high: 10 ** high, ticks };
  }
  const step = 5;
  const [low, high] = [Math.floor(least / step) * step, Math.ceil((most + 0.5) / step) * step];
  const ticks = Array.from({ length: (high - low) / step + 1 }, (_, i) => low + step * i);
  return { low, high, ticks };
}

/** How far along an axis a value lies, from 0 to 1. */
export function share(
  /** @type {number} */ value,
  /** @type {{ low: number, high: number }} */ { low, high },
  /** @type {boolean} */ log,
) {
  const along = log
    ? Math.log(value / low) / Math.log(high / low)
    : (value - low) / (high - low || 1);
  return clamp(along, 0, 1);
}

/**
 * Where the names of points stand, so that they cover neither points nor each other: for each the
 * left end of its line. A name for which there is no room gets the place at its right.
 *
 * @param {{ x: number, y: number, name: string }[]} points
 * @param {{ x: number, y: number }[]} dots other places to be left free
 * @param {{ width: number, height: number, letter: number }} room
 */
export function namePlaces(points, dots, { width, height, letter }) {
  const around = ({ x, y }, /** @type {number} */ reach) => ({
    left: x - reach,
    right: x + reach,
    top: y - reach,
    bottom: y + reach,
  });
  const marks = points.map((point) => around(point, 8));
  const taken = dots.map((dot) => around(dot, 4));
  const half = letter * 0.95;
  return points.map(({ x, y, name }, i) => {
    const wide = name.length * letter;
    const candidates = [
      [x + 13, y],
      [x - 13 - wide, y],
      [x - wide / 2, y - 18],
      [x - wide / 2, y + 18],
      [x + 8, y - 15],
      [x + 8, y + 15],
      [x - 8 - wide, y - 15],
      [x - 8 - wide, y + 15],
    ];
    const boxes = candidates.map(([left, middle]) => ({
      left,
      right: left + wide,
      top: middle - half,
      bottom: middle + half,
    }));
    const others = [...taken, ...marks.filter((_, j) => j !== i)];
    const free = boxes.findIndex((box) => {
      const inside = box.left >= 0 && box.right <= width && box.top >= 0 && box.bottom <= height;
      return inside && !others.some((other) => overlap(box, other));
    });
    const place = Math.max(free, 0);
    taken.push(boxes[place]);
    const [left, middle] = candidates[place];
    return { left, middle };
  });
}

/** @typedef {{ left: number, right: number, top: number, bottom: number }} Box */

/** Do two boxes have a part in common? */
function overlap(/** @type {Box} */ a, /** @type {Box} */ b) {
  return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
}

/** A ratio for reading: "5.4 times", "1/39". */
export function ratio(/** @type {number} */ value) {
  if (value >= 0.995 && value <= 1.005) return "the same";
  const short = (/** @type {number} */ factor) =>
    Number(factor.toPrecision(2)).toLocaleString("en-US");
  return value > 1 ? `${short(value)} times` : `1/${short(1 / value)}`;
}

/**
 * What a network is, in a sentence.
 *
 * @param {Network} network
 * @param {boolean} newest
 */
export function described(network, newest) {
  const right = amount(network, "accuracy", newest);
  const reads =
    right === undefined
      ? "It reads digits, and was never trained on ImageNet."
      : `It names ${right.toFixed(1)} % of the pictures right.`;
  return `${network.name}, ${network.year}: ${network.idea}. ${reads}`;
}
