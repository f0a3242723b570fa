// The figure "convolutional layer": filters of full depth slide over an input with channels.
//
// One ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes. Arrays are nested as in
// NumPy: input (C, H, W), weights (F, C, HH, WW), biases (F,), output (F, H', W'). The computing
// functions come first and are exported; `render` draws.

import {
  button,
  choice,
  gridMoves,
  make,
  moveFor,
  numberOptions,
  numberText,
  onDark,
  onceAFrame,
  randomIntegers,
  select,
  signClass,
  speaker,
  total,
  watch,
  watchTheme,
} from "../figures/figure.mjs";

const SIDE = 5;
const KERNEL = 3;
const MOST = 3;
const HINT =
  "Choose any number of the output to see how it is made: click it, or use the arrow keys there. " +
  "A question mark is a number not computed yet: work it out, then look.";
const PAUSES = { slow: 2400, medium: 1200, fast: 350 };

/** Draw input (3, 5, 5), weights (3, 3, 3, 3) and biases (3,): small integers, fixed by the seed. */
export function drawNumbers(seed) {
  const draw = randomIntegers(seed);
  const list = (length, item) => Array.from({ length }, item);
  const square = (side, low, high) => list(side, () => list(side, () => draw(low, high)));
  return {
    input: list(MOST, () => square(SIDE, 0, 3)),
    weights: list(MOST, () => list(MOST, () => square(KERNEL, -2, 2))),
    biases: list(MOST, () => draw(-3, 3)),
  };
}

/** The elementwise products of one channel's window with one channel of a filter. */
export function products(channel, kernel, row, column) {
  return kernel.map((line, a) => line.map((weight, b) => channel[row + a][column + b] * weight));
}

/** One number of the output, and the channel sums it is made of: { sums, value }. */
export function convolveAt(input, filter, bias, row, column) {
  const sums = input.map((channel, c) => total(products(channel, filter[c], row, column)));
  return { sums, value: sums.reduce((sum, part) => sum + part, 0) + bias };
}

/** A convolutional layer, stride 1, no padding: output (F, H - HH + 1, W - WW + 1). */
export function convLayer(input, weights, biases) {
  const rows = input[0].length - weights[0][0].length + 1;
  const columns = input[0][0].length - weights[0][0][0].length + 1;
  return weights.map((filter, f) =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => convolveAt(input, filter, biases[f], i, j).value),
    ),
  );
}

/** How many numbers a layer learns: weights and biases. */
export function parameters(channels, filters, height, width) {
  return filters * (channels * height * width + 1);
}

/** A number for reading, with a true minus sign. */
const text = (value) => numberText(value, 4);

/** A number as a later term of a sum. */
function term(value) {
  return value < 0 ? `(${text(value)})` : text(value);
}

