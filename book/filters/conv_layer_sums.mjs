// How one number of the figure "convolutional layer" is made: windows, products and sums.

import { make } from "../figures/elements.mjs";
import { numberText, signClass, windowAt } from "../figures/numbers.mjs";
import { convolveAt, KERNEL, products } from "./conv_layer_math.mjs";

/** @typedef {import("./conv_layer.mjs").Now} Now */

/** A number for reading, with a true minus sign. */
export const text = (/** @type {number} */ value) => numberText(value, 4);

/** A number as a later term of a sum. */
function term(/** @type {number} */ value) {
  return value < 0 ? `(${text(value)})` : text(value);
}

/**
 * A square of numbers that is read as one image.
 *
 * @param {number[][]} square
 * @param {string} name
 * @param {(value: number) => string} classes
 */
export function numbersOf(square, name, classes = () => "") {
  const read = square.map((line) => line.map(text).join(", ")).join("; ");
  const style = `--lf-columns: ${square[0].length}`;
  const cells = square
    .flat()
    .map((value) => make("span", { class: `lf-cell ${classes(value)}` }, text(value)));
  const attributes = { class: "lf-cells", role: "img", "aria-label": `${name}: ${read}`, style };
  return make("div", attributes, ...cells);
}

/** The channel sums and the value of the current place. */
export function sumsOf(/** @type {Now} */ { input, weights, biases, filter, row, column }) {
  return convolveAt(input, weights[filter], biases[filter], row, column);
}

const sign = (/** @type {string} */ text) => make("span", { class: "cl-sign" }, text);

/** How one channel's sum is made. */
export function workOf(/** @type {Now} */ { input, weights, filter, row, column }, c, sum) {
  const kernel = weights[filter][c];
  return [
    make("p", { class: "lf-code cl-name" }, `channel ${c}`),
    make(
      "div",
      { class: "cl-steps" },
      numbersOf(windowAt(input[c], row, column, KERNEL), "Window", () => "cl-in"),
      sign("×"),
      numbersOf(kernel, `Filter ${filter}, channel ${c}`, signClass),
      sign("="),
      numbersOf(products(input[c], kernel, row, column), "Products", signClass),
      sign("→"),
      make("span", { class: `cl-sum ${signClass(sum)}` }, text(sum)),
    ),
  ];
}

/** How the output number is made of the channel sums and the bias. */
export function equationOf(/** @type {Now} */ { biases, filter, row, column }, sums, value) {
  const chip = (
    /** @type {string} */ before,
    /** @type {number} */ number,
    /** @type {string} */ name,
  ) => [
    sign(before),
    make(
      "span",
      { class: "cl-chip" },
      make(
        "span",
        { class: `cl-sum ${signClass(number)}` },
        before === "+" ? term(number) : text(number),
      ),
      make("span", { class: "lf-code cl-name" }, name),
    ),
  ];
  return [
    ...sums.flatMap((sum, c) => chip(c === 0 ? "" : "+", sum, `x[${c}]`)),
    ...chip("+", biases[filter], `b[${filter}]`),
    ...chip("=", value, `y[${filter}, ${row}, ${column}]`),
  ].slice(1);
}
