// The figure "receptive field explorer": which units and pixels a unit sees, layer by layer.
//
// One ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes. Everything is one axis: a
// layer is [kernel, stride, padding], layer 0 is the input. The computing functions come first
// and are exported; `render` draws.

import { choice, make, numberOptions, select, speaker } from "../figures/elements.mjs";
import { moveFor, onceAFrame, watch } from "../figures/model.mjs";
import { positions } from "../figures/numbers.mjs";

const ROW = 58; // pixels from one layer to the next
const MOST_LAYERS = 5;
const FIELDS = [
  { at: 0, name: "Kernel", low: 1, high: 7 },
  { at: 1, name: "Stride", low: 1, high: 4 },
  { at: 2, name: "Padding", low: 0, high: 3 },
];

/** How many units a layer has over so many units below it. */
export function units(below, [kernel, stride, padding]) {
  return positions(below, kernel, stride, padding);
}

/** The number of units of the input and of every layer, up to the last one that has any. */
export function unitCounts(pixels, layers) {
  const counts = [pixels];
  for (const layer of layers) {
    const count = units(counts.at(-1), layer);
    if (!count) break;
    counts.push(count);
  }
  return counts;
}

/** Size, jump and start of the receptive fields of every layer; layer 0 is the input. */
export function fields(layers) {
  const found = [{ size: 1, jump: 1, start: 0 }];
  for (const [kernel, stride, padding] of layers) {
    const { size, jump, start } = found.at(-1);
    found.push({ size: size + (kernel - 1) * jump, jump: jump * stride, start: start - padding * jump });
  }
  return found;
}

/** First and last unit that a unit sees, in its own layer and in every layer below; index 0 is the input. */
export function seen(layers, layer, unit) {
  const ranges = Array(layer + 1);
  ranges[layer] = [unit, unit];
  for (let at = layer; at > 0; at--) {
    const [kernel, stride, padding] = layers[at - 1];
    const [first, last] = ranges[at];
    ranges[at - 1] = [first * stride - padding, last * stride - padding + kernel - 1];
  }
  return ranges;
}

/**
 * On how many paths each pixel of the field reaches the unit. A path goes through real units only:
 * what lies in the padding is zero, whatever the pixels are.
 */
export function paths(pixels, layers, layer, unit) {
  const counts = unitCounts(pixels, layers);
  const ranges = seen(layers, layer, unit);
  let reached = [1];
  for (let at = layer; at > 0; at--) {
    const [kernel, stride] = layers[at - 1];
    const below = Array((reached.length - 1) * stride + kernel).fill(0);
    reached.forEach((count, i) => {
      for (let a = 0; a < kernel; a++) below[i * stride + a] += count;
    });
    const first = ranges[at - 1][0];
    reached = below.map((count, i) => (first + i >= 0 && first + i < counts[at - 1] ? count : 0));
  }
  return reached;
}

/** Why a layer has no unit, in words; empty if every layer has one. */
export function refusal(pixels, layers) {
  const counts = unitCounts(pixels, layers);
  if (counts.length > layers.length) return "";
  const failed = counts.length;
  const [kernel, , padding] = layers[failed - 1];
  const room = counts.at(-1) + 2 * padding;
  const below = failed === 1 ? "the input has" : `layer ${failed - 1} has`;
  return (
    `Layer ${failed} has no unit: its window needs ${kernel} units, and ${below} only ${room}` +
    `${padding ? " with its padding" : ""}. Make its kernel smaller, its padding larger, or the strides below it smaller.`
  );
}

