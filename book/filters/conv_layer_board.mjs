// The board of the figure "convolutional layer": a row for each channel, a column for each filter.

import { make, setStyle } from "../figures/elements.mjs";
import { signClass } from "../figures/numbers.mjs";
import { KERNEL, parameters } from "./conv_layer_math.mjs";
import { equationOf, numbersOf, sumsOf, text, workOf } from "./conv_layer_sums.mjs";

/** @typedef {import("./conv_layer.mjs").Now} Now */

const HINT =
  "Choose any number of the output to see how it is made: click it, or use the arrow keys there. " +
  "A question mark is a number not computed yet: work it out, then look.";

/** Put an element at a row and a column of the board. */
function at(
  /** @type {number} */ row,
  /** @type {number} */ column,
  /** @type {HTMLElement} */ element,
) {
  setStyle(element, { "--cl-row": row, "--cl-column": column });
  return element;
}

/** A square of the board under its name in code. */
function named(/** @type {string} */ name, /** @type {HTMLElement} */ square) {
  return make("div", { class: "cl-part" }, make("p", { class: "lf-code cl-name" }, name), square);
}

const head = (/** @type {string} */ words) => make("p", { class: "cl-head" }, words);
const side = (/** @type {string} */ words) => make("p", { class: "cl-side" }, words);

/**
 * The board: { box, build, show, cells }. `build` makes it for other numbers, `show` marks the
 * current place, `cells` are those of the output.
 *
 * @param {(filter: number, row: number, column: number) => void} choose
 * @param {(event: KeyboardEvent) => void} onkeydown
 */
export function makeBoard(choose, onkeydown) {
  const box = make("div", { class: "cl-board" });
  const equation = make("div", { class: "cl-steps cl-equation" });
  let drawn = { inputs: [], works: [], outputs: [], columns: [] };

  function build(/** @type {Now} */ now) {
    drawn = drawBoard(box, equation, now, choose, onkeydown);
  }

  function show(/** @type {Now} */ now, /** @type {Set<string>} */ known) {
    const { sums, value } = sumsOf(now);
    setStyle(box, { "--cl-i": now.row, "--cl-j": now.column });
    drawn.columns.forEach((parts, f) => {
      for (const part of parts) part.classList.toggle("cl-active", f === now.filter);
    });
    drawn.works.forEach((work, c) => {
      markWindow(drawn.inputs[c].cells, now);
      work.replaceChildren(...workOf(now, c, sums[c]));
    });
    equation.replaceChildren(...equationOf(now, sums, value));
    showOutputs(drawn.outputs, now, known);
  }

  return { box, build, show, cells: () => drawn.outputs.flatMap(({ cells }) => cells) };
}

/** Draw all parts of the board anew; `columns` are the parts of each filter. */
function drawBoard(box, equation, /** @type {Now} */ now, choose, onkeydown) {
  const { input, weights, biases, output } = now;
  const [channels, filters] = [input.length, weights.length];
  const inputs = input.map(makeInput);
  const works = input.map((_, c) =>
    at(c + 2, filters + 2, make("div", { class: "cl-part cl-work" })),
  );
  const outputs = weights.map((_, f) => makeOutput(output[f], f, choose, onkeydown));
  const kernels = weights.map((filter, f) => filter.map((kernel, c) => makeKernel(kernel, f, c)));
  const heads = weights.map((_, f) => at(1, f + 2, head(`Filter ${f}`)));
  const offsets = biases.map((bias, f) => at(channels + 2, f + 2, makeBias(bias, f)));
  const work = make("p", { class: "cl-head cl-work" }, "Window × filter = products → sum");
  const hint = make("p", { class: "cl-work lf-small" }, HINT);
  box.style.gridTemplateColumns = `repeat(${filters + 1}, max-content) minmax(0, 1fr)`;
  box.style.setProperty("--cl-below", String(channels + 3));
  box.replaceChildren(
    at(1, 1, head("Input x")),
    at(1, filters + 2, work),
    ...input.flatMap((_, c) => [inputs[c].box, ...kernels.map((filter) => filter[c]), works[c]]),
    at(channels + 2, 1, side("bias b")),
    at(channels + 3, 1, side("output y")),
    ...weights.flatMap((_, f) => [heads[f], offsets[f], at(channels + 3, f + 2, outputs[f].box)]),
    at(channels + 2, filters + 2, make("div", { class: "cl-work" }, equation)),
    at(channels + 3, filters + 2, hint),
  );
  const columns = kernels.map((filter, f) => [...filter, heads[f], offsets[f]]);
  return { inputs, works, outputs, columns };
}

