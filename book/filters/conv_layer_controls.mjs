// The controls of the figure "convolutional layer": its size, and the film that plays it.

import { button, choice, make, numberOptions, select } from "../figures/elements.mjs";
import { MOST } from "./conv_layer_math.mjs";

const PAUSES = { slow: 2400, medium: 1200, fast: 350 };

/**
 * What plays the layer: a list of speeds, a button, and what both do.
 *
 * @param {{ begin: () => void, advance: () => boolean, onpause: () => void }} film
 *   `advance` goes one number on, and says whether that was the last one
 */
function makePlayer({ begin, advance, onpause }) {
  let timer = 0;
  const names = Object.keys(PAUSES).map((name) => [name]);
  const speed = select(names, () => timer && play());
  speed.value = "medium";
  const toggle = button("▶ Play", () => (timer ? pause() : play()));
  const stop = () => clearInterval(timer);
  function play() {
    stop();
    begin();
    timer = setInterval(() => advance() && pause(), PAUSES[speed.value]);
    toggle.textContent = "❚❚ Pause";
  }
  function pause() {
    stop();
    timer = 0;
    toggle.textContent = "▶ Play";
    onpause();
  }
  return { speed, toggle, pause, stop, playing: () => timer !== 0 };
}

/** Lists for the layer's size, and the board's buttons: { top, bottom, show, player }. */
export function makeControls({ put, schedule, layer }) {
  const player = makePlayer({
    begin: layer.begin,
    advance: () => layer.advance(1),
    onpause: schedule,
  });
  const paused = (/** @type {() => void} */ action) => () => {
    player.pause();
    action();
  };
  const counts = numberOptions(1, MOST);
  const channels = select(counts, (count) => put({ channels: Number(count) }));
  const filters = select(counts, (count) => put({ filters: Number(count) }));
  const top = make(
    "div",
    { class: "lf-controls" },
    choice("Channels", channels),
    choice("Filters", filters),
    choice("Speed", player.speed),
    button("New numbers", layer.drawAnew),
  );
  const bottom = make(
    "div",
    { class: "lf-controls cl-player", role: "group", "aria-label": "Animation" },
    button(
      "◀ Back",
      paused(() => layer.advance(-1)),
    ),
    player.toggle,
    button(
      "Step ▶",
      paused(() => layer.advance(1)),
    ),
    button("Start over", paused(layer.startOver)),
    button("Show all", paused(layer.showAll)),
  );
  const show = () => {
    channels.value = String(layer.current().now.input.length);
    filters.value = String(layer.current().now.weights.length);
  };
  return { top, bottom, show, player };
}
