// The figure "pooling explorer": a window pools a small picture that can be moved by a pixel.
//
// One ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes. Maps are arrays of rows. The
// computing functions come first and are exported; `render` draws.

import {
  button,
  choice,
  gridMoves,
  make,
  moveFor,
  numberText,
  onDark,
  onceAFrame,
  positions,
  select,
  speaker,
  watch,
  watchTheme,
  windowAt,
} from "../figures/figure.mjs";

const RULES = {
  max: "maximum",
  avg: "mean",
  first: "first number",
};

/** One number out of a window: its maximum, its mean, or its first number. */
export function reduce(window, rule) {
  const numbers = window.flat();
  if (rule === "max") return numbers.reduce((most, value) => Math.max(most, value), -Infinity);
  if (rule === "first") return numbers[0];
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

/** Pool a map: one number for every window that lies wholly inside. */
export function pool(map, size, stride, rule) {
  const rows = positions(map.length, size, stride);
  const columns = positions(map[0].length, size, stride);
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => reduce(windowAt(map, i * stride, j * stride, size), rule)),
  );
}

/** Move a map down and to the right; what leaves it comes back on the other side. */
export function shift(map, dy, dx) {
  const [height, width] = [map.length, map[0].length];
  const wrap = (place, side) => ((place % side) + side) % side;
  return map.map((line, i) => line.map((_, j) => map[wrap(i - dy, height)][wrap(j - dx, width)]));
}

/** The rows (or columns) that no window reads. */
export function unread(side, size, stride) {
  const count = positions(side, size, stride);
  const reads = (place) =>
    Array.from({ length: count }, (_, i) => i * stride).some((start) => place >= start && place < start + size);
  return Array.from({ length: side }, (_, place) => place).filter((place) => !reads(place));
}

/** Why a setting cannot be: words, or nothing. */
export function refusal(name, typed, side) {
  const text = typed.trim();
  if (!/^[+-]?\d+$/.test(text)) return `The ${name} has to be a whole number, not "${text}".`;
  const value = Number(text);
  if (value < 1) return `The ${name} has to be at least 1.`;
  if (name === "size" && value > side) {
    return `A window of ${value} rows does not fit into a picture of ${side} rows. Take at most ${side}.`;
  }
  if (value > side) return `A step of ${value} leaves the picture at once. Take at most ${side}.`;
  return "";
}

/** A number for reading, with a true minus sign. */
const text = (value) => numberText(value);

const plural = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

