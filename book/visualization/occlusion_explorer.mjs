// The figure "occlusion explorer": a patch to drag over a picture, and the map that grows.
//
// An ES module in anywidget's format. The network is not here: the scores of all classes come with
// the page, for every place of the patch.

import { button, choice, make, meter, select, speaker } from "../figures/elements.mjs";
import { onceAFrame, save, watch } from "../figures/model.mjs";
import { clamp, decode, fixedText } from "../figures/numbers.mjs";
import {
  ask,
  drops,
  makeUnpacker,
  mostLikely,
  nearest,
  softmax,
} from "./occlusion_explorer_math.mjs";
import { makeMap, makePicture } from "./occlusion_explorer_stage.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {import("./occlusion_explorer_math.mjs").Sweep} Sweep */
/**
 * A picture. Of many classes only some come with it; a last score stands for all others together.
 *
 * @typedef {{ name: string, label: string, network: string, side: number, picture: string,
 *   photograph: boolean, classes: string[], target: number, step: number, color: string,
 *   sweeps: Sweep[] }} Scene
 */
/** @typedef {ReturnType<ReturnType<typeof locator>>} Now what is shown, worked out from the model */

/** A function that works out what is shown: scores, falls, and the places seen of this sweep. */
function locator(/** @type {Model} */ model) {
  /** @type {Scene[]} */
  const scenes = model.get("scenes");
  const unpack = makeUnpacker();
  /** @type {Map<Sweep, Set<number>>} for each sweep, the numbers of the places in the map */
  const seenOf = new Map();
  return () => {
    const scene = scenes.find(({ name }) => name === model.get("scene")) ?? scenes[0];
    const sweep = scene.sweeps.find(({ patch }) => patch === model.get("patch")) ?? scene.sweeps[0];
    const measure = model.get("measure");
    const { classes, step } = scene;
    const scores = unpack(sweep, step);
    const clean = decode(sweep.clean, step);
    const falls = drops(clean, scores, scene.target, measure);
    const row = nearest(sweep.starts, model.get("top"));
    const column = nearest(sweep.starts, model.get("left"));
    const at = row * sweep.starts.length + column;
    if (!seenOf.has(sweep)) seenOf.set(sweep, new Set());
    const seen = seenOf.get(sweep);
    return { scene, sweep, classes, measure, scores, clean, falls, row, column, at, seen };
  };
}

/** Score and probability at the current place, against those of the whole picture. */
function makeMeters() {
  const [score, probability] = [meter("", true), meter("", true)];
  const [says, usually] = [make("p", {}), make("p", {})];
  const words = make("div", { class: "lf-small oc-says" }, says, usually);
  const box = make("div", { class: "lf-part lf-meters" }, score.box, probability.box, words);
  const fill = ({ value, fill, mark }, number, clean, low, high) => {
    const share = (/** @type {number} */ part) => `${(100 * (part - low)) / (high - low)}%`;
    value.textContent = fixedText(number);
    fill.style.width = share(number);
    mark.style.left = share(clean);
  };
  const show = (/** @type {Now} */ { scene, classes, scores, clean, at }) => {
    const { target } = scene;
    const ofTarget = scores.map((place) => place[target]);
    const [low, high] = [Math.min(0, ...ofTarget), Math.max(clean[target], ...ofTarget)];
    const [chances, before] = [softmax(scores[at]), softmax(clean)];
    score.name.textContent = `Score of “${classes[target]}” `;
    probability.name.textContent = `Probability of “${classes[target]}” `;
    fill(score, scores[at][target], clean[target], low, high);
    fill(probability, chances[target], before[target], 0, 1);
    const [answer, usual] = [scores[at], clean].map((part) => mostLikely(part, classes.length));
    says.textContent = `The network says: ${classes[answer]} (${fixedText(chances[answer])}).`;
    usually.textContent = `Nothing hidden: ${classes[usual]} (${fixedText(before[usual])}).`;
  };
  return { box, show };
}

