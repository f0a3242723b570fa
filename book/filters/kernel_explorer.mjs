// The figure "kernel explorer": an editable kernel slides over a picture.
//
// An ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes.

import { onDark, watchTheme } from "../figures/colors.mjs";
import { make, speaker } from "../figures/elements.mjs";
import { onceAFrame, watch } from "../figures/model.mjs";
import { clamp, numberText } from "../figures/numbers.mjs";
import { makeFilter } from "./kernel_explorer_fields.mjs";
import { correlate, decodePicture, flip } from "./kernel_explorer_math.mjs";
import { followPointer } from "./kernel_explorer_moves.mjs";
import {
  makeAbout,
  makeControls,
  makePicture,
  makeResponse,
  presetOf,
} from "./kernel_explorer_parts.mjs";
import { makePosition } from "./kernel_explorer_sums.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<ReturnType<typeof locator>>} Now what is shown, worked out from the model */

/**
 * What the parts of the figure get: its model, and the ways to change it.
 *
 * @typedef {object} Explorer
 * @property {Model} model
 * @property {(changes: Record<string, any>) => void} put
 * @property {() => Now} now
 * @property {(...place: number[]) => void} moveTo
 * @property {(words: string) => void} complain
 * @property {() => void} show
 */

/** A function that works out what is shown; decoded pictures and responses are kept meanwhile. */
function locator(/** @type {Model} */ model) {
  const presets = model.get("presets");
  let name = "";
  let pixels = [[0]];
  let key = "";
  let response = [[0]];
  return () => {
    const pictures = model.get("pictures");
    const picture = pictures.find((known) => known.name === model.get("picture")) ?? pictures[0];
    if (picture.name !== name) pixels = decodePicture(picture);
    name = picture.name;
    /** @type {number[][]} */
    const kernel = model.get("kernel").map((/** @type {number[]} */ line) => [...line]);
    const [convolution, relu] = [model.get("convolution"), model.get("relu")];
    const used = convolution ? flip(kernel) : kernel;
    if (key !== JSON.stringify([name, used])) response = correlate(pixels, used);
    key = JSON.stringify([name, used]);
    const limit = Math.max(...response.flat().map(Math.abs)) || 1;
    const row = clamp(model.get("row"), 0, response.length - 1);
    const column = clamp(model.get("column"), 0, response[0].length - 1);
    const preset = presetOf(kernel, presets);
    const settings = { picture, preset, convolution, relu, row, column };
    return { ...settings, pixels, kernel, used, response, limit };
  };
}

/** What is to hear about the position of the window. */
function spoken(/** @type {Now} */ { row, column, response, relu }) {
  const value = response[row][column];
  const after = relu ? `, after ReLU ${numberText(Math.max(value, 0))}` : "";
  return `Row ${row}, column ${column}: sum ${numberText(value)}${after}.`;
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const locate = locator(model);
  let now = locate();
  const id = `kx${Math.random().toString(36).slice(2, 10)}-problem`;
  const problem = make("p", { class: "lf-refusal", role: "alert", id });
  const complain = (/** @type {string} */ words) => {
    problem.textContent = "";
    problem.textContent = words;
  };
  const moveTo = (/** @type {number} */ row, /** @type {number} */ column) => {
    const { response } = now;
    const [last, end] = [response.length - 1, response[0].length - 1];
    put({ row: clamp(row, 0, last), column: clamp(column, 0, end) });
  };
  const explorer = { model, put, moveTo, complain, now: () => now, show: () => show() };
  const controls = makeControls(explorer);
  const [picture, filter] = [makePicture(explorer), makeFilter(explorer, id)];
  const [response, about, position] = [makeResponse(explorer), makeAbout(), makePosition(explorer)];
  const voice = speaker();
  const hint =
    "Drag the yellow window, or use the arrow keys on a picture. Type your own numbers into the filter.";
  const root = make(
    "div",
    { class: "lf lf-bounded kx", role: "group", "aria-label": "Filter over a picture" },
    controls.box,
    make("p", { class: "kx-note" }, hint),
    make("div", { class: "kx-stage" }, picture.box, filter.box, response.box),
    problem,
    about.box,
    position.box,
    voice.line,
  );
  el.append(root);

  function show() {
    now = locate();
    root.dataset.dark = String(onDark(root));
    root.dataset.side = String(now.kernel.length);
    for (const part of [controls, picture, filter, response, about, position]) part.show(now);
    voice.say(spoken(now));
  }

  const listening = new AbortController();
  for (const { board } of [picture, response]) followPointer(board, explorer, listening.signal);
  const names = ["pictures", "picture", "kernel", "convolution", "relu", "row", "column"];
  const unwatch = watch(model, names, schedule);
  const resized = new ResizeObserver(schedule);
  resized.observe(picture.board.frame);
  const unwatchTheme = watchTheme(schedule);
  show();

  return () => {
    unwatch();
    stop();
    controls.stop();
    voice.stop();
    resized.disconnect();
    unwatchTheme();
    listening.abort();
    root.remove();
  };
}

export default { render };
