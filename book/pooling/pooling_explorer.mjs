// The figure "pooling explorer": a window pools a small picture that can be moved by a pixel.
//
// An ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes.

import { onDark, watchTheme } from "../figures/colors.mjs";
import { button, choice, hasFocus, make, select, speaker } from "../figures/elements.mjs";
import { onceAFrame, watch } from "../figures/model.mjs";
import { clamp } from "../figures/numbers.mjs";
import { makeInput, makeOutput } from "./pooling_explorer_maps.mjs";
import { pool, shift } from "./pooling_explorer_math.mjs";
import {
  changesSentence,
  factsSentence,
  refusal,
  spoken,
  sumSentence,
} from "./pooling_explorer_words.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */

const CHOICES = [
  ["max", "Maximum"],
  ["avg", "Mean"],
  ["first", "First number (subsampling)"],
];

/** The moved picture, what pooling makes of it and of the still one, and the current place. */
function locate(/** @type {Model} */ model) {
  const patterns = model.get("patterns");
  const pattern = patterns.find(({ name }) => name === model.get("pattern")) ?? patterns[0];
  const [dy, dx] = [model.get("dy"), model.get("dx")];
  const [size, stride, rule] = ["size", "stride", "rule"].map((name) => model.get(name));
  const picture = shift(pattern.rows, dy, dx);
  const pooled = pool(picture, size, stride, rule);
  const before = pool(pattern.rows, size, stride, rule);
  const row = clamp(model.get("row"), 0, pooled.length - 1);
  const column = clamp(model.get("column"), 0, pooled[0].length - 1);
  return { picture, pooled, before, dy, dx, size, stride, rule, row, column };
}

/** A field for the window's size or stride, which refuses in words what cannot be. */
function makeNumber(/** @type {"size" | "stride"} */ name, { model, put, side, complain }) {
  const field = make("input", {
    class: "lf-input pe-number",
    type: "text",
    inputmode: "numeric",
    autocomplete: "off",
    "data-lm-suppress-shortcuts": "true",
    oninput: () => {
      const words = refusal(name, field.value, side);
      field.removeAttribute("aria-invalid");
      complain("");
      if (!words) put({ [name]: Number(field.value) });
    },
    onchange: () => {
      const words = refusal(name, field.value, side);
      if (!words) return;
      complain(`${words} The ${name} stays ${model.get(name)}.`);
      field.value = model.get(name);
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const next = model.get(name) + step;
      const words = refusal(name, String(next), side);
      complain(words);
      if (words) return;
      put({ [name]: next });
      field.value = next;
    },
  });
  field.value = model.get(name);
  return field;
}

/** The lists and fields above the picture: { box, show }. */
function makeControls(/** @type {Model} */ model, { put, side, complain }) {
  const patterns = model.get("patterns").map(({ name, label }) => [name, label]);
  const pattern = select(patterns, (chosen) => put({ pattern: chosen, dy: 0, dx: 0 }));
  const rule = select(CHOICES, (chosen) => put({ rule: chosen }));
  const size = makeNumber("size", { model, put, side, complain });
  const stride = makeNumber("stride", { model, put, side, complain });
  const box = make(
    "div",
    { class: "lf-controls" },
    choice("Picture", pattern),
    choice("Keep the", rule),
    choice("Size", size),
    choice("Stride", stride),
  );
  const show = (/** @type {Now} */ now) => {
    pattern.value = model.get("pattern");
    rule.value = now.rule;
    if (!hasFocus(size)) size.value = now.size;
    if (!hasFocus(stride)) stride.value = now.stride;
  };
  return { box, show };
}

/** The buttons that move the picture: { box, show }. */
function makeMover(/** @type {(...by: number[]) => void} */ move, /** @type {() => void} */ back) {
  const place = make("span", { class: "pe-place" });
  const box = make(
    "div",
    { class: "lf-controls", role: "group", "aria-label": "Move the picture" },
    make("span", { class: "pe-words" }, "Move the picture:"),
    button("←", () => move(0, -1), "Move the picture left"),
    button("→", () => move(0, 1), "Move the picture right"),
    button("↑", () => move(-1, 0), "Move the picture up"),
    button("↓", () => move(1, 0), "Move the picture down"),
    button("Back", back, "Move the picture back"),
    place,
  );
  const show = (/** @type {Now} */ { dy, dx }) => {
    place.textContent = dy || dx ? `${dy} down, ${dx} to the right` : "not moved";
  };
  return { box, show };
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const side = model.get("patterns")[0].rows.length;
  const problem = make("p", { class: "lf-complaint", role: "alert" });
  const complain = (/** @type {string} */ words) => {
    problem.textContent = words;
  };
  const move = (/** @type {number} */ dy, /** @type {number} */ dx) =>
    put({ dy: (model.get("dy") + dy + side) % side, dx: (model.get("dx") + dx + side) % side });
  const controls = makeControls(model, { put, side, complain });
  const mover = makeMover(move, () => put({ dy: 0, dx: 0 }));
  const [input, output] = [makeInput(side, move), makeOutput(put)];
  const sum = make("p", { class: "pe-sum" });
  const facts = make("p", { class: "lf-small pe-facts" });
  const changes = make("p", { class: "pe-changes" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf lf-bounded pe", role: "group", "aria-label": "Pooling, every window visible" },
    controls.box,
    mover.box,
    problem,
    make("div", { class: "pe-board" }, input.box, output.box),
    ...[sum, changes, facts, voice.line],
  );
  el.append(root);

  function show() {
    const now = locate(model);
    root.dataset.dark = String(onDark(root));
    for (const part of [controls, mover, input, output]) part.show(now);
    sum.textContent = sumSentence(now);
    changes.textContent = changesSentence(now);
    facts.textContent = factsSentence(now);
    voice.say(spoken(now));
  }

  const names = ["pattern", "rule", "size", "stride", "dy", "dx", "row", "column"];
  const unwatch = watch(model, names, schedule);
  const unwatchTheme = watchTheme(schedule);
  show();

  return () => {
    unwatch();
    stop();
    voice.stop();
    unwatchTheme();
    root.remove();
  };
}

export default { render };