function makeInput(/** @type {number[][]} */ channel, /** @type {number} */ c) {
  const square = numbersOf(channel, `Input, channel ${c}`);
  const cells = channel.map((line, i) => line.map((_, j) => square.children[i * line.length + j]));
  square.append(make("span", { class: "cl-window", "aria-hidden": "true" }));
  return { cells, box: at(c + 2, 1, named(`x[${c}]`, square)) };
}

function makeKernel(
  /** @type {number[][]} */ kernel,
  /** @type {number} */ f,
  /** @type {number} */ c,
) {
  const square = numbersOf(kernel, `Filter ${f}, channel ${c}`, signClass);
  return at(c + 2, f + 2, named(`w[${f}, ${c}]`, square));
}

function makeBias(/** @type {number} */ bias, /** @type {number} */ f) {
  const name = make("span", { class: "lf-code cl-name" }, `b[${f}] = `);
  return make("p", { class: "cl-bias" }, name, text(bias));
}

/** One map of the output, whose numbers can be chosen: { box, cells }, a cell with its place. */
function makeOutput(/** @type {number[][]} */ map, /** @type {number} */ f, choose, onkeydown) {
  const cells = map.flatMap((line, i) =>
    line.map((value, j) => {
      const cell = make("span", {
        class: "lf-cell cl-out",
        role: "gridcell",
        tabindex: i === 0 && j === 0 ? "0" : "-1",
        "data-filter": f,
        "data-row": i,
        "data-column": j,
        "data-lm-suppress-shortcuts": "true",
        onclick: () => choose(f, i, j),
      });
      return { cell, value, filter: f, row: i, column: j };
    }),
  );
  const rows = map.map((_, i) => {
    const line = cells.filter(({ row }) => row === i).map(({ cell }) => cell);
    return make("div", { class: "lf-row", role: "row" }, ...line);
  });
  const square = make(
    "div",
    {
      class: "lf-cells",
      role: "grid",
      "aria-label": `Output map ${f}. Arrow keys choose a number.`,
      style: `--lf-columns: ${map[0].length}`,
      onkeydown,
    },
    ...rows,
  );
  return { cells, box: named(`y[${f}]`, square) };
}

/** Mark the cells of a channel that lie in the window. */
function markWindow(/** @type {Element[][]} */ cells, /** @type {Now} */ { row, column }) {
  cells.forEach((line, i) => {
    line.forEach((cell, j) => {
      const inside = i >= row && i < row + KERNEL && j >= column && j < column + KERNEL;
      cell.classList.toggle("cl-in", inside);
    });
  });
}

/** Show the numbers of the output that are known, and mark the current one. */
function showOutputs(outputs, /** @type {Now} */ now, /** @type {Set<string>} */ known) {
  for (const { cell, value, filter, row, column } of outputs.flatMap(({ cells }) => cells)) {
    const computed = known.has(`${filter},${row},${column}`);
    const current = filter === now.filter && row === now.row && column === now.column;
    const words = computed ? text(value) : "?";
    if (cell.textContent !== words) cell.textContent = words;
    const kind = computed ? signClass(value) : "cl-unknown";
    cell.className = `lf-cell cl-out ${kind} ${current ? "cl-current" : ""}`;
    cell.setAttribute("aria-selected", String(current));
    const read = computed ? words : "not computed yet";
    cell.setAttribute("aria-label", `row ${row}, column ${column}: ${read}`);
    if (filter === now.filter) cell.tabIndex = current ? 0 : -1;
  }
}

/** The shapes of the layer and how many numbers it learns, in words. */
export function factsOf(/** @type {Now} */ { input, weights, output }) {
  const [channels, filters] = [input.length, weights.length];
  const [h, w] = [weights[0][0].length, weights[0][0][0].length];
  return (
    `Stride 1, no padding. Shapes: x (${channels}, ${input[0].length}, ${input[0][0].length}), ` +
    `w (${filters}, ${channels}, ${h}, ${w}), b (${filters},), ` +
    `y (${filters}, ${output[0].length}, ${output[0][0].length}). To learn: ` +
    `${filters} × (${channels} × ${h} × ${w} + 1) = ${parameters(channels, filters, h, w)} numbers.`
  );
}
