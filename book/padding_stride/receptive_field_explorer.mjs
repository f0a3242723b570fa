// The figure "receptive field explorer": which units and pixels a unit sees, layer by layer.
//
// An ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes.

import { choice, make, numberOptions, select, speaker } from "../figures/elements.mjs";
import { moveFor, onceAFrame, watch } from "../figures/model.mjs";
import { clamp } from "../figures/numbers.mjs";
import { drawLayers } from "./receptive_field_explorer_drawing.mjs";
import { centerOf, fields, seen, unitCounts } from "./receptive_field_explorer_math.mjs";
import { numbersOf, refusal, sightOf } from "./receptive_field_explorer_words.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */

const MOST_LAYERS = 5;
const FIELDS = [
  { at: 0, name: "Kernel", low: 1, high: 7 },
  { at: 1, name: "Stride", low: 1, high: 4 },
  { at: 2, name: "Padding", low: 0, high: 3 },
];
const KEY =
  "Filled: seen by the chosen unit. Dashed: padding. " +
  "Bars: on how many paths each pixel reaches the unit.";

/** The layers that have units, the unit that is chosen of them, and what it sees. */
function locate(/** @type {Model} */ model) {
  /** @type {number[][]} */
  const layers = model.get("layers");
  const counts = unitCounts(model.get("pixels"), layers);
  const layer = Math.min(model.get("layer"), counts.length - 1);
  const unit = Math.min(model.get("unit"), counts[layer] - 1);
  return { layers, counts, layer, unit, ranges: seen(layers, layer, unit) };
}

/** The layer that three of the lists change: the chosen one, or the first above the input. */
const edited = (/** @type {Model} */ model) =>
  clamp(model.get("layer"), 1, model.get("layers").length);

/** The lists that change the network: { boxes, show }. */
function makeControls(/** @type {Model} */ model, put) {
  const presets = model.get("presets");
  const middleOf = (/** @type {number[][]} */ layers) =>
    Math.floor((unitCounts(model.get("pixels"), layers).at(-1) - 1) / 2);
  const putLayers = (/** @type {number[][]} */ layers) =>
    put({ layers, layer: layers.length, unit: middleOf(layers) });
  const names = presets.map(({ name }) => [name]);
  const preset = select([...names, ["your own"]], (chosen) => {
    const known = presets.find(({ name }) => name === chosen);
    if (known) putLayers(known.layers);
  });
  const pixels = select(numberOptions(5, 31), (count) => put({ pixels: Number(count) }));
  const depth = select(numberOptions(1, MOST_LAYERS), (count) => {
    const layers = model.get("layers").slice(0, Number(count));
    while (layers.length < Number(count)) layers.push([3, 1, 0]);
    putLayers(layers);
  });
  const legend = make("span", { class: "rf-legend" });
  const edit = (/** @type {number} */ at, /** @type {number} */ value) => {
    const layers = model.get("layers").map((/** @type {number[]} */ layer) => [...layer]);
    layers[edited(model) - 1][at] = value;
    put({ layers });
  };
  const fieldsOf = FIELDS.map(({ at, low, high }) =>
    select(numberOptions(low, high), (value) => edit(at, Number(value))),
  );
  const lists = [choice("Network", preset), choice("Pixels", pixels), choice("Layers", depth)];
  const editors = FIELDS.map(({ name }, i) => choice(name, fieldsOf[i]));
  const boxes = [
    make("div", { class: "lf-controls" }, ...lists),
    make("div", { class: "lf-controls" }, legend, ...editors),
  ];
  const show = (/** @type {Now} */ { layers }) => {
    const same = ({ layers: known }) => JSON.stringify(known) === JSON.stringify(layers);
    preset.value = presets.find(same)?.name ?? "your own";
    pixels.value = model.get("pixels");
    depth.value = String(layers.length);
    legend.textContent = `Layer ${edited(model)}:`;
    FIELDS.forEach(({ at }, i) => {
      fieldsOf[i].value = String(layers[edited(model) - 1][at]);
    });
  };
  return { boxes, show };
}

/** Where a key leads from the chosen unit, as [layer, unit]. */
function placeFor(
  /** @type {KeyboardEvent} */ event,
  /** @type {Now} */ { layers, counts, layer, unit },
) {
  const all = fields(layers);
  /** The unit of another layer whose field lies nearest to that of the chosen one. */
  const nearest = (/** @type {number} */ other) => {
    if (!counts[other]) return [layer, unit];
    const distance = centerOf(all[layer], unit) - centerOf(all[other], 0);
    return [other, Math.round(distance / all[other].jump)];
  };
  return moveFor(event, {
    ArrowLeft: [layer, unit - 1],
    ArrowRight: [layer, unit + 1],
    Home: [layer, 0],
    End: [layer, counts[layer] - 1],
    ArrowUp: nearest(layer + 1),
    ArrowDown: nearest(layer - 1),
  });
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const controls = makeControls(model, put);
  const refused = make("p", { class: "lf-refusal", role: "alert" });
  const [words, numbers] = [make("p", { class: "rf-words" }), make("p", { class: "rf-numbers" })];
  const voice = speaker();
  const board = make("div", {
    class: "rf-board",
    role: "application",
    tabindex: "0",
    "aria-label": "Layers of units. Left and right choose a unit, up and down a layer.",
    "data-lm-suppress-shortcuts": "true",
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const [layer, unit] = placeFor(event, locate(model)) ?? [];
      if (layer !== undefined) choose(layer, unit);
    },
  });
  const root = make(
    "div",
    { class: "lf lf-bounded rf", role: "group", "aria-label": "Receptive field explorer" },
    ...[...controls.boxes, refused, board, numbers, words],
    make("p", { class: "lf-small" }, KEY),
    voice.line,
  );
  el.append(root);

  function choose(/** @type {number} */ layer, /** @type {number} */ unit) {
    put({ layer, unit: clamp(unit, 0, locate(model).counts[layer] - 1) });
  }

  function show() {
    const now = locate(model);
    controls.show(now);
    refused.textContent = refusal(model.get("pixels"), now.layers);
    const view = drawLayers(now, (layer, unit) => {
      choose(layer, unit);
      board.focus();
    });
    board.replaceChildren(view);
    numbers.textContent = numbersOf(now);
    words.textContent = sightOf(now);
    voice.say(`${words.textContent} ${numbers.textContent}.`);
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
