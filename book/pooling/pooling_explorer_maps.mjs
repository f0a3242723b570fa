// The two maps of the pooling explorer: the picture under its window, and the result.

import { closest, make, setStyle } from "../figures/elements.mjs";
import { gridMoves, moveFor } from "../figures/model.mjs";
import { clamp } from "../figures/numbers.mjs";
import { unread } from "./pooling_explorer_math.mjs";
import { text } from "./pooling_explorer_words.mjs";

/** @typedef {import("./pooling_explorer.mjs").Now} Now */

const WHITE = 9; // the value of a white pixel
const BLACK_FROM = 117; // on a lighter gray, black has a contrast of at least 4.5 : 1

/** Write a number on its gray: 0 is black, 9 is white. */
function paint(/** @type {HTMLElement} */ cell, /** @type {number} */ value) {
  const gray = Math.round((255 * value) / WHITE);
  cell.style.background = `rgb(${gray} ${gray} ${gray})`;
  cell.style.color = gray > BLACK_FROM ? "black" : "white";
  const words = text(value);
  if (cell.firstChild?.nodeValue !== words) cell.textContent = words;
}

/** The picture, which the arrow keys move: { box, show }. */
export function makeInput(
  /** @type {number} */ side,
  /** @type {(...by: number[]) => void} */ move,
) {
  const cells = Array.from({ length: side }, () =>
    Array.from({ length: side }, () => make("span", { class: "lf-cell", "aria-hidden": "true" })),
  );
  const frame = make("span", { class: "pe-window", "aria-hidden": "true" });
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const grid = make(
    "div",
    {
      class: "lf-cells",
      role: "application",
      tabindex: "0",
      "aria-roledescription": "picture",
      "aria-label": "Picture. Arrow keys move it by a pixel.",
      "data-lm-suppress-shortcuts": "true",
      style: `--lf-columns: ${side};`,
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const step = moveFor(event, moves);
        if (step) move(...step);
      },
    },
    ...cells.flat(),
    frame,
  );
  const title = make("p", { class: "pe-head" }, `Picture, ${side} × ${side}`);
  const show = (/** @type {Now} */ { picture, row, column, size, stride }) => {
    const never = new Set(unread(side, size, stride));
    picture.forEach((line, i) => {
      line.forEach((value, j) => {
        paint(cells[i][j], value);
        cells[i][j].classList.toggle("pe-unread", never.has(i) || never.has(j));
      });
    });
    setStyle(frame, { "--pe-i": row * stride, "--pe-j": column * stride, "--pe-size": size });
  };
  return { box: make("div", { class: "pe-part" }, title, grid), show };
}

/** The result, whose numbers can be chosen: { box, show }. */
export function makeOutput(/** @type {(changes: Record<string, number>) => void} */ put) {
  /** @type {HTMLElement[][]} */
  let cells = [];
  const choose = (/** @type {number} */ row, /** @type {number} */ column) => {
    put({ row, column });
    const chosen = cells[row]?.[column];
    for (const cell of cells.flat()) cell.tabIndex = cell === chosen ? 0 : -1;
    chosen?.focus();
  };
  const onkeydown = (/** @type {KeyboardEvent} */ event) => {
    const cell = closest(event, "[data-row]");
    if (!cell) return;
    const last = cells.length - 1; // the result is a square
    const moves = gridMoves(Number(cell.dataset.row), Number(cell.dataset.column), last);
    const to = moveFor(event, moves);
    if (to) choose(clamp(to[0], 0, last), clamp(to[1], 0, last));
  };
  const label = "Result. Arrow keys choose a number.";
  const grid = make("div", { class: "lf-cells", role: "grid", "aria-label": label, onkeydown });
  const title = make("p", { class: "pe-head" });
  const build = (/** @type {number} */ side) => {
    grid.style.setProperty("--lf-columns", String(side));
    const places = [...Array(side).keys()];
    cells = places.map((row) => places.map((column) => makeCell(row, column, choose)));
    grid.replaceChildren(
      ...cells.map((line) => make("div", { class: "lf-row", role: "row" }, ...line)),
    );
  };
  const show = (/** @type {Now} */ now) => {
    const side = now.pooled.length;
    if (cells.length !== side) build(side);
    title.textContent = `Result, ${side} × ${side}`;
    cells.forEach((line, row) => {
      line.forEach((cell, column) => {
        showCell(cell, now, row, column);
      });
    });
  };
  return { box: make("div", { class: "pe-part" }, title, grid), show };
}

function makeCell(/** @type {number} */ row, /** @type {number} */ column, choose) {
  return make("span", {
    class: "lf-cell pe-out",
    role: "gridcell",
    tabindex: "-1",
    "data-row": row,
    "data-column": column,
    "data-lm-suppress-shortcuts": "true",
    onclick: () => choose(row, column),
  });
}

/**
 * Show a number of the result, and whether it is the current one and has changed.
 *
 * @param {HTMLElement} cell
 * @param {Now} now
 * @param {number} row
 * @param {number} column
 */
function showCell(cell, now, row, column) {
  const [value, old] = [now.pooled[row][column], now.before[row][column]];
  const current = row === now.row && column === now.column;
  const differs = value !== old;
  paint(cell, value);
  cell.className = `lf-cell pe-out ${differs ? "pe-changed" : ""} ${current ? "pe-current" : ""}`;
  cell.tabIndex = current ? 0 : -1;
  cell.setAttribute("aria-selected", String(current));
  const words = differs ? `, ${text(old)} before the shift` : "";
  cell.setAttribute("aria-label", `row ${row}, column ${column}: ${text(value)}${words}`);
}