/** "row 11", "rows 10 and 11", "rows 2, 5, 8 and 11". */
function listed(places, one) {
  const texts = places.map(String);
  if (texts.length === 1) return `${one} ${texts[0]}`;
  return `${one}s ${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`;
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const patterns = model.get("patterns");
  const side = patterns[0].rows.length;
  let size;
  let stride;
  let rule;
  let picture;
  let pooled;
  let before;
  let row = 0;
  let column = 0;
  let inputCells = [];
  let outputCells = [];
  let drawnRows = 0;

  // ---------------------------------------------------------------- controls
  const patternSelect = select(patterns.map(({ name, label }) => [name, label]), (pattern) =>
    put({ pattern, dy: 0, dx: 0 }),
  );
  const ruleSelect = select(
    [["max", "Maximum"], ["avg", "Mean"], ["first", "First number (subsampling)"]],
    (chosen) => put({ rule: chosen }),
  );
  const number = (name) => {
    const field = make("input", {
      class: "lf-input pe-number",
      type: "text",
      inputmode: "numeric",
      autocomplete: "off",
      "data-lm-suppress-shortcuts": "true",
      oninput: () => {
        const words = refusal(name, field.value, side);
        field.removeAttribute("aria-invalid");
        problem.textContent = "";
        if (!words) put({ [name]: Number(field.value) });
      },
      onchange: () => {
        const words = refusal(name, field.value, side);
        if (!words) return;
        problem.textContent = `${words} The ${name} stays ${model.get(name)}.`;
        field.value = model.get(name);
      },
      onkeydown: (event) => {
        const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        event.stopPropagation();
        const next = model.get(name) + step;
        const words = refusal(name, String(next), side);
        problem.textContent = words;
        if (!words) put({ [name]: next });
        if (!words) field.value = next;
      },
    });
    return field;
  };
  const sizeField = number("size");
  const strideField = number("stride");
  const move = (dy, dx) =>
    put({ dy: (model.get("dy") + dy + side) % side, dx: (model.get("dx") + dx + side) % side });
  const problem = make("p", { class: "lf-complaint", role: "alert" });
  const place = make("span", { class: "pe-place" });
  const inputTitle = make("p", { class: "pe-head" });
  const outputTitle = make("p", { class: "pe-head" });
  const frame = make("span", { class: "pe-window", "aria-hidden": "true" });
  const inputGrid = make("div", {
    class: "lf-cells",
    role: "application",
    tabindex: "0",
    "aria-roledescription": "picture",
    "aria-label": "Picture. Arrow keys move it by a pixel.",
    "data-lm-suppress-shortcuts": "true",
    onkeydown: (event) => {
      const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      const step = moveFor(event, moves);
      if (step) move(...step);
    },
  });
  const outputGrid = make("div", {
    class: "lf-cells",
    role: "grid",
    "aria-label": "Result. Arrow keys choose a number.",
    onkeydown: chooseByKey,
  });
  const sum = make("p", { class: "pe-sum" });
  const facts = make("p", { class: "lf-small pe-facts" });
  const changes = make("p", { class: "pe-changes" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf lf-bounded pe", role: "group", "aria-label": "Pooling, every window visible" },
    make(
      "div",
      { class: "lf-controls" },
      choice("Picture", patternSelect),
      choice("Keep the", ruleSelect),
      choice("Size", sizeField),
      choice("Stride", strideField),
    ),
    make(
      "div",
      { class: "lf-controls", role: "group", "aria-label": "Move the picture" },
      make("span", { class: "pe-words" }, "Move the picture:"),
      button("←", () => move(0, -1), "Move the picture left"),
      button("→", () => move(0, 1), "Move the picture right"),
      button("↑", () => move(-1, 0), "Move the picture up"),
      button("↓", () => move(1, 0), "Move the picture down"),
      button("Back", () => put({ dy: 0, dx: 0 }), "Move the picture back"),
      place,
    ),
    problem,
    make(
      "div",
      { class: "pe-board" },
      make("div", { class: "pe-part" }, inputTitle, inputGrid),
      make("div", { class: "pe-part" }, outputTitle, outputGrid),
    ),
    sum,
    changes,
    facts,
    voice.line,
  );
  for (const field of [sizeField, strideField]) field.value = model.get(field === sizeField ? "size" : "stride");
  el.append(root);

  // ---------------------------------------------------------------- changes
  function chooseByKey(event) {
    const cell = event.target.closest("[data-row]");
    if (!cell) return;
    const [i, j] = [Number(cell.dataset.row), Number(cell.dataset.column)];
    const last = pooled.length - 1; // the result is a square
    const to = moveFor(event, gridMoves(i, j, last));
    if (to) choose(...to.map((value) => Math.max(0, Math.min(last, value))));
  }

  function choose(i, j) {
    put({ row: i, column: j });
    const chosen = outputCells[i]?.[j];
    for (const cell of outputCells.flat()) cell.tabIndex = cell === chosen ? 0 : -1;
    chosen?.focus();
  }

  // ---------------------------------------------------------------- showing
  function compute() {
    const still = (patterns.find(({ name }) => name === model.get("pattern")) ?? patterns[0]).rows;
    [size, stride, rule] = ["size", "stride", "rule"].map((name) => model.get(name));
    picture = shift(still, model.get("dy"), model.get("dx"));
    pooled = pool(picture, size, stride, rule);
    before = pool(still, size, stride, rule);
    row = Math.max(0, Math.min(model.get("row"), pooled.length - 1));
    column = Math.max(0, Math.min(model.get("column"), pooled[0].length - 1));
  }

  /** A number drawn as a gray: 0 is black, 9 is white. */
  function paint(cell, value) {
    const gray = Math.round((255 * value) / 9);
    cell.style.background = `rgb(${gray} ${gray} ${gray})`;
    cell.style.color = gray > 117 ? "#000" : "#fff"; // at least 4.5 : 1
    const shown = text(value);
    if (cell.firstChild?.nodeValue !== shown) cell.textContent = shown;
  }

  function buildInput() {
    inputCells = picture.map((line) => line.map(() => make("span", { class: "lf-cell", "aria-hidden": "true" })));
    inputGrid.style.setProperty("--lf-columns", side);
    inputGrid.replaceChildren(...inputCells.flat(), frame);
  }

  function buildOutput() {
    drawnRows = pooled.length;
    outputGrid.style.setProperty("--lf-columns", drawnRows);
    outputCells = pooled.map((line, i) =>
      line.map((_, j) =>
        make("span", {
          class: "lf-cell pe-out",
          role: "gridcell",
          tabindex: "-1",
          "data-row": i,
          "data-column": j,
          "data-lm-suppress-shortcuts": "true",
          onclick: () => choose(i, j),
        }),
      ),
    );
    outputGrid.replaceChildren(
      ...outputCells.map((cells) => make("div", { class: "lf-row", role: "row" }, ...cells)),
    );
  }

  function show() {
    compute();
    root.dataset.dark = onDark(root);
    if (!inputCells.length) buildInput();
    if (drawnRows !== pooled.length) buildOutput();
    patternSelect.value = model.get("pattern");
    ruleSelect.value = rule;
    for (const [field, value] of [[sizeField, size], [strideField, stride]]) {
      if (field.getRootNode().activeElement !== field) field.value = value;
    }

    const never = new Set(unread(side, size, stride));
    picture.forEach((line, i) =>
      line.forEach((value, j) => {
        paint(inputCells[i][j], value);
        inputCells[i][j].classList.toggle("pe-unread", never.has(i) || never.has(j));
      }),
    );
    frame.style.setProperty("--pe-i", row * stride);
    frame.style.setProperty("--pe-j", column * stride);
    frame.style.setProperty("--pe-size", size);

    let changed = 0;
    pooled.forEach((line, i) =>
      line.forEach((value, j) => {
        const cell = outputCells[i][j];
        const current = i === row && j === column;
        const differs = value !== before[i][j];
        if (differs) changed += 1;
        paint(cell, value);
        cell.className = `lf-cell pe-out ${differs ? "pe-changed" : ""} ${current ? "pe-current" : ""}`;
        cell.tabIndex = current ? 0 : -1;
        cell.setAttribute("aria-selected", current);
        const words = differs ? `, ${text(before[i][j])} before the shift` : "";
        cell.setAttribute("aria-label", `row ${i}, column ${j}: ${text(value)}${words}`);
      }),
    );

    const rows = pooled.length;
    inputTitle.textContent = `Picture, ${side} × ${side}`;
    outputTitle.textContent = `Result, ${rows} × ${rows}`;
    const [dy, dx] = [model.get("dy"), model.get("dx")];
    place.textContent = dy || dx ? `${dy} down, ${dx} to the right` : "not moved";
    const numbers = windowAt(picture, row * stride, column * stride, size).flat();
    const many = numbers.length > 16 ? [...numbers.slice(0, 15).map(text), "…"] : numbers.map(text);
    const value = text(pooled[row][column]);
    sum.textContent = `y[${row}, ${column}] is the ${RULES[rule]} of ${many.join(", ")}: ${value}.`;
    const total = rows * rows;
    changes.textContent =
      dy || dx
        ? `The shift changed ${changed} of ${plural(total, "number")}${changed ? " (marked with a corner)" : ""}.`
        : "Move the picture by a pixel: which numbers of the result change?";
    const lost = [...never];
    facts.textContent =
      `Along each side ⌊(${side} − ${size}) / ${stride}⌋ + 1 = ${rows}. ` +
      (lost.length
        ? `${stride > size ? "The windows leave gaps: no" : "No"} window reads ${listed(lost, "row")}, nor the columns of the same ${lost.length === 1 ? "number" : "numbers"} (striped).`
        : "Every pixel is read.");
    const words = `Row ${row}, column ${column}: ${RULES[rule]} ${value}. ${changes.textContent}`;
    voice.say(words);
  }

  // ---------------------------------------------------------------- life
  const unwatch = watch(model, ["pattern", "rule", "size", "stride", "dy", "dx", "row", "column"], schedule);
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
