// The figure "descent": gradient descent with momentum in a valley.
//
// An ES module in anywidget's format. The computing functions come first. Points, gradients and
// velocities are arrays of numbers.

import { make, slider } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { clamp } from "../figures/numbers.mjs";

const VIEW = { width: 420, height: 210, x: 10.5, y: 2.6 };
const CHART = {
  width: 420,
  height: 210,
  left: 46,
  bottom: 34,
  top: 10,
  right: 10,
  low: -8,
  high: 4,
};

/**
 * One step: v becomes momentum * v + g, then p becomes p - rate * v.
 *
 * @param {number[]} point
 * @param {number[]} gradient
 * @param {number[]} velocity
 * @param {number} rate
 * @param {number} momentum
 */
export function sgdStep(point, gradient, velocity, rate, momentum) {
  const faster = velocity.map((v, i) => momentum * v + gradient[i]);
  return { point: point.map((p, i) => p - rate * faster[i]), velocity: faster };
}

/**
 * The loss in the valley: half the sum of curvature times coordinate squared.
 *
 * @param {number[]} point
 * @param {number[]} curvatures
 */
export function valley(point, curvatures) {
  return point.reduce((sum, p, i) => sum + (curvatures[i] * p * p) / 2, 0);
}

/**
 * Walk from `start`; returns all points and their losses, the start included.
 *
 * @param {number[]} start
 * @param {number[]} curvatures
 * @param {number} rate
 * @param {number} momentum
 * @param {number} steps
 */
export function descend(start, curvatures, rate, momentum, steps) {
  let state = { point: start, velocity: start.map(() => 0) };
  const points = [start];
  for (let step = 0; step < steps; step++) {
    const gradient = state.point.map((p, i) => curvatures[i] * p);
    state = sgdStep(state.point, gradient, state.velocity, rate, momentum);
    points.push(state.point);
  }
  return { points, losses: points.map((point) => valley(point, curvatures)) };
}

/**
 * The largest rate that does not diverge, for the steepest curvature: 2 (1 + momentum) / a.
 *
 * @param {number[]} curvatures
 * @param {number} momentum
 */
export function largestRate(curvatures, momentum) {
  return (2 * (1 + momentum)) / Math.max(...curvatures);
}

/**
 * What became of the walk, as a word: "diverges", "arrives", "crawls" or "on its way".
 *
 * @param {number[]} losses
 * @param {number} rate
 * @param {number[]} curvatures
 * @param {number} momentum
 */
export function verdict(losses, rate, curvatures, momentum) {
  if (rate >= largestRate(curvatures, momentum) * (1 - 1e-9)) return "diverges";
  const left = losses.at(-1) / losses[0];
  return left < 0.01 ? "arrives" : left > 0.1 ? "crawls" : "on its way";
}

const SAYINGS = {
  diverges: "It diverges: each step across the valley lands at least as high on the other side.",
  arrives: "It arrives: less than a hundredth of the loss is left.",
  crawls: "It crawls: more than a tenth of the loss is left.",
  "on its way": "It is on its way.",
};

/** A loss for reading: 1.5 · 10^−3. */
function lossText(/** @type {number} */ loss) {
  return loss
    .toPrecision(2)
    .replace(/e\+?(-?)(\d+)/, (_, sign, digits) => ` · 10^${sign ? "\u2212" : ""}${digits}`);
}

/** A walk: a line, a mark for each step, a ring around the first. */
function drawWalk(/** @type {number[][]} */ places, /** @type {number} */ radius) {
  const points = places.map(([x, y]) => [x.toFixed(1), y.toFixed(1)]);
  return [
    make("polyline", {
      points: points.map((point) => point.join(",")).join(" "),
      class: "ds-path",
    }),
    ...points.map(([cx, cy]) => make("circle", { cx, cy, r: radius, class: "ds-dot" })),
    make("circle", { cx: places[0][0], cy: places[0][1], r: 6, class: "ds-ring" }),
  ];
}

