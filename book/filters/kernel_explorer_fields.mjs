// The editable filter of the kernel explorer: a field for each number, and two buttons.

import { button, hasFocus, make } from "../figures/elements.mjs";
import { negative, turn } from "./kernel_explorer_math.mjs";
import { fillCells } from "./kernel_explorer_sums.mjs";
import { fieldText, LARGEST, readNumber } from "./kernel_explorer_text.mjs";

/** @typedef {import("./kernel_explorer.mjs").Now} Now */
/** @typedef {import("./kernel_explorer.mjs").Explorer} Explorer */

/** The filter: its fields, its buttons, and the turned one below if there is one. */
export function makeFilter(/** @type {Explorer} */ explorer, /** @type {string} */ problemId) {
  const { put, now } = explorer;
  const fields = make("div", { class: "kx-fields", role: "group", "aria-label": "Filter" });
  const flipped = make("div", { class: "kx-flipped" });
  const turned = "Turn the filter counterclockwise by 90 degrees";
  const opposite = "Change the sign of every number of the filter";
  const buttons = [
    button("↺ 90°", () => put({ kernel: turn(now().kernel) }), turned),
    button("× (−1)", () => put({ kernel: negative(now().kernel) }), opposite),
  ];
  const box = make(
    "div",
    { class: "kx-kernel" },
    make("p", { class: "kx-title" }, "Filter (kernel)"),
    fields,
    make("div", { class: "kx-buttons" }, ...buttons),
    flipped,
  );
  const build = (/** @type {number[][]} */ kernel) => {
    fields.style.setProperty("--kx-side", String(kernel.length));
    const places = kernel.flatMap((line, a) => line.map((_, b) => [a, b]));
    fields.replaceChildren(...places.map(([a, b]) => makeField(explorer, problemId, a, b)));
  };
  const show = (/** @type {Now} */ { kernel, used, convolution }) => {
    if (fields.children.length !== kernel.length ** 2) build(kernel);
    kernel.flat().forEach((value, at) => {
      showNumber(/** @type {HTMLInputElement} */ (fields.children[at]), value);
    });
    flipped.replaceChildren();
    if (!convolution) return;
    const cells = make("div", { class: "kx-cells" });
    fillCells(cells, used, "Filter turned by 180 degrees", undefined, fieldText);
    flipped.append(make("p", { class: "kx-label" }, "↻ turned by 180°"), cells);
  };
  return { box, show };
}

/** Show a number in its field, unless just this number, or nothing readable, is being typed. */
function showNumber(/** @type {HTMLInputElement} */ field, /** @type {number} */ value) {
  const typed = readNumber(field.value);
  if (hasFocus(field) && (typed.value === value || typed.problem)) return;
  field.value = fieldText(value);
}

/** A field for the number at row a, column b of the filter. */
function makeField(/** @type {Explorer} */ explorer, problemId, a, b) {
  const { model, put, now, complain } = explorer;
  const setNumber = (/** @type {number} */ value) => {
    const kernel = model.get("kernel").map((/** @type {number[]} */ line) => [...line]);
    kernel[a][b] = value;
    put({ kernel });
  };
  const step = (/** @type {KeyboardEvent} */ event, /** @type {number} */ change) => {
    event.preventDefault();
    event.stopPropagation();
    const next = now().kernel[a][b] + change;
    if (Math.abs(next) > LARGEST) return;
    field.value = fieldText(next);
    now().kernel[a][b] = next; // the next key may come before the next frame
    complain("");
    setNumber(next);
  };
  const field = make("input", {
    class: "lf-input kx-field",
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    "data-row": a,
    "data-column": b,
    "data-lm-suppress-shortcuts": "true",
    "aria-label": `Filter, row ${a}, column ${b}`,
    "aria-describedby": problemId,
    onfocus: () => field.select(),
    oninput: () => {
      const { value } = readNumber(field.value);
      field.removeAttribute("aria-invalid");
      if (value === undefined) return;
      complain("");
      setNumber(value);
    },
    onchange: () => {
      const { problem } = readNumber(field.value);
      if (!problem) return;
      const old = fieldText(now().kernel[a][b]);
      field.value = old;
      complain(`${problem[0].toUpperCase()}${problem.slice(1)}. The filter keeps ${old} there.`);
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "ArrowUp") step(event, 1);
      else if (event.key === "ArrowDown") step(event, -1);
      else if (event.key === "Escape") {
        field.value = fieldText(now().kernel[a][b]);
        complain("");
      }
    },
  });
  return field;
}
