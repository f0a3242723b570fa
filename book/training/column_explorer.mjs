// The figure "column explorer": windows of a picture as the columns of a matrix (im2col).
//
// An ES module in anywidget's format.

import { choice, closest, make, numberOptions, select, speaker } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { grid, numberText, positions } from "../figures/numbers.mjs";
import { complaint, im2col, pixel, rowTimesMatrix } from "./column_explorer_math.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */

const LARGEST = 5;
const SETTINGS = [
  { name: "height", label: "Window height", low: 1, high: LARGEST },
  { name: "width", label: "Window width", low: 1, high: LARGEST },
  { name: "stride", label: "Stride", low: 1, high: 3 },
  { name: "padding", label: "Padding", low: 0, high: 2 },
];

const text = (/** @type {number} */ value) => numberText(value, 4);

/** The matrix of all windows, its product with the filter, and the chosen column. */
function locate(/** @type {Model} */ model) {
  /** @type {number[][]} */
  const picture = model.get("picture");
  const [height, width, stride, padding] = SETTINGS.map(({ name }) => model.get(name));
  const size = [picture.length, picture[0].length];
  const matrix = im2col([[picture]], height, width, stride, padding);
  const rows = positions(size[0], height, stride, padding);
  const across = positions(size[1], width, stride, padding);
  const at = Math.min(model.get("column"), matrix[0].length - 1);
  const [top, left] = [Math.floor(at / across) * stride, (at % across) * stride];
  /** @type {number[]} */
  const weights = model
    .get("filter")
    .slice(0, height)
    .flatMap((/** @type {number[]} */ row) => row.slice(0, width));
  const result = rowTimesMatrix(weights, matrix);
  return {
    picture,
    size,
    height,
    width,
    padding,
    matrix,
    rows,
    across,
    at,
    top,
    left,
    weights,
    result,
  };
}

/** The lists of settings, which refuse in words what does not fit: { boxes, show }. */
function makeControls(/** @type {Model} */ model) {
  const alert = make("p", { class: "ic-alert", role: "alert" });
  const { picture } = locate(model);
  const change = (/** @type {string} */ name, /** @type {number} */ value) => {
    const setting = (/** @type {string} */ other) => (other === name ? value : model.get(other));
    const [height, width, padding] = ["height", "width", "padding"].map(setting);
    alert.textContent = complaint([picture.length, picture[0].length], height, width, padding);
    if (alert.textContent) fields[name].value = model.get(name);
    else save(model, { [name]: value });
  };
  const fields = Object.fromEntries(
    SETTINGS.map(({ name, low, high }) => [
      name,
      select(numberOptions(low, high), (value) => change(name, Number(value))),
    ]),
  );
  const choices = SETTINGS.map(({ name, label }) => choice(label, fields[name]));
  const show = () => {
    for (const { name } of SETTINGS) fields[name].value = model.get(name);
  };
  return { boxes: [make("div", { class: "lf-controls" }, ...choices), alert], show };
}

/** The slider that chooses a column: { box, show }. */
function makeSlider(/** @type {(column: number) => void} */ pick) {
  const slider = make("input", { class: "lf-slider", type: "range", min: 0, value: 0 });
  slider.dataset.lmSuppressShortcuts = "true";
  slider.addEventListener("input", () => pick(Number(slider.value)));
  const box = choice("Column of the matrix", slider);
  box.classList.add("ic-column");
  const show = (/** @type {Now} */ { at, matrix }) => {
    const count = matrix[0].length;
    slider.max = String(count - 1);
    slider.value = String(at);
    slider.setAttribute("aria-valuetext", `column ${at} of ${count}`);
  };
  return { box, show };
}

/** A grid of numbers under its title: { grid, box }. */
function makeGrid(/** @type {string} */ title) {
  const numbers = make("div", { class: "ic-grid", role: "img" });
  const frame = make("div", { class: "ic-frame", tabindex: 0, role: "region" }, numbers);
  frame.setAttribute("aria-label", title);
  const words = make("p", { class: "lf-title" }, title);
  return { numbers, box: make("div", { class: "ic-part" }, words, frame) };
}

/**
 * Fill a grid; `mark(i, j)` says whether a cell is chosen, `faint(i, j)` whether it is padding.
 *
 * @param {{ numbers: HTMLElement }} target
 * @param {number[][]} rows
 * @param {string} name
 * @param {(row: number, column: number) => boolean} mark
 * @param {(row: number, column: number) => boolean} faint
 */
