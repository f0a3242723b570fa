// What the modules of all live figures share. figure.py puts this file in front of each figure's
// own module, in place of its import, so that a figure is one file wherever it runs.

const DRAWN = new Set(["svg", "g", "circle", "ellipse", "line", "path", "polyline", "rect", "text"]);

/** An element, also of a drawing, with attributes, listeners ("onclick": function) and children. */
export function make(tag, attributes = {}, ...children) {
  const element = DRAWN.has(tag)
    ? document.createElementNS(drawingNamespace(), tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

let namespace = "";

/** The namespace of drawings, as the browser's own parser knows it. */
function drawingNamespace() {
  namespace ||= new Range().createContextualFragment("<svg></svg>").firstChild.namespaceURI;
  return namespace;
}

// ---------------------------------------------------------------- numbers

/** Write a number for reading: at most `digits` decimals, a true minus sign, no negative zero. */
export function numberText(value, digits = 2) {
  const rounded = Number(value.toFixed(digits));
  return String(rounded === 0 ? 0 : rounded).replace("-", "\u2212");
}

/** Write a number with exactly `digits` decimals, a true minus sign and no negative zero. */
export function fixedText(value, digits = 2) {
  const rounded = Number(value.toFixed(digits));
  return (rounded === 0 ? 0 : rounded).toFixed(digits).replace("-", "\u2212");
}

/** Write a share for reading: "25 %". */
export function percent(share) {
  return `${Math.round(100 * share)} %`;
}

/** The class of a number's sign; nothing for zero. */
export function signClass(value) {
  return value > 0 ? "lf-plus" : value < 0 ? "lf-minus" : "";
}

/** The sum of all numbers of a map. */
export function total(map) {
  return map.reduce((sum, line) => line.reduce((part, value) => part + value, sum), 0);
}

/** The window of a map with `side` rows and columns, upper left corner at (row, column). */
export function windowAt(map, row, column, side) {
  return map.slice(row, row + side).map((line) => line.slice(column, column + side));
}

/** How many positions a window has along one axis; 0 if it fits nowhere. */
export function positions(size, window, stride, padding = 0) {
  const room = size + 2 * padding - window;
  return room < 0 ? 0 : Math.floor(room / stride) + 1;
}

/** A stream of pseudorandom integers: the same numbers as `random_integers` in Python. */
export function randomIntegers(seed) {
  let state = seed >>> 0;
  const next = () => (state = (Math.imul(1664525, state) + 1013904223) >>> 0);
  for (let skipped = 0; skipped < 8; skipped++) next();
  return (low, high) => low + Math.floor((next() / 2 ** 32) * (high - low + 1));
}

// ---------------------------------------------------------------- what embedded.py has packed

/** Numbers out of base64 of 16 bits each, little-endian, in multiples of `step`. */
export function decode(text, step) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 2 }, (_, i) => view.getInt16(2 * i, true) * step);
}

/** How far an image of `frames` pictures, one below the other, is moved to show one of them. */
export function offset(frame, frames) {
  return frames > 1 ? `${(100 * frame) / (frames - 1)}%` : "0%";
}

/** Let an element show one of `frames` pictures that stand one below the other in an image. */
export function showFrame(element, address, frame, frames) {
  element.style.backgroundImage = `url("${address}")`;
  element.style.backgroundSize = `100% ${100 * frames}%`;
  element.style.backgroundPosition = `0 ${offset(frame, frames)}`;
}

// ---------------------------------------------------------------- parts

/** A field under its name. */
export function choice(words, field) {
  return make("label", { class: "lf-choice" }, words, field);
}

/** A list to choose from: `options` are [value, words]; `onchoice` gets the value, a text. */
export function select(options, onchoice) {
  const field = make(
    "select",
    { class: "lf-input", "data-lm-suppress-shortcuts": "true", onchange: () => onchoice(field.value) },
    ...options.map(([value, words = value]) => make("option", { value }, `${words}`)),
  );
  return field;
}

/** The options of a list of whole numbers, the first and the last included. */
export function numberOptions(low, high) {
  return Array.from({ length: high - low + 1 }, (_, i) => [low + i]);
}

/** A button; `label` says more than its words where those are too short. */
export function button(words, onclick, label) {
  return make("button", { type: "button", class: "lf-button", onclick, "aria-label": label }, words);
}

