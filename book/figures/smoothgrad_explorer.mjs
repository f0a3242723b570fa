// The figure "SmoothGrad explorer": how the map changes with the number of draws and the noise.
//
// One ES module in anywidget's format. The network is not here: all maps come with the page, in one
// image, one below the other, of which the style sheet shows a part.

/** The place of a map in the image: the plain one first, then all counts of each level above 0. */
export function frameOf(level, count, counts) {
  return level === 0 ? 0 : 1 + (level - 1) * counts + count;
}

/** How far an image of `frames` pictures, one below the other, is moved to show one of them. */
export function offset(frame, frames) {
  return frames > 1 ? `${(100 * frame) / (frames - 1)}%` : "0%";
}

/** An element with attributes, listeners ("onclick": function) and children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const percent = (share) => `${Math.round(100 * share)} %`;

function render({ model, el }) {
  const scenes = model.get("scenes");
  const levels = model.get("levels");
  const counts = model.get("counts");
  const side = model.get("side");
  const put = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };

  // ---------------------------------------------------------------- controls
  const sceneField = make(
    "select",
    {
      class: "sg-input",
      "data-lm-suppress-shortcuts": "true",
      onchange: () => put("scene", sceneField.value),
    },
    ...scenes.map(({ name, label }) => make("option", { value: name }, label)),
  );
  const slider = (name, words, most) => {
    const shown = make("span", { class: "sg-value" });
    const field = make("input", {
      class: "sg-slider",
      type: "range",
      min: 0,
      max: most,
      step: 1,
      "data-lm-suppress-shortcuts": "true",
      oninput: () => put(name, Number(field.value)),
    });
    return { field, shown, box: make("label", { class: "sg-choice sg-wide" }, make("span", {}, words, shown), field) };
  };
  const levelSlider = slider("level", "Noise level ", levels.length - 1);
  const countSlider = slider("count", "Draws n ", counts.length - 1);
  const outlineField = make("input", { type: "checkbox", onchange: () => put("outline", outlineField.checked) });

  // ---------------------------------------------------------------- parts
  const image = (name) => make("div", { class: `sg-picture ${name}`, role: "img" });
  const [noisy, map] = [image("sg-noisy"), image("sg-map")];
  const outline = make("span", { class: "sg-outline", "aria-hidden": "true" });
  const peak = make("span", { class: "sg-peak", "aria-hidden": "true" });
  map.append(outline, peak);
  const meter = (words) => {
    const [value, fill, mark] = ["sg-value", "sg-fill", "sg-mark"].map((name) => make("span", { class: name }));
    const track = make("div", { class: "sg-track", "aria-hidden": "true" }, fill, mark);
    const name = make("span", {}, words);
    return { name, value, fill, mark, box: make("div", {}, make("p", { class: "sg-line" }, name, value), track) };
  };
  const likeness = meter(`Correlation with n = ${counts.at(-1)}`);
  const energy = meter("Share of the map on the object");
  const [noisyTitle, mapTitle] = [make("p", { class: "sg-title" }), make("p", { class: "sg-title" })];
  const sentence = make("p", { class: "sg-sentence" });
  const spoken = make("p", { class: "sg-spoken", role: "status", "aria-live": "polite" });
  const root = make(
    "div",
    { class: "sg", role: "group", "aria-label": "SmoothGrad: draws and noise" },
    make(
      "div",
      { class: "sg-controls" },
      make("label", { class: "sg-choice" }, "Picture", sceneField),
      levelSlider.box,
      countSlider.box,
      make("label", { class: "sg-check" }, outlineField, " outline of the object"),
    ),
    make(
      "div",
      { class: "sg-stage" },
      make("div", { class: "sg-part" }, noisyTitle, noisy),
      make("div", { class: "sg-part" }, mapTitle, map),
      make("div", { class: "sg-part sg-meters" }, likeness.box, energy.box),
    ),
    sentence,
    spoken,
  );
  el.append(root);

  // ---------------------------------------------------------------- showing
  let speech = 0;

  function part(element, address, frame, frames) {
    element.style.backgroundImage = `url("${address}")`;
    element.style.backgroundSize = `100% ${100 * frames}%`;
    element.style.backgroundPosition = `0 ${offset(frame, frames)}`;
  }

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

    part(noisy, scene.noisy, level, levels.length);
    part(map, scene.maps, frameOf(level, count, counts.length), frameOf(levels.length, 0, counts.length));
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
    clearTimeout(speech);
    speech = setTimeout(() => {
      spoken.textContent = `Level ${noise}, ${draws} draws: correlation ${correlation.toFixed(2)}, ${percent(share)} on the object, highest value ${on}.`;
    }, 250);
  }

  const watched = ["scene", "level", "count", "outline"];
  for (const name of watched) model.on(`change:${name}`, show);
  show();
  return () => {
    for (const name of watched) model.off(`change:${name}`, show);
    clearTimeout(speech);
    root.remove();
  };
}

export default { render };
