// The numbers of the kernel explorer as they are typed and read, and its sentences.

import { numberText, total } from "../figures/numbers.mjs";
import { flip, negative, sameKernel } from "./kernel_explorer_math.mjs";

/** The largest number, with either sign, that a filter may have. */
export const LARGEST = 1000;

/**
 * Read a typed number or fraction: { value }, or { problem } in words.
 *
 * @param {string} text
 * @returns {{ value?: number, problem?: string }}
 */
export function readNumber(text) {
  const clean = text.trim().replaceAll("\u2212", "-");
  if (clean === "") return { problem: "nothing typed" };
  const decimal = "[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?";
  const parts = new RegExp(`^(${decimal})(?:\\s*/\\s*(${decimal}))?$`, "i").exec(clean);
  if (!parts) {
    const comma = /^[+-]?\d+,\d+$/.test(clean) ? "; write the decimal point as a dot" : "";
    return { problem: `not a number: "${text.trim()}"${comma}` };
  }
  const divisor = parts[2] === undefined ? 1 : Number(parts[2]);
  if (divisor === 0) return { problem: `division by zero: "${text.trim()}"` };
  const value = Number(parts[1]) / divisor;
  if (Math.abs(value) > LARGEST) {
    return { problem: `too large: "${text.trim()}"; use numbers from -${LARGEST} to ${LARGEST}` };
  }
  return { value: value === 0 ? 0 : value };
}

/** Write a number for editing: as a short decimal or as a fraction where that is exact. */
export function fieldText(/** @type {number} */ value) {
  const short = Number(value.toPrecision(6));
  if (String(short).length <= 5 && Math.abs(short - value) < 1e-12) return String(short);
  for (const divisor of [3, 6, 7, 9, 12, 15, 16, 25, 32, 36, 49, 64, 128, 256]) {
    const top = Math.round(value * divisor);
    if (top !== 0 && Math.abs(top / divisor - value) < 1e-12) return `${top}/${divisor}`;
  }
  return String(short);
}

/** What the sum of a kernel's numbers says. */
export function onFlatGround(/** @type {number[][]} */ kernel) {
  const sum = total(kernel);
  if (Math.abs(sum) < 1e-9) return "Its numbers sum to 0, so flat regions give 0.";
  if (Math.abs(sum - 1) < 1e-9) return "Its numbers sum to 1, so flat regions stay as they are.";
  const words = numberText(sum);
  return `Its numbers sum to ${words}, so flat regions are multiplied by ${words}.`;
}

/** What becomes of a kernel that true convolution turns. */
export function whenTurned(/** @type {number[][]} */ kernel) {
  const turned = flip(kernel);
  if (sameKernel(kernel, turned)) {
    return "Turned by 180°, this filter stays as it is: true convolution and cross-correlation agree.";
  }
  if (sameKernel(negative(kernel), turned)) {
    return "Turned by 180°, every number of this filter changes its sign, and so does every response.";
  }
  return "Turned by 180°, this is another filter, with other responses.";
}

/** The sum of products, and what ReLU makes of it, as an equation. */
export function equation({ row, column, products, value, relu }) {
  const terms = products.flat().map((/** @type {number} */ term, /** @type {number} */ at) => {
    if (at === 0) return numberText(term);
    return `${term < 0 ? "−" : "+"} ${numberText(Math.abs(term))}`;
  });
  const after = numberText(Math.max(value, 0));
  const cut = relu ? ` After ReLU: max(0, ${numberText(value)}) = ${after}.` : "";
  const inexact = products
    .flat()
    .some((/** @type {number} */ term) => Math.abs(term * 100 - Math.round(term * 100)) > 1e-9);
  const rounded = inexact ? " (Rounded to two decimals.)" : "";
  return `response[${row}, ${column}] = ${terms.join(" ")} = ${numberText(value)}.${cut}${rounded}`;
}

/** How many places the window has, and how many responses are negative there. */
export function negativeShare(/** @type {number[][]} */ response, /** @type {boolean} */ relu) {
  const values = response.flat();
  const count = values.filter((value) => value < 0).length;
  const share = Math.round((100 * count) / values.length);
  const size = `${response.length} × ${response[0].length}`;
  const places = `The window fits in ${size} places (the dashed frame is the picture's edge). `;
  return relu
    ? `${places}ReLU set ${count} of the ${values.length} responses to zero (${share}%): the striped ones.`
    : `${places}${count} of the ${values.length} responses are negative (${share}%).`;
}
