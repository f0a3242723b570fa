// The figure "fluctuation explorer": the derivatives at one pixel while the picture changes.
//
// An ES module in anywidget's format. The network is not here: derivatives and maps come with the
// page.

import { button, cover, make, showFrame, slider, speaker } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { clamp, decode } from "../figures/numbers.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof unpack>} Way the derivatives on the way from t = 0 to t = 1 */

const CHART = { width: 560, height: 230, left: 76, right: 20, top: 12, bottom: 40 };
const CHANNELS = ["red", "green", "blue"];

/** Where derivatives change their sign: the places of the first numbers with the new sign. */
export function signChanges(/** @type {number[]} */ values) {
  return values.flatMap((value, i) => (i > 0 && value * values[i - 1] < 0 ? [i] : []));
}

/** A number for reading, with its sign. */
function text(/** @type {number} */ value) {
  const digits = Math.abs(value).toFixed(3);
  return Number(digits) === 0 ? digits : `${value < 0 ? "\u2212" : "+"}${digits}`;
}

/** The derivatives by each channel, where they change their sign, and the largest of them. */
function unpack(/** @type {Model} */ model) {
  const way = model.get("way");
  const flat = decode(way.derivatives, way.step);
  const curves = CHANNELS.map((_, c) =>
    Array.from({ length: way.points }, (_, i) => flat[3 * i + c]),
  );
  const changes = curves.flatMap(signChanges).sort((a, b) => a - b);
  return { ...way, last: way.points - 1, curves, changes, most: Math.max(...flat.map(Math.abs)) };
}

/** Where a place and a value are drawn: { x, y }. */
function axes(/** @type {Way} */ { last, most }) {
  const { width, height, left, right, top, bottom } = CHART;
  const x = (/** @type {number} */ i) => left + ((width - left - right) * i) / last;
  const y = (/** @type {number} */ value) =>
    top + ((height - top - bottom) * (most - value)) / (2 * most);
  return { x, y };
}

