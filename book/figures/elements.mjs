// The parts of which live figures are built: elements, fields, buttons, sliders, meters.

const DRAWN = new Set([
  "svg",
  "g",
  "circle",
  "ellipse",
  "line",
  "path",
  "polyline",
  "rect",
  "text",
]);

/** @typedef {Omit<SVGElementTagNameMap, keyof HTMLElementTagNameMap>} Drawn */

/**
 * An element, also of a drawing, with attributes, listeners ("onclick": function) and children.
 *
 * @template {keyof HTMLElementTagNameMap | keyof Drawn} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} attributes
 * @param {...(Node | string)} children
 * @returns {Tag extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[Tag]
 *   : Tag extends keyof Drawn ? Drawn[Tag] : never}
 */
export function make(tag, attributes = {}, ...children) {
  /** @type {any} */
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
  const drawing = () => new Range().createContextualFragment("<svg></svg>").firstElementChild;
  namespace ||= drawing().namespaceURI;
  return namespace;
}

/**
 * Set properties of an element's style, also those that begin with two dashes.
 *
 * @param {HTMLElement | SVGElement} element
 * @param {Record<string, string | number>} properties
 */
export function setStyle(element, properties) {
  for (const [name, value] of Object.entries(properties)) {
    element.style.setProperty(name, String(value));
  }
}

/**
 * Put an element over a part of what it stands on; all in shares of that.
 *
 * @param {HTMLElement} element
 * @param {number} top
 * @param {number} left
 * @param {number} height
 */
export function cover(element, top, left, height, width = height) {
  const shares = { top, left, height, width };
  for (const [name, share] of Object.entries(shares)) element.style[name] = `${100 * share}%`;
}

/** The element that an event comes from, or the nearest around it that fits; null if none does. */
export function closest(/** @type {Event} */ event, /** @type {string} */ selector) {
  const { target } = event;
  return target instanceof Element ? /** @type {HTMLElement} */ (target.closest(selector)) : null;
}

/** Does this element, wherever it stands, have the focus? */
export function hasFocus(/** @type {Element} */ element) {
  const around = /** @type {Document | ShadowRoot} */ (element.getRootNode());
  return around.activeElement === element;
}

/** Let an element show one of `frames` pictures that stand one below the other in an image. */
export function showFrame(
  /** @type {HTMLElement} */ element,
  /** @type {string} */ address,
  /** @type {number} */ frame,
  /** @type {number} */ frames,
) {
  element.style.backgroundImage = `url("${address}")`;
  element.style.backgroundSize = `100% ${100 * frames}%`;
  element.style.backgroundPosition = `0 ${offset(frame, frames)}`;
}

/** How far an image of `frames` pictures, one below the other, is moved to show one of them. */
export function offset(/** @type {number} */ frame, /** @type {number} */ frames) {
  return frames > 1 ? `${(100 * frame) / (frames - 1)}%` : "0%";
}

/** A field under its name. */
export function choice(/** @type {string | Node} */ words, /** @type {Element} */ field) {
  return make("label", { class: "lf-choice" }, words, field);
}

/**
 * A list to choose from: `options` are [value, words]; `onchoice` gets the value, a text.
 *
 * @param {(string | number)[][]} options
 * @param {(value: string) => void} onchoice
 */
export function select(options, onchoice) {
  const field = make(
    "select",
    {
      class: "lf-input",
      "data-lm-suppress-shortcuts": "true",
      onchange: () => onchoice(field.value),
    },
    ...options.map(([value, words = value]) => make("option", { value }, `${words}`)),
  );
  return field;
}

/** The options of a list of whole numbers, the first and the last included. */
export function numberOptions(/** @type {number} */ low, /** @type {number} */ high) {
  return Array.from({ length: high - low + 1 }, (_, i) => [low + i]);
}

/**
 * A button; `label` says more than its words where those are too short.
 *
 * @param {string} words
 * @param {() => void} onclick
 * @param {string} [label]
 */
export function button(words, onclick, label) {
  return make(
    "button",
    { type: "button", class: "lf-button", onclick, "aria-label": label },
    words,
  );
}

/** A box to check, with its words beside it: { field, box }; `onswitch` gets true or false. */
export function checkbox(
  /** @type {string} */ words,
  /** @type {(checked: boolean) => void} */ onswitch,
) {
  const field = make("input", { type: "checkbox", onchange: () => onswitch(field.checked) });
  return { field, box: make("label", { class: "lf-switch" }, field, words) };
}

/**
 * A slider with room for its value in words beside its name: { field, reading, box }.
 *
 * @param {string} words
 * @param {number[]} range the least and the largest value, and the step
 * @param {(value: number) => void} onvalue
 */
export function slider(words, [min, max, step = 1], onvalue) {
  const reading = make("span", { class: "lf-value" });
  const field = make("input", {
    type: "range",
    class: "lf-slider",
    min,
    max,
    step,
    "data-lm-suppress-shortcuts": "true",
    oninput: () => onvalue(Number(field.value)),
  });
  return { field, reading, box: choice(make("span", {}, words, " ", reading), field) };
}

/** A name and a number, and below them a bar, on which there may be a mark; all to be filled in. */
export function meter(/** @type {string} */ words, marked = false) {
  const [name, value] = [make("span", {}, words), make("span", { class: "lf-value" })];
  const [fill, mark] = [make("span", { class: "lf-fill" }), make("span", { class: "lf-mark" })];
  const marks = marked ? [mark] : [];
  const track = make("div", { class: "lf-track", "aria-hidden": "true" }, fill, ...marks);
  const reading = make("p", { class: "lf-reading" }, name, value);
  return { name, value, fill, mark, box: make("div", { class: "lf-meter" }, reading, track) };
}

/**
 * A line for the ear: `say` lets a screen reader speak when the figure has been still for `pause`
 * milliseconds.
 */
export function speaker(pause = 250) {
  const line = make("p", { class: "lf-spoken", role: "status", "aria-live": "polite" });
  let waiting = 0;
  const stop = () => clearTimeout(waiting);
  const say = (/** @type {string} */ words) => {
    stop();
    waiting = setTimeout(() => {
      line.textContent = words;
    }, pause);
  };
  return { line, say, stop };
}
