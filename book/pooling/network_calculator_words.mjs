// How the network calculator writes numbers and layers.

/** @typedef {import("./network_calculator_text.mjs").Layer} Layer */

/** @type {[number, string][]} */
const LARGE = [
  [1e12, "trillion"],
  [1e9, "billion"],
  [1e6, "million"],
];
/** @type {[number, string][]} */
const UNITS = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];

/** A whole number with separators. */
export const text = (/** @type {number} */ value) => value.toLocaleString("en-US");

/** A large number for reading: 15.5 billion. */
export function rounded(/** @type {number} */ value) {
  for (const [size, word] of LARGE) {
    if (value >= size) return `${(value / size).toPrecision(3)} ${word}`;
  }
  return text(value);
}

/** Bytes for reading: 58.3 MB. */
export function bytes(/** @type {number} */ count) {
  for (const [size, unit] of UNITS) {
    if (count >= size) return `${Number((count / size).toPrecision(3))} ${unit}`;
  }
  return `${count} B`;
}

/** An entry as the table names it. */
export function nameOf(/** @type {Layer} */ { kind, ...settings }) {
  const { size, stride, padding } = settings;
  const more = [
    stride > 1 || (stride !== undefined && kind !== "conv") ? `stride ${stride}` : "",
    padding ? `padding ${padding}` : "",
  ].filter(Boolean);
  const tail = more.length ? `, ${more.join(", ")}` : "";
  if (kind === "image") return "image";
  if (kind === "conv") return `conv ${settings.filters}, ${size}×${size}${tail}`;
  if (kind === "linear") return `linear ${settings.units}`;
  if (kind === "adaptive_avg_pool") return `average to ${size}×${size}`;
  if (kind === "max_pool" || kind === "avg_pool")
    return `${kind === "max_pool" ? "max" : "avg"} pool ${size}×${size}${tail}`;
  return kind;
}
