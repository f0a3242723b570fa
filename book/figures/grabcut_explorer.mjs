// The figure "GrabCut explorer": seeds from a map, and the mask that GrabCut makes of them.
//
// One ES module in anywidget's format. Nothing is segmented here: seeds and masks come with the
// page, in images with which the style sheet cuts out parts of the picture.

/** The place of a mask among all: in the order of the background, and within it the foreground. */
export function frameOf(foreground, background, steps) {
  return background * steps + foreground;
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

function render({ model, el }) {
  const [scenes, methods, above, below] = ["scenes", "methods", "above", "below"].map((name) => model.get(name));
  const put = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };

  // ---------------------------------------------------------------- controls
  const select = (name, options) => {
    const field = make(
      "select",
      { class: "gc-input", "data-lm-suppress-shortcuts": "true", onchange: () => put(name, field.value) },
      ...options.map(([value, words]) => make("option", { value }, words)),
    );
    return field;
  };
  const fields = {
    scene: select("scene", scenes.map(({ name, label }) => [name, label])),
    method: select("method", methods.map((name) => [name, name])),
  };
  const slider = (name, words, values) => {
    const shown = make("span", { class: "gc-value" });
    const field = make("input", {
      class: "gc-slider",
      type: "range",
      min: 0,
      max: values.length - 1,
      step: 1,
      "data-lm-suppress-shortcuts": "true",
      oninput: () => put(name, Number(field.value)),
    });
    return { field, shown, words, values, box: make("label", { class: "gc-choice gc-wide" }, make("span", {}, words, " ", shown), field) };
  };
  const sliders = {
    foreground: slider("foreground", "Object above", above),
    background: slider("background", "Background below", below),
  };
  const label = (words, field) => make("label", { class: "gc-choice" }, words, field);

  // ---------------------------------------------------------------- parts
  const layer = (name) => make("span", { class: `gc-layer ${name}`, "aria-hidden": "true" });
  const image = (...layers) => make("div", { class: "gc-image", role: "img" }, ...layers);
  const faint = layer("gc-faint");
  const [ground, object] = [layer("gc-ground"), layer("gc-object")];
  const [cut, truth] = [layer("gc-cut"), layer("gc-cut")];
  const [seedsImage, cutImage, truthImage] = [image(faint, ground, object), image(cut), image(truth)];
  const part = (words, ...children) =>
    make("div", { class: "gc-part" }, make("p", { class: "gc-title" }, words), ...children);
  const meter = (words) => {
    const value = make("span", { class: "gc-value" });
    const fill = make("span", { class: "gc-fill" });
    const track = make("div", { class: "gc-track", "aria-hidden": "true" }, fill);
    return { value, fill, box: make("div", { class: "gc-meter" }, make("p", { class: "gc-line" }, make("span", {}, words), value), track) };
  };
  const meters = [meter("Seeds on the object"), meter("IoU of the seeds"), meter("IoU of the mask")];
  const sentence = make("p", { class: "gc-sentence" });
  const spoken = make("p", { class: "gc-spoken", role: "status", "aria-live": "polite" });
  const root = make(
    "div",
    { class: "gc", role: "group", "aria-label": "Seeds and GrabCut" },
    make(
      "div",
      { class: "gc-controls" },
      label("Picture", fields.scene),
      label("Map", fields.method),
      sliders.foreground.box,
      sliders.background.box,
    ),
    make(
      "div",
      { class: "gc-stage" },
      part("Seeds", seedsImage),
      part("GrabCut's mask", cutImage),
      part("True mask", truthImage),
    ),
    make(
      "p",
      { class: "gc-key" },
      make("span", { class: "gc-sample gc-orange" }),
      " object ",
      make("span", { class: "gc-sample gc-striped" }),
      " background, striped",
    ),
    make("div", { class: "gc-meters" }, ...meters.map(({ box }) => box)),
    sentence,
    spoken,
  );
  el.append(root);

  // ---------------------------------------------------------------- showing
  /** Let a layer be seen only where one of the masks in an image is opaque. */
  function cutWith(element, address, frame, frames) {
    element.style.maskImage = `url("${address}")`;
    element.style.maskSize = `100% ${100 * frames}%`;
    element.style.maskPosition = `0 ${offset(frame, frames)}`;
  }

  const percent = (share) => `${Math.round(100 * share)} %`;

  let speech = 0;
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
    clearTimeout(speech);
    speech = setTimeout(() => {
      spoken.textContent = `Above ${above[foreground]}, below ${below[background]}: ${percent(seeds.right / seeds.count)} of the seeds on the object, IoU ${mask.iou.toFixed(2)}.`;
    }, 250);
  }

  const watched = ["scene", "method", "foreground", "background"];
  for (const name of watched) model.on(`change:${name}`, show);
  show();
  return () => {
    for (const name of watched) model.off(`change:${name}`, show);
    clearTimeout(speech);
    root.remove();
  };
}

export default { render };