/** What hiding this place does, for the eye and for the ear. */
function sentences(
  /** @type {Now} */ { scene, sweep, classes, measure, scores, clean, falls, row, column, at },
) {
  const [top, left] = [sweep.starts[row], sweep.starts[column]];
  const last = (/** @type {number} */ start) => start + sweep.patch - 1;
  const places = `Rows ${top} to ${last(top)} and columns ${left} to ${last(left)}`;
  const change = `${falls[at] >= 0 ? "falls" : "rises"} by ${fixedText(Math.abs(falls[at]))}`;
  const [whole, hidden] = [clean, scores[at]].map((part) =>
    fixedText(ask(part, scene.target, measure)),
  );
  const asked = `the ${measure} of “${classes[scene.target]}”`;
  return {
    sentence: `${places} are hidden: ${asked} ${change}, from ${whole} to ${hidden}.`,
    spoken:
      `Row ${top}, column ${left}: ${measure} ${hidden}, ${change}. ` +
      `The network says ${classes[mostLikely(scores[at], classes.length)]}.`,
  };
}

/** The lists and buttons above the picture: { box, show }. */
function makeControls(/** @type {Model} */ model, { put, all, none }) {
  const scenes = model.get("scenes");
  const measures = ["score", "probability"].map((name) => [name, `the ${name}`]);
  const names = scenes.map(({ name, label, network }) => [name, `${label} (${network})`]);
  const fields = {
    scene: select(names, (scene) => put({ scene })),
    patch: select([], (side) => put({ patch: Number(side) })),
    measure: select(measures, (measure) => put({ measure })),
  };
  const buttons = [button("Show all places", all), button("Start over", none)];
  const box = make(
    "div",
    { class: "lf-controls" },
    choice("Picture", fields.scene),
    choice("Patch, in pixels", fields.patch),
    choice("Ask for", fields.measure),
    make("div", { class: "oc-buttons" }, ...buttons),
  );
  /** @type {Scene} whose patches can be chosen */
  let listed;
  const show = (/** @type {Now} */ { scene, sweep, measure }) => {
    if (listed !== scene) {
      const options = scene.sweeps.map(({ patch }) =>
        make("option", { value: patch }, `${patch} × ${patch}`),
      );
      fields.patch.replaceChildren(...options);
      listed = scene;
    }
    fields.scene.value = scene.name;
    fields.patch.value = `${sweep.patch}`;
    fields.measure.value = measure;
  };
  return { box, show };
}

/** What the colors of the map mean. */
function makeKey() {
  const color = (/** @type {string} */ name, /** @type {string} */ words) =>
    make("span", { class: `oc-${name}` }, words);
  return make(
    "p",
    { class: "lf-small oc-key" },
    ...[color("orange", "orange +"), " it falls here, ", color("blue", "blue \u2212")],
    ...[" it rises, ", color("gray", "gray"), " not seen yet"],
  );
}

function render({ model, el }) {
  const locate = locator(model);
  let now = locate();
  const put = (/** @type {Record<string, any>} */ changes) => {
    save(model, changes);
    now = locate(); // a drag over several places between two drawings has seen them all
    now.seen.add(now.at);
  };
  const moveTo = (/** @type {number} */ row, /** @type {number} */ column) => {
    const { starts } = now.sweep;
    const [i, j] = [row, column].map((place) => clamp(place, 0, starts.length - 1));
    put({ top: starts[i], left: starts[j] });
  };
  const all = () => {
    for (const i of now.scores.keys()) now.seen.add(i);
    show();
  };
  const none = () => {
    now.seen.clear();
    show();
  };
  const controls = makeControls(model, { put, all, none });
  const picture = makePicture(() => now, moveTo);
  const map = makeMap(() => now, moveTo);
  const meters = makeMeters();
  const sentence = make("p", { class: "lf-sentence" });
  const count = make("p", { class: "lf-small oc-count" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf oc", role: "group", "aria-label": "Occlusion: drag the patch" },
    controls.box,
    make("div", { class: "lf-stage" }, picture.box, map.box, meters.box),
    ...[sentence, count, makeKey(), voice.line],
  );
  el.append(root);

  function show() {
    now = locate();
    now.seen.add(now.at);
    const { seen, falls } = now;
    const largest = fixedText(Math.max(...[...seen].map((i) => falls[i])));
    const words = sentences(now);
    count.textContent = `${seen.size} of ${falls.length} places seen. Largest fall so far: ${largest}.`;
    sentence.textContent = words.sentence;
    controls.show(now);
    picture.show(now);
    map.show(now, count.textContent);
    meters.show(now);
    voice.say(words.spoken);
  }

  const { schedule, stop } = onceAFrame(model, show);
  const unwatch = watch(model, ["scene", "patch", "measure", "top", "left"], schedule);
  if (model.get("swept")) {
    for (let i = 0; i < now.at; i++) now.seen.add(i);
  }
  show();
  return () => {
    unwatch();
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
