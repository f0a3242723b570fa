// The figure "GrabCut explorer": seeds from a map, and the mask that GrabCut makes of them.
//
// One ES module in anywidget's format. Nothing is segmented here: seeds and masks come with the
// page, in images with which the style sheet cuts out parts of the picture.

import { choice, make, meter, offset, select, slider, speaker } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { percent } from "../figures/numbers.mjs";

/** The place of a mask among all: in the order of the background, and within it the foreground. */
export function frameOf(foreground, background, steps) {
  return background * steps + foreground;
}

function render({ model, el }) {
  const [scenes, methods, above, below] = ["scenes", "methods", "above", "below"].map((name) => model.get(name));

  // ---------------------------------------------------------------- controls
  const fields = {
    scene: select(scenes.map(({ name, label }) => [name, label]), (scene) => save(model, { scene })),
    method: select(methods.map((name) => [name]), (method) => save(model, { method })),
  };
  const quantile = (name, words, values) => {
    const made = slider(words, [0, values.length - 1], (at) => save(model, { [name]: at }));
    made.box.classList.add("lf-wide");
    return { ...made, words, values };
  };
  const sliders = {
    foreground: quantile("foreground", "Object above", above),
    background: quantile("background", "Background below", below),
  };

  // ---------------------------------------------------------------- parts
  const layer = (name) => make("span", { class: `gc-layer ${name}`, "aria-hidden": "true" });
  const image = (...layers) => make("div", { class: "lf-picture", role: "img" }, ...layers);
  const faint = layer("gc-faint");
  const [ground, object] = [layer("gc-ground"), layer("gc-object")];
  const [cut, truth] = [layer("gc-cut"), layer("gc-cut")];
  const [seedsImage, cutImage, truthImage] = [image(faint, ground, object), image(cut), image(truth)];
  const part = (words, ...children) =>
    make("div", { class: "lf-part" }, make("p", { class: "lf-title" }, words), ...children);
  const meters = ["Seeds on the object", "IoU of the seeds", "IoU of the mask"].map((words) => meter(words));
  const sentence = make("p", { class: "lf-sentence" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf gc", role: "group", "aria-label": "Seeds and GrabCut" },
    make(
      "div",
      { class: "lf-controls" },
      choice("Picture", fields.scene),
      choice("Map", fields.method),
      sliders.foreground.box,
      sliders.background.box,
    ),
    make(
      "div",
      { class: "lf-stage" },
      part("Seeds", seedsImage),
      part("GrabCut's mask", cutImage),
      part("True mask", truthImage),
    ),
    make(
      "p",
      { class: "lf-small gc-key" },
      make("span", { class: "gc-sample gc-orange" }),
      " object ",
      make("span", { class: "gc-sample gc-striped" }),
      " background, striped",
    ),
    make("div", { class: "lf-controls gc-meters" }, ...meters.map(({ box }) => box)),
    sentence,
    voice.line,
  );
  el.append(root);

  // ---------------------------------------------------------------- showing
  /** Let a layer be seen only where one of the masks in an image is opaque. */
  function cutWith(element, address, frame, frames) {
    element.style.maskImage = `url("${address}")`;
    element.style.maskSize = `100% ${100 * frames}%`;
    element.style.maskPosition = `0 ${offset(frame, frames)}`;
  }

  function show() {
    const scene = scenes.find(({ name }) => name === model.get("scene")) ?? scenes[0];
    const map = scene.maps[Math.max(0, methods.indexOf(model.get("method")))];
    const [foreground, background] = [model.get("foreground"), model.get("background")];
    fields.scene.value = scene.name;
    fields.method.value = model.get("method");
    for (const [name, { field, shown, words, values }] of Object.entries(sliders)) {
      const at = model.get(name);
      field.value = at;
      shown.textContent = String(values[at]);
      field.setAttribute("aria-valuetext", `${words.toLowerCase()} the quantile ${values[at]}`);
    }
    for (const element of [faint, cut, truth]) element.style.backgroundImage = `url("${scene.picture}")`;
    cutWith(object, map.foreground, foreground, above.length);
    cutWith(ground, map.background, background, below.length);
    cutWith(cut, map.masks, frameOf(foreground, background, above.length), above.length * below.length);
    cutWith(truth, scene.truth, 0, 1);

    const seeds = map.seeds[foreground];
    const mask = map.cut[background][foreground];
    [seeds.right / seeds.count, seeds.iou, mask.iou].forEach((share, i) => {
      meters[i].value.textContent = i ? share.toFixed(2) : percent(share);
      meters[i].fill.style.width = `${100 * share}%`;
    });
    const more = mask.iou - seeds.iou;
    const gain = Math.abs(more) < 0.005 ? "is no better than the seeds themselves" : `is ${more > 0 ? "better" : "worse"} than the seeds themselves`;
    sentence.textContent = `${seeds.right} of ${seeds.count} seeds of the object lie on it. The mask has ${mask.count} pixels, ${mask.right} of them on the object: its IoU is ${mask.iou.toFixed(2)} and ${gain} (${seeds.iou.toFixed(2)}).`;
    seedsImage.setAttribute("aria-label", `${scene.label}, faint, with ${seeds.count} seeds of the object, ${seeds.right} of them on it`);
    cutImage.setAttribute("aria-label", `What GrabCut cuts out: ${mask.count} pixels, ${mask.right} of them on the object`);
    truthImage.setAttribute("aria-label", "The object alone");
    voice.say(`Above ${above[foreground]}, below ${below[background]}: ${percent(seeds.right / seeds.count)} of the seeds on the object, IoU ${mask.iou.toFixed(2)}.`);
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
