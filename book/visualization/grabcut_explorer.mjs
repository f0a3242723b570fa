// The figure "GrabCut explorer": seeds from a map, and the mask that GrabCut makes of them.
//
// An ES module in anywidget's format. Nothing is segmented here: seeds and masks come with the
// page, in images with which the style sheet cuts out parts of the picture.

import { choice, make, meter, offset, select, slider, speaker } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { percent } from "../figures/numbers.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */
/** @typedef {{ count: number, right: number, iou: number }} Measured */

/**
 * The place of a mask among all: in the order of the background, and within it the foreground.
 *
 * @param {number} foreground
 * @param {number} background
 * @param {number} steps
 */
export function frameOf(foreground, background, steps) {
  return background * steps + foreground;
}

/** The picture, the map and the quantiles that are chosen, and what is measured of them. */
function locate(/** @type {Model} */ model) {
  const [scenes, methods] = [model.get("scenes"), model.get("methods")];
  const scene = scenes.find(({ name }) => name === model.get("scene")) ?? scenes[0];
  const map = scene.maps[Math.max(0, methods.indexOf(model.get("method")))];
  /** @type {number} */
  const foreground = model.get("foreground");
  /** @type {number} */
  const background = model.get("background");
  /** @type {Measured} */
  const seeds = map.seeds[foreground];
  /** @type {Measured} */
  const mask = map.cut[background][foreground];
  return { scene, map, foreground, background, seeds, mask };
}

/** Picture, map and the two quantiles: { box, show }. */
function makeControls(/** @type {Model} */ model) {
  const [scenes, methods] = [model.get("scenes"), model.get("methods")];
  const sceneField = select(
    scenes.map(({ name, label }) => [name, label]),
    (scene) => save(model, { scene }),
  );
  const methodField = select(
    methods.map((/** @type {string} */ name) => [name]),
    (method) => save(model, { method }),
  );
  const quantile = (/** @type {string} */ name, /** @type {string} */ words, values) => {
    const made = slider(words, [0, values.length - 1], (at) => save(model, { [name]: at }));
    made.box.classList.add("lf-wide");
    const show = () => {
      const value = String(values[model.get(name)]);
      made.field.value = model.get(name);
      made.reading.textContent = value;
      made.field.setAttribute("aria-valuetext", `${words.toLowerCase()} the quantile ${value}`);
    };
    return { box: made.box, show };
  };
  const quantiles = [
    quantile("foreground", "Object above", model.get("above")),
    quantile("background", "Background below", model.get("below")),
  ];
  const choices = [choice("Picture", sceneField), choice("Map", methodField)];
  const boxes = quantiles.map(({ box }) => box);
  const show = (/** @type {Now} */ { scene }) => {
    sceneField.value = scene.name;
    methodField.value = model.get("method");
    for (const each of quantiles) each.show();
  };
  return { box: make("div", { class: "lf-controls" }, ...choices, ...boxes), show };
}

/** Let a layer be seen only where one of the masks in an image is opaque. */
function cutWith(
  /** @type {HTMLElement} */ element,
  /** @type {string} */ address,
  frame = 0,
  frames = 1,
) {
  element.style.maskImage = `url("${address}")`;
  element.style.maskSize = `100% ${100 * frames}%`;
  element.style.maskPosition = `0 ${offset(frame, frames)}`;
}