function fill({ numbers }, rows, name, mark, faint = () => false) {
  const lines = rows.map((line) => line.map(text).join(", "));
  numbers.style.setProperty("--ic-columns", String(rows[0].length));
  numbers.setAttribute("aria-label", `${name}: ${lines.join("; ")}`);
  const cells = rows.flatMap((line, i) =>
    line.map((value, j) => {
      const cell = make("span", { class: "ic-cell" }, text(value));
      if (mark(i, j)) cell.classList.add("ic-chosen");
      if (faint(i, j)) cell.classList.add("ic-padding");
      cell.dataset.column = String(j);
      return cell;
    }),
  );
  numbers.replaceChildren(...cells);
}

/** Picture, filter, matrix and result; `pick` gets the column that the pointer is on. */
function makeGrids(/** @type {Model} */ model, /** @type {(column: number) => void} */ pick) {
  const [picture, filter] = [makeGrid("Picture"), makeGrid("Filter, as a row")];
  const [matrix, result] = [makeGrid("Windows, as columns"), makeGrid("Result")];
  const follow = (/** @type {Event} */ event) => {
    const column = Number(closest(event, ".ic-cell")?.dataset.column);
    if (!Number.isNaN(column) && column !== model.get("column")) pick(column);
  };
  for (const { numbers } of [matrix, result]) {
    numbers.addEventListener("pointerover", follow);
    numbers.addEventListener("click", follow);
  }
  const show = (/** @type {Now} */ now) => {
    const { size, height, width, padding, top, left, at } = now;
    const [tall, wide] = size.map((side) => side + 2 * padding);
    const padded = grid(tall, wide, (i, j) => pixel(now.picture, i - padding, j - padding));
    const inside = (/** @type {number} */ i, /** @type {number} */ j) =>
      i >= top && i < top + height && j >= left && j < left + width;
    const outside = (/** @type {number} */ i, /** @type {number} */ j) =>
      i < padding || j < padding || i >= size[0] + padding || j >= size[1] + padding;
    fill(picture, padded, "Picture with its padding", inside, outside);
    fill(filter, [now.weights], "Filter as a row", () => true);
    fill(matrix, now.matrix, "Matrix, row by row", (_, j) => j === at);
    fill(result, [now.result], "Result", (_, j) => j === at);
  };
  const stage = make("div", { class: "lf-stage" }, picture.box, filter.box);
  return { stage, boxes: [matrix.box, result.box], show };
}

/** How the chosen number of the result is made. */
function sentenceOf(/** @type {Now} */ { at, top, left, padding, weights, matrix, result }) {
  const terms = weights.map((w, i) => `${text(w)} · ${text(matrix[i][at])}`).join(" + ");
  const corner = `row ${top}, column ${left}${padding ? " of the padded picture" : ""}`;
  const sum = `${terms} = ${text(result[at])}`;
  return `Column ${at} is the window whose top left corner is ${corner}. ${sum}.`;
}

/** How large the matrix is, against the picture. */
function factsOf(/** @type {Now} */ { rows, across, matrix, size }) {
  const [height, width, pixels] = [matrix.length, matrix[0].length, size[0] * size[1]];
  const times = Number(((height * width) / pixels).toFixed(1));
  return (
    `${rows} × ${across} windows, so the matrix is ${height} × ${width}: ${height * width} numbers ` +
    `made from ${pixels} pixels (${times} times as many). The result, read row by row, ` +
    `is a map of ${rows} × ${across}.`
  );
}

function render({ model, el }) {
  const pick = (/** @type {number} */ column) => save(model, { column });
  const [controls, slider] = [makeControls(model), makeSlider(pick)];
  const grids = makeGrids(model, pick);
  const sentence = make("p", { class: "ic-sentence" });
  const facts = make("p", { class: "ic-facts" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf ic" },
    ...[...controls.boxes, grids.stage, slider.box, ...grids.boxes, sentence, facts, voice.line],
  );
  el.append(root);

  function show() {
    const now = locate(model);
    for (const part of [controls, slider, grids]) part.show(now);
    sentence.textContent = sentenceOf(now);
    facts.textContent = factsOf(now);
    const place = `window at row ${now.top}, column ${now.left}`;
    voice.say(`Column ${now.at}: ${place}; result ${text(now.result[now.at])}.`);
  }

  const unwatch = watch(model, [...SETTINGS.map(({ name }) => name), "column"], show);
  show();
  return () => {
    unwatch();
    voice.stop();
    root.remove();
  };
}

export default { render };
