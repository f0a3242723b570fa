// The figure "fluctuation explorer": the derivatives at one pixel while the picture changes.
//
// One ES module in anywidget's format. The network is not here: derivatives and maps come with the
// page. The computing functions come first and are exported; `render` draws.

import { button, make, showFrame, slider, speaker } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { decode } from "../figures/numbers.mjs";

const CHART = { width: 560, height: 230, left: 76, right: 20, top: 12, bottom: 40 };
const CHANNELS = ["red", "green", "blue"];

/** Where derivatives change their sign: the places of the first numbers with the new sign. */
export function signChanges(values) {
  return values.flatMap((value, i) => (i > 0 && value * values[i - 1] < 0 ? [i] : []));
}

/** A number for reading, with its sign. */
function text(value) {
  const shown = Math.abs(value).toFixed(3);
  return Number(shown) === 0 ? shown : `${value < 0 ? "\u2212" : "+"}${shown}`;
}

function render({ model, el }) {
  const way = model.get("way");
  const last = way.points - 1;
  const flat = decode(way.derivatives, way.step);
  const curves = CHANNELS.map((_, c) => Array.from({ length: way.points }, (_, i) => flat[3 * i + c]));
  const changes = curves.flatMap(signChanges).sort((a, b) => a - b);
  const most = Math.max(...flat.map(Math.abs));
  const put = (at) => save(model, { at: Math.max(0, Math.min(last, at)) });

  // ---------------------------------------------------------------- parts
  const time = slider("t", [0, last], put);
  const next = button("Next change of a sign", () =>
    put(changes.find((place) => place > model.get("at")) ?? changes[0]),
  );
  const chart = make("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, class: "fl-chart", role: "img" });
  const x = (i) => CHART.left + ((CHART.width - CHART.left - CHART.right) * i) / last;
  const y = (value) => CHART.top + ((CHART.height - CHART.top - CHART.bottom) * (most - value)) / (2 * most);
  const label = (words, left, top, anchor) =>
    make("text", { x: left, y: top, "text-anchor": anchor, class: "fl-label" }, words);
  for (const value of [most, 0, -most]) {
    chart.append(
      make("line", { x1: x(0), x2: x(last), y1: y(value), y2: y(value), class: value ? "fl-grid" : "fl-zero" }),
      label(value ? text(value) : "0", CHART.left - 6, y(value) + 4, "end"),
    );
  }
  for (let i = 0; i <= last; i += last / 5) {
    chart.append(label((i / last).toFixed(1), x(i), CHART.height - CHART.bottom + 16, "middle"));
  }
  chart.append(label("t", (x(0) + x(last)) / 2, CHART.height - 4, "middle"));
  curves.forEach((values, c) =>
    chart.append(
      make("polyline", {
        points: values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" "),
        class: `fl-curve fl-${CHANNELS[c]}`,
      }),
    ),
  );
  const mark = make("line", { y1: CHART.top, y2: CHART.height - CHART.bottom, class: "fl-mark" });
  const dots = CHANNELS.map((name) => make("circle", { r: 5, class: `fl-dot fl-${name}` }));
  chart.append(mark, ...dots);
  const values = CHANNELS.map(() => make("span", { class: "lf-value fl-value" }));
  const key = make(
    "p",
    { class: "lf-small fl-key" },
    ...CHANNELS.map((name, c) => {
      const line = make("svg", { viewBox: "0 0 36 8", class: "fl-sample", "aria-hidden": "true" });
      line.append(make("line", { x1: 0, x2: 36, y1: 4, y2: 4, class: `fl-curve fl-${name}` }));
      return make("span", { class: "fl-channel" }, line, ` ${name} `, values[c]);
    }),
  );

  const place = (element, [top, left, height, width], side) => {
    element.style.top = `${(100 * top) / side}%`;
    element.style.left = `${(100 * left) / side}%`;
    element.style.height = `${(100 * height) / side}%`;
    element.style.width = `${(100 * width) / side}%`;
    return element;
  };
  const [row, column] = way.pixel;
  const [top, left, size] = way.window;
  const picture = make(
    "div",
    { class: "lf-picture fl-picture", role: "img" },
    place(make("span", { class: "fl-window" }), [top, left, size, size], way.side),
    place(make("span", { class: "fl-pixel" }), [row, column, 1, 1], way.side),
  );
  const map = make(
    "div",
    { class: "lf-picture fl-picture fl-map", role: "img" },
    place(make("span", { class: "fl-pixel" }), [row - top, column - left, 1, 1], size),
  );
  const sentence = make("p", { class: "lf-sentence" });
  const voice = speaker();
  const title = (words) => make("p", { class: "lf-title" }, words);
  const root = make(
    "div",
    { class: "lf fl", role: "group", "aria-label": "The derivatives at one pixel" },
    make(
      "div",
      { class: "lf-controls" },
      time.box,
      next,
    ),
    title("Derivative of the score by the pixel's"),
    key,
    chart,
    make(
      "div",
      { class: "lf-stage" },
      make("div", { class: "lf-part" }, title("The picture at t"), picture),
      make("div", { class: "lf-part" }, title("Saliency in the frame"), map),
      make("div", { class: "lf-part fl-words" }, sentence),
    ),
    voice.line,
  );
  el.append(root);

  // ---------------------------------------------------------------- showing
  function show() {
    const at = model.get("at");
    const t = (at / last).toFixed(2);
    const now = curves.map((curve) => curve[at]);
    const largest = Math.max(...now.map(Math.abs));
    const count = changes.filter((change) => change <= at).length;
    time.field.value = at;
    time.field.setAttribute("aria-valuetext", `t ${t}`);
    time.shown.textContent = t;
    mark.setAttribute("x1", x(at));
    mark.setAttribute("x2", x(at));
    now.forEach((value, c) => {
      values[c].textContent = text(value);
      dots[c].setAttribute("cx", x(at));
      dots[c].setAttribute("cy", y(value));
    });
    showFrame(picture, way.pictures, Math.round((at / last) * (way.frames - 1)), way.frames);
    showFrame(map, way.maps, at, way.points);
    picture.setAttribute("aria-label", `The picture (${way.label}) with ${t} of the noise`);
    map.setAttribute("aria-label", `Saliency around the pixel, whose own is ${largest.toFixed(3)}`);
    chart.setAttribute(
      "aria-label",
      `Three curves against t, from ${text(-most)} to ${text(most)}, with ${changes.length} changes of a sign. At t ${t}: ${CHANNELS.map((name, c) => `${name} ${text(now[c])}`).join(", ")}.`,
    );
    sentence.textContent = `The framed pixel has the saliency ${largest.toFixed(3)} here; at t = 0 it was ${Math.max(...curves.map((curve) => Math.abs(curve[0]))).toFixed(3)}. Up to here, the three derivatives have changed their sign ${count} of ${changes.length} times.`;
    voice.say(`t ${t}: ${CHANNELS.map((name, c) => `${name} ${text(now[c])}`).join(", ")}; ${count} changes of a sign so far.`);
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
