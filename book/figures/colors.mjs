// Colors of live figures: the page's theme, and the colors of the style sheet for a canvas.

/** Call `callback` when the page may have turned light or dark. Returns what ends that. */
export function watchTheme(/** @type {() => void} */ callback) {
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
export function luminance(/** @type {number[]} */ color) {
  const [r, g, b] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Is the text around the figure light, that is, is the page dark? */
export function onDark(/** @type {Element} */ element) {
  const { color } = getComputedStyle(element);
  const numbers = color.match(/[\d.]+/g).map(Number);
  const shares = color.startsWith("color(");
  const rgb = shares ? numbers.slice(-3).map((part) => part * 255) : numbers.slice(0, 3);
  return luminance(rgb) > 0.35;
}

/** A color of the style sheet as [r, g, b]; the canvas knows every way to write a color. */
export function colorOf(/** @type {Element} */ element, /** @type {string} */ name) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = getComputedStyle(element).getPropertyValue(name).trim();
  const { fillStyle } = context;
  return [1, 3, 5].map((at) => parseInt(String(fillStyle).slice(at, at + 2), 16));
}
