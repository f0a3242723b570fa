// The figure "channel browser": all maps of a layer, one of them enlarged.
//
// One ES module in anywidget's format. The network is not here: the maps of a layer come with the
// page in one image, one below the other, of which the style sheet shows a part.

import { choice, make, offset, select, showFrame, speaker } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { fixedText } from "../figures/numbers.mjs";

/** How many stand in a row, so that the whole is nearly square. */
export function columnsFor(count) {
  return Math.ceil(Math.sqrt(count));
}

/** Where an arrow key leads from a channel. */
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

function render({ model, el }) {
  const scenes = model.get("scenes");
  const layers = model.get("layers");
  let drawn; // the scene and the layer whose maps stand in the grid
  let cells = [];

  // ---------------------------------------------------------------- parts
  const fields = {
    scene: select(scenes.map(({ name, label }) => [name, label]), (scene) => save(model, { scene })),
    layer: select(
      layers.map(({ name, side }, i) => [name, `${name}: ${scenes[0].layers[i].channels.length} maps of ${side} × ${side}`]),
      (layer) => save(model, { layer }),
    ),
  };
  const grid = make("div", { class: "cb-grid", role: "listbox", "aria-orientation": "horizontal", onkeydown: byKey });
  const [gridTitle, title] = [make("p", { class: "lf-title" }), make("p", { class: "lf-title" })];
  const image = (name) => make("div", { class: `lf-picture ${name}`, role: "img" });
  const [large, picture, filter] = [image("cb-large"), image("cb-small"), image("cb-small")];
  const filterTitle = make("p", { class: "lf-title" });
  const noFilter = make("p", { class: "cb-none" });
  filter.append(noFilter);
  const facts = make("p", { class: "lf-sentence cb-facts" });
  const key = make("p", { class: "lf-small" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf cb", role: "group", "aria-label": "The maps of a layer" },
    make("div", { class: "lf-controls" }, choice("Picture", fields.scene), choice("Layer", fields.layer)),
    make(
      "div",
      { class: "cb-stage" },
      make("div", { class: "cb-all" }, gridTitle, grid),
      make(
        "div",
        { class: "cb-one" },
        make("div", {}, title, large),
        make(
          "div",
          { class: "cb-beside" },
          make("div", {}, make("p", { class: "lf-title" }, "Picture"), picture),
          make("div", {}, filterTitle, filter),
        ),
      ),
    ),
    facts,
    key,
    voice.line,
  );
  el.append(root);

  // ---------------------------------------------------------------- changes
  function byKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const to = step(event.key, cells.findIndex((cell) => cell.tabIndex === 0), cells.length);
    if (to === undefined && !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
    if (to === undefined) return;
    save(model, { channel: to });
    cells[to].focus();
  }

  // ---------------------------------------------------------------- showing
  function build(scene, layer, at) {
    const { maps, channels } = scene.layers[at];
    const count = channels.length;
    grid.style.setProperty("--cb-maps", `url("${maps}")`);
    grid.style.setProperty("--cb-columns", columnsFor(count));
    grid.style.setProperty("--cb-size", `100% ${100 * count}%`);
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
  }

  function show() {
    const scene = scenes.find(({ name }) => name === model.get("scene")) ?? scenes[0];
    const at = Math.max(0, layers.findIndex(({ name }) => name === model.get("layer")));
    const layer = layers[at];
    const { maps, channels } = scene.layers[at];
    const count = channels.length;
    const channel = Math.min(model.get("channel"), count - 1);
    if (drawn !== `${scene.name} ${at}`) build(scene, layer, at);
    drawn = `${scene.name} ${at}`;
    fields.scene.value = scene.name;
    fields.layer.value = layer.name;
    cells.forEach((cell, i) => {
      cell.tabIndex = i === channel ? 0 : -1;
      cell.setAttribute("aria-selected", i === channel);
    });

    showFrame(large, maps, channel, count);
    picture.style.backgroundImage = `url("${scene.picture}")`;
    picture.setAttribute("aria-label", scene.label);
    gridTitle.textContent = `All ${count} maps of ${layer.name}`;
    title.textContent = `Channel ${channel}, ${layer.side} × ${layer.side}`;
    filterTitle.textContent = "Its filter";
    filter.style.backgroundImage = layer.filters ? `url("${layer.filters}")` : "none";
    filter.style.backgroundSize = `100% ${100 * count}%`;
    filter.style.backgroundPosition = `0 ${offset(channel, count)}`;
    noFilter.textContent = layer.filters ? "" : `${layer.slices} slices: no picture`;
    filter.setAttribute("aria-label", layer.filters ? `Filter ${channel}: 3 by 3 colors; gray is zero` : `A filter of ${layer.slices} slices`);

    const [mean, most, least, above] = channels[channel];
    const words = `mean ${fixedText(mean)}, largest ${fixedText(most)}, smallest ${fixedText(least)}`;
    facts.textContent = `Channel ${channel} of ${layer.name}: ${words}. ReLU lets ${Math.round(100 * above)} % of its places pass.`;
    large.setAttribute("aria-label", `Map of channel ${channel}: ${words}`);
    key.textContent = `Orange + is above zero, blue \u2212 below, before ReLU; full color is ±${fixedText(layer.limit)}, for all maps of the layer.`;
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
