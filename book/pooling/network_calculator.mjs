// The figure "network calculator": a network as text; its shapes, parameters and multiply-adds.
//
// An ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes.

import { onDark, watchTheme } from "../figures/colors.mjs";
import { button, choice, make, select, speaker } from "../figures/elements.mjs";
import { onceAFrame, watch } from "../figures/model.mjs";
import { sumOf } from "../figures/numbers.mjs";
import {
  countMultiplyAdds,
  countNumbers,
  countParameters,
  networkShapes,
} from "./network_calculator_costs.mjs";
import { readNetwork } from "./network_calculator_text.mjs";
import { bytes, nameOf, rounded, text } from "./network_calculator_words.mjs";

/** @typedef {import("./network_calculator_text.mjs").Layer} Layer */

/**
 * A network and its costs, or a problem in words.
 *
 * @typedef {{ spec?: Layer[], shapes?: number[][], parameters?: number[], work?: number[],
 *   numbers?: number[], problem?: string }} Costs
 */

const BYTES = 4;
const HELP =
  "conv 16 size 5 stride 1 padding 2 · max_pool size 2 stride 2 · avg_pool · " +
  "adaptive_avg_pool size 1 · relu · dropout · flatten · linear 10";
const HEADS = ["layer", "shape", "parameters", "multiply-adds", "memory of the output"];

/**
 * Compute everything that is shown of a network.
 *
 * @param {string} typed
 * @returns {Costs}
 */
function costsOf(typed) {
  const { spec, lines, problem } = readNetwork(typed);
  if (problem) return { problem };
  const { shapes, problem: misfit, at } = networkShapes(spec);
  if (misfit) return { problem: `Line ${lines[at]}: ${misfit}.` };
  return {
    spec,
    shapes,
    parameters: countParameters(spec, shapes),
    work: countMultiplyAdds(spec, shapes),
    numbers: countNumbers(shapes),
  };
}

/** The field for the network, under its name and above what may be written into it. */
function makeEditor(/** @type {string} */ unique, /** @type {(text: string) => void} */ onedit) {
  const area = make("textarea", {
    class: "lf-input lf-code nc-area",
    id: `${unique}-text`,
    rows: "13",
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    wrap: "off",
    "aria-describedby": `${unique}-problem ${unique}-help`,
    "data-lm-suppress-shortcuts": "true",
    oninput: () => onedit(area.value),
  });
  const name = "The network, one layer a line";
  const label = make("label", { class: "nc-label", for: `${unique}-text` }, name);
  const help = make("p", { class: "nc-help", id: `${unique}-help` }, HELP);
  return { area, box: make("div", { class: "nc-editor" }, label, area, help) };
}

/** The three sums above the table. */
function makeTotals() {
  const box = make("div", { class: "nc-totals" });
  const item = (
    /** @type {string} */ words,
    /** @type {string} */ amount,
    /** @type {string} */ more,
  ) =>
    make(
      "div",
      {},
      make("p", { class: "lf-small" }, words),
      make("p", { class: "nc-amount" }, amount),
      make("p", { class: "nc-more" }, more),
    );
  const show = (/** @type {Costs} */ costs) => {
    const [parameters, work] = [sumOf(costs.parameters), sumOf(costs.work)];
    const memory = sumOf(costs.numbers) * BYTES;
    box.replaceChildren(
      item("parameters", text(parameters), `${bytes(parameters * BYTES)} in 32-bit floats`),
      item("multiply-adds", text(work), "for one image"),
      item("all outputs", bytes(memory), "for one image"),
    );
  };
  return { box, show };
}

/** A number in the table, on a bar that compares it with the others of its column. */
function barred(
  /** @type {number} */ value,
  /** @type {number[]} */ column,
  /** @type {string} */ words,
) {
  const cell = make("td", { class: "nc-number" });
  if (value > 0) {
    const style = `width: ${(100 * value) / Math.max(...column, 1)}%`;
    cell.append(make("span", { class: "nc-bar", "aria-hidden": "true", style }));
  }
  cell.append(make("span", { class: "nc-value" }, words));
  return cell;
}

