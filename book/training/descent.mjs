// The figure "descent": gradient descent with momentum in a valley.
//
// One ES module in anywidget's format. The computing functions come first and are exported;
// `render` draws. Points, gradients and velocities are arrays of numbers.

import { make, slider } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";

const VIEW = { width: 420, height: 210, x: 10.5, y: 2.6 };
const CHART = { width: 420, height: 210, left: 46, bottom: 34, top: 10, right: 10, low: -8, high: 4 };

/** One step: v becomes momentum * v + g, then p becomes p - rate * v. */
export function sgdStep(point, gradient, velocity, rate, momentum) {
  const faster = velocity.map((v, i) => momentum * v + gradient[i]);
  return { point: point.map((p, i) => p - rate * faster[i]), velocity: faster };
}

/** The loss in the valley: half the sum of curvature times coordinate squared. */
export function valley(point, curvatures) {
  return point.reduce((sum, p, i) => sum + (curvatures[i] * p * p) / 2, 0);
}

/** Walk from `start`; returns all points and their losses, the start included. */
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

/** The largest rate that does not fly away, for the steepest curvature: 2 (1 + momentum) / a. */
export function largestRate(curvatures, momentum) {
  return (2 * (1 + momentum)) / Math.max(...curvatures);
}

/** What became of the walk, as a word: "flies away", "arrives", "crawls" or "on its way". */
export function verdict(losses, rate, curvatures, momentum) {
  if (rate >= largestRate(curvatures, momentum) * (1 - 1e-9)) return "flies away";
  const left = losses.at(-1) / losses[0];
  return left < 0.01 ? "arrives" : left > 0.1 ? "crawls" : "on its way";
}

const SAYINGS = {
  "flies away": "It flies away: each step across the valley lands at least as high on the other side.",
  arrives: "It arrives: less than a hundredth of the loss is left.",
  crawls: "It crawls: more than a tenth of the loss is left.",
  "on its way": "It is on its way.",
};

const lossText = (loss) => loss.toPrecision(2).replace(/e\+?(-?)(\d+)/, (_, sign, digits) => ` · 10^${sign ? "\u2212" : ""}${digits}`);

function render({ model, el }) {
  const root = make("div", { class: "lf ds" });
  const rate = slider("Learning rate", [0.002, 0.16, 0.002], (value) => save(model, { rate: value }));
  const momentum = slider("Momentum", [0, 0.98, 0.02], (value) => save(model, { momentum: value }));
  const seen = make("svg", { viewBox: `0 0 ${VIEW.width} ${VIEW.height}`, class: "ds-view", role: "img" });
  const chart = make("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, class: "ds-view", role: "img" });
  const sentence = make("p", { class: "ds-sentence", role: "status" });
  const part = (title, picture) =>
    make("div", { class: "ds-part" }, make("p", { class: "lf-title" }, title), picture);
  root.append(
    make("div", { class: "ds-controls" }, rate.box, momentum.box),
    sentence,
    make(
      "div",
      { class: "ds-stage" },
      part("The valley, seen from above", seen),
      part("Loss after each step", chart),
    ),
  );
  el.append(root);

  /** Draw a walk: a line, a mark for each step, a ring around the first. */
  function walk(picture, places, small) {
    const path = places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
    picture.append(make("polyline", { points: path, class: "ds-path" }));
    for (const [x, y] of places) {
      picture.append(make("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: small, class: "ds-dot" }));
    }
    const [x, y] = places[0];
    picture.append(make("circle", { cx: x, cy: y, r: 6, class: "ds-ring" }));
  }

  function drawValley(points, curvatures) {
    seen.replaceChildren();
    const [cx, cy] = [VIEW.width / 2, VIEW.height / 2];
    const [ux, uy] = [cx / VIEW.x, cy / VIEW.y];
    for (const loss of [2, 8, 18, 32, 50, 72]) {
      const [rx, ry] = curvatures.map((a) => Math.sqrt((2 * loss) / a));
      seen.append(make("ellipse", { cx, cy, rx: rx * ux, ry: ry * uy, class: "ds-contour" }));
    }
    seen.append(make("path", { d: `M${cx - 6} ${cy}h12M${cx} ${cy - 6}v12`, class: "ds-cross" }));
    const far = 50; // beyond the picture: drawn at its edge, so that numbers stay small
    const clip = (value, room) => Math.max(-far * room, Math.min(far * room, value));
    walk(seen, points.map(([x, y]) => [cx + clip(x, VIEW.x) * ux, cy - clip(y, VIEW.y) * uy]), 2.2);
  }

  function drawLosses(losses) {
    chart.replaceChildren();
    const { width, height, left, bottom, top, right, low, high } = CHART;
    const x = (step) => left + ((width - left - right) * step) / (losses.length - 1);
    const y = (loss) => {
      const power = Math.log10(Math.max(loss, 1e-300));
      const inside = Math.max(low, Math.min(high, power));
      return top + ((height - top - bottom) * (high - inside)) / (high - low);
    };
    for (let power = low; power <= high; power += 4) {
      const at = y(10 ** power);
      chart.append(make("line", { x1: left, x2: width - right, y1: at, y2: at, class: "ds-grid" }));
      const label = power === 0 ? "1" : `1e${String(power).replace("-", "\u2212")}`;
      chart.append(make("text", { x: left - 6, y: at + 4, "text-anchor": "end", class: "ds-label" }, label));
    }
    for (let step = 0; step < losses.length; step += 10) {
      const label = make("text", { x: x(step), y: height - bottom + 16, "text-anchor": "middle", class: "ds-label" });
      label.append(String(step));
      chart.append(label);
    }
    chart.append(
      make("text", { x: (left + width) / 2, y: height - 4, "text-anchor": "middle", class: "ds-label" }, "step"),
    );
    walk(chart, losses.map((loss, step) => [x(step), y(loss)]), 2);
  }

  function show() {
    const [eta, mu] = [model.get("rate"), model.get("momentum")];
    const curvatures = model.get("curvatures");
    rate.field.value = eta;
    momentum.field.value = mu;
    rate.shown.textContent = eta.toFixed(3);
    momentum.shown.textContent = mu.toFixed(2);
    const { points, losses } = descend(model.get("start"), curvatures, eta, mu, model.get("steps"));
    drawValley(points, curvatures);
    drawLosses(losses);
    const word = verdict(losses, eta, curvatures, mu);
    const end = lossText(losses.at(-1));
    sentence.textContent = `${SAYINGS[word]} After ${losses.length - 1} steps the loss is ${end}; it began at ${lossText(losses[0])}.`;
    seen.setAttribute("aria-label", `Path of ${points.length - 1} steps in the valley. ${SAYINGS[word]}`);
    chart.setAttribute("aria-label", `Loss after each step, from ${lossText(losses[0])} to ${end}, on a logarithmic axis.`);
  }

  const unwatch = watch(model, ["rate", "momentum", "steps", "start", "curvatures"], show);
  show();
  return () => {
    unwatch();
    root.remove();
  };
}

export default { render };
