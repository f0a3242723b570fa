// The drawing of the receptive field explorer: a row of units for each layer, lines, and bars.

import { make } from "../figures/elements.mjs";
import { clamp } from "../figures/numbers.mjs";
import { centerOf, fields, paths } from "./receptive_field_explorer_math.mjs";
import { plural } from "./receptive_field_explorer_words.mjs";

/** @typedef {import("./receptive_field_explorer.mjs").Now} Now */
/** @typedef {ReturnType<typeof measure>} Plan where everything is drawn */

const ROW = 58; // pixels from one layer to the next
const TOP = 34;
const BARS = 36; // the height of the tallest bar

/** Where units are drawn: all of them are in sight, and what the chosen one sees beyond them. */
function measure(/** @type {Now} */ { layers, counts, ranges }) {
  const all = fields(layers);
  const center = (/** @type {number} */ at, /** @type {number} */ unit) => centerOf(all[at], unit);
  const places = ranges.flatMap(([first, last], at) => [
    center(at, first) - 0.5,
    center(at, last) + 0.5,
  ]);
  const low = Math.min(-0.5, ...places);
  const high = Math.max(counts[0] - 0.5, ...places);
  const x = (/** @type {number} */ place) =>
    `${((100 * (place - low)) / (high - low)).toFixed(3)}%`;
  const y = (/** @type {number} */ at) => (counts.length - 1 - at) * ROW + TOP;
  return { all, center, low, high, x, y };
}

/**
 * Draw everything; `choose` gets the layer and the unit that a click means.
 *
 * @param {Now} now
 * @param {(layer: number, unit: number) => void} choose
 */
export function drawLayers(now, choose) {
  const plan = measure(now);
  const { counts } = now;
  const [lines, units, labels] = [[], [], []];
  counts.forEach((count, at) => {
    const words = at ? `layer ${at}: ${plural(count, "unit")}` : `input: ${plural(count, "pixel")}`;
    labels.push(make("text", { x: 0, y: plan.y(at) - 16, class: "rf-label" }, words));
    for (const unit of unitsInSight(now, at)) {
      units.push(drawUnit(now, plan, unit));
      if (unit.seen && !unit.outside && at > 0) lines.push(...drawLines(now, plan, unit));
    }
  });
  const { bars, tallest } = drawBars(now, plan);
  const height = plan.y(0) + 12 + BARS + 18;
  const most = `paths to the unit: at most ${tallest.toLocaleString("en")}`;
  labels.push(make("text", { x: 0, y: height - 4, class: "rf-label" }, most));
  const drawing = { width: "100%", height, "aria-hidden": "true" };
  const view = make("svg", drawing, ...lines, ...units, ...bars, ...labels);
  view.addEventListener("click", (event) => {
    const box = view.getBoundingClientRect();
    const row = Math.round((event.clientY - box.top - TOP) / ROW);
    const layer = clamp(counts.length - 1 - row, 0, counts.length - 1);
    const share = (event.clientX - box.left) / box.width;
    const place = plan.low + share * (plan.high - plan.low);
    choose(layer, Math.round((place - plan.center(layer, 0)) / plan.all[layer].jump));
  });
  return view;
}

/** The units of a layer, and those beyond its border that the chosen unit sees. */
function unitsInSight(/** @type {Now} */ { counts, ranges }, /** @type {number} */ at) {
  const [first, last] = ranges[at] ?? [0, -1];
  const begin = Math.min(0, first);
  const length = Math.max(counts[at], last + 1) - begin;
  return Array.from({ length }, (_, i) => begin + i)
    .map((unit) => ({
      at,
      unit,
      outside: unit < 0 || unit >= counts[at],
      seen: unit >= first && unit <= last,
    }))
    .filter(({ outside, seen }) => seen || !outside);
}

function drawUnit(
  /** @type {Now} */ { layer },
  /** @type {Plan} */ plan,
  { at, unit, outside, seen },
) {
  const own = at === layer && seen;
  const kinds = ["rf-unit", seen && "rf-seen", own && "rf-own", outside && "rf-outside"];
  return make("circle", {
    cx: plan.x(plan.center(at, unit)),
    cy: plan.y(at),
    r: own ? 7 : 4.5,
    class: kinds.filter(Boolean).join(" "),
    "data-layer": at,
    "data-unit": unit,
  });
}

/** Lines from a unit to those that it reads. */
function drawLines(/** @type {Now} */ { layers }, /** @type {Plan} */ plan, { at, unit }) {
  const [kernel, stride, padding] = layers[at - 1];
  return Array.from({ length: kernel }, (_, a) =>
    make("line", {
      x1: plan.x(plan.center(at, unit)),
      y1: plan.y(at),
      x2: plan.x(plan.center(at - 1, unit * stride - padding + a)),
      y2: plan.y(at - 1),
      class: "rf-line",
    }),
  );
}

/** Bars below the pixels: on how many paths each reaches the chosen unit. */
function drawBars(/** @type {Now} */ { layers, counts, layer, ranges }, /** @type {Plan} */ plan) {
  const many = paths(counts[0], layers, layer, ranges[layer][0]);
  const tallest = Math.max(...many);
  const width = `${(70 / (plan.high - plan.low)).toFixed(3)}%`;
  const bars = many.flatMap((count, i) => {
    if (!count) return [];
    const bar = {
      x: plan.x(ranges[0][0] + i - 0.35),
      y: plan.y(0) + 12,
      width,
      height: ((BARS * count) / tallest).toFixed(2),
      class: "rf-bar",
      "data-paths": count,
    };
    return [make("rect", bar)];
  });
  return { bars, tallest };
}