/** The table of layers; `show` leaves out those that learn nothing if it is told to. */
function makeTable() {
  const body = make("tbody");
  const heads = HEADS.map((words) => make("th", { scope: "col" }, words));
  const table = make(
    "table",
    { class: "nc-table" },
    make("caption", { class: "nc-caption" }, "One image. The bars compare within a column."),
    make("thead", {}, make("tr", {}, ...heads)),
    body,
  );
  const label = "Layers, table";
  const region = { class: "nc-scroller", tabindex: "0", role: "region", "aria-label": label };
  const row = (
    /** @type {Costs} */ { spec, shapes, parameters, work, numbers },
    /** @type {number} */ i,
  ) => {
    const shape = `(${shapes[i].join(", ")}${shapes[i].length === 1 ? "," : ""})`;
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, nameOf(spec[i])),
      make("td", { class: "nc-shape" }, shape),
      barred(parameters[i], parameters, text(parameters[i])),
      barred(work[i], work, text(work[i])),
      barred(numbers[i], numbers, bytes(numbers[i] * BYTES)),
    );
  };
  const show = (/** @type {Costs} */ costs, /** @type {boolean} */ onlyLearning) => {
    const entries = [...costs.spec.keys()].filter((i) => !onlyLearning || costs.parameters[i]);
    body.replaceChildren(...entries.map((i) => row(costs, i)));
  };
  return { box: make("div", region, table), show };
}

/** A button that stays pressed until it is pressed again. */
function makeToggle(/** @type {string} */ words, /** @type {() => void} */ onchange) {
  const isOn = () => box.getAttribute("aria-pressed") === "true";
  const box = button(words, () => {
    box.setAttribute("aria-pressed", String(!isOn()));
    onchange();
  });
  box.setAttribute("aria-pressed", "false");
  return { box, isOn };
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const unique = `nc${Math.random().toString(36).slice(2, 10)}`;
  const presets = model.get("presets");
  const names = presets.map(({ name, label }) => [name, label]);
  const presetField = select([...names, ["own", "your own"]], (chosen) => {
    const preset = presets.find(({ name }) => name === chosen);
    if (preset) put({ text: preset.text });
  });
  const learning = makeToggle("Only layers that learn", schedule);
  const { area, box: editor } = makeEditor(unique, (typed) => put({ text: typed }));
  const complaint = { class: "lf-complaint", role: "alert", id: `${unique}-problem` };
  const problemLine = make("p", complaint);
  const [totals, table] = [makeTotals(), makeTable()];
  const voice = speaker(500);
  const result = make("div", { class: "nc-result" }, problemLine, totals.box, table.box);
  const root = make(
    "div",
    { class: "lf nc", role: "group", "aria-label": "Network calculator" },
    make("div", { class: "lf-controls" }, choice("Network", presetField), learning.box),
    make("div", { class: "nc-board" }, editor, result),
    voice.line,
  );
  el.append(root);

  function show() {
    root.dataset.dark = String(onDark(root));
    const typed = model.get("text");
    if (area.value !== typed) area.value = typed;
    presetField.value = presets.find((preset) => preset.text === typed)?.name ?? "own";
    const costs = costsOf(typed);
    const { problem } = costs;
    problemLine.textContent = problem
      ? `${problem} Below stands the last network that worked.`
      : "";
    area.setAttribute("aria-invalid", String(Boolean(problem)));
    root.classList.toggle("nc-stale", Boolean(problem));
    if (problem) return;
    totals.show(costs);
    table.show(costs, learning.isOn());
    const [parameters, work] = [costs.parameters, costs.work].map((list) => rounded(sumOf(list)));
    voice.say(`${costs.spec.length} lines, ${parameters} parameters, ${work} multiply-adds.`);
  }

  const unwatch = watch(model, ["text"], schedule);
  const unwatchTheme = watchTheme(schedule);
  show();

  return () => {
    unwatch();
    stop();
    voice.stop();
    unwatchTheme();
    root.remove();
  };
}

export default { render };
