// The figure "SmoothGrad explorer": how the map changes with the number of draws and the noise.
//
// One ES module in anywidget's format. The network is not here: all maps come with the page, in one
// image, one below the other, of which the style sheet shows a part.

import { choice, make, meter, select, showFrame, slider, speaker } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { percent } from "../figures/numbers.mjs";

/** The place of a map in the image: the plain one first, then all counts of each level above 0. */
export function frameOf(level, count, counts) {
  return level === 0 ? 0 : 1 + (level - 1) * counts + count;
}

function render({ model, el }) {
  const scenes = model.get("scenes");
  const levels = model.get("levels");
  const counts = model.get("counts");
  const side = model.get("side");

  // ---------------------------------------------------------------- controls
  const sceneField = select(scenes.map(({ name, label }) => [name, label]), (scene) => save(model, { scene }));
  const levelSlider = slider("Noise level", [0, levels.length - 1], (level) => save(model, { level }));
  const countSlider = slider("Draws n", [0, counts.length - 1], (count) => save(model, { count }));
  for (const { box } of [levelSlider, countSlider]) box.classList.add("lf-wide");
  const outlineField = make("input", {
    type: "checkbox",
    onchange: () => save(model, { outline: outlineField.checked }),
  });

  // ---------------------------------------------------------------- parts
  const image = (name) => make("div", { class: `lf-picture ${name}`, role: "img" });
  const [noisy, map] = [image("sg-noisy"), image("sg-map")];
  const outline = make("span", { class: "sg-outline", "aria-hidden": "true" });
  const peak = make("span", { class: "sg-peak", "aria-hidden": "true" });
  map.append(outline, peak);
  const likeness = meter(`Correlation with n = ${counts.at(-1)}`, true);
  const energy = meter("Share of the map on the object", true);
  const [noisyTitle, mapTitle] = [make("p", { class: "lf-title" }), make("p", { class: "lf-title" })];
  const sentence = make("p", { class: "lf-sentence" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf sg", role: "group", "aria-label": "SmoothGrad: draws and noise" },
    make(
      "div",
      { class: "lf-controls" },
      choice("Picture", sceneField),
      levelSlider.box,
      countSlider.box,
      make("label", { class: "lf-switch sg-check" }, outlineField, " outline of the object"),
    ),
    make(
      "div",
      { class: "lf-stage" },
      make("div", { class: "lf-part" }, noisyTitle, noisy),
      make("div", { class: "lf-part" }, mapTitle, map),
      make("div", { class: "lf-part lf-meters" }, likeness.box, energy.box),
    ),
    sentence,
    voice.line,
  );
  el.append(root);

  // ---------------------------------------------------------------- showing
  function fillMeter({ value, fill, mark }, number, words, expected) {
    value.textContent = words;
    fill.style.width = `${100 * Math.max(0, number)}%`;
    mark.style.left = `${100 * expected}%`;
  }

  function show() {
    const scene = scenes.find(({ name }) => name === model.get("scene")) ?? scenes[0];
    const [level, count] = [model.get("level"), model.get("count")];
    const { correlation, energy: share, peak: place, hit } = scene.measures[level][count];
    sceneField.value = scene.name;
    outlineField.checked = model.get("outline");
    outline.hidden = !model.get("outline");
    const [noise, draws] = [String(levels[level]), String(counts[count])];
    for (const [{ field, shown }, at, words, name] of [
      [levelSlider, level, noise, "noise level"],
      [countSlider, count, draws, "draws"],
    ]) {
      field.value = at;
      shown.textContent = words;
      field.setAttribute("aria-valuetext", `${name} ${words}`);
    }

    showFrame(noisy, scene.noisy, level, levels.length);
    showFrame(map, scene.maps, frameOf(level, count, counts.length), frameOf(levels.length, 0, counts.length));
    outline.style.maskImage = `url("${scene.outline}")`;
    peak.style.top = `${(100 * (place[0] + 0.5)) / side}%`;
    peak.style.left = `${(100 * (place[1] + 0.5)) / side}%`;
    noisyTitle.textContent = level ? "One noisy copy" : "The picture";
    mapTitle.textContent = level ? `Mean of ${draws}` : "Plain saliency";
    noisy.setAttribute("aria-label", level ? `The picture (${scene.object}) with noise of level ${noise}` : `The picture (${scene.object})`);

    fillMeter(likeness, correlation, correlation.toFixed(2), 1);
    fillMeter(energy, share, percent(share), scene.share);
    const on = hit ? "on the object" : "beside the object";
    const what = level ? `${count ? `The mean of ${draws} draws` : "One draw"} at level ${noise}` : "Without noise, every draw gives the plain map";
    sentence.textContent = `${what}: ${percent(share)} of it lies on the object, which covers ${percent(scene.share)} of the picture (the mark). The highest value, in the ring, lies ${on}: ${hit ? "a hit" : "a miss"}.`;
    map.setAttribute("aria-label", `Map: highest value at row ${place[0]}, column ${place[1]}, ${on}.`);
    voice.say(`Level ${noise}, ${draws} draws: correlation ${correlation.toFixed(2)}, ${percent(share)} on the object, highest value ${on}.`);
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