const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const range = ([first, last], word) =>
  (first === last ? `${word} ${first}` : `${word}s ${first} to ${last}`).replaceAll("-", "−");
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  let now = { counts: [1], layer: 0, unit: 0 };

  const presets = model.get("presets");
  const presetSelect = select([...presets.map(({ name }) => [name]), ["your own"]], (wanted) => {
    const chosen = presets.find(({ name }) => name === wanted);
    if (chosen) put({ layers: chosen.layers, layer: chosen.layers.length, unit: 0, ...middleOf(chosen.layers) });
  });
  const pixelSelect = select(numberOptions(5, 31), (count) => put({ pixels: Number(count) }));
  const depthSelect = select(numberOptions(1, MOST_LAYERS), (count) => {
    const layers = model.get("layers").slice(0, Number(count));
    while (layers.length < Number(count)) layers.push([3, 1, 0]);
    put({ layers, layer: layers.length, ...middleOf(layers) });
  });
  const editLegend = make("span", { class: "rf-legend" });
  const fieldSelects = FIELDS.map(({ at, low, high }) =>
    select(numberOptions(low, high), (value) => edit(at, Number(value))),
  );
  const board = make("div", {
    class: "rf-board",
    role: "application",
    tabindex: "0",
    "aria-label": "Layers of units. Left and right choose a unit, up and down a layer.",
    "data-lm-suppress-shortcuts": "true",
    onkeydown: moveByKey,
  });
  const refused = make("p", { class: "lf-refusal", role: "alert" });
  const words = make("p", { class: "rf-words" });
  const numbers = make("p", { class: "rf-numbers" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf lf-bounded rf", role: "group", "aria-label": "Receptive field explorer" },
    make(
      "div",
      { class: "lf-controls" },
      choice("Network", presetSelect),
      choice("Pixels", pixelSelect),
      choice("Layers", depthSelect),
    ),
    make(
      "div",
      { class: "lf-controls" },
      editLegend,
      ...FIELDS.map(({ name }, i) => choice(name, fieldSelects[i])),
    ),
    refused,
    board,
    numbers,
    words,
    make("p", { class: "lf-small" }, "Filled: seen by the chosen unit. Dashed: padding. Bars: on how many paths each pixel reaches the unit."),
    voice.line,
  );
  el.append(root);

  function middleOf(layers) {
    const counts = unitCounts(model.get("pixels"), layers);
    return { unit: Math.floor((counts.at(-1) - 1) / 2) };
  }

  function edit(at, value) {
    const layers = model.get("layers").map((layer) => [...layer]);
    layers[edited() - 1][at] = value;
    put({ layers });
  }

  /** The layer that the three selects change: the chosen one, or the first above the input. */
  const edited = () => Math.max(1, Math.min(model.get("layer"), model.get("layers").length));

  /** The unit of another layer whose field lies nearest to that of the chosen one. */
  function nearest(layer) {
    const all = fields(model.get("layers"));
    const center = ({ size, jump, start }, unit) => start + unit * jump + (size - 1) / 2;
    const unit = (center(all[now.layer], now.unit) - center(all[layer], 0)) / all[layer].jump;
    return Math.round(unit);
  }

  function moveByKey(event) {
    const { counts, layer, unit } = locate();
    const move = moveFor(event, {
      ArrowLeft: () => [layer, unit - 1],
      ArrowRight: () => [layer, unit + 1],
      Home: () => [layer, 0],
      End: () => [layer, counts[layer] - 1],
      ArrowUp: () => (layer + 1 < counts.length ? [layer + 1, nearest(layer + 1)] : [layer, unit]),
      ArrowDown: () => (layer > 0 ? [layer - 1, nearest(layer - 1)] : [layer, unit]),
    });
    if (move) choose(...move());
  }

  function choose(layer, unit) {
    put({ layer, unit: Math.max(0, Math.min(now.counts[layer] - 1, unit)) });
  }

  /** The unit that is chosen now, of those that there are. */
  function locate() {
    const counts = unitCounts(model.get("pixels"), model.get("layers"));
    const layer = Math.min(model.get("layer"), counts.length - 1);
    return (now = { counts, layer, unit: Math.min(model.get("unit"), counts[layer] - 1) });
  }

  function show() {
    const layers = model.get("layers");
    const { counts, layer, unit } = locate();
    const chosen = presets.find((preset) => same(preset.layers, layers));
    presetSelect.value = chosen ? chosen.name : "your own";
    pixelSelect.value = model.get("pixels");
    depthSelect.value = layers.length;
    editLegend.textContent = `Layer ${edited()}:`;
    FIELDS.forEach(({ at }, i) => (fieldSelects[i].value = layers[edited() - 1][at]));
    refused.textContent = refusal(model.get("pixels"), layers);
    const ranges = seen(layers, layer, unit);
    draw(layers, counts, layer, ranges);
    const { size, jump, start } = fields(layers)[layer];
    const ownName = layer ? `Unit ${unit} of layer ${layer}` : `Pixel ${unit}`;
    numbers.textContent = layer
      ? `Layer ${layer}: size ${size}, jump ${jump}, start ${start}`.replaceAll("-", "−")
      : "The input: size 1, jump 1, start 0";
    const parts = ranges.slice(1, layer).map((one, at) => `${range(one, "unit")} of layer ${at + 1}`).reverse();
    const [first, last] = ranges[0];
    const outside = Math.max(0, Math.min(last + 1, 0) - first) + Math.max(0, last - Math.max(first, counts[0]) + 1);
    const padded = outside ? `, ${outside} of them beyond the border, where there are zeros` : "";
    words.textContent = layer
      ? `${ownName} sees ${[...parts, range(ranges[0], "pixel")].join(", ")}: ${plural(size, "pixel")}${padded}.`
      : `${ownName} of the input. Choose a unit of a layer above it.`;
    voice.say(`${words.textContent} ${numbers.textContent}.`);
  }

  function draw(layers, counts, layer, ranges) {
    const all = fields(layers);
    const center = (at, unit) => all[at].start + unit * all[at].jump + (all[at].size - 1) / 2;
    // Everything in sight: all units, and what the chosen one sees beyond the border.
    let [low, high] = [-0.5, counts[0] - 0.5];
    ranges.forEach(([first, last], at) => {
      low = Math.min(low, center(at, first) - 0.5);
      high = Math.max(high, center(at, last) + 0.5);
    });
    const x = (place) => `${((100 * (place - low)) / (high - low)).toFixed(3)}%`;
    const y = (at) => (counts.length - 1 - at) * ROW + 34;
    const lines = [];
    const marks = [];
    const labels = [];
    counts.forEach((count, at) => {
      const [first, last] = ranges[at] ?? [0, -1];
      labels.push(
        make("text", { x: 0, y: y(at) - 16, class: "rf-label" }, at ? `layer ${at}: ${plural(count, "unit")}` : `input: ${plural(count, "pixel")}`),
      );
      for (let unit = Math.min(0, first); unit < Math.max(count, last + 1); unit++) {
        const outside = unit < 0 || unit >= count;
        const isSeen = unit >= first && unit <= last;
        if (outside && !isSeen) continue;
        const own = at === layer && isSeen;
        marks.push(
          make("circle", {
            cx: x(center(at, unit)),
            cy: y(at),
            r: own ? 7 : 4.5,
            class: `rf-unit${isSeen ? " rf-seen" : ""}${own ? " rf-own" : ""}${outside ? " rf-outside" : ""}`,
            "data-layer": at,
            "data-unit": unit,
          }),
        );
        if (!isSeen || at === 0 || outside) continue;
        const [kernel, stride, padding] = layers[at - 1];
        for (let a = 0; a < kernel; a++) {
          const below = unit * stride - padding + a;
          lines.push(
            make("line", {
              x1: x(center(at, unit)),
              y1: y(at),
              x2: x(center(at - 1, below)),
              y2: y(at - 1),
              class: "rf-line",
            }),
          );
        }
      }
    });
    const many = paths(counts[0], layers, layer, ranges[layer][0]);
    const tallest = Math.max(...many);
    const width = 70 / (high - low);
    many.forEach((count, i) => {
      if (!count) return;
      const place = ranges[0][0] + i;
      const tall = (36 * count) / tallest;
      marks.push(
        make("rect", {
          x: x(place - 0.35),
          y: y(0) + 12,
          width: `${width.toFixed(3)}%`,
          height: tall.toFixed(2),
          class: "rf-bar",
          "data-paths": count,
        }),
      );
    });
    const height = y(0) + 12 + 36 + 18;
    labels.push(make("text", { x: 0, y: height - 4, class: "rf-label" }, `paths to the unit: at most ${tallest.toLocaleString("en")}`));
    const view = make("svg", { width: "100%", height, "aria-hidden": "true" }, ...lines, ...marks, ...labels);
    view.addEventListener("click", (event) => {
      const box = view.getBoundingClientRect();
      const at = Math.max(0, Math.min(counts.length - 1, counts.length - 1 - Math.round((event.clientY - box.top - 34) / ROW)));
      const place = low + ((event.clientX - box.left) / box.width) * (high - low);
      choose(at, Math.round((place - center(at, 0)) / all[at].jump));
      board.focus();
    });
    board.replaceChildren(view);
  }

  const unwatch = watch(model, ["pixels", "layers", "layer", "unit"], schedule);
  show();

  return () => {
    unwatch();
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
