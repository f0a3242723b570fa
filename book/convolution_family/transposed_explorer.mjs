// The figure "transposed explorer": where the windows of a transposed convolution lie.
//
// An ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes.

import { make, slider, speaker } from "../figures/elements.mjs";
import { gridMoves, moveFor, onceAFrame, watch } from "../figures/model.mjs";
import { clamp } from "../figures/numbers.mjs";
import { outputSize, windowCounts } from "./transposed_explorer_math.mjs";
import { formula, placed, refusal, verdict } from "./transposed_explorer_words.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */

const EDGE = 0.1; // around a drawing, in pixels; the window's frame needs it
const SETTINGS = [
  { name: "kernel", words: "Filter K =", range: [1, 6] },
  { name: "stride", words: "Stride S =", range: [1, 4] },
  { name: "padding", words: "Padding P =", range: [0, 2] },
];
const KEY =
  "A number: in how many windows this pixel lies. ×: in none. Thick frame: the chosen number, " +
  "and its window.";

function locate(/** @type {Model} */ model) {
  const [size, kernel, stride, padding] = ["size", "kernel", "stride", "padding"].map((name) =>
    model.get(name),
  );
  const [row, column] = ["row", "column"].map((name) => clamp(model.get(name), 0, size - 1));
  const length = outputSize(size, kernel, stride, padding);
  const counts = windowCounts(size, kernel, stride, padding);
  return { size, kernel, stride, padding, row, column, length, counts };
}

/** A drawing of so many rows and columns; one pixel is one unit of the view box. */
function view(/** @type {number} */ side, /** @type {SVGElement[]} */ parts) {
  const box = `${-EDGE} ${-EDGE} ${side + 2 * EDGE} ${side + 2 * EDGE}`;
  return make("svg", { viewBox: box, "aria-hidden": "true" }, ...parts);
}

function drawInput(
  /** @type {Now} */ { size, row, column },
  /** @type {(row: number, column: number) => void} */ choose,
) {
  const parts = [];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const onclick = () => choose(y, x);
      parts.push(make("rect", { x, y, width: 1, height: 1, class: "tx-pixel", onclick }));
      parts.push(make("text", { x: x + 0.5, y: y + 0.66, class: "tx-count" }, "1"));
    }
  }
  parts.push(make("rect", { x: column, y: row, width: 1, height: 1, class: "tx-window" }));
  return view(size, parts);
}

function drawOutput(/** @type {Now} */ { counts, length, row, column, kernel, stride, padding }) {
  const parts = [];
  const most = Math.max(1, ...counts) ** 2;
  for (let y = 0; y < length; y++) {
    for (let x = 0; x < length; x++) {
      const count = counts[y] * counts[x];
      const share = `--tx-share: ${Math.round((70 * count) / most)}%`;
      parts.push(make("rect", { x, y, width: 1, height: 1, class: "tx-pixel", style: share }));
      const place = { x: x + 0.5, y: y + 0.66, class: count ? "tx-count" : "tx-count tx-none" };
      parts.push(make("text", place, count ? `${count}` : "×"));
    }
  }
  const [top, left] = [row, column].map((place) => Math.max(0, place * stride - padding));
  const ends = [row, column].map((place) => Math.min(length, place * stride - padding + kernel));
  const [height, width] = [ends[0] - top, ends[1] - left];
  if (height > 0 && width > 0) {
    parts.push(make("rect", { x: left, y: top, width, height, class: "tx-window" }));
  }
  return view(Math.max(1, length), parts);
}

/** The sliders: { box, show }. */
function makeSliders(put) {
  const sliders = SETTINGS.map(({ name, words, range }) => ({
    name,
    ...slider(words, range, (value) => put({ [name]: value })),
  }));
  const box = make("div", { class: "tx-controls" }, ...sliders.map((each) => each.box));
  const show = (/** @type {Now} */ now) => {
    for (const { name, reading, field } of sliders) {
      reading.textContent = `${now[name]}`;
      field.value = `${now[name]}`;
    }
  };
  return { box, show };
}

/** The input, in which a number is chosen, and the output under its window: { box, show }. */
function makeMaps(/** @type {Model} */ model, put) {
  const choose = (/** @type {number} */ row, /** @type {number} */ column) => {
    const last = model.get("size") - 1;
    put({ row: clamp(row, 0, last), column: clamp(column, 0, last) });
  };
  const input = make("div", {
    class: "tx-board",
    role: "application",
    tabindex: "0",
    "aria-label": "Input. Arrow keys choose a number.",
    "data-lm-suppress-shortcuts": "true",
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const { row, column, size } = locate(model);
      const to = moveFor(event, gridMoves(row, column, size - 1));
      if (to) choose(to[0], to[1]);
    },
  });
  const output = make("div", { class: "tx-board", role: "img" });
  const [inputName, outputName] = ["", ""].map((words) => make("p", { class: "tx-name" }, words));
  const box = make(
    "div",
    { class: "tx-maps" },
    make("div", { class: "tx-part" }, inputName, input),
    make("div", { class: "tx-part" }, outputName, output),
  );
  const show = (/** @type {Now} */ now) => {
    const side = Math.max(0, now.length);
    inputName.textContent = `input ${now.size} × ${now.size}, all ones`;
    outputName.textContent = `output ${side} × ${side}, all weights 1`;
    input.style.setProperty("--tx-columns", `${now.size}`);
    output.style.setProperty("--tx-columns", `${Math.max(1, side)}`);
    input.replaceChildren(drawInput(now, choose));
    output.replaceChildren(drawOutput(now));
    output.setAttribute("aria-label", `Windows along each axis: ${now.counts.join(", ")}`);
  };
  return { box, show };
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const [sliders, maps] = [makeSliders(put), makeMaps(model, put)];
  const refused = make("p", { class: "lf-refusal", role: "alert" });
  const [size, facts] = ["", ""].map((words) => make("p", { class: "tx-facts" }, words));
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf lf-bounded tx", role: "group", "aria-label": "Transposed explorer" },
    ...[sliders.box, refused, maps.box, size, facts],
    make("p", { class: "lf-small" }, KEY),
    voice.line,
  );
  el.append(root);

  function show() {
    const now = locate(model);
    for (const part of [sliders, maps]) part.show(now);
    refused.textContent = refusal(now);
    size.textContent = formula(now);
    facts.textContent = `${verdict(now)} ${placed(now)}`;
    voice.say(refused.textContent || facts.textContent);
  }

  const names = ["size", "kernel", "stride", "padding", "row", "column"];
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
