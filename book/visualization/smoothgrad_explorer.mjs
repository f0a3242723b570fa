// The figure "SmoothGrad explorer": how the map changes with the number of draws and the noise.
//
// An ES module in anywidget's format. The network is not here: all maps come with the page, in one
// image, one below the other, of which the style sheet shows a part.

import {
  checkbox,
  choice,
  make,
  meter,
  select,
  showFrame,
  slider,
  speaker,
} from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { percent } from "../figures/numbers.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */

/**
 * The place of a map in the image: the plain one first, then all counts of each level above 0.
 *
 * @param {number} level
 * @param {number} count
 * @param {number} counts
 */
export function frameOf(level, count, counts) {
  return level === 0 ? 0 : 1 + (level - 1) * counts + count;
}

/** The picture, the noise level and the count that are chosen, and what is measured of them. */
function locate(/** @type {Model} */ model) {
  const [scenes, level, count] = ["scenes", "level", "count"].map((name) => model.get(name));
  const scene = scenes.find(({ name }) => name === model.get("scene")) ?? scenes[0];
  /** @type {{ correlation: number, energy: number, peak: number[], hit: boolean }} */
  const measures = scene.measures[level][count];
  const noise = String(model.get("levels")[level]);
  const draws = String(model.get("counts")[count]);
  return { scene, level, count, noise, draws, measures };
}

/** Picture, noise level, number of draws and the outline: { box, show }. */
function makeControls(/** @type {Model} */ model) {
  const [scenes, levels, counts] = ["scenes", "levels", "counts"].map((name) => model.get(name));
  const scene = select(
    scenes.map(({ name, label }) => [name, label]),
    (chosen) => save(model, { scene: chosen }),
  );
  const level = slider("Noise level", [0, levels.length - 1], (at) => save(model, { level: at }));
  const count = slider("Draws n", [0, counts.length - 1], (at) => save(model, { count: at }));
  for (const { box } of [level, count]) box.classList.add("lf-wide");
  const outline = checkbox(" outline of the object", (checked) =>
    save(model, { outline: checked }),
  );
  outline.box.classList.add("sg-check");
  const boxes = [choice("Picture", scene), level.box, count.box, outline.box];
  const put = ({ field, reading }, at, /** @type {string} */ value, /** @type {string} */ name) => {
    field.value = at;
    reading.textContent = value;
    field.setAttribute("aria-valuetext", `${name} ${value}`);
  };
  const show = (/** @type {Now} */ now) => {
    scene.value = now.scene.name;
    outline.field.checked = model.get("outline");
    put(level, now.level, now.noise, "noise level");
    put(count, now.count, now.draws, "draws");
  };
  return { box: make("div", { class: "lf-controls" }, ...boxes), show };
}

/** A noisy copy, and the map with its highest value in a ring: { boxes, show }. */
function makeImages(/** @type {Model} */ model) {
  const [levels, counts] = [model.get("levels").length, model.get("counts").length];
  const part = (/** @type {string} */ name) => {
    const title = make("p", { class: "lf-title" });
    const image = make("div", { class: `lf-picture ${name}`, role: "img" });
    return { title, image, box: make("div", { class: "lf-part" }, title, image) };
  };
  const [noisy, map] = [part("sg-noisy"), part("sg-map")];
  const outline = make("span", { class: "sg-outline", "aria-hidden": "true" });
  const peak = make("span", { class: "sg-peak", "aria-hidden": "true" });
  map.image.append(outline, peak);
  const show = (/** @type {Now} */ { scene, level, count, noise, draws, measures }) => {
    const [row, column] = measures.peak;
    const percentAt = (/** @type {number} */ place) =>
      `${(100 * (place + 0.5)) / model.get("side")}%`;
    showFrame(noisy.image, scene.noisy, level, levels);
    showFrame(map.image, scene.maps, frameOf(level, count, counts), frameOf(levels, 0, counts));
    outline.hidden = !model.get("outline");
    outline.style.maskImage = `url("${scene.outline}")`;
    peak.style.top = percentAt(row);
    peak.style.left = percentAt(column);
    noisy.title.textContent = level ? "One noisy copy" : "The picture";
    map.title.textContent = level ? `Mean of ${draws}` : "Plain saliency";
    const copy = level ? ` with noise of level ${noise}` : "";
    noisy.image.setAttribute("aria-label", `The picture (${scene.object})${copy}`);
    const place = `row ${row}, column ${column}, ${placeOf(measures)}`;
    map.image.setAttribute("aria-label", `Map: highest value at ${place}.`);
  };
  return { boxes: [noisy.box, map.box], show };
}

const placeOf = (/** @type {{ hit: boolean }} */ { hit }) =>
  hit ? "on the object" : "beside the object";

/** The map's likeness to that of most draws, and its share on the object: { box, show }. */
function makeMeters(/** @type {number} */ most) {
  const likeness = meter(`Correlation with n = ${most}`, true);
  const energy = meter("Share of the map on the object", true);
  const fill = ({ value, fill, mark }, number, /** @type {string} */ words, expected) => {
    value.textContent = words;
    fill.style.width = `${100 * Math.max(0, number)}%`;
    mark.style.left = `${100 * expected}%`;
  };
  const show = (/** @type {Now} */ { scene, measures }) => {
    fill(likeness, measures.correlation, measures.correlation.toFixed(2), 1);
    fill(energy, measures.energy, percent(measures.energy), scene.share);
  };
  return { box: make("div", { class: "lf-part lf-meters" }, likeness.box, energy.box), show };
}

/** What the map is, and where it lies. */
function sentenceOf(/** @type {Now} */ { scene, level, count, noise, draws, measures }) {
  const mean = count ? `The mean of ${draws} draws` : "One draw";
  const what = level
    ? `${mean} at level ${noise}`
    : "Without noise, every draw gives the plain map";
  const covered = `which covers ${percent(scene.share)} of the picture (the mark)`;
  const verdict = `${placeOf(measures)}: ${measures.hit ? "a hit" : "a miss"}`;
  return (
    `${what}: ${percent(measures.energy)} of it lies on the object, ${covered}. ` +
    `The highest value, in the ring, lies ${verdict}.`
  );
}

function render({ model, el }) {
  const [controls, images] = [makeControls(model), makeImages(model)];
  const meters = makeMeters(model.get("counts").at(-1));
  const sentence = make("p", { class: "lf-sentence" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf sg", role: "group", "aria-label": "SmoothGrad: draws and noise" },
    controls.box,
    make("div", { class: "lf-stage" }, ...images.boxes, meters.box),
    sentence,
    voice.line,
  );
  el.append(root);

  function show() {
    const now = locate(model);
    const { noise, draws, measures } = now;
    for (const part of [controls, images, meters]) part.show(now);
    sentence.textContent = sentenceOf(now);
    const likeness = `correlation ${measures.correlation.toFixed(2)}`;
    const share = `${percent(measures.energy)} on the object`;
    const peak = `highest value ${placeOf(measures)}`;
    voice.say(`Level ${noise}, ${draws} draws: ${likeness}, ${share}, ${peak}.`);
  }

  const unwatch = watch(model, ["scene", "level", "count", "outline"], show);
  show();
  return () => {
    unwatch();
    voice.stop();
    root.remove();
  };
}

export default { render };
