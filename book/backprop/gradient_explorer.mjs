// The figure "gradient explorer": backward through one filter over one picture.
//
// One ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes. Arrays are nested as in
// NumPy: input (H, W), kernel (HH, WW), upstream (H', W'). The computing functions come first
// and are exported; `render` draws.

import {
  button,
  gridMoves,
  make,
  moveFor,
  numberText,
  onDark,
  onceAFrame,
  positions,
  randomIntegers,
  signClass,
  slider,
  speaker,
  watch,
  watchTheme,
} from "../figures/figure.mjs";

const SIDE = 5;
const KERNEL = 3;
const PLACES = 7;
const STRIDES = [1, 3]; // the least and the most
const PADDINGS = [0, 2];

/** Draw input (5, 5), kernel (3, 3) and upstream (7, 7): small integers, fixed by the seed. */
export function drawNumbers(seed) {
  const draw = randomIntegers(seed);
  const square = (side, low, high) => grid(side, side, () => draw(low, high));
  return { input: square(SIDE, 0, 3), kernel: square(KERNEL, -2, 2), upstream: square(PLACES, -2, 3) };
}

function grid(rows, columns, item) {
  return Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => item(i, j)));
}

/**
 * The outputs that an input pixel feeds: { i, j, a, b, factor, upstream, product } for each, where
 * factor is the weight w[a][b] that joins the pixel to the output (i, j).
 */
export function termsOfInput(upstream, kernel, row, column, stride, padding) {
  const terms = [];
  upstream.forEach((line, i) =>
    line.forEach((value, j) => {
      const [a, b] = [row + padding - i * stride, column + padding - j * stride];
      const factor = kernel[a]?.[b];
      if (factor !== undefined) terms.push({ i, j, a, b, factor, upstream: value, product: value * factor });
    }),
  );
  return terms;
}

/**
 * The outputs that a weight feeds, all of them: { i, j, row, column, factor, upstream, product }
 * for each, where factor is the pixel under the weight; null rows and columns lie in the padding.
 */
export function termsOfWeight(upstream, input, a, b, stride, padding) {
  return upstream.flatMap((line, i) =>
    line.map((value, j) => {
      const [row, column] = [i * stride + a - padding, j * stride + b - padding];
      const pixel = input[row]?.[column];
      const outside = pixel === undefined;
      return {
        i,
        j,
        row: outside ? null : row,
        column: outside ? null : column,
        factor: outside ? 0 : pixel,
        upstream: value,
        product: outside ? 0 : value * pixel,
      };
    }),
  );
}

const sumOf = (terms) => terms.reduce((sum, { product }) => sum + product, 0);

/** The gradients of input, kernel and bias: { dx, dw, db }. */
export function backward(upstream, input, kernel, stride, padding) {
  return {
    dx: grid(input.length, input[0].length, (row, column) =>
      sumOf(termsOfInput(upstream, kernel, row, column, stride, padding)),
    ),
    dw: grid(kernel.length, kernel[0].length, (a, b) =>
      sumOf(termsOfWeight(upstream, input, a, b, stride, padding)),
    ),
    db: upstream.flat().reduce((sum, value) => sum + value, 0),
  };
}

/** A number for reading, with a true minus sign. */
const text = (value) => numberText(value, 4);

