// One position of the window of the kernel explorer: pixels, filter, products and their sum.

import { hasFocus, make } from "../figures/elements.mjs";
import { numberText, signClass, windowAt } from "../figures/numbers.mjs";
import { grayOf, inkOn } from "./kernel_explorer_canvas.mjs";
import { multiply } from "./kernel_explorer_math.mjs";
import { equation, fieldText } from "./kernel_explorer_text.mjs";

/** @typedef {import("./kernel_explorer.mjs").Now} Now */
/** @typedef {import("./kernel_explorer.mjs").Explorer} Explorer */

/** @type {(value: number) => { kind?: string, background?: string, ink?: string }} */
const bySign = (value) => ({ kind: signClass(value) });

/** Show a square of numbers, read as one image; `look` gives each cell's class or its color. */
export function fillCells(target, square, name, look = bySign, write = numberText) {
  const words = (/** @type {number} */ value) => write(value).replace("-", "\u2212");
  const lines = square.map((line) => line.map(words).join(", "));
  target.style.setProperty("--kx-side", square.length);
  target.setAttribute("role", "img");
  target.setAttribute("aria-label", `${name}: ${lines.join("; ")}`);
  const cells = square.flat().map((/** @type {number} */ value) => {
    const { kind, background, ink } = look(value);
    const cell = make("span", { class: `kx-cell ${kind ?? ""}` }, words(value));
    if (background) Object.assign(cell.style, { background, color: ink });
    return cell;
  });
  target.replaceChildren(...cells);
}

/** A field for the window's row or column, which refuses what is not there in words. */
function makePlace(/** @type {Explorer} */ explorer, /** @type {"row" | "column"} */ axis, label) {
  const isPlace = (/** @type {number} */ value) =>
    Number.isInteger(value) && value >= 0 && value <= Number(field.max);
  const field = make("input", {
    class: "lf-input kx-place",
    type: "number",
    min: "0",
    step: "1",
    "data-lm-suppress-shortcuts": "true",
    "aria-label": label,
    oninput: () => {
      if (!isPlace(field.valueAsNumber)) return;
      explorer.complain("");
      explorer.put({ [axis]: field.valueAsNumber });
    },
    onchange: () => {
      if (isPlace(field.valueAsNumber)) return;
      const typed = field.value || "like that";
      explorer.complain(`no ${axis} ${typed}: ${axis}s go from 0 to ${field.max}.`);
      field.value = String(explorer.now()[axis]);
    },
  });
  const show = (/** @type {number} */ value, /** @type {number} */ last) => {
    field.max = String(last);
    if (!hasFocus(field) || field.valueAsNumber !== value) field.value = String(value);
  };
  return { field, show };
}

/** One position of the window: pixels times filter, the products, their sum. */
export function makePosition(/** @type {Explorer} */ explorer) {
  const row = makePlace(explorer, "row", "Row of the window");
  const column = makePlace(explorer, "column", "Column of the window");
  const [window, filter, result] = ["", "", ""].map(() => make("div", { class: "kx-cells" }));
  const label = (/** @type {string} */ text) => make("p", { class: "kx-label" }, text);
  const filterName = label("");
  const sum = make("output", { class: "kx-sum", "aria-live": "off" });
  const sentence = make("p", { class: "kx-equation" });
  const block = (/** @type {string} */ sign, name, cells) => {
    const before = make("span", { class: "kx-sign", "aria-hidden": "true" }, sign);
    return make("div", { class: "kx-block" }, before, make("div", {}, name, cells));
  };
  const note = make("span", { class: "kx-note" }, " (its upper left corner, counted from 0)");
  const where = ["Window at row ", row.field, " column ", column.field, note];
  const work = [
    block("", label("Pixels"), window),
    block("×", filterName, filter),
    block("=", label("Products"), result),
    block("→", label("Sum"), sum),
  ];
  const box = make(
    "div",
    { class: "kx-position" },
    make("p", { class: "kx-where" }, ...where),
    make("div", { class: "kx-work" }, ...work),
    sentence,
  );
  const show = (/** @type {Now} */ now) => {
    const { picture, used, response } = now;
    const pixels = windowAt(now.pixels, now.row, now.column, now.kernel.length);
    const products = multiply(pixels, used);
    const value = response[now.row][now.column];
    row.show(now.row, response.length - 1);
    column.show(now.column, response[0].length - 1);
    fillCells(window, pixels, "Pixels in the window", (pixel) => {
      const gray = grayOf(pixel, picture);
      return { background: `rgb(${gray} ${gray} ${gray})`, ink: inkOn([gray, gray, gray]) };
    });
    filterName.textContent = now.convolution ? "Turned filter" : "Filter";
    fillCells(filter, used, filterName.textContent, bySign, fieldText);
    fillCells(result, products, "Products");
    sum.textContent = numberText(value);
    sum.className = `kx-sum ${signClass(value)}`;
    sentence.textContent = equation({ ...now, products, value });
  };
  return { box, show };
}
