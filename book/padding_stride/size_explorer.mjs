// The figure "size explorer": a window with stride, padding and dilation over an input.
//
// One ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes. The computing functions come
// first and are exported; each works along one axis. `render` draws.

import { make, speaker } from "../figures/elements.mjs";
import { gridMoves, moveFor, onceAFrame, watch } from "../figures/model.mjs";
import { positions } from "../figures/numbers.mjs";

const AXES = [
  { name: "height", line: "row", lines: "rows", end: "below", letter: "H" },
  { name: "width", line: "column", lines: "columns", end: "at the right", letter: "W" },
];
const SETTINGS = [
  { name: "height", label: "Height H", low: 1, high: 12 },
  { name: "width", label: "Width W", low: 1, high: 12 },
  { name: "kernel", label: "Filter K", low: 1, high: 7 },
  { name: "stride", label: "Stride S", low: 1, high: 4 },
  { name: "padding", label: "Padding P", low: 0, high: 3 },
  { name: "dilation", label: "Dilation D", low: 1, high: 3 },
];

/** How many pixels a filter with holes spans. */
export function span(kernel, dilation) {
  return dilation * (kernel - 1) + 1;
}

/** How many positions the filter has along one axis; 0 if it fits nowhere. */
export function outputSize(size, kernel, stride, padding, dilation) {
  return positions(size, span(kernel, dilation), stride, padding);
}

/** The pixels that the window at one position reads; those outside 0 to size - 1 are padding. */
export function taps(position, kernel, stride, padding, dilation) {
  return Array.from({ length: kernel }, (_, a) => position * stride - padding + a * dilation);
}

/** How many windows read each pixel of one axis. */
export function visits(size, kernel, stride, padding, dilation) {
  const counts = Array(size).fill(0);
  for (let i = 0; i < outputSize(size, kernel, stride, padding, dilation); i++) {
    for (const pixel of taps(i, kernel, stride, padding, dilation)) {
      if (pixel >= 0 && pixel < size) counts[pixel]++;
    }
  }
  return counts;
}

/** How many pixels of the padded axis lie behind the last window. */
export function leftOver(size, kernel, stride, padding, dilation) {
  return Math.max(0, size + 2 * padding - span(kernel, dilation)) % stride;
}

/** Why there is no position at all, in words; empty if there is one. */
export function refusal(height, width, kernel, padding, dilation) {
  const length = span(kernel, dilation);
  const short = [height, width]
    .map((size, axis) => ({ ...AXES[axis], room: size + 2 * padding }))
    .filter(({ room }) => room < length);
  if (!short.length) return "";
  const filter = dilation > 1 ? "With its holes the filter" : "The filter";
  const rooms = short.map(({ line, lines, room }) => `${room} ${room === 1 ? line : lines}`);
  return (
    `No position. ${filter} spans ${length} pixels, but the padded input has only ${rooms.join(" and ")}. ` +
    `Make the filter${dilation > 1 ? " or the dilation" : ""} smaller, or the input or the padding larger.`
  );
}

/** "2, 5 and 6", with a true minus sign */
function listed(numbers) {
  const words = numbers.map((number) => `${number}`.replace("-", "\u2212"));
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0];
}

/** Which pixels no window reads, in words. */
export function neverRead(rows, columns) {
  const unread = [rows, columns].map((counts) => counts.flatMap((count, at) => (count ? [] : [at])));
  const total = rows.length * columns.length;
  const read = (rows.length - unread[0].length) * (columns.length - unread[1].length);
  if (read === total) return "Every pixel of the input is read.";
  if (read === 0) return "No pixel of the input is read.";
  const parts = unread.flatMap((lines, axis) =>
    lines.length ? [`${lines.length > 1 ? AXES[axis].lines : AXES[axis].line} ${listed(lines)}`] : [],
  );
  return `Never read: ${parts.join(", and ")}. That is ${total - read} of ${total} pixels.`;
}