/** Seeds, mask and true mask, over the picture: { box, show }. */
function makeImages(/** @type {number} */ above, /** @type {number} */ below) {
  const layer = (/** @type {string} */ name) =>
    make("span", { class: `gc-layer ${name}`, "aria-hidden": "true" });
  const [faint, ground, object] = [layer("gc-faint"), layer("gc-ground"), layer("gc-object")];
  const [cut, truth] = [layer("gc-cut"), layer("gc-cut")];
  const [seedsImage, cutImage, truthImage] = [[faint, ground, object], [cut], [truth]].map(
    (layers) => make("div", { class: "lf-picture", role: "img" }, ...layers),
  );
  const part = (/** @type {string} */ words, /** @type {Element} */ image) =>
    make("div", { class: "lf-part" }, make("p", { class: "lf-title" }, words), image);
  const box = make(
    "div",
    { class: "lf-stage" },
    part("Seeds", seedsImage),
    part("GrabCut's mask", cutImage),
    part("True mask", truthImage),
  );
  const show = (/** @type {Now} */ { scene, map, foreground, background, seeds, mask }) => {
    for (const element of [faint, cut, truth]) {
      element.style.backgroundImage = `url("${scene.picture}")`;
    }
    cutWith(object, map.foreground, foreground, above);
    cutWith(ground, map.background, background, below);
    cutWith(cut, map.masks, frameOf(foreground, background, above), above * below);
    cutWith(truth, scene.truth);
    const counts = `${seeds.count} seeds of the object, ${seeds.right} of them on it`;
    seedsImage.setAttribute("aria-label", `${scene.label}, faint, with ${counts}`);
    const pixels = `${mask.count} pixels, ${mask.right} of them on the object`;
    cutImage.setAttribute("aria-label", `What GrabCut cuts out: ${pixels}`);
    truthImage.setAttribute("aria-label", "The object alone");
  };
  return { box, show };
}

/** What the colors of the seeds mean. */
function makeKey() {
  const sample = (/** @type {string} */ name) => make("span", { class: `gc-sample ${name}` });
  const words = [sample("gc-orange"), " object ", sample("gc-striped"), " background, striped"];
  return make("p", { class: "lf-small gc-key" }, ...words);
}

/** How good the seeds and the mask are, as bars: { box, show }. */
function makeMeters() {
  const names = ["Seeds on the object", "IoU of the seeds", "IoU of the mask"];
  const meters = names.map((name) => meter(name));
  const box = make("div", { class: "lf-controls gc-meters" }, ...meters.map((each) => each.box));
  const show = (/** @type {Now} */ { seeds, mask }) => {
    [seeds.right / seeds.count, seeds.iou, mask.iou].forEach((share, i) => {
      meters[i].value.textContent = i ? share.toFixed(2) : percent(share);
      meters[i].fill.style.width = `${100 * share}%`;
    });
  };
  return { box, show };
}

/** What GrabCut gains, in a sentence. */
function sentenceOf(/** @type {Now} */ { seeds, mask }) {
  const more = mask.iou - seeds.iou;
  const gain = Math.abs(more) < 0.005 ? "no better" : more > 0 ? "better" : "worse";
  const iou = `its IoU is ${mask.iou.toFixed(2)} and is ${gain} than the seeds themselves`;
  return (
    `${seeds.right} of ${seeds.count} seeds of the object lie on it. The mask has ${mask.count} ` +
    `pixels, ${mask.right} of them on the object: ${iou} (${seeds.iou.toFixed(2)}).`
  );
}

function render({ model, el }) {
  const [above, below] = [model.get("above"), model.get("below")];
  const [controls, meters] = [makeControls(model), makeMeters()];
  const images = makeImages(above.length, below.length);
  const sentence = make("p", { class: "lf-sentence" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf gc", role: "group", "aria-label": "Seeds and GrabCut" },
    ...[controls.box, images.box, makeKey(), meters.box, sentence, voice.line],
  );
  el.append(root);

  function show() {
    const now = locate(model);
    const { foreground, background, seeds, mask } = now;
    for (const part of [controls, images, meters]) part.show(now);
    sentence.textContent = sentenceOf(now);
    const quantiles = `Above ${above[foreground]}, below ${below[background]}`;
    const share = `${percent(seeds.right / seeds.count)} of the seeds on the object`;
    voice.say(`${quantiles}: ${share}, IoU ${mask.iou.toFixed(2)}.`);
  }

  const unwatch = watch(model, ["scene", "method", "foreground", "background"], show);
  show();
  return () => {
    unwatch();
    voice.stop();
    root.remove();
  };
}

export default { render };
