// The figure "network plane": known networks by what they cost and how much they read right.
//
// An ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes.

import { checkbox, choice, make, select, speaker } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { drawPlane, makeLegend, NARROW, WIDE } from "./network_plane_drawing.mjs";
import { amount, described, QUANTITIES, ratio } from "./network_plane_math.mjs";

/** @typedef {import("./network_plane_math.mjs").Network} Network */

const ROWS = ["parameters", "multiply_adds", "activations", "accuracy"];
const NAMES = ["across", "up", "chosen", "other", "newest"];

/** How a value of one network compares with that of another, in words. */
function beside(/** @type {string} */ quantity, /** @type {(number | undefined)[]} */ [own, its]) {
  if (own === undefined || its === undefined) return "–";
  if (quantity !== "accuracy") return ratio(own / its);
  const points = (own - its).toFixed(1).replace("-", "\u2212");
  return `${own > its ? "+" : ""}${points} points`;
}

/** The table in which two networks are compared: its box, and what fills it. */
function makeTable() {
  const heads = ["", "", "beside it"].map((words) => make("th", { scope: "col" }, words));
  const body = make("tbody");
  const head = make("thead", {}, make("tr", {}, make("td"), ...heads));
  const table = make("table", { class: "np-table" }, head, body);
  const region = { class: "np-scroller", tabindex: "0", role: "region" };
  const box = make("div", { ...region, "aria-label": "Two networks, table" }, table);
  const row = (/** @type {string} */ quantity, /** @type {(number | undefined)[]} */ amounts) => {
    const { words, write } = QUANTITIES[quantity];
    const texts = amounts.map((value) => (value === undefined ? "–" : write(value)));
    const cells = [...texts, beside(quantity, amounts)].map((text) => make("td", {}, text));
    return make("tr", {}, make("th", { scope: "row" }, words), ...cells);
  };
  const show = (/** @type {Network[]} */ pair, /** @type {boolean} */ newest) => {
    for (const [i, network] of pair.entries()) heads[i].textContent = network.name;
    const amounts = (/** @type {string} */ quantity) =>
      pair.map((network) => amount(network, quantity, newest));
    body.replaceChildren(...ROWS.map((quantity) => row(quantity, amounts(quantity))));
  };
  return { box, show };
}

/** The fields: what lies up and across, which recipe, which two networks. */
function makeControls(
  /** @type {Network[]} */ networks,
  /** @type {(changes: Record<string, any>) => void} */ put,
) {
  const names = networks.map(({ name }) => [name]);
  const upward = Object.entries(QUANTITIES).map(([name, { words }]) => [name, words]);
  const sideward = upward.filter(([name]) => name !== "accuracy");
  const fields = {
    up: select(upward, (up) => put({ up })),
    across: select(sideward, (across) => put({ across })),
    chosen: select(names, (chosen) => put({ chosen })),
    other: select(names, (other) => put({ other })),
  };
  const recipe = checkbox("Newest training recipe", (newest) => put({ newest }));
  const row = (...parts) => make("div", { class: "lf-controls" }, ...parts);
  const plane = row(choice("Up", fields.up), choice("Across", fields.across), recipe.box);
  const pair = row(choice("Network", fields.chosen), choice("Beside", fields.other));
  return { fields, recipe, plane, pair };
}

function render({ model, el }) {
  /** @type {Network[]} */
  const networks = model.get("networks");
  const put = (/** @type {Record<string, any>} */ changes) => save(model, changes);
  const { fields, recipe, plane, pair } = makeControls(networks, put);
  const svg = make("svg", { class: "np-view", role: "img" });
  const sentence = make("p", { class: "lf-sentence np-sentence" });
  const table = makeTable();
  const voice = speaker(400);
  const root = make(
    "div",
    { class: "lf np" },
    plane,
    svg,
    makeLegend(),
    pair,
    sentence,
    table.box,
    voice.line,
  );
  el.append(root);

  function show() {
    const [across, up, chosen, other, newest] = NAMES.map((name) => model.get(name));
    for (const [name, field] of Object.entries(fields)) field.value = model.get(name);
    recipe.field.checked = newest;
    const view = root.clientWidth && root.clientWidth < 480 ? NARROW : WIDE;
    svg.setAttribute("viewBox", `0 0 ${view.width} ${view.height}`);
    const state = { across, up, chosen, other, newest };
    svg.replaceChildren(...drawPlane(view, networks, state, (name) => put({ chosen: name })));
    const [own, its] = [chosen, other].map((name) => networks.find((each) => each.name === name));
    sentence.textContent = described(own, newest);
    table.show([own, its], newest);
    const words = `${QUANTITIES[up].words} against ${QUANTITIES[across].words}`;
    svg.setAttribute("aria-label", `${networks.length} networks: ${words}.`);
    voice.say(described(own, newest));
  }

  const unwatch = watch(model, NAMES, show);
  const resized = new ResizeObserver(show);
  resized.observe(root);
  show();
  return () => {
    unwatch();
    resized.disconnect();
    voice.stop();
    root.remove();
  };
}

export default { render };