/** A slider with room for its value in words beside its name: { field, shown, box }. */
export function slider(words, [min, max, step = 1], onvalue) {
  const shown = make("span", { class: "lf-value" });
  const field = make("input", {
    type: "range",
    class: "lf-slider",
    min,
    max,
    step,
    "data-lm-suppress-shortcuts": "true",
    oninput: () => onvalue(Number(field.value)),
  });
  return { field, shown, box: choice(make("span", {}, words, " ", shown), field) };
}

/** A name and a number, and below them a bar, on which there may be a mark; all to be filled in. */
export function meter(words, marked = false) {
  const [name, value] = [make("span", {}, words), make("span", { class: "lf-value" })];
  const [fill, mark] = [make("span", { class: "lf-fill" }), make("span", { class: "lf-mark" })];
  const track = make("div", { class: "lf-track", "aria-hidden": "true" }, fill, ...(marked ? [mark] : []));
  const box = make("div", { class: "lf-meter" }, make("p", { class: "lf-reading" }, name, value), track);
  return { name, value, fill, mark, box };
}

/** A line for the ear: `say` lets a screen reader speak when the figure has been still for `pause` ms. */
export function speaker(pause = 250) {
  const line = make("p", { class: "lf-spoken", role: "status", "aria-live": "polite" });
  let waiting = 0;
  const stop = () => clearTimeout(waiting);
  const say = (words) => {
    stop();
    waiting = setTimeout(() => (line.textContent = words), pause);
  };
  return { line, say, stop };
}

// ---------------------------------------------------------------- life

/** Call `callback` when one of the named values changes. Returns what ends that. */
export function watch(model, names, callback) {
  for (const name of names) model.on(`change:${name}`, callback);
  return () => {
    for (const name of names) model.off(`change:${name}`, callback);
  };
}

/** Where the arrow keys, Home and End lead from a place in a grid, as [row, column]. */
export function gridMoves(row, column, last, step = 1) {
  return {
    ArrowUp: [row - step, column],
    ArrowDown: [row + step, column],
    ArrowLeft: [row, column - step],
    ArrowRight: [row, column + step],
    Home: [row, 0],
    End: [row, last],
  };
}

/** What `moves` has for a key without Ctrl, Alt or Meta, which the page then does not get; else undefined. */
export function moveFor(event, moves) {
  if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in moves)) return undefined;
  event.preventDefault();
  event.stopPropagation();
  return moves[event.key];
}

/** Change a model and save it. */
export function save(model, changes) {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  model.save_changes();
}

/**
 * Change a model and show it, once for all changes before the next frame: `put` changes and saves,
 * `schedule` only shows, `stop` takes back what has not been shown.
 */
export function onceAFrame(model, show) {
  let scheduled = 0;
  let unsaved = false;
  const schedule = () => {
    scheduled ||= requestAnimationFrame(() => {
      scheduled = 0;
      if (unsaved) model.save_changes();
      unsaved = false;
      show();
    });
  };
  const put = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    unsaved = true;
    schedule();
  };
  return { put, schedule, stop: () => cancelAnimationFrame(scheduled) };
}

/** Call `callback` when the page may have turned light or dark. Returns what ends that. */
export function watchTheme(callback) {
  const listening = new AbortController();
  const themed = new MutationObserver(callback);
  const attributeFilter = ["class", "style", "data-theme", "data-mode", "data-jp-theme-name"];
  for (const element of [document.documentElement, document.body]) {
    themed.observe(element, { attributes: true, attributeFilter });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", callback, {
    signal: listening.signal,
  });
  return () => {
    themed.disconnect();
    listening.abort();
  };
}

/** The relative luminance of a color [r, g, b], from 0 to 1 (WCAG 2). */
export function luminance([r, g, b]) {
  const linear = (c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** Is the text around the figure light, that is, is the page dark? */
export function onDark(element) {
  const { color } = getComputedStyle(element);
  const numbers = color.match(/[\d.]+/g).map(Number);
  const rgb = color.startsWith("color(") ? numbers.slice(-3).map((part) => part * 255) : numbers.slice(0, 3);
  return luminance(rgb) > 0.35;
}