/** A number as a factor or a later term. */
function term(value) {
  return value < 0 ? `(${text(value)})` : text(value);
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());

  // ---------------------------------------------------------------- controls
  const stride = slider("Stride", STRIDES, (value) => put({ stride: value }));
  const padding = slider("Padding", PADDINGS, (value) => put({ padding: value }));
  const ones = make("input", { type: "checkbox", onchange: () => put({ ones: ones.checked }) });
  const board = make("div", { class: "gx-board" });
  const sentence = make("p", { class: "gx-sentence" });
  const equation = make("p", { class: "gx-equation" });
  const facts = make("p", { class: "lf-small gx-facts" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf lf-bounded gx", role: "group", "aria-label": "Gradients of one filter over one picture" },
    make(
      "div",
      { class: "lf-controls" },
      stride.box,
      padding.box,
      make("label", { class: "lf-switch" }, ones, "upstream all ones"),
      button("New numbers", () => {
        const seed = (model.get("seed") + 1) % 2 ** 32;
        put({ seed, ...drawNumbers(seed) });
      }),
    ),
    make(
      "p",
      { class: "lf-small" },
      "Point at a pixel of x or a weight of w, or go there with Tab and the arrow keys.",
    ),
    board,
    sentence,
    equation,
    facts,
    voice.line,
  );
  el.append(root);

  // ---------------------------------------------------------------- changes
  function choose(part, row, column) {
    if (part === model.get("part") && row === model.get("row") && column === model.get("column")) return;
    put({ part, row, column });
  }

  function moveByKey(event) {
    const cell = event.target.closest("[data-part]");
    if (!cell) return;
    const { part } = cell.dataset;
    const [row, column] = [Number(cell.dataset.row), Number(cell.dataset.column)];
    const last = (part === "input" ? SIDE : KERNEL) - 1;
    const to = moveFor(event, gridMoves(row, column, last));
    if (!to) return;
    const [toRow, toColumn] = to.map((value) => Math.max(0, Math.min(last, value)));
    choose(part, toRow, toColumn);
    cells[part][toRow][toColumn].focus(); // at once: the next key may come before the next frame
  }

  // ---------------------------------------------------------------- showing
  let drawn = "";
  let cells = { input: [], kernel: [] };
  let marks = {};

  function part(name, note, body) {
    return make("div", { class: "gx-part" }, make("p", { class: "lf-code gx-name" }, name), body, make("p", { class: "gx-note" }, note));
  }

  /** A square whose numbers can be chosen. */
  function chooser(numbers, name, label, frame) {
    const side = numbers.length + 2 * frame;
    const body = make("div", {
      class: "lf-cells",
      role: "grid",
      "aria-label": label,
      style: `--lf-columns: ${side}`,
      onkeydown: moveByKey,
    });
    const zero = () => make("span", { class: "lf-cell gx-frame", "aria-hidden": "true" }, "0");
    cells[name] = numbers.map((line, row) =>
      line.map((value, column) => {
        const cell = make(
          "span",
          {
            class: `lf-cell gx-choose ${name === "kernel" ? signClass(value) : ""}`,
            role: "gridcell",
            tabindex: "-1",
            "data-part": name,
            "data-row": row,
            "data-column": column,
            "data-lm-suppress-shortcuts": "true",
            "aria-label": `row ${row}, column ${column}: ${text(value)}`,
            onclick: () => choose(name, row, column),
            onpointerenter: (event) => event.pointerType === "mouse" && choose(name, row, column),
            onfocus: () => choose(name, row, column),
          },
          text(value),
        );
        return cell;
      }),
    );
    const above = grid(frame, side, zero).flat();
    const lines = cells[name].map((line) => {
      const [before, after] = [grid(1, frame, zero)[0], grid(1, frame, zero)[0]];
      return make("div", { class: "lf-row", role: "row" }, ...before, ...line, ...after);
    });
    body.append(...above, ...lines, ...grid(frame, side, zero).flat());
    return body;
  }

  /** A rectangle of numbers that is read as one image. */
  function numbersOf(numbers, name, label, signed) {
    const read = numbers.map((line) => line.map(text).join(", ")).join("; ");
    const parts = numbers.map((line) =>
      line.map((value) => make("span", { class: `lf-cell ${signed ? signClass(value) : ""}` }, text(value))),
    );
    marks[name] = parts;
    return make(
      "div",
      { class: "lf-cells", role: "img", "aria-label": `${label}: ${read}`, style: `--lf-columns: ${numbers[0].length}` },
      ...parts.flat(),
    );
  }

  function layer() {
    const [input, kernel] = [model.get("input"), model.get("kernel")];
    const [s, p] = [model.get("stride"), model.get("padding")];
    const count = positions(SIDE, KERNEL, s, p);
    const upstream = model.get("upstream").slice(0, count).map((line) => line.slice(0, count));
    return { input, kernel, s, p, upstream: model.get("ones") ? upstream.map((line) => line.map(() => 1)) : upstream };
  }

  function build({ input, kernel, s, p, upstream }, { dx, dw }) {
    marks = {};
    const frame = p === 0 ? "" : `, and ${p === 1 ? "a ring" : "two rings"} of padding`;
    const columns = [
      [
        part("x", `input, 5 × 5${frame}`, chooser(input, "input", "Input x. Arrow keys choose a pixel.", p)),
        part("dx", "gradient of the input", numbersOf(dx, "dx", "Gradient dx", true)),
      ],
      [
        part("w", "filter, 3 × 3", chooser(kernel, "kernel", "Filter w. Arrow keys choose a weight.", 0)),
        part("dw", "gradient of the filter", numbersOf(dw, "dw", "Gradient dw", true)),
      ],
      [
        part(
          "dout",
          `upstream gradient, ${upstream.length} × ${upstream.length}`,
          numbersOf(upstream, "upstream", "Upstream gradient dout", true),
        ),
      ],
    ];
    board.replaceChildren(...columns.map((parts) => make("div", { class: "gx-column" }, ...parts)));
    stride.field.value = s;
    stride.shown.textContent = s;
    padding.field.value = p;
    padding.shown.textContent = p;
  }

  function show() {
    root.dataset.dark = onDark(root);
    ones.checked = model.get("ones");
    const now = layer();
    const { input, kernel, s, p, upstream } = now;
    const gradients = backward(upstream, input, kernel, s, p);
    const focused = root.contains(document.activeElement) && document.activeElement.closest("[data-part]");
    const key = JSON.stringify(now);
    if (key !== drawn) {
      drawn = key;
      build(now, gradients);
    }
    const ofInput = model.get("part") === "input";
    const most = (ofInput ? SIDE : KERNEL) - 1;
    const row = Math.min(model.get("row"), most);
    const column = Math.min(model.get("column"), most);
    const terms = ofInput
      ? termsOfInput(upstream, kernel, row, column, s, p)
      : termsOfWeight(upstream, input, row, column, s, p);
    const sum = sumOf(terms);

    for (const cell of root.querySelectorAll(".lf-cell")) cell.classList.remove("gx-current", "gx-joined", "gx-fed");
    for (const name of ["input", "kernel"]) {
      const mine = (name === "input") === ofInput;
      cells[name].forEach((line, i) =>
        line.forEach((cell, j) => {
          const current = mine && i === row && j === column;
          cell.classList.toggle("gx-current", current);
          cell.setAttribute("aria-selected", current);
          cell.tabIndex = current || (!mine && i === 0 && j === 0) ? 0 : -1;
        }),
      );
    }
    marks[ofInput ? "dx" : "dw"][row][column].classList.add("gx-current");
    for (const one of terms) {
      marks.upstream[one.i][one.j].classList.add("gx-fed");
      const joined = ofInput ? cells.kernel[one.a][one.b] : cells.input[one.row]?.[one.column];
      joined?.classList.add("gx-joined");
    }
    if (focused && !root.contains(document.activeElement)) {
      cells[ofInput ? "input" : "kernel"][row][column].focus();
    }

    const name = `${ofInput ? "dx" : "dw"}[${row}, ${column}]`;
    const outside = terms.filter((one) => one.row === null).length;
    const feeds = `feeds ${terms.length} of the ${upstream.flat().length} outputs`;
    const ring = outside ? ` In ${outside} of them it lies on the padding, which is 0.` : "";
    sentence.textContent = ofInput
      ? terms.length
        ? `The pixel x[${row}, ${column}] ${feeds}, each through the weight that lies on it.`
        : `No window reads the pixel x[${row}, ${column}]. It has no effect on the loss.`
      : `The weight w[${row}, ${column}] ${feeds}, each through the pixel below it.${ring}`;
    const products = terms.map((one) => `${text(one.upstream)} · ${term(one.factor)}`);
    equation.replaceChildren(
      make("span", { class: "lf-code" }, `${name} = `),
      products.length ? `${products.join(" + ")} = ` : "",
      make("strong", {}, text(sum)),
    );
    facts.textContent =
      "Each product: upstream gradient of one output, times the " +
      `${ofInput ? "weight" : "pixel"} that joins it to that output. The bias feeds every output with slope 1: db = ${text(gradients.db)}.`;
    const words = `${sentence.textContent} ${name} is ${text(sum)}.`;
    voice.say(words);
  }

  // ---------------------------------------------------------------- life
  const unwatch = watch(model, ["input", "kernel", "upstream", "stride", "padding", "ones", "part", "row", "column"], schedule);
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
