// The figure "gradient explorer": backward through one filter over one picture.
//
// An ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes.

import { onDark, watchTheme } from "../figures/colors.mjs";
import { button, checkbox, make, slider, speaker } from "../figures/elements.mjs";
import { onceAFrame, watch } from "../figures/model.mjs";
import { positions } from "../figures/numbers.mjs";
import { makeBoard, text } from "./gradient_explorer_board.mjs";
import {
  backward,
  drawNumbers,
  KERNEL,
  SIDE,
  sumOfTerms,
  termsOfInput,
  termsOfWeight,
} from "./gradient_explorer_math.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */

/** @typedef {{ i: number, j: number, upstream: number, factor: number, product: number,
 *   a?: number, b?: number, row?: number | null, column?: number | null }} Term */

const STRIDES = [1, 3]; // the least and the most
const PADDINGS = [0, 2];

/** A number as a factor or a later term. */
function factorText(/** @type {number} */ value) {
  return value < 0 ? `(${text(value)})` : text(value);
}

/** The numbers, their gradients, and the chosen number with the terms of its gradient. */
function locate(/** @type {Model} */ model) {
  /** @type {number[][][]} */
  const [input, kernel, all] = ["input", "kernel", "upstream"].map((name) => model.get(name));
  const [stride, padding] = [model.get("stride"), model.get("padding")];
  const count = positions(SIDE, KERNEL, stride, padding);
  const upstream = all
    .slice(0, count)
    .map((line) => line.slice(0, count).map((value) => (model.get("ones") ? 1 : value)));
  const gradients = backward(upstream, input, kernel, stride, padding);
  /** @type {"input" | "kernel"} */
  const part = model.get("part") === "input" ? "input" : "kernel";
  const last = (part === "input" ? SIDE : KERNEL) - 1;
  const row = Math.min(model.get("row"), last);
  const column = Math.min(model.get("column"), last);
  /** @type {Term[]} */
  const terms =
    part === "input"
      ? termsOfInput(upstream, kernel, row, column, stride, padding)
      : termsOfWeight(upstream, input, row, column, stride, padding);
  return { input, kernel, upstream, stride, padding, gradients, part, row, column, terms };
}

/** Which outputs the chosen number feeds, in words. */
function feeding(/** @type {Now} */ { part, row, column, terms, upstream }) {
  const feeds = `feeds ${terms.length} of the ${upstream.flat().length} outputs`;
  if (part === "kernel") {
    const outside = terms.filter((term) => term.row === null).length;
    const ring = outside ? ` In ${outside} of them it lies on the padding, which is 0.` : "";
    return `The weight w[${row}, ${column}] ${feeds}, each through the pixel below it.${ring}`;
  }
  return terms.length
    ? `The pixel x[${row}, ${column}] ${feeds}, each through the weight that lies on it.`
    : `No window reads the pixel x[${row}, ${column}]. It has no effect on the loss.`;
}

/** What the products are, and the gradient of the bias. */
function products(/** @type {Now} */ { part, gradients }) {
  return (
    "Each product: upstream gradient of one output, times the " +
    `${part === "input" ? "weight" : "pixel"} that joins it to that output. ` +
    `The bias feeds every output with slope 1: db = ${text(gradients.db)}.`
  );
}

/** The sentences below the board: { boxes, show, line, stop }. */
function makeWords() {
  const sentence = make("p", { class: "gx-sentence" });
  const equation = make("p", { class: "gx-equation" });
  const facts = make("p", { class: "lf-small gx-facts" });
  const voice = speaker();
  const show = (/** @type {Now} */ now) => {
    const name = `${now.part === "input" ? "dx" : "dw"}[${now.row}, ${now.column}]`;
    const sum = text(sumOfTerms(now.terms));
    const factors = now.terms.map((term) => `${text(term.upstream)} · ${factorText(term.factor)}`);
    sentence.textContent = feeding(now);
    equation.replaceChildren(
      make("span", { class: "lf-code" }, `${name} = `),
      factors.length ? `${factors.join(" + ")} = ` : "",
      make("strong", {}, sum),
    );
    facts.textContent = products(now);
    voice.say(`${sentence.textContent} ${name} is ${sum}.`);
  };
  return { boxes: [sentence, equation, facts, voice.line], show, stop: voice.stop };
}

/** Stride, padding, upstream gradient and new numbers: { box, show }. */
function makeControls(/** @type {Model} */ model, put) {
  const stride = slider("Stride", STRIDES, (value) => put({ stride: value }));
  const padding = slider("Padding", PADDINGS, (value) => put({ padding: value }));
  const ones = checkbox("upstream all ones", (checked) => put({ ones: checked }));
  const drawAnew = button("New numbers", () => {
    const seed = (model.get("seed") + 1) % 2 ** 32;
    put({ seed, ...drawNumbers(seed) });
  });
  const box = make("div", { class: "lf-controls" }, stride.box, padding.box, ones.box, drawAnew);
  const show = (/** @type {Now} */ now) => {
    ones.field.checked = model.get("ones");
    stride.field.value = String(now.stride);
    stride.reading.textContent = String(now.stride);
    padding.field.value = String(now.padding);
    padding.reading.textContent = String(now.padding);
  };
  return { box, show };
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const choose = (
    /** @type {string} */ part,
    /** @type {number} */ row,
    /** @type {number} */ column,
  ) => {
    const names = ["part", "row", "column"];
    const chosen = [part, row, column].every((value, i) => value === model.get(names[i]));
    if (!chosen) put({ part, row, column });
  };
  const controls = makeControls(model, put);
  const board = makeBoard(choose);
  const words = makeWords();
  const hint = "Point at a pixel of x or a weight of w, or go there with Tab and the arrow keys.";
  const label = "Gradients of one filter over one picture";
  const root = make(
    "div",
    { class: "lf lf-bounded gx", role: "group", "aria-label": label },
    controls.box,
    make("p", { class: "lf-small" }, hint),
    board.box,
    ...words.boxes,
  );
  el.append(root);

  let drawn = "";
  function show() {
    root.dataset.dark = String(onDark(root));
    const now = locate(model);
    const { input, kernel, stride, padding, upstream } = now;
    const active = document.activeElement;
    const focused = root.contains(active) && active.closest("[data-part]");
    const key = JSON.stringify([input, kernel, stride, padding, upstream]);
    if (key !== drawn) board.build(now);
    drawn = key;
    controls.show(now);
    board.show(now);
    if (focused && !root.contains(document.activeElement)) board.chosen(now).focus();
    words.show(now);
  }

  const names = [
    "input",
    "kernel",
    "upstream",
    "stride",
    "padding",
    "ones",
    "part",
    "row",
    "column",
  ];
  const unwatch = watch(model, names, schedule);
  const unwatchTheme = watchTheme(schedule);
  show();

  return () => {
    unwatch();
    stop();
    words.stop();
    unwatchTheme();
    root.remove();
  };
}

export default { render };
