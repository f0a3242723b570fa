// The drawing of the network plane: axes, a mark and a name for each network, and the legend.

import { make } from "../figures/elements.mjs";
import { amount, axis, namePlaces, QUANTITIES, share } from "./network_plane_math.mjs";

/** @typedef {import("./network_plane_math.mjs").Network} Network */

/**
 * What is drawn: the quantities of both axes, the networks picked, the recipe.
 *
 * @typedef {{ across: string, up: string, chosen: string, other: string, newest: boolean }} State
 * @typedef {{ low: number, high: number, ticks: number[] }} Axis
 * @typedef {{ x: number, y: number, name: string }} Point
 */

export const WIDE = { width: 640, height: 380, left: 66, right: 30, top: 14, bottom: 48 };
export const NARROW = { width: 380, height: 400, left: 62, right: 24, top: 14, bottom: 48 };

/** The mark of a network, by its kind: a circle, a square, a diamond or a triangle. */
const MARKS = {
  chain: "M-6 0A6 6 0 1 1 6 0A6 6 0 1 1 -6 0Z",
  branches: "M-5.5 -5.5H5.5V5.5H-5.5Z",
  residual: "M0 -7.5L7.5 0L0 7.5L-7.5 0Z",
  transformer: "M0 -7L7 6H-7Z",
};
const KINDS = {
  chain: "a chain of layers",
  branches: "branches side by side",
  residual: "residual blocks",
  transformer: "a transformer",
};

/** A tick, short: 10 M, 10 GB. */
export function tickText(/** @type {number} */ value, /** @type {string} */ quantity) {
  if (quantity === "year") return String(value);
  if (quantity === "accuracy") return `${value} %`;
  const unit = quantity === "activations" ? "B" : "";
  /** @type {[number, string][]} */
  const powers = [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ];
  for (const [size, letter] of powers) {
    if (value >= size) return `${value / size} ${letter}${unit}`;
  }
  return `${value} ${unit}`.trim();
}

/** Lines and words of both axes. */
function drawAxes(
  /** @type {typeof WIDE} */ view,
  /** @type {Axis} */ across,
  /** @type {Axis} */ up,
  /** @type {State} */ state,
) {
  const { width, height, left, right, top, bottom } = view;
  const [wide, high] = [width - left - right, height - top - bottom];
  const label = (/** @type {string} */ words, at) =>
    make("text", { ...at, class: "np-label" }, words);
  const some = (/** @type {number[]} */ ticks) =>
    ticks.filter((_, i) => ticks.length < 7 || i % 2 === 0);
  const parts = [];
  for (const tick of some(across.ticks)) {
    const x = left + wide * share(tick, across, QUANTITIES[state.across].log);
    parts.push(make("line", { x1: x, x2: x, y1: top, y2: top + high, class: "np-grid" }));
    const at = { x, y: top + high + 17, "text-anchor": "middle" };
    parts.push(label(tickText(tick, state.across), at));
  }
  for (const tick of some(up.ticks)) {
    const y = top + high * (1 - share(tick, up, QUANTITIES[state.up].log));
    parts.push(make("line", { x1: left, x2: left + wide, y1: y, y2: y, class: "np-grid" }));
    parts.push(label(tickText(tick, state.up), { x: left - 7, y: y + 4, "text-anchor": "end" }));
  }
  const middle = { x: left + wide / 2, y: height - 6, "text-anchor": "middle" };
  parts.push(label(QUANTITIES[state.across].words, middle));
  return parts;
}

/** The mark and the name of one network; a click chooses it. */
function drawNetwork(
  /** @type {Network} */ network,
  /** @type {Point} */ { x, y },
  /** @type {{ left: number, middle: number }} */ place,
  /** @type {State} */ state,
  /** @type {(name: string) => void} */ onchoice,
) {
  const picked = network.name === state.chosen ? " np-chosen" : "";
  const beside = network.name === state.other ? " np-other" : "";
  const at = { d: MARKS[network.kind], class: "np-mark", transform: `translate(${x} ${y})` };
  return make(
    "g",
    { class: `np-point${picked}${beside}`, onclick: () => onchoice(network.name) },
    make("circle", { cx: x, cy: y, r: 11, class: "np-halo" }),
    make("path", at),
    make("text", { x: place.left, y: place.middle + 4, class: "np-name" }, network.name),
  );
}

/** The way from the first recipe of training to the newest, where there are two. */
function drawRecipe(/** @type {Point} */ first, /** @type {Point} */ newest) {
  if (first.y === newest.y) return [];
  return [
    make("path", { d: `M${first.x} ${first.y}L${newest.x} ${newest.y}`, class: "np-recipe" }),
    ...[first, newest].map(({ x, y }) => make("circle", { cx: x, cy: y, r: 3, class: "np-end" })),
  ];
}

/**
 * Everything inside the drawing. A network that lacks one of the two quantities is left out.
 *
 * @param {typeof WIDE} view
 * @param {Network[]} networks
 * @param {State} state
 * @param {(name: string) => void} onchoice
 */
export function drawPlane(view, networks, state, onchoice) {
  const { width, height, left, right, top, bottom } = view;
  const logs = [state.across, state.up].map((quantity) => QUANTITIES[quantity].log);
  const placed = networks.filter(
    (network) => amount(network, state.up, state.newest) !== undefined,
  );
  const amounts = (/** @type {string} */ quantity) =>
    placed.flatMap((network) => [false, true].map((newest) => amount(network, quantity, newest)));
  const [across, up] = [state.across, state.up].map((name, i) => axis(amounts(name), logs[i]));
  const point = (/** @type {Network} */ network, /** @type {boolean} */ newest) => ({
    x:
      left + (width - left - right) * share(amount(network, state.across, newest), across, logs[0]),
    y: top + (height - top - bottom) * (1 - share(amount(network, state.up, newest), up, logs[1])),
    name: network.name,
  });
  const points = placed.map((network) => point(network, state.newest));
  const ends = placed.map((network) => point(network, !state.newest));
  const places = namePlaces(points, ends, { width, height: height - bottom, letter: 6.3 });
  return [
    ...drawAxes(view, across, up, state),
    ...placed.flatMap((network) => drawRecipe(point(network, false), point(network, true))),
    ...placed.map((network, i) => drawNetwork(network, points[i], places[i], state, onchoice)),
  ];
}

/** What the marks mean. */
export function makeLegend() {
  const items = Object.entries(KINDS).map(([kind, words]) =>
    make(
      "span",
      { class: "np-kind" },
      make(
        "svg",
        { viewBox: "-9 -9 18 18", class: "np-sign", "aria-hidden": "true" },
        make("path", { d: MARKS[kind], class: "np-mark" }),
      ),
      words,
    ),
  );
  return make("p", { class: "np-legend" }, ...items);
}
