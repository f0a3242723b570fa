// The figure "attack explorer": a picture under attack, the change magnified, the probabilities.
//
// An ES module in anywidget's format. The network is not here: its probabilities come with the
// page, and so do the changes, as pictures of which the canvas adds one to the picture.

import { choice, make, meter, select, slider, speaker } from "../figures/elements.mjs";
import { save, watch } from "../figures/model.mjs";
import { clamp, percent } from "../figures/numbers.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */

const MIDDLE = 128; // the byte of a change that stands for none, as in attack_explorer.py

/**
 * Which frame of the sheet holds the change, and by how much it is multiplied.
 *
 * @param {string} attack
 * @param {number} level a place in `levels`
 * @param {number[]} levels
 */
export function changeOf(attack, level, levels) {
  if (level === 0) return { frame: 1, times: 0 };
  if (attack === "random") return { frame: 1, times: levels[level] };
  if (attack === "fgsm") return { frame: 2, times: levels[level] };
  return { frame: 2 + level, times: 1 };
}

/**
 * The bytes of the picture after a change, and those of the change magnified, both with alpha.
 *
 * @param {Uint8ClampedArray} sheet frames, one below the other
 * @param {{ frame: number, times: number }} change
 * @param {number} length bytes of a frame
 * @param {number} largest the change that becomes black or white
 */
export function attackedBytes(sheet, { frame, times }, length, largest) {
  const picture = new Uint8ClampedArray(length);
  const magnified = new Uint8ClampedArray(length);
  for (let i = 0; i < length; i++) {
    const alpha = i % 4 === 3;
    const change = times * (sheet[frame * length + i] - MIDDLE);
    picture[i] = alpha ? 255 : clamp(sheet[i] + change, 0, 255);
    magnified[i] = alpha ? 255 : MIDDLE + (largest ? (change / largest) * 127 : 0);
  }
  return { picture, magnified };
}

/** The network, the attack, epsilon and the probabilities that are chosen. */
function locate(/** @type {Model} */ model) {
  const [scenes, classes, levels, level, attack] = [
    "scenes",
    "classes",
    "levels",
    "level",
    "attack",
  ].map((name) => model.get(name));
  const scene = scenes.find(({ name }) => name === model.get("scene")) ?? scenes[0];
  /** @type {number[]} */
  const chances = scene.chances[attack][level];
  const named = chances.indexOf(Math.max(...chances));
  const words = model.get("attacks").find(([name]) => name === attack)[1];
  return { scene, classes, levels, level, epsilon: levels[level], attack, words, chances, named };
}

/** Network, attack and epsilon: { box, show }. */
function makeControls(/** @type {Model} */ model) {
  const [scenes, attacks, levels] = ["scenes", "attacks", "levels"].map((name) => model.get(name));
  const scene = select(
    scenes.map(({ name, label }) => [name, label]),
    (chosen) => save(model, { scene: chosen }),
  );
  const attack = select(attacks, (chosen) => save(model, { attack: chosen }));
  const level = slider("Epsilon", [0, levels.length - 1], (at) => save(model, { level: at }));
  level.box.classList.add("lf-wide");
  const boxes = [choice("Network", scene), choice("Attack", attack), level.box];
  const show = (/** @type {Now} */ now) => {
    scene.value = now.scene.name;
    attack.value = now.attack;
    level.field.value = String(now.level);
    level.reading.textContent = `${now.epsilon}/255`;
    level.field.setAttribute("aria-valuetext", `epsilon ${now.epsilon} of 255`);
  };
  return { box: make("div", { class: "lf-controls" }, ...boxes), show };
}

