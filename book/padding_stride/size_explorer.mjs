// The figure "size explorer": a window with stride, padding and dilation over an input.
//
// An ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes.

import { make, speaker } from "../figures/elements.mjs";
import { gridMoves, moveFor, onceAFrame, watch } from "../figures/model.mjs";
import { clamp } from "../figures/numbers.mjs";
import { drawInput, drawOutput } from "./size_explorer_drawing.mjs";
import { outputSize, visits } from "./size_explorer_math.mjs";
import { AXES, factsOf, formula, refusal, spoken } from "./size_explorer_words.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */
/** @typedef {[kernel: number, stride: number, padding: number, dilation: number]} Shared */

const SETTINGS = [
  { name: "height", label: "Height H", low: 1, high: 12 },
  { name: "width", label: "Width W", low: 1, high: 12 },
  { name: "kernel", label: "Filter K", low: 1, high: 7 },
  { name: "stride", label: "Stride S", low: 1, high: 4 },
  { name: "padding", label: "Padding P", low: 0, high: 3 },
  { name: "dilation", label: "Dilation D", low: 1, high: 3 },
];

const KEY =
  "A number: how many windows read this pixel. ×: no window reads it. Hatched: padding. " +
  "Thick frame: the window; its dots: what it reads.";

/** The settings, the positions that there are, the chosen one, and how often pixels are read. */
function locate(/** @type {Model} */ model) {
  /** @type {Record<string, number>} */
  const settings = Object.fromEntries(SETTINGS.map(({ name }) => [name, model.get(name)]));
  const { height, width, kernel, stride, padding, dilation } = settings;
  /** @type {Shared} */
  const shared = [kernel, stride, padding, dilation];
  const [rows, columns] = [height, width].map((size) => outputSize(size, ...shared));
  const row = Math.min(model.get("row"), Math.max(0, rows - 1));
  const column = Math.min(model.get("column"), Math.max(0, columns - 1));
  const fits = rows > 0 && columns > 0;
  const counts = [height, width].map((size) =>
    fits ? visits(size, ...shared) : Array(size).fill(0),
  );
  return { settings, shared, rows, columns, row, column, fits, counts };
}

/** A slider for each setting: { box, show }. */
function makeSliders(put) {
  const sliders = SETTINGS.map(({ name, label, low, high }) => {
    const value = make("span", { class: "lf-value" });
    const field = make("input", {
      type: "range",
      class: "lf-slider",
      min: low,
      max: high,
      "aria-label": label,
      "data-lm-suppress-shortcuts": "true",
      oninput: () => put({ [name]: Number(field.value) }),
    });
    const words = make("span", {}, `${label} = `, value);
    return { name, value, field, box: make("label", { class: "sx-slider" }, words, field) };
  });
  const box = make("div", { class: "sx-controls" }, ...sliders.map((slider) => slider.box));
  const show = (/** @type {Now} */ { settings }) => {
    for (const { name, value, field } of sliders) {
      value.textContent = String(settings[name]);
      field.value = String(settings[name]);
    }
  };
  return { box, show };
}

/** The input under its window and the output, under their sizes: { box, show }. */
function makeMaps(/** @type {Model} */ model, put) {
  const choose = (/** @type {number} */ row, /** @type {number} */ column) => {
    const { rows, columns, fits } = locate(model);
    if (fits) put({ row: clamp(row, 0, rows - 1), column: clamp(column, 0, columns - 1) });
  };
  const chooseAndFocus = (/** @type {number} */ row, /** @type {number} */ column) => {
    choose(row, column);
    board.focus();
  };
  const board = make("div", {
    class: "sx-board",
    role: "application",
    tabindex: "0",
    "aria-label": "Input with the window. Arrow keys move the window.",
    "data-lm-suppress-shortcuts": "true",
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const { row, column, columns } = locate(model);
      const to = moveFor(event, gridMoves(row, column, columns - 1));
      if (to) choose(to[0], to[1]);
    },
  });
  const [inputName, outputName] = [
    make("p", { class: "sx-name" }),
    make("p", { class: "sx-name" }),
  ];
  const output = make("div", { class: "sx-output", role: "img" });
  const box = make(
    "div",
    { class: "sx-maps" },
    make("div", { class: "sx-part" }, inputName, board),
    make("div", { class: "sx-part" }, outputName, output),
  );
  const show = (/** @type {Now} */ now) => {
    const { settings, rows, columns, fits } = now;
    const { height, width, padding } = settings;
    const [tall, wide] = [height + 2 * padding, width + 2 * padding];
    inputName.textContent = `input ${height} × ${width}${padding ? `, padded ${tall} × ${wide}` : ""}`;
    outputName.textContent = fits ? `output ${rows} × ${columns}` : "no output";
    board.style.setProperty("--sx-columns", String(wide));
    board.replaceChildren(drawInput(now, chooseAndFocus));
    const words = `Output of ${rows} rows and ${columns} columns`;
    output.style.setProperty("--sx-columns", String(fits ? columns : 1));
    output.setAttribute("aria-label", fits ? words : "No output");
    output.replaceChildren(drawOutput(now, chooseAndFocus));
  };
  return { box, show };
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const [sliders, maps] = [makeSliders(put), makeMaps(model, put)];
  const formulas = make("p", { class: "sx-formulas" });
  const facts = make("p", { class: "sx-facts" });
  const refused = make("p", { class: "lf-refusal", role: "alert" });
  const voice = speaker();
  const label = "Size explorer: stride, padding and dilation";
  const root = make(
    "div",
    { class: "lf lf-bounded sx", role: "group", "aria-label": label },
    ...[sliders.box, refused, maps.box, formulas, facts],
    make("p", { class: "lf-small" }, KEY),
    voice.line,
  );
  el.append(root);

  function show() {
    const now = locate(model);
    const { settings, shared, fits } = now;
    const { height, width, kernel, padding, dilation } = settings;
    sliders.show(now);
    maps.show(now);
    refused.textContent = refusal(height, width, kernel, padding, dilation);
    const lines = AXES.map(({ letter, name }) => formula(letter, settings[name], ...shared));
    formulas.replaceChildren(...(fits ? lines : []).map((line) => make("span", {}, line)));
    facts.textContent = factsOf(now);
    voice.say(spoken(now, facts.textContent));
  }

  const names = [...SETTINGS.map(({ name }) => name), "row", "column"];
  const unwatch = watch(model, names, schedule);
  show();

  return () => {
    unwatch();
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
