// The figure "convolutional layer": filters of full depth slide over an input with channels.
//
// An ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes.

import { onDark, watchTheme } from "../figures/colors.mjs";
import { closest, make, speaker } from "../figures/elements.mjs";
import { gridMoves, moveFor, onceAFrame, watch } from "../figures/model.mjs";
import { clamp } from "../figures/numbers.mjs";
import { factsOf, makeBoard } from "./conv_layer_board.mjs";
import { makeControls } from "./conv_layer_controls.mjs";
import { convLayer, drawNumbers } from "./conv_layer_math.mjs";
import { sumsOf, text } from "./conv_layer_sums.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */

const BEGINNING = { filter: 0, row: 0, column: 0 };

/** The layer's numbers, and the place of the output that is current. */
function locate(/** @type {Model} */ model) {
  const [channels, filters] = [model.get("channels"), model.get("filters")];
  /** @type {number[][][]} */
  const input = model.get("input").slice(0, channels);
  /** @type {number[][][][]} */
  const weights = model
    .get("weights")
    .slice(0, filters)
    .map((/** @type {number[][][]} */ filter) => filter.slice(0, channels));
  /** @type {number[]} */
  const biases = model.get("biases").slice(0, filters);
  const output = convLayer(input, weights, biases);
  const filter = Math.min(model.get("filter"), filters - 1);
  const row = Math.min(model.get("row"), output[0].length - 1);
  const column = Math.min(model.get("column"), output[0][0].length - 1);
  return { input, weights, biases, output, filter, row, column };
}

/** What is to hear about the current number of the output. */
function spoken(/** @type {Now} */ now) {
  const { filter, row, column, biases } = now;
  const { sums, value } = sumsOf(now);
  const parts = `channel sums ${sums.map(text).join(", ")}, plus bias ${text(biases[filter])}`;
  return `Filter ${filter}, row ${row}, column ${column}: ${parts}, output ${text(value)}.`;
}

/** The numbers of the output, and those among them that the reader has seen. */
function makeLayer({ model, put, schedule, build }) {
  let now = locate(model);
  let known = new Set();
  let drawn = "";
  const compute = () => {
    now = locate(model);
    const key = JSON.stringify([now.input, now.weights, now.biases]);
    if (key === drawn) return;
    drawn = key;
    known = new Set();
    build(now);
  };
  const places = () => now.output.length * now.output[0].length * now.output[0][0].length;
  const startOver = () => {
    known = new Set();
    put(BEGINNING);
  };
  /** Go on by `count` places: along rows, then down, then to the next filter. Is that the last? */
  const advance = (/** @type {number} */ count) => {
    compute();
    const [rows, columns] = [now.output[0].length, now.output[0][0].length];
    const at = (model.get("filter") * rows + model.get("row")) * columns + model.get("column");
    const next = (at + count + places()) % places();
    const filter = Math.floor(next / (rows * columns));
    put({ filter, row: Math.floor(next / columns) % rows, column: next % columns });
    return next === places() - 1;
  };
  const begin = () => {
    compute();
    if (known.size >= places()) startOver();
  };
  const showAll = () => {
    compute();
    now.output.forEach((map, f) => {
      map.forEach((line, i) => {
        for (const j of line.keys()) known.add(`${f},${i},${j}`);
      });
    });
    schedule();
  };
  const drawAnew = () => {
    const seed = (model.get("seed") + 1) % 2 ** 32;
    known = new Set();
    put({ seed, ...drawNumbers(seed), ...BEGINNING });
  };
  const current = () => ({ now, known });
  return { compute, current, advance, begin, startOver, showAll, drawAnew };
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const board = makeBoard(choose, moveByKey);
  const facts = make("p", { class: "lf-small cl-facts" });
  const voice = speaker();
  const build = (/** @type {Now} */ now) => {
    board.build(now);
    root.dataset.filters = String(now.weights.length);
    facts.textContent = factsOf(now);
  };
  const layer = makeLayer({ model, put, schedule, build });
  const controls = makeControls({ put, schedule, layer });
  const { player } = controls;
  const label = "Convolutional layer, every number visible";
  const root = make(
    "div",
    { class: "lf lf-bounded cl", role: "group", "aria-label": label },
    ...[controls.top, board.box, controls.bottom, facts, voice.line],
  );
  el.append(root);

  function moveByKey(/** @type {KeyboardEvent} */ event) {
    const cell = closest(event, "[data-filter]");
    if (!cell) return;
    const [f, i, j] = ["filter", "row", "column"].map((name) => Number(cell.dataset[name]));
    const { output } = layer.current().now;
    const [down, right] = [output[0].length - 1, output[0][0].length - 1];
    const to = moveFor(event, { ...gridMoves(i, j, right), Enter: [i, j], " ": [i, j] });
    if (to) choose(f, clamp(to[0], 0, down), clamp(to[1], 0, right));
  }

  /** Show the sum of one output number and put the focus there. */
  function choose(
    /** @type {number} */ filter,
    /** @type {number} */ row,
    /** @type {number} */ column,
  ) {
    player.pause();
    put({ filter, row, column });
    for (const place of board.cells().filter((known) => known.filter === filter)) {
      const chosen = place.row === row && place.column === column;
      place.cell.tabIndex = chosen ? 0 : -1;
      if (chosen) place.cell.focus();
    }
  }

  function show() {
    layer.compute();
    const { now, known } = layer.current();
    root.dataset.dark = String(onDark(root));
    controls.show();
    known.add(`${now.filter},${now.row},${now.column}`);
    board.show(now, known);
    if (player.playing()) voice.stop();
    else voice.say(spoken(now));
  }

  const names = ["input", "weights", "biases", "channels", "filters", "filter", "row", "column"];
  const unwatch = watch(model, names, schedule);
  const unwatchTheme = watchTheme(schedule);
  show();

  return () => {
    unwatch();
    stop();
    voice.stop();
    player.stop();
    unwatchTheme();
    root.remove();
  };
}

export default { render };