/** The picture after the attack, and the change magnified: { boxes, show, stop }. */
function makeImages(/** @type {Model} */ model) {
  const side = model.get("side");
  const part = (/** @type {string} */ words) => {
    const title = make("p", { class: "lf-title" }, words);
    const canvas = make("canvas", { class: "lf-picture", role: "img", width: side, height: side });
    return { title, canvas, box: make("div", { class: "lf-part" }, title, canvas) };
  };
  const [picture, change] = [part("What the network gets"), part("")];
  /** @type {Map<string, Uint8ClampedArray>} */
  const sheets = new Map();
  /** @type {Now | null} what is to be drawn once its sheet is there */
  let waiting = null;

  const draw = (/** @type {Now} */ now) => {
    const sheet = sheets.get(now.scene.sheet);
    if (!sheet) return;
    const place = changeOf(now.attack, now.level, now.levels);
    const bytes = attackedBytes(sheet, place, 4 * side * side, now.epsilon);
    for (const [canvas, pixels] of /** @type {const} */ ([
      [picture.canvas, bytes.picture],
      [change.canvas, bytes.magnified],
    ])) {
      canvas.getContext("2d").putImageData(new ImageData(pixels, side, side), 0, 0);
    }
  };
  const load = (/** @type {string} */ address) => {
    const image = new Image();
    image.onload = () => {
      const canvas = make("canvas", { width: image.width, height: image.height });
      const context = canvas.getContext("2d", { colorSpace: "srgb" });
      context.drawImage(image, 0, 0);
      sheets.set(address, context.getImageData(0, 0, image.width, image.height).data);
      if (waiting) draw(waiting);
    };
    image.src = address;
  };
  for (const { sheet } of model.get("scenes")) load(sheet);

  const show = (/** @type {Now} */ now) => {
    waiting = now;
    draw(now);
    const times = now.epsilon ? Math.floor(127 / now.epsilon) : 0;
    change.title.textContent = times ? `The change, ${times} times` : "No change";
    const object = now.classes[now.scene.object];
    picture.canvas.setAttribute("aria-label", `A ${object}, ${changeWords(now)}`);
    change.canvas.setAttribute("aria-label", `The change: ${changeWords(now)}`);
  };
  const stop = () => {
    waiting = null;
  };
  return { boxes: [picture.box, change.box], show, stop };
}

const changeWords = (/** @type {Now} */ { epsilon, words }) =>
  epsilon ? `changed by ${words}, at most ${epsilon} of 255 a number` : "unchanged";

/** A bar for each class: { box, show }. */
function makeBars(/** @type {string[]} */ classes) {
  const bars = classes.map((name) => meter(name));
  const show = (/** @type {Now} */ now) => {
    bars.forEach(({ name, value, fill, box }, i) => {
      const is = i === now.scene.object ? " (what it shows)" : "";
      name.textContent = `${classes[i]}${is}`;
      value.textContent = percent(now.chances[i]);
      fill.style.width = `${100 * now.chances[i]}%`;
      box.classList.toggle("ax-object", i === now.scene.object);
      box.classList.toggle("ax-named", i === now.named);
    });
  };
  const boxes = bars.map(({ box }) => box);
  return { box: make("div", { class: "lf-part lf-meters ax-bars" }, ...boxes), show };
}

/** What the network says now. */
function sentenceOf(/** @type {Now} */ now) {
  const { scene, classes, epsilon, named, chances, words } = now;
  const right = named === scene.object;
  const answer = `“${classes[named]}” with ${percent(chances[named])}`;
  if (!epsilon) return `Without an attack, the network ${scene.label} says ${answer}.`;
  const verdict = right ? "It is right." : `It was a ${classes[scene.object]}.`;
  const change = `After ${words} with epsilon ${epsilon}/255`;
  return `${change}, the network ${scene.label} says ${answer}. ${verdict}`;
}

function render({ model, el }) {
  const [controls, images] = [makeControls(model), makeImages(model)];
  const bars = makeBars(model.get("classes"));
  const sentence = make("p", { class: "lf-sentence" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf ax", role: "group", "aria-label": "A picture under attack" },
    controls.box,
    make("div", { class: "lf-stage" }, ...images.boxes, bars.box),
    sentence,
    voice.line,
  );
  el.append(root);

  function show() {
    const now = locate(model);
    for (const part of [controls, images, bars]) part.show(now);
    sentence.textContent = sentenceOf(now);
    voice.say(sentenceOf(now));
  }

  const unwatch = watch(model, ["scene", "attack", "level"], show);
  show();
  return () => {
    unwatch();
    images.stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