/** The valley from above, with lines of equal loss and the walk. */
function drawValley(/** @type {number[][]} */ points, /** @type {number[]} */ curvatures) {
  const [cx, cy] = [VIEW.width / 2, VIEW.height / 2];
  const [ux, uy] = [cx / VIEW.x, cy / VIEW.y];
  const contours = [2, 8, 18, 32, 50, 72].map((loss) => {
    const [rx, ry] = curvatures.map((a) => Math.sqrt((2 * loss) / a));
    return make("ellipse", { cx, cy, rx: rx * ux, ry: ry * uy, class: "ds-contour" });
  });
  const cross = make("path", { d: `M${cx - 6} ${cy}h12M${cx} ${cy - 6}v12`, class: "ds-cross" });
  const far = 50; // beyond the picture: drawn at its edge, so that numbers stay small
  const clip = (/** @type {number} */ value, /** @type {number} */ room) =>
    clamp(value, -far * room, far * room);
  const places = points.map(([x, y]) => [cx + clip(x, VIEW.x) * ux, cy - clip(y, VIEW.y) * uy]);
  return [...contours, cross, ...drawWalk(places, 2.2)];
}

/** The losses after each step, on a logarithmic axis. */
function drawLosses(/** @type {number[]} */ losses) {
  const { width, height, left, bottom, top, right, low, high } = CHART;
  const x = (/** @type {number} */ step) =>
    left + ((width - left - right) * step) / (losses.length - 1);
  const y = (/** @type {number} */ loss) => {
    const power = clamp(Math.log10(Math.max(loss, 1e-300)), low, high);
    return top + ((height - top - bottom) * (high - power)) / (high - low);
  };
  const label = (/** @type {string} */ words, at, /** @type {string} */ anchor) =>
    make("text", { ...at, "text-anchor": anchor, class: "ds-label" }, words);
  const parts = [];
  for (let power = low; power <= high; power += 4) {
    const at = y(10 ** power);
    const words = power === 0 ? "1" : `1e${String(power).replace("-", "\u2212")}`;
    parts.push(make("line", { x1: left, x2: width - right, y1: at, y2: at, class: "ds-grid" }));
    parts.push(label(words, { x: left - 6, y: at + 4 }, "end"));
  }
  for (let step = 0; step < losses.length; step += 10) {
    parts.push(label(String(step), { x: x(step), y: height - bottom + 16 }, "middle"));
  }
  parts.push(label("step", { x: (left + width) / 2, y: height - 4 }, "middle"));
  const places = losses.map((loss, step) => [x(step), y(loss)]);
  return [...parts, ...drawWalk(places, 2)];
}

/** A drawing of the size of `view` under its title: { svg, box }. */
function makePart(
  /** @type {string} */ title,
  /** @type {{ width: number, height: number }} */ view,
) {
  const box = `0 0 ${view.width} ${view.height}`;
  const svg = make("svg", { viewBox: box, class: "ds-view", role: "img" });
  const words = make("p", { class: "lf-title" }, title);
  return { svg, box: make("div", { class: "ds-part" }, words, svg) };
}

function render({ model, el }) {
  const rate = slider("Learning rate", [0.002, 0.16, 0.002], (value) =>
    save(model, { rate: value }),
  );
  const momentum = slider("Momentum", [0, 0.98, 0.02], (value) => save(model, { momentum: value }));
  const above = makePart("The valley, seen from above", VIEW);
  const chart = makePart("Loss after each step", CHART);
  const sentence = make("p", { class: "ds-sentence", role: "status" });
  const root = make(
    "div",
    { class: "lf ds" },
    make("div", { class: "ds-controls" }, rate.box, momentum.box),
    sentence,
    make("div", { class: "ds-stage" }, above.box, chart.box),
  );
  el.append(root);

  function show() {
    const [eta, mu, steps] = ["rate", "momentum", "steps"].map((name) => model.get(name));
    const curvatures = model.get("curvatures");
    rate.field.value = eta;
    momentum.field.value = mu;
    rate.reading.textContent = eta.toFixed(3);
    momentum.reading.textContent = mu.toFixed(2);
    const { points, losses } = descend(model.get("start"), curvatures, eta, mu, steps);
    above.svg.replaceChildren(...drawValley(points, curvatures));
    chart.svg.replaceChildren(...drawLosses(losses));
    const saying = SAYINGS[verdict(losses, eta, curvatures, mu)];
    const [begin, end] = [losses[0], losses.at(-1)].map(lossText);
    const taken = losses.length - 1;
    sentence.textContent = `${saying} After ${taken} steps the loss is ${end}; it began at ${begin}.`;
    above.svg.setAttribute("aria-label", `Path of ${taken} steps in the valley. ${saying}`);
    const words = `Loss after each step, from ${begin} to ${end}, on a logarithmic axis.`;
    chart.svg.setAttribute("aria-label", words);
  }

  const unwatch = watch(model, ["rate", "momentum", "steps", "start", "curvatures"], show);
  show();
  return () => {
    unwatch();
    root.remove();
  };
}

export default { render };
