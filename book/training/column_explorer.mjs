// The figure "column explorer": windows of a picture as the columns of a matrix (im2col).
//
// One ES module in anywidget's format. The computing functions come first and are exported;
// `render` draws. Arrays are arrays of rows; a batch is nested as (N, C, H, W).

import { choice, make, numberOptions, select, speaker } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { numberText, positions } from "../figures/numbers.mjs";

const LARGEST = 5;

/** The pixel at (row, column) of a picture; outside it is zero. */
export function pixel(picture, row, column) {
  return picture[row]?.[column] ?? 0;
}

/** Copy every window of a batch into a column: (C * HH * WW) rows, (N * H' * W') columns. */
export function im2col(batch, height, width, stride, padding) {
  const [rows, columns] = [
    positions(batch[0][0].length, height, stride, padding),
    positions(batch[0][0][0].length, width, stride, padding),
  ];
  const matrix = [];
  for (let c = 0; c < batch[0].length; c++) {
    for (let a = 0; a < height; a++) {
      for (let b = 0; b < width; b++) {
        const line = [];
        for (const image of batch) {
          for (let i = 0; i < rows; i++) {
            for (let j = 0; j < columns; j++) {
              line.push(pixel(image[c], i * stride + a - padding, j * stride + b - padding));
            }
          }
        }
        matrix.push(line);
      }
    }
  }
  return matrix;
}

/** The product of a row of numbers with a matrix. */
export function rowTimesMatrix(row, matrix) {
  return matrix[0].map((_, j) => row.reduce((sum, value, i) => sum + value * matrix[i][j], 0));
}

/** Say in words why a window does not fit, or return an empty text. */
export function complaint(size, height, width, padding) {
  if (positions(size[0], height, 1, padding) && positions(size[1], width, 1, padding)) return "";
  const border = padding ? `, even with padding ${padding}` : "";
  return `A window of ${height} × ${width} does not fit into ${size[0]} × ${size[1]} pixels${border}. The settings stay as they were.`;
}

const text = (value) => numberText(value, 4);