/** The lines, labels and curves of the chart, which stay as they are. */
function drawCurves(/** @type {Way} */ way) {
  const { x, y } = axes(way);
  const { last, most } = way;
  const label = (/** @type {string} */ words, at, /** @type {string} */ anchor) =>
    make("text", { ...at, "text-anchor": anchor, class: "fl-label" }, words);
  const lines = [most, 0, -most].flatMap((value) => {
    const ends = { x1: x(0), x2: x(last), y1: y(value), y2: y(value) };
    const words = value ? text(value) : "0";
    return [
      make("line", { ...ends, class: value ? "fl-grid" : "fl-zero" }),
      label(words, { x: CHART.left - 6, y: y(value) + 4 }, "end"),
    ];
  });
  const ticks = [0, 1, 2, 3, 4, 5].map((fifth) => {
    const at = { x: x((fifth * last) / 5), y: CHART.height - CHART.bottom + 16 };
    return label((fifth / 5).toFixed(1), at, "middle");
  });
  const name = label("t", { x: (x(0) + x(last)) / 2, y: CHART.height - 4 }, "middle");
  const curves = way.curves.map((/** @type {number[]} */ values, /** @type {number} */ c) => {
    const points = values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`);
    return make("polyline", { points: points.join(" "), class: `fl-curve fl-${CHANNELS[c]}` });
  });
  return [...lines, ...ticks, name, ...curves];
}

/** The chart, its marks and its key: { svg, key, show }. */
function makeChart(/** @type {Way} */ way) {
  const { x, y } = axes(way);
  const box = `0 0 ${CHART.width} ${CHART.height}`;
  const ends = { y1: CHART.top, y2: CHART.height - CHART.bottom };
  const mark = make("line", { ...ends, class: "fl-mark" });
  const dots = CHANNELS.map((name) => make("circle", { r: 5, class: `fl-dot fl-${name}` }));
  const parts = [...drawCurves(way), mark, ...dots];
  const svg = make("svg", { viewBox: box, class: "fl-chart", role: "img" }, ...parts);
  const values = CHANNELS.map(() => make("span", { class: "lf-value fl-value" }));
  const samples = CHANNELS.map((name, c) => {
    const line = make("line", { x1: 0, x2: 36, y1: 4, y2: 4, class: `fl-curve fl-${name}` });
    const look = { viewBox: "0 0 36 8", class: "fl-sample", "aria-hidden": "true" };
    return make("span", { class: "fl-channel" }, make("svg", look, line), ` ${name} `, values[c]);
  });
  const key = make("p", { class: "lf-small fl-key" }, ...samples);
  const show = (/** @type {number} */ at, /** @type {string} */ t) => {
    mark.setAttribute("x1", String(x(at)));
    mark.setAttribute("x2", String(x(at)));
    way.curves.forEach((/** @type {number[]} */ curve, /** @type {number} */ c) => {
      values[c].textContent = text(curve[at]);
      dots[c].setAttribute("cx", String(x(at)));
      dots[c].setAttribute("cy", String(y(curve[at])));
    });
    const range = `from ${text(-way.most)} to ${text(way.most)}`;
    const words = `Three curves against t, ${range}, with ${way.changes.length} changes of a sign.`;
    svg.setAttribute("aria-label", `${words} At t ${t}: ${valuesText(way, at)}.`);
  };
  return { svg, key, show };
}

/** The three derivatives at a place, in words. */
function valuesText(/** @type {Way} */ { curves }, /** @type {number} */ at) {
  return CHANNELS.map((name, c) => `${name} ${text(curves[c][at])}`).join(", ");
}

const title = (/** @type {string} */ words) => make("p", { class: "lf-title" }, words);

/** The picture with its frame, and the saliency in the frame: { boxes, show }. */
function makePictures(/** @type {Way} */ way) {
  const { side } = way;
  const [row, column] = way.pixel;
  const [top, left, size] = way.window;
  const [frame, inPicture, inMap] = ["fl-window", "fl-pixel", "fl-pixel"].map((name) =>
    make("span", { class: name }),
  );
  cover(frame, top / side, left / side, size / side);
  cover(inPicture, row / side, column / side, 1 / side);
  cover(inMap, (row - top) / size, (column - left) / size, 1 / size);
  const picture = make("div", { class: "lf-picture fl-picture", role: "img" }, frame, inPicture);
  const map = make("div", { class: "lf-picture fl-picture fl-map", role: "img" }, inMap);
  const boxes = [
    make("div", { class: "lf-part" }, title("The picture at t"), picture),
    make("div", { class: "lf-part" }, title("Saliency in the frame"), map),
  ];
  const show = (
    /** @type {number} */ at,
    /** @type {string} */ t,
    /** @type {string} */ largest,
  ) => {
    const frameAt = Math.round((at / way.last) * (way.frames - 1));
    showFrame(picture, way.pictures, frameAt, way.frames);
    showFrame(map, way.maps, at, way.points);
    picture.setAttribute("aria-label", `The picture (${way.label}) with ${t} of the noise`);
    map.setAttribute("aria-label", `Saliency around the pixel, whose own is ${largest}`);
  };
  return { boxes, show };
}

function render({ model, el }) {
  const way = unpack(model);
  const { last, curves, changes } = way;
  const put = (/** @type {number} */ at) => save(model, { at: clamp(at, 0, last) });
  const time = slider("t", [0, last], put);
  const next = button("Next change of a sign", () => {
    const later = changes.find((/** @type {number} */ place) => place > model.get("at"));
    put(later ?? changes[0]);
  });
  const [chart, pictures] = [makeChart(way), makePictures(way)];
  const sentence = make("p", { class: "lf-sentence" });
  const voice = speaker();
  const words = make("div", { class: "lf-part fl-words" }, sentence);
  const root = make(
    "div",
    { class: "lf fl", role: "group", "aria-label": "The derivatives at one pixel" },
    make("div", { class: "lf-controls" }, time.box, next),
    title("Derivative of the score by the pixel's"),
    chart.key,
    chart.svg,
    make("div", { class: "lf-stage" }, ...pictures.boxes, words),
    voice.line,
  );
  el.append(root);

  function show() {
    const at = model.get("at");
    const t = (at / last).toFixed(2);
    const largestAt = (/** @type {number} */ place) =>
      Math.max(...curves.map((curve) => Math.abs(curve[place]))).toFixed(3);
    const largest = largestAt(at);
    const count = changes.filter((/** @type {number} */ change) => change <= at).length;
    time.field.value = at;
    time.field.setAttribute("aria-valuetext", `t ${t}`);
    time.reading.textContent = t;
    chart.show(at, t);
    pictures.show(at, t, largest);
    const saliency = `${largest} here; at t = 0 it was ${largestAt(0)}`;
    const signs = `the three derivatives have changed their sign ${count} of ${changes.length} times`;
    sentence.textContent = `The framed pixel has the saliency ${saliency}. Up to here, ${signs}.`;
    voice.say(`t ${t}: ${valuesText(way, at)}; ${count} changes of a sign so far.`);
  }

  const unwatch = watch(model, ["at"], show);
  show();
  return () => {
    unwatch();
    voice.stop();
    root.remove();
  };
}

export default { render };
