// The board of the gradient explorer: the picture, the filter, and their gradients.

import { closest, make } from "../figures/elements.mjs";
import { gridMoves, moveFor } from "../figures/model.mjs";
import { clamp, numberText, signClass } from "../figures/numbers.mjs";

/** @typedef {import("./gradient_explorer.mjs").Now} Now */
/** @typedef {(part: string, row: number, column: number) => void} Choose */

/** A number for reading, with a true minus sign. */
export const text = (/** @type {number} */ value) => numberText(value, 4);

/** A square under its name and above what it is. */
function makePart(
  /** @type {string} */ name,
  /** @type {string} */ note,
  /** @type {Node} */ square,
) {
  return make(
    "div",
    { class: "gx-part" },
    make("p", { class: "lf-code gx-name" }, name),
    square,
    make("p", { class: "gx-note" }, note),
  );
}

/** A square of numbers with signs that is read as one image: { cells, square }. */
function makeNumbers(/** @type {number[][]} */ numbers, /** @type {string} */ label) {
  const read = numbers.map((line) => line.map(text).join(", ")).join("; ");
  const cells = numbers.map((line) =>
    line.map((value) => make("span", { class: `lf-cell ${signClass(value)}` }, text(value))),
  );
  const style = `--lf-columns: ${numbers[0].length}`;
  const attributes = { class: "lf-cells", role: "img", "aria-label": `${label}: ${read}`, style };
  return { cells, square: make("div", attributes, ...cells.flat()) };
}

/**
 * A square whose numbers can be chosen, in a frame of zeros: { cells, square }.
 *
 * @param {number[][]} numbers
 * @param {{ part: string, label: string, frame: number, choose: Choose }} options
 */
function makeChooser(numbers, { part, label, frame, choose }) {
  const side = numbers.length + 2 * frame;
  const zero = () => make("span", { class: "lf-cell gx-frame", "aria-hidden": "true" }, "0");
  const zeros = (/** @type {number} */ count) => Array.from({ length: count }, zero);
  const cells = numbers.map((line, row) =>
    line.map((value, column) => makeCell({ part, row, column, value, choose })),
  );
  const lines = cells.map((line) =>
    make("div", { class: "lf-row", role: "row" }, ...zeros(frame), ...line, ...zeros(frame)),
  );
  const square = make(
    "div",
    {
      class: "lf-cells",
      role: "grid",
      "aria-label": label,
      style: `--lf-columns: ${side}`,
      onkeydown: (/** @type {KeyboardEvent} */ event) => moveByKey(event, part, cells, choose),
    },
    ...zeros(frame * side),
    ...lines,
    ...zeros(frame * side),
  );
  return { cells, square };
}

function makeCell({ part, row, column, value, choose }) {
  return make(
    "span",
    {
      class: `lf-cell gx-choose ${part === "kernel" ? signClass(value) : ""}`,
      role: "gridcell",
      tabindex: "-1",
      "data-part": part,
      "data-row": row,
      "data-column": column,
      "data-lm-suppress-shortcuts": "true",
      "aria-label": `row ${row}, column ${column}: ${text(value)}`,
      onclick: () => choose(part, row, column),
      onpointerenter: (/** @type {PointerEvent} */ event) =>
        event.pointerType === "mouse" && choose(part, row, column),
      onfocus: () => choose(part, row, column),
    },
    text(value),
  );
}

/**
 * Choose a neighbor by key.
 *
 * @param {KeyboardEvent} event
 * @param {string} part
 * @param {HTMLElement[][]} cells
 * @param {Choose} choose
 */
function moveByKey(event, part, cells, choose) {
  const cell = closest(event, "[data-part]");
  if (!cell) return;
  const last = cells.length - 1;
  const moves = gridMoves(Number(cell.dataset.row), Number(cell.dataset.column), last);
  const to = moveFor(event, moves);
  if (!to) return;
  const [row, column] = to.map((value) => clamp(value, 0, last));
  choose(part, row, column);
  cells[row][column].focus(); // at once: the next key may come before the next frame
}

/** The board: { box, build, show, cellAt }; `build` makes it for other numbers. */
export function makeBoard(/** @type {Choose} */ choose) {
  const box = make("div", { class: "gx-board" });
  let cells = { input: [], kernel: [], dx: [], dw: [], upstream: [] };
  const build = (/** @type {Now} */ { input, kernel, padding, upstream, gradients }) => {
    const rings = padding === 1 ? "a ring" : "two rings";
    const frame = padding === 0 ? "" : `, and ${rings} of padding`;
    const x = makeChooser(input, {
      part: "input",
      label: "Input x. Arrow keys choose a pixel.",
      frame: padding,
      choose,
    });
    const w = makeChooser(kernel, {
      part: "kernel",
      label: "Filter w. Arrow keys choose a weight.",
      frame: 0,
      choose,
    });
    const dx = makeNumbers(gradients.dx, "Gradient dx");
    const dw = makeNumbers(gradients.dw, "Gradient dw");
    const dout = makeNumbers(upstream, "Upstream gradient dout");
    const size = `${upstream.length} × ${upstream.length}`;
    const columns = [
      [
        makePart("x", `input, 5 × 5${frame}`, x.square),
        makePart("dx", "gradient of the input", dx.square),
      ],
      [
        makePart("w", "filter, 3 × 3", w.square),
        makePart("dw", "gradient of the filter", dw.square),
      ],
      [makePart("dout", `upstream gradient, ${size}`, dout.square)],
    ];
    box.replaceChildren(...columns.map((parts) => make("div", { class: "gx-column" }, ...parts)));
    cells = {
      input: x.cells,
      kernel: w.cells,
      dx: dx.cells,
      dw: dw.cells,
      upstream: dout.cells,
    };
  };
  const show = (/** @type {Now} */ now) => mark(box, cells, now);
  const chosen = (/** @type {Now} */ { part, row, column }) => cells[part][row][column];
  return { box, build, show, chosen };
}

/** Mark the chosen number, its gradient, the outputs that it feeds and what joins it to them. */
function mark(/** @type {Element} */ box, cells, /** @type {Now} */ { part, row, column, terms }) {
  for (const cell of box.querySelectorAll(".lf-cell")) {
    cell.classList.remove("gx-current", "gx-joined", "gx-fed");
  }
  for (const name of ["input", "kernel"]) {
    cells[name].forEach((line, i) => {
      line.forEach((cell, j) => {
        const current = name === part && i === row && j === column;
        cell.classList.toggle("gx-current", current);
        cell.setAttribute("aria-selected", String(current));
        cell.tabIndex = current || (name !== part && i === 0 && j === 0) ? 0 : -1;
      });
    });
  }
  cells[part === "input" ? "dx" : "dw"][row][column].classList.add("gx-current");
  for (const term of terms) {
    cells.upstream[term.i][term.j].classList.add("gx-fed");
    const joined =
      part === "input" ? cells.kernel[term.a][term.b] : cells.input[term.row]?.[term.column];
    joined?.classList.add("gx-joined");
  }
}