/** A square of numbers that is read as one image. */
function numbersOf(square, name, classes = () => "") {
  const read = square.map((line) => line.map(text).join(", ")).join("; ");
  return make(
    "div",
    { class: "lf-cells", role: "img", "aria-label": `${name}: ${read}`, style: `--lf-columns: ${square[0].length}` },
    ...square.flatMap((line, a) =>
      line.map((value, b) => make("span", { class: `lf-cell ${classes(value, a, b)}` }, text(value))),
    ),
  );
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  let input;
  let weights;
  let biases;
  let output;
  let filter = 0;
  let row = 0;
  let column = 0;
  let known = new Set();
  let drawn = "";
  let timer = 0;
  let windows = [];
  let inputCells = [];
  let works = [];
  let outputCells = [];
  let filterParts = [];

  // ---------------------------------------------------------------- controls
  const counts = numberOptions(1, MOST);
  const channelSelect = select(counts, (count) => put({ channels: Number(count) }));
  const filterSelect = select(counts, (count) => put({ filters: Number(count) }));
  const speedSelect = select(Object.keys(PAUSES).map((name) => [name]), () => {
    if (timer) play();
  });
  speedSelect.value = "medium";
  const playButton = button("▶ Play", () => (timer ? pause() : play()));

  const board = make("div", { class: "cl-board" });
  const facts = make("p", { class: "lf-small cl-facts" });
  const voice = speaker();
  const equation = make("div", { class: "cl-steps cl-equation" });
  const root = make(
    "div",
    { class: "lf lf-bounded cl", role: "group", "aria-label": "Convolutional layer, every number visible" },
    make(
      "div",
      { class: "lf-controls" },
      choice("Channels", channelSelect),
      choice("Filters", filterSelect),
      choice("Speed", speedSelect),
      button("New numbers", () => {
        const seed = (model.get("seed") + 1) % 2 ** 32;
        known = new Set();
        put({ seed, ...drawNumbers(seed), filter: 0, row: 0, column: 0 });
      }),
    ),
    board,
    make(
      "div",
      { class: "lf-controls cl-player", role: "group", "aria-label": "Animation" },
      button("◀ Back", () => stepBy(-1)),
      playButton,
      button("Step ▶", () => stepBy(1)),
      button("Start over", startOver),
      button("Show all", showAll),
    ),
    facts,
    voice.line,
  );
  el.append(root);

  // ---------------------------------------------------------------- changes
  const places = () => output.length * output[0].length * output[0][0].length;

  /** Move to the place that is `count` steps away: along rows, then down, then the next filter. */
  function advance(count) {
    compute();
    const [rows, columns] = [output[0].length, output[0][0].length];
    const now = (model.get("filter") * rows + model.get("row")) * columns + model.get("column");
    const next = (now + count + places()) % places();
    put({
      filter: Math.floor(next / (rows * columns)),
      row: Math.floor(next / columns) % rows,
      column: next % columns,
    });
    return next;
  }

  function stepBy(count) {
    pause();
    advance(count);
  }

  function startOver() {
    pause();
    known = new Set();
    put({ filter: 0, row: 0, column: 0 });
  }

  function showAll() {
    pause();
    compute();
    output.forEach((map, f) => map.forEach((line, i) => line.forEach((_, j) => known.add(`${f},${i},${j}`))));
    schedule();
  }

  function play() {
    clearInterval(timer);
    compute();
    if (known.size >= places()) {
      known = new Set();
      put({ filter: 0, row: 0, column: 0 });
    }
    timer = setInterval(() => {
      if (advance(1) === places() - 1) pause();
    }, PAUSES[speedSelect.value]);
    playButton.textContent = "❚❚ Pause";
  }

  function pause() {
    clearInterval(timer);
    timer = 0;
    playButton.textContent = "▶ Play";
    schedule();
  }

  function moveByKey(event) {
    const cell = event.target.closest("[data-filter]");
    if (!cell) return;
    const [f, i, j] = ["filter", "row", "column"].map((name) => Number(cell.dataset[name]));
    const [down, right] = [output[0].length - 1, output[0][0].length - 1];
    const to = moveFor(event, { ...gridMoves(i, j, right), Enter: [i, j], " ": [i, j] });
    if (to) choose(f, Math.max(0, Math.min(down, to[0])), Math.max(0, Math.min(right, to[1])));
  }

  /** Show the sum of one output number and put the focus there. */
  function choose(f, i, j) {
    pause();
    put({ filter: f, row: i, column: j });
    for (const { cell, at } of outputCells) {
      if (at[0] === f) cell.tabIndex = at[1] === i && at[2] === j ? 0 : -1;
      if (at[0] === f && at[1] === i && at[2] === j) cell.focus();
    }
  }

  // ---------------------------------------------------------------- showing
  function compute() {
    const channels = model.get("channels");
    const filters = model.get("filters");
    input = model.get("input").slice(0, channels);
    weights = model.get("weights").slice(0, filters).map((part) => part.slice(0, channels));
    biases = model.get("biases").slice(0, filters);
    const key = JSON.stringify([input, weights, biases]);
    if (key !== drawn) {
      drawn = key;
      known = new Set();
      output = convLayer(input, weights, biases);
      build();
    }
    filter = Math.min(model.get("filter"), filters - 1);
    row = Math.min(model.get("row"), output[0].length - 1);
    column = Math.min(model.get("column"), output[0][0].length - 1);
  }

  const at = (r, c, element) => {
    element.style.setProperty("--cl-row", r);
    element.style.setProperty("--cl-column", c);
    return element;
  };

  /** Build the board for these numbers: a row for each channel, a column for each filter. */
  function build() {
    const [channels, filters] = [input.length, weights.length];
    const work = filters + 2;
    windows = [];
    inputCells = [];
    works = [];
    outputCells = [];
    filterParts = weights.map(() => []);
    const parts = [
      at(1, 1, make("p", { class: "cl-head" }, "Input x")),
      at(1, work, make("p", { class: "cl-head cl-work" }, "Window × filter = products → sum")),
    ];
    input.forEach((channel, c) => {
      const cells = numbersOf(channel, `Input, channel ${c}`);
      const frame = make("span", { class: "cl-window", "aria-hidden": "true" });
      windows.push(frame);
      inputCells.push([...cells.children]);
      cells.append(frame);
      parts.push(at(c + 2, 1, make("div", { class: "cl-part" }, make("p", { class: "lf-code cl-name" }, `x[${c}]`), cells)));
      weights.forEach((depth, f) => {
        const part = at(
          c + 2,
          f + 2,
          make(
            "div",
            { class: "cl-part" },
            make("p", { class: "lf-code cl-name" }, `w[${f}, ${c}]`),
            numbersOf(depth[c], `Filter ${f}, channel ${c}`, signClass),
          ),
        );
        filterParts[f].push(part);
        parts.push(part);
      });
      const row = at(c + 2, work, make("div", { class: "cl-part cl-work" }));
      works.push(row);
      parts.push(row);
    });
    parts.push(at(channels + 2, 1, make("p", { class: "cl-side" }, "bias b")));
    parts.push(at(channels + 3, 1, make("p", { class: "cl-side" }, "output y")));
    weights.forEach((_, f) => {
      const head = at(1, f + 2, make("p", { class: "cl-head" }, `Filter ${f}`));
      const bias = at(
        channels + 2,
        f + 2,
        make("p", { class: "cl-bias" }, make("span", { class: "lf-code cl-name" }, `b[${f}] = `), text(biases[f])),
      );
      filterParts[f].push(head, bias);
      parts.push(head, bias, at(channels + 3, f + 2, outputGrid(f)));
    });
    parts.push(at(channels + 2, work, make("div", { class: "cl-work" }, equation)));
    parts.push(at(channels + 3, work, make("p", { class: "cl-work lf-small" }, HINT)));
    board.style.gridTemplateColumns = `repeat(${filters + 1}, max-content) minmax(0, 1fr)`;
    board.style.setProperty("--cl-below", channels + 3);
    root.dataset.filters = filters;
    board.replaceChildren(...parts);
    const [h, w] = [weights[0][0].length, weights[0][0][0].length];
    facts.textContent =
      `Stride 1, no padding. Shapes: x (${channels}, ${input[0].length}, ${input[0][0].length}), ` +
      `w (${filters}, ${channels}, ${h}, ${w}), b (${filters},), ` +
      `y (${filters}, ${output[0].length}, ${output[0][0].length}). To learn: ` +
      `${filters} × (${channels} × ${h} × ${w} + 1) = ${parameters(channels, filters, h, w)} numbers.`;
  }

  function outputGrid(f) {
    const grid = make("div", {
      class: "lf-cells",
      role: "grid",
      "aria-label": `Output map ${f}. Arrow keys choose a number.`,
      style: `--lf-columns: ${output[f][0].length}`,
      onkeydown: moveByKey,
    });
    output[f].forEach((line, i) => {
      const cells = line.map((_, j) => {
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
        outputCells.push({ cell, at: [f, i, j] });
        return cell;
      });
      grid.append(make("div", { class: "lf-row", role: "row" }, ...cells));
    });
    return make("div", { class: "cl-part" }, make("p", { class: "lf-code cl-name" }, `y[${f}]`), grid);
  }

  function show() {
    compute();
    root.dataset.dark = onDark(root);
    channelSelect.value = input.length;
    filterSelect.value = weights.length;
    known.add(`${filter},${row},${column}`);
    const { sums, value } = convolveAt(input, weights[filter], biases[filter], row, column);
    const side = KERNEL;

    board.style.setProperty("--cl-i", row);
    board.style.setProperty("--cl-j", column);
    filterParts.forEach((parts, f) => parts.forEach((part) => part.classList.toggle("cl-active", f === filter)));
    input.forEach((channel, c) => {
      const width = channel[0].length;
      inputCells[c].forEach((cell, n) => {
        const [i, j] = [Math.floor(n / width), n % width];
        cell.classList.toggle("cl-in", i >= row && i < row + side && j >= column && j < column + side);
      });
      const window = channel.slice(row, row + side).map((line) => line.slice(column, column + side));
      const kernel = weights[filter][c];
      works[c].replaceChildren(
        make("p", { class: "lf-code cl-name" }, `channel ${c}`),
        make(
          "div",
          { class: "cl-steps" },
          numbersOf(window, "Window", () => "cl-in"),
          make("span", { class: "cl-sign" }, "×"),
          numbersOf(kernel, `Filter ${filter}, channel ${c}`, signClass),
          make("span", { class: "cl-sign" }, "="),
          numbersOf(products(channel, kernel, row, column), "Products", signClass),
          make("span", { class: "cl-sign" }, "→"),
          make("span", { class: `cl-sum ${signClass(sums[c])}` }, text(sums[c])),
        ),
      );
    });
    const chip = (sign, shown, name) => [
      make("span", { class: "cl-sign" }, sign),
      make(
        "span",
        { class: "cl-chip" },
        make("span", { class: `cl-sum ${signClass(shown)}` }, sign === "+" ? term(shown) : text(shown)),
        make("span", { class: "lf-code cl-name" }, name),
      ),
    ];
    equation.replaceChildren(
      ...[
        ...sums.flatMap((sum, c) => chip(c === 0 ? "" : "+", sum, `x[${c}]`)),
        ...chip("+", biases[filter], `b[${filter}]`),
        ...chip("=", value, `y[${filter}, ${row}, ${column}]`),
      ].slice(1),
    );
    for (const { cell, at: [f, i, j] } of outputCells) {
      const computed = known.has(`${f},${i},${j}`);
      const current = f === filter && i === row && j === column;
      const shown = computed ? text(output[f][i][j]) : "?";
      if (cell.textContent !== shown) cell.textContent = shown;
      cell.className = `lf-cell cl-out ${computed ? signClass(output[f][i][j]) : "cl-unknown"} ${current ? "cl-current" : ""}`;
      cell.setAttribute("aria-selected", current);
      cell.setAttribute("aria-label", `row ${i}, column ${j}: ${computed ? shown : "not computed yet"}`);
      if (current) {
        for (const other of outputCells) if (other.at[0] === f) other.cell.tabIndex = other.cell === cell ? 0 : -1;
      }
    }
    if (timer) voice.stop();
    else {
      const words = `Filter ${filter}, row ${row}, column ${column}: channel sums ${sums.map(text).join(", ")}, plus bias ${text(biases[filter])}, output ${text(value)}.`;
      voice.say(words);
    }
  }

  // ---------------------------------------------------------------- life
  const unwatch = watch(model, ["input", "weights", "biases", "channels", "filters", "filter", "row", "column"], schedule);
  const unwatchTheme = watchTheme(schedule);
  show();

  return () => {
    unwatch();
    stop();
    voice.stop();
    clearInterval(timer);
    unwatchTheme();
    root.remove();
  };
}

export default { render };
