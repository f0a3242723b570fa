// The figure "channel browser": all maps of a layer, one of them enlarged.
//
// An ES module in anywidget's format. The network is not here: the maps of a layer come with the
// page in one image, one below the other, of which the style sheet shows a part.

import {
  choice,
  make,
  offset,
  select,
  setStyle,
  showFrame,
  speaker,
} from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { fixedText, percent } from "../figures/numbers.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */

/** How many stand in a row, so that the whole is nearly square. */
export function columnsFor(/** @type {number} */ count) {
  return Math.ceil(Math.sqrt(count));
}

/**
 * Where an arrow key leads from a channel.
 *
 * @param {string} key
 * @param {number} channel
 * @param {number} count
 */
export function step(key, channel, count) {
  const columns = columnsFor(count);
  const to = {
    ArrowLeft: channel - 1,
    ArrowRight: channel + 1,
    ArrowUp: channel - columns,
    ArrowDown: channel + columns,
    Home: 0,
    End: count - 1,
  }[key];
  return to === undefined || to < 0 || to >= count ? undefined : to;
}

/** The picture, the layer and the channel that are chosen. */
function locate(/** @type {Model} */ model) {
  const [scenes, layers] = [model.get("scenes"), model.get("layers")];
  const scene = scenes.find(({ name }) => name === model.get("scene")) ?? scenes[0];
  const at = Math.max(
    0,
    layers.findIndex(({ name }) => name === model.get("layer")),
  );
  /** @type {{ maps: string, channels: number[][] }} */
  const { maps, channels } = scene.layers[at];
  const channel = Math.min(model.get("channel"), channels.length - 1);
  return { scene, layer: layers[at], maps, channels, count: channels.length, channel };
}

/** All maps of the layer; the arrow keys choose one: { box, show }. */
function makeGrid(/** @type {Model} */ model) {
  /** @type {string} of the layer that stands in the grid */
  let drawn;
  /** @type {HTMLElement[]} */
  let cells = [];
  const onkeydown = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const current = cells.findIndex((cell) => cell.tabIndex === 0);
    const to = step(event.key, current, cells.length);
    if (to === undefined && !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
    if (to === undefined) return;
    save(model, { channel: to });
    cells[to].focus();
  };
  const kind = { class: "cb-grid", role: "listbox", "aria-orientation": "horizontal", onkeydown };
  const grid = make("div", kind);
  const title = make("p", { class: "lf-title" });
  const build = (/** @type {Now} */ { maps, channels, count, layer }) => {
    setStyle(grid, { "--cb-maps": `url("${maps}")`, "--cb-columns": columnsFor(count) });
    setStyle(grid, { "--cb-size": `100% ${100 * count}%` });
    grid.setAttribute("aria-label", `Maps of ${layer.name}. Arrow keys choose one.`);
    cells = channels.map(([mean, most], channel) => {
      const cell = make("div", {
        class: "cb-cell",
        role: "option",
        "data-lm-suppress-shortcuts": "true",
        "aria-label": `channel ${channel}: mean ${fixedText(mean)}, largest ${fixedText(most)}`,
        onclick: () => save(model, { channel }),
      });
      cell.style.backgroundPosition = `0 ${offset(channel, count)}`;
      return cell;
    });
    grid.replaceChildren(...cells);
  };
  const show = (/** @type {Now} */ now) => {
    if (drawn !== now.maps) build(now);
    drawn = now.maps;
    cells.forEach((cell, i) => {
      cell.tabIndex = i === now.channel ? 0 : -1;
      cell.setAttribute("aria-selected", String(i === now.channel));
    });
    title.textContent = `All ${now.count} maps of ${now.layer.name}`;
  };
  return { box: make("div", { class: "cb-all" }, title, grid), show };
}

/** The chosen map enlarged, beside the picture and the filter that made it: { box, show }. */
function makeEnlarged() {
  const image = (/** @type {string} */ name) =>
    make("div", { class: `lf-picture ${name}`, role: "img" });
  const title = (/** @type {string} */ words) => make("p", { class: "lf-title" }, words);
  const [large, picture, filter] = [image("cb-large"), image("cb-small"), image("cb-small")];
  const none = make("p", { class: "cb-none" });
  filter.append(none);
  const name = title("");
  const beside = make(
    "div",
    { class: "cb-beside" },
    make("div", {}, title("Picture"), picture),
    make("div", {}, title("Its filter"), filter),
  );
  const box = make("div", { class: "cb-one" }, make("div", {}, name, large), beside);
  const show = (/** @type {Now} */ { scene, layer, maps, channels, count, channel }) => {
    showFrame(large, maps, channel, count);
    large.setAttribute("aria-label", `Map of channel ${channel}: ${measures(channels[channel])}`);
    picture.style.backgroundImage = `url("${scene.picture}")`;
    picture.setAttribute("aria-label", scene.label);
    name.textContent = `Channel ${channel}, ${layer.side} × ${layer.side}`;
    showFrame(filter, layer.filters, channel, count);
    if (!layer.filters) filter.style.backgroundImage = "none";
    none.textContent = layer.filters ? "" : `${layer.slices} slices: no picture`;
    const colors = `Filter ${channel}: 3 by 3 colors; gray is zero`;
    filter.setAttribute(
      "aria-label",
      layer.filters ? colors : `A filter of ${layer.slices} slices`,
    );
  };
  return { box, show };
}

function measures(/** @type {number[]} */ [mean, most, least]) {
  return `mean ${fixedText(mean)}, largest ${fixedText(most)}, smallest ${fixedText(least)}`;
}

function render({ model, el }) {
  const [scenes, layers] = [model.get("scenes"), model.get("layers")];
  const layerWords = ({ name, side }, /** @type {number} */ i) =>
    `${name}: ${scenes[0].layers[i].channels.length} maps of ${side} × ${side}`;
  const sceneField = select(
    scenes.map(({ name, label }) => [name, label]),
    (scene) => save(model, { scene }),
  );
  const layerField = select(
    layers.map((layer, /** @type {number} */ i) => [layer.name, layerWords(layer, i)]),
    (layer) => save(model, { layer }),
  );
  const [grid, enlarged] = [makeGrid(model), makeEnlarged()];
  const facts = make("p", { class: "lf-sentence cb-facts" });
  const key = make("p", { class: "lf-small" });
  const voice = speaker();
  const choices = [choice("Picture", sceneField), choice("Layer", layerField)];
  const root = make(
    "div",
    { class: "lf cb", role: "group", "aria-label": "The maps of a layer" },
    make("div", { class: "lf-controls" }, ...choices),
    make("div", { class: "cb-stage" }, grid.box, enlarged.box),
    ...[facts, key, voice.line],
  );
  el.append(root);

  function show() {
    const now = locate(model);
    const { layer, channel, channels } = now;
    sceneField.value = now.scene.name;
    layerField.value = layer.name;
    grid.show(now);
    enlarged.show(now);
    const passing = percent(channels[channel][3]);
    const words = measures(channels[channel]);
    const name = `Channel ${channel} of ${layer.name}`;
    facts.textContent = `${name}: ${words}. ReLU lets ${passing} of its places pass.`;
    key.textContent =
      "Orange + is above zero, blue \u2212 below, before ReLU; full color is " +
      `±${fixedText(layer.limit)} and beyond, for all maps of the layer.`;
    voice.say(facts.textContent);
  }

  const unwatch = watch(model, ["scene", "layer", "channel"], show);
  show();
  return () => {
    unwatch();
    voice.stop();
    root.remove();
  };
}

export default { render };