function render({ model, el }) {
  const root = make("div", { class: "lf ic" });
  const picture = model.get("picture");
  const size = [picture.length, picture[0].length];

  // ---------------------------------------------------------------- controls
  const fields = {};
  const choose = (name, label, low, high) => {
    fields[name] = select(numberOptions(low, high), (value) => change(name, Number(value)));
    return choice(label, fields[name]);
  };
  const controls = make(
    "div",
    { class: "lf-controls" },
    choose("height", "Window height", 1, LARGEST),
    choose("width", "Window width", 1, LARGEST),
    choose("stride", "Stride", 1, 3),
    choose("padding", "Padding", 0, 2),
  );
  const alert = make("p", { class: "ic-alert", role: "alert" });
  const slider = make("input", { class: "lf-slider", type: "range", min: 0, value: 0 });
  slider.dataset.lmSuppressShortcuts = "true";
  slider.addEventListener("input", () => pick(Number(slider.value)));
  const column = choice("Column of the matrix", slider);
  column.classList.add("ic-column");

  // ---------------------------------------------------------------- parts
  const part = (title) => {
    const grid = make("div", { class: "ic-grid", role: "img" });
    const frame = make("div", { class: "ic-frame", tabindex: 0, role: "region" }, grid);
    frame.setAttribute("aria-label", title);
    const words = make("p", { class: "lf-title" }, title);
    return { grid, words, box: make("div", { class: "ic-part" }, words, frame) };
  };
  const [shownPicture, shownFilter, shownMatrix, shownResult] = [
    part("Picture"),
    part("Filter, as a row"),
    part("Windows, as columns"),
    part("Result"),
  ];
  const sentence = make("p", { class: "ic-sentence" });
  const facts = make("p", { class: "ic-facts" });
  const voice = speaker();
  root.append(
    controls,
    alert,
    make("div", { class: "lf-stage" }, shownPicture.box, shownFilter.box),
    column,
    shownMatrix.box,
    shownResult.box,
    sentence,
    facts,
    voice.line,
  );
  el.append(root);

  // ---------------------------------------------------------------- changes
  const settings = () => ["height", "width", "stride", "padding"].map((name) => model.get(name));

  function change(name, value) {
    const wanted = { height: 0, width: 0, padding: 0 };
    for (const one of Object.keys(wanted)) wanted[one] = one === name ? value : model.get(one);
    alert.textContent = complaint(size, wanted.height, wanted.width, wanted.padding);
    if (alert.textContent) {
      fields[name].value = model.get(name);
      return;
    }
    save(model, { [name]: value });
  }

  function pick(at) {
    save(model, { column: at });
  }

  // ---------------------------------------------------------------- drawing
  /** Fill a grid; `mark(i, j)` says whether a cell is chosen, `faint(i, j)` whether it is padding. */
  function fill({ grid }, rows, name, mark, faint = () => false) {
    grid.style.setProperty("--ic-columns", rows[0].length);
    grid.setAttribute(
      "aria-label",
      `${name}: ${rows.map((line) => line.map(text).join(", ")).join("; ")}`,
    );
    grid.replaceChildren(
      ...rows.flatMap((line, i) =>
        line.map((value, j) => {
          const cell = make("span", { class: "ic-cell" }, text(value));
          if (mark(i, j)) cell.classList.add("ic-chosen");
          if (faint(i, j)) cell.classList.add("ic-padding");
          cell.dataset.column = j;
          return cell;
        }),
      ),
    );
  }

  function show() {
    const [height, width, stride, padding] = settings();
    for (const name of Object.keys(fields)) fields[name].value = model.get(name);
    const matrix = im2col([[picture]], height, width, stride, padding);
    const across = positions(size[1], width, stride, padding);
    const count = matrix[0].length;
    const at = Math.min(model.get("column"), count - 1);
    const [top, left] = [Math.floor(at / across) * stride, (at % across) * stride];
    const weights = model.get("filter").slice(0, height).flatMap((row) => row.slice(0, width));
    const result = rowTimesMatrix(weights, matrix);
    slider.max = count - 1;
    slider.value = at;
    slider.setAttribute("aria-valuetext", `column ${at} of ${count}`);

    const bordered = Array.from({ length: size[0] + 2 * padding }, (_, i) =>
      Array.from({ length: size[1] + 2 * padding }, (_, j) => pixel(picture, i - padding, j - padding)),
    );
    const inside = (i, j) => i >= top && i < top + height && j >= left && j < left + width;
    const outside = (i, j) =>
      i < padding || j < padding || i >= size[0] + padding || j >= size[1] + padding;
    fill(shownPicture, bordered, "Picture with its padding", inside, outside);
    fill(shownFilter, [weights], "Filter as a row", () => true);
    fill(shownMatrix, matrix, "Matrix, row by row", (_, j) => j === at);
    fill(shownResult, [result], "Result", (_, j) => j === at);
    const terms = weights
      .map((w, i) => `${text(w)} · ${text(matrix[i][at])}`)
      .join(" + ");
    sentence.textContent = `Column ${at} is the window whose top left corner is row ${top}, column ${left}${padding ? " of the padded picture" : ""}. ${terms} = ${text(result[at])}.`;
    const rows = positions(size[0], height, stride, padding);
    const grown = (matrix.length * count) / (size[0] * size[1]);
    facts.textContent = `${rows} × ${across} windows, so the matrix is ${matrix.length} × ${count}: ${matrix.length * count} numbers made from ${size[0] * size[1]} pixels (${Number(grown.toFixed(1))} times as many). The result, read row by row, is a map of ${rows} × ${across}.`;
    voice.say(`Column ${at}: window at row ${top}, column ${left}; result ${text(result[at])}.`);
  }

  for (const { grid } of [shownMatrix, shownResult]) {
    const follow = (event) => {
      const cell = event.target.closest(".ic-cell");
      if (cell && Number(cell.dataset.column) !== model.get("column")) pick(Number(cell.dataset.column));
    };
    grid.addEventListener("pointerover", follow);
    grid.addEventListener("click", follow);
  }
  const unwatch = watch(model, ["height", "width", "stride", "padding", "column"], show);
  show();
  return () => {
    unwatch();
    voice.stop();
    root.remove();
  };
}

export default { render };