/** The computation of one size, with its numbers. */
export function formula(letter, size, kernel, stride, padding, dilation) {
  const room = size + 2 * padding - span(kernel, dilation);
  const reach = dilation > 1 ? `${dilation}·(${kernel} − 1) − 1` : `${kernel}`;
  const inside = `${size} + 2·${padding} − ${reach}`;
  return `${letter}′ = ⌊(${inside}) / ${stride}⌋ + 1 = ⌊${room} / ${stride}⌋ + 1 = ${outputSize(size, kernel, stride, padding, dilation)}`;
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const sliders = SETTINGS.map(({ name, label, low, high }) => {
    const shown = make("span", { class: "lf-value" });
    const input = make("input", {
      type: "range",
      class: "lf-slider",
      min: low,
      max: high,
      "aria-label": label,
      "data-lm-suppress-shortcuts": "true",
      oninput: () => put({ [name]: Number(input.value) }),
    });
    return { name, shown, input, root: make("label", { class: "sx-slider" }, make("span", {}, `${label} = `, shown), input) };
  });

  const board = make("div", {
    class: "sx-board",
    role: "application",
    tabindex: "0",
    "aria-label": "Input with the window. Arrow keys move the window.",
    "data-lm-suppress-shortcuts": "true",
    onkeydown: moveByKey,
  });
  const inputName = make("p", { class: "sx-name" });
  const outputName = make("p", { class: "sx-name" });
  const output = make("div", { class: "sx-output", role: "img" });
  const formulas = make("p", { class: "sx-formulas" });
  const facts = make("p", { class: "sx-facts" });
  const refused = make("p", { class: "lf-refusal", role: "alert" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf lf-bounded sx", role: "group", "aria-label": "Size explorer: stride, padding and dilation" },
    make("div", { class: "sx-controls" }, ...sliders.map((slider) => slider.root)),
    refused,
    make(
      "div",
      { class: "sx-maps" },
      make("div", { class: "sx-part" }, inputName, board),
      make("div", { class: "sx-part" }, outputName, output),
    ),
    formulas,
    facts,
    make("p", { class: "lf-small" }, "A number: how many windows read this pixel. ×: no window reads it. Hatched: padding. Thick frame: the window; its dots: what it reads."),
    voice.line,
  );
  el.append(root);

  function moveByKey(event) {
    const { row, column, columns } = locate();
    const to = moveFor(event, gridMoves(row, column, columns - 1));
    if (to) choose(...to);
  }

  function choose(row, column) {
    const now = locate();
    if (!now.rows || !now.columns) return;
    put({
      row: Math.max(0, Math.min(now.rows - 1, row)),
      column: Math.max(0, Math.min(now.columns - 1, column)),
    });
  }

  /** The settings, the positions that there are, and the one that is chosen now. */
  function locate() {
    const settings = Object.fromEntries(SETTINGS.map(({ name }) => [name, model.get(name)]));
    const { height, width, kernel, stride, padding, dilation } = settings;
    const rows = outputSize(height, kernel, stride, padding, dilation);
    const columns = outputSize(width, kernel, stride, padding, dilation);
    const row = Math.min(model.get("row"), Math.max(0, rows - 1));
    const column = Math.min(model.get("column"), Math.max(0, columns - 1));
    return { settings, rows, columns, row, column };
  }

  function show() {
    const { settings, rows, columns, row, column } = locate();
    const { height, width, kernel, stride, padding, dilation } = settings;
    for (const { name, shown, input } of sliders) {
      shown.textContent = settings[name];
      input.value = settings[name];
    }
    const shared = [kernel, stride, padding, dilation];
    const fits = rows > 0 && columns > 0;
    const none = (size) => Array(size).fill(0);
    const counts = [fits ? visits(height, ...shared) : none(height), fits ? visits(width, ...shared) : none(width)];
    drawInput(settings, counts, fits, row, column);
    drawOutput(settings, fits ? rows : 0, fits ? columns : 0, row, column);
    refused.textContent = refusal(height, width, kernel, padding, dilation);
    inputName.textContent = `input ${height} × ${width}${padding ? `, padded ${height + 2 * padding} × ${width + 2 * padding}` : ""}`;
    outputName.textContent = fits ? `output ${rows} × ${columns}` : "no output";
    formulas.replaceChildren(
      ...(fits ? AXES.map(({ letter, name }) => make("span", {}, formula(letter, settings[name], ...shared))) : []),
    );
    const behind = AXES.flatMap(({ name, line, lines, end }) => {
      const count = leftOver(settings[name], ...shared);
      return count ? [`${count} ${count > 1 ? lines : line} ${end}`] : [];
    });
    const over = behind.length ? `Left over behind the last window: ${behind.join(", ")}. ` : "";
    facts.textContent = fits ? over + neverRead(...counts) : "";
    const [top, left] = [taps(row, ...shared), taps(column, ...shared)];
    const words = fits
      ? `Output ${rows} by ${columns}. Window at row ${row}, column ${column}: reads rows ${listed(top)}, columns ${listed(left)}. ${facts.textContent}`
      : "";
    voice.say(words);
  }

  /** Draw the padded input; one pixel is one unit of the view box. */
  function drawInput({ height, width, kernel, stride, padding, dilation }, [down, across], fits, row, column) {
    const shared = [kernel, stride, padding, dilation];
    const [tapped, tappedAcross] = [taps(row, ...shared), taps(column, ...shared)];
    const parts = [];
    for (let i = -padding; i < height + padding; i++) {
      for (let j = -padding; j < width + padding; j++) {
        const inside = i >= 0 && i < height && j >= 0 && j < width;
        const cell = { x: j + padding, y: i + padding, width: 1, height: 1 };
        const tap = fits && tapped.includes(i) && tappedAcross.includes(j);
        parts.push(make("rect", { ...cell, class: `${inside ? "sx-pixel" : "sx-padding"}${tap ? " sx-tap" : ""}` }));
        if (!inside) {
          parts.push(make("path", { class: "sx-hatch", d: `M${cell.x} ${cell.y + 1}l1 -1M${cell.x} ${cell.y + 0.5}l.5 -.5M${cell.x + 0.5} ${cell.y + 1}l.5 -.5` }));
        } else if (fits) {
          const count = down[i] * across[j];
          parts.push(make("text", { x: cell.x + 0.5, y: cell.y + (count ? 0.66 : 0.74), class: count ? "sx-count" : "sx-unread" }, count ? `${count}` : "×"));
        }
        if (tap) parts.push(make("rect", { x: cell.x + 0.08, y: cell.y + 0.08, width: 0.2, height: 0.2, rx: 0.1, class: "sx-dot" }));
      }
    }
    const length = span(kernel, dilation);
    if (fits) {
      parts.push(make("rect", { x: column * stride, y: row * stride, width: length, height: length, class: "sx-window" }));
    }
    const [tall, wide] = [height + 2 * padding, width + 2 * padding];
    const view = make("svg", { viewBox: `-0.1 -0.1 ${wide + 0.2} ${tall + 0.2}`, "aria-hidden": "true" }, ...parts);
    view.addEventListener("click", (event) => {
      const box = view.getBoundingClientRect();
      const at = (offset, side, count) => (offset / side) * (count + 0.2) - 0.1;
      const y = at(event.clientY - box.top, box.height, tall);
      const x = at(event.clientX - box.left, box.width, wide);
      const nearest = (where) => Math.round((where - length / 2) / stride);
      choose(nearest(y), nearest(x));
      board.focus();
    });
    board.style.setProperty("--sx-columns", wide);
    board.replaceChildren(view);
  }

  function drawOutput(settings, rows, columns, row, column) {
    const parts = [];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const here = i === row && j === column;
        parts.push(
          make("rect", {
            x: j,
            y: i,
            width: 1,
            height: 1,
            class: here ? "sx-pixel sx-tap" : "sx-pixel",
            onclick: () => {
              choose(i, j);
              board.focus();
            },
          }),
        );
      }
    }
    if (rows) parts.push(make("rect", { x: column, y: row, width: 1, height: 1, class: "sx-window" }));
    const view = make("svg", { viewBox: `-0.1 -0.1 ${Math.max(columns, 1) + 0.2} ${Math.max(rows, 1) + 0.2}`, "aria-hidden": "true" }, ...parts);
    output.style.setProperty("--sx-columns", Math.max(columns, 1));
    output.setAttribute("aria-label", rows ? `Output of ${rows} rows and ${columns} columns` : "No output");
    output.replaceChildren(view);
  }

  const unwatch = watch(model, [...SETTINGS.map(({ name }) => name), "row", "column"], schedule);
  show();

  return () => {
    unwatch();
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
