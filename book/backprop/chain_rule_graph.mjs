// The figure "chain rule graph": L = (ReLU(w x1 + b) + ReLU(w x2 + b) - t)^2 as a graph.
//
// An ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes.

import { button, choice, make, speaker } from "../figures/elements.mjs";
import { onceAFrame, watch } from "../figures/model.mjs";
import { clamp } from "../figures/numbers.mjs";
import { drawGraph } from "./chain_rule_graph_drawing.mjs";
import { backward, forward, INPUTS, ORDER } from "./chain_rule_graph_math.mjs";
import { explanation, nameOf, readNumber, text } from "./chain_rule_graph_words.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */

/** All values, the gradients known so far, and the node of the current step. */
function locate(/** @type {Model} */ model) {
  const [x1, x2, w, b, t] = INPUTS.map((name) => model.get(name));
  const values = forward({ x1, x2, w, b, t });
  const known = backward(values).slice(0, model.get("step"));
  return { values, known, current: known.at(-1) };
}

/** A field for each input, which refuses in words what is no number: { box, problem, show }. */
function makeInputs(/** @type {Model} */ model, put) {
  const problem = make("p", { class: "lf-refusal", role: "alert" });
  const read = (/** @type {string} */ name) => {
    const { value, problem: words } = readNumber(fields[name].value);
    problem.textContent = "";
    if (words === undefined) {
      put({ [name]: value });
      return;
    }
    const old = text(model.get(name));
    const sentence = `${words[0].toUpperCase()}${words.slice(1)}`;
    problem.textContent = `${sentence}. ${nameOf(name)} stays ${old}.`;
    fields[name].value = old;
  };
  const fields = Object.fromEntries(
    INPUTS.map((name) => [
      name,
      make("input", {
        class: "lf-input",
        inputmode: "text",
        "data-lm-suppress-shortcuts": "true",
        onchange: () => read(name),
      }),
    ]),
  );
  const choices = INPUTS.map((name) => choice(nameOf(name), fields[name]));
  const written = {};
  const show = () => {
    for (const name of INPUTS) {
      const value = model.get(name);
      // What is being typed stays, unless the number itself has changed meanwhile.
      const typing = document.activeElement === fields[name] && written[name] === value;
      if (!typing) fields[name].value = text(value);
      written[name] = value;
    }
  };
  return { box: make("div", { class: "lf-controls" }, ...choices), problem, show };
}

/** The buttons of the backward pass: { box, show }. */
function makeSteps(/** @type {Model} */ model, put) {
  const stepTo = (/** @type {number} */ step) => put({ step: clamp(step, 0, ORDER.length) });
  const back = button("◀ Back", () => stepTo(model.get("step") - 1));
  const next = button("Step ▶", () => stepTo(model.get("step") + 1));
  const box = make(
    "div",
    { class: "lf-controls", role: "group", "aria-label": "Backward pass" },
    back,
    next,
    button("Start over", () => stepTo(0)),
    button("Show all", () => stepTo(ORDER.length)),
  );
  const show = () => {
    back.disabled = model.get("step") === 0;
    next.disabled = model.get("step") === ORDER.length;
  };
  return { box, show };
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const [inputs, steps] = [makeInputs(model, put), makeSteps(model, put)];
  const svg = make("svg", { class: "cr-drawing", viewBox: "0 0 360 496", role: "img" });
  const title = make("p", { class: "cr-title" });
  const ways = make("div", { class: "cr-ways" });
  const proof = make("p", { class: "cr-proof" });
  const voice = speaker();
  const side = make("div", { class: "cr-side" }, steps.box, title, ways, proof);
  const root = make(
    "div",
    { class: "lf lf-bounded cr", role: "group", "aria-label": "Chain rule, step by step" },
    inputs.box,
    inputs.problem,
    make("div", { class: "cr-stage" }, svg, side),
    voice.line,
  );
  el.append(root);

  function show() {
    const now = locate(model);
    inputs.show();
    steps.show();
    drawGraph(svg, now);
    const words = explanation(now);
    title.textContent = words.title;
    ways.replaceChildren(...words.lines);
    proof.textContent = words.proof;
    voice.say([title, ...words.lines, proof].map((line) => line.textContent).join(" "));
  }

  const unwatch = watch(model, [...INPUTS, "step"], schedule);
  show();

  return () => {
    unwatch();
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
