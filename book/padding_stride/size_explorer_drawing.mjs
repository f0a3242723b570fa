// The drawings of the size explorer: the padded input under its window, and the output.

import { make } from "../figures/elements.mjs";
import { span, taps } from "./size_explorer_math.mjs";

/** @typedef {import("./size_explorer.mjs").Now} Now */
/** @typedef {(row: number, column: number) => void} Choose */

const EDGE = 0.1; // around a drawing, in pixels of the input; the window's frame needs it

/** A drawing of so many pixels; one pixel is one unit of the view box. */
function makeView(/** @type {number} */ rows, /** @type {number} */ columns, parts) {
  const box = `${-EDGE} ${-EDGE} ${columns + 2 * EDGE} ${rows + 2 * EDGE}`;
  return make("svg", { viewBox: box, "aria-hidden": "true" }, ...parts);
}

/** Draw the padded input. */
export function drawInput(/** @type {Now} */ now, /** @type {Choose} */ choose) {
  const { settings, shared, fits } = now;
  const { height, width, kernel, stride, padding, dilation } = settings;
  const [tall, wide] = [height + 2 * padding, width + 2 * padding];
  const [down, across] = [taps(now.row, ...shared), taps(now.column, ...shared)];
  const length = span(kernel, dilation);
  const parts = [];
  for (let i = -padding; i < height + padding; i++) {
    for (let j = -padding; j < width + padding; j++) {
      const tap = fits && down.includes(i) && across.includes(j);
      parts.push(...drawPixel(now, i, j, tap));
    }
  }
  const corner = { x: now.column * stride, y: now.row * stride };
  if (fits)
    parts.push(make("rect", { ...corner, width: length, height: length, class: "sx-window" }));
  const view = makeView(tall, wide, parts);
  view.addEventListener("click", (event) => {
    const box = view.getBoundingClientRect();
    const y = ((event.clientY - box.top) / box.height) * (tall + 2 * EDGE) - EDGE;
    const x = ((event.clientX - box.left) / box.width) * (wide + 2 * EDGE) - EDGE;
    const nearest = (/** @type {number} */ where) => Math.round((where - length / 2) / stride);
    choose(nearest(y), nearest(x));
  });
  return view;
}

/** One pixel of the input, or of its padding. */
function drawPixel(
  /** @type {Now} */ { settings, counts, fits },
  /** @type {number} */ i,
  /** @type {number} */ j,
  tap,
) {
  const { height, width, padding } = settings;
  const inside = i >= 0 && i < height && j >= 0 && j < width;
  const [x, y] = [j + padding, i + padding];
  const kind = `${inside ? "sx-pixel" : "sx-padding"}${tap ? " sx-tap" : ""}`;
  /** @type {SVGElement[]} */
  const parts = [make("rect", { x, y, width: 1, height: 1, class: kind })];
  if (!inside) {
    const stripes = `M${x} ${y + 1}l1 -1M${x} ${y + 0.5}l.5 -.5M${x + 0.5} ${y + 1}l.5 -.5`;
    parts.push(make("path", { class: "sx-hatch", d: stripes }));
  } else if (fits) {
    const count = counts[0][i] * counts[1][j];
    const place = { x: x + 0.5, y: y + (count ? 0.66 : 0.74) };
    const words = count ? `${count}` : "×";
    parts.push(make("text", { ...place, class: count ? "sx-count" : "sx-unread" }, words));
  }
  const dot = { x: x + 0.08, y: y + 0.08, width: 0.2, height: 0.2, rx: 0.1, class: "sx-dot" };
  if (tap) parts.push(make("rect", dot));
  return parts;
}

/** Draw the output, if there is one. */
export function drawOutput(/** @type {Now} */ now, /** @type {Choose} */ choose) {
  const [rows, columns] = now.fits ? [now.rows, now.columns] : [0, 0];
  const parts = [];
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const here = y === now.row && x === now.column;
      const kind = here ? "sx-pixel sx-tap" : "sx-pixel";
      const onclick = () => choose(y, x);
      parts.push(make("rect", { x, y, width: 1, height: 1, class: kind, onclick }));
    }
  }
  const current = { x: now.column, y: now.row, width: 1, height: 1, class: "sx-window" };
  if (rows) parts.push(make("rect", current));
  return makeView(Math.max(rows, 1), Math.max(columns, 1), parts);
}
