// The figure "occlusion explorer": a patch to drag over a picture, and the map that grows.
//
// One ES module in anywidget's format. The network is not here: the scores of all classes come with
// the page, for every place of the patch. The computing functions come first and are exported.

import { button, choice, make, meter, select, speaker } from "../figures/elements.mjs";
import { gridMoves, moveFor, onceAFrame, save, watch } from "../figures/model.mjs";
import { decode, fixedText } from "../figures/numbers.mjs";

const POSITIVE = [228, 112, 0];
const NEGATIVE = [48, 128, 224];

/** The probabilities that a softmax makes of scores. */
export function softmax(scores) {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** What is asked of the network: the score of a class, or its probability. */
export function ask(scores, target, measure) {
  return measure === "score" ? scores[target] : softmax(scores)[target];
}

/** By how much the answer falls, for each place of the patch, in reading order. */
export function drops(clean, scores, target, measure) {
  const whole = ask(clean, target, measure);
  return scores.map((one) => whole - ask(one, target, measure));
}

/** The number of the place whose start is nearest to a pixel. */
export function nearest(starts, pixel) {
  let best = 0;
  starts.forEach((start, i) => {
    if (Math.abs(start - pixel) < Math.abs(starts[best] - pixel)) best = i;
  });
  return best;
}

function render({ model, el }) {
  const scenes = model.get("scenes");
  const classes = model.get("classes");
  const step = model.get("step");
  const decoded = new Map(); // a sweep's scores, unpacked when they are first needed
  const seen = new Map(); // for each sweep, the numbers of the places in the map
  let scene;
  let sweep;
  let row;
  let column;

  // ---------------------------------------------------------------- controls
  const fields = {
    scene: select(scenes.map(({ name, label }) => [name, label]), (name) => put({ scene: name })),
    patch: select(
      scenes[0].sweeps.map(({ patch }) => [patch, `${patch} × ${patch}`]),
      (side) => put({ patch: Number(side) }),
    ),
    measure: select([["score", "the score"], ["probability", "the probability"]], (measure) => put({ measure })),
  };
  const all = () => {
    places().forEach((_, i) => seenHere().add(i));
    show();
  };
  const none = () => {
    seenHere().clear();
    show();
  };

  // ---------------------------------------------------------------- parts
  const patch = make("span", { class: "oc-patch" });
  patch.style.setProperty("--oc-color", model.get("color"));
  const picture = make(
    "div",
    {
      class: "lf-picture oc-picture",
      role: "application",
      tabindex: "0",
      "aria-roledescription": "picture",
      "aria-label": "Picture with the patch. Arrow keys move the patch.",
      "data-lm-suppress-shortcuts": "true",
      onkeydown: byKey,
      onclick: (event) => toPointer(event),
    },
    patch,
  );
  const canvas = make("canvas", { class: "oc-canvas", role: "img" });
  const frame = make("span", { class: "oc-frame", "aria-hidden": "true" });
  const map = make("div", { class: "lf-picture oc-map", onclick: toMapPointer }, canvas, frame);
  const mapTitle = make("p", { class: "lf-title" });
  const scoreMeter = meter("", true);
  const probabilityMeter = meter("", true);
  const [says, usually] = [make("p", {}), make("p", {})];
  const sentence = make("p", { class: "lf-sentence" });
  const count = make("p", { class: "lf-small oc-count" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf oc", role: "group", "aria-label": "Occlusion: drag the patch" },
    make(
      "div",
      { class: "lf-controls" },
      choice("Picture", fields.scene),
      choice("Patch, in pixels", fields.patch),
      choice("Ask for", fields.measure),
      make("div", { class: "oc-buttons" }, button("Show all places", all), button("Start over", none)),
    ),
    make(
      "div",
      { class: "lf-stage" },
      make("div", { class: "lf-part" }, make("p", { class: "lf-title" }, "Drag the patch"), picture),
      make("div", { class: "lf-part" }, mapTitle, map),
      make("div", { class: "lf-part lf-meters" }, scoreMeter.box, probabilityMeter.box, make("div", { class: "lf-small oc-says" }, says, usually)),
    ),
    sentence,
    count,
    make(
      "p",
      { class: "lf-small oc-key" },
      make("span", { class: "oc-orange" }, "orange +"),
      " it falls here, ",
      make("span", { class: "oc-blue" }, "blue \u2212"),
      " it rises, ",
      make("span", { class: "oc-gray" }, "gray"),
      " not seen yet",
    ),
    voice.line,
  );
  el.append(root);

  // ---------------------------------------------------------------- changes
  function put(changed) {
    save(model, changed);
    compute(); // a drag over several places between two drawings has seen them all
    seenHere().add(row * sweep.starts.length + column);
  }

  function moveTo(i, j) {
    const inside = (place) => Math.max(0, Math.min(sweep.starts.length - 1, place));
    put({ top: sweep.starts[inside(i)], left: sweep.starts[inside(j)] });
  }

  function byKey(event) {
    const to = moveFor(event, gridMoves(row, column, sweep.starts.length - 1));
    if (to) moveTo(...to);
  }

  /** Where the pointer is, in pixels of the picture. */
  function pixelAt(event, element) {
    const box = element.getBoundingClientRect();
    return [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width].map(
      (share) => share * scene.side,
    );
  }

  let held; // where in the patch the pointer took hold of it
  function toPointer(event, [down, right] = [sweep.patch / 2, sweep.patch / 2]) {
    if (event.target === patch && event.type === "click") return; // the end of a drag
    const [y, x] = pixelAt(event, picture);
    moveTo(nearest(sweep.starts, y - down), nearest(sweep.starts, x - right));
  }

  function toMapPointer(event) {
    const box = canvas.getBoundingClientRect();
    const places = sweep.starts.length;
    moveTo(
      Math.floor(((event.clientY - box.top) / box.height) * places),
      Math.floor(((event.clientX - box.left) / box.width) * places),
    );
  }

  // Only the patch itself takes a touch: beside it, the page scrolls.
  patch.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const [y, x] = pixelAt(event, picture);
    held = [y - sweep.starts[row], x - sweep.starts[column]];
    patch.setPointerCapture(event.pointerId);
    picture.focus({ preventScroll: true });
    event.preventDefault();
  });
  patch.addEventListener("pointermove", (event) => held && toPointer(event, held));
  for (const end of ["pointerup", "pointercancel"]) {
    patch.addEventListener(end, () => (held = undefined));
  }

  // ---------------------------------------------------------------- showing
  const key = () => `${scene.name} ${sweep.patch}`;

  /** The scores at each place of the current patch. */
  function places() {
    if (!decoded.has(key())) {
      const flat = decode(sweep.scores, step);
      const count = flat.length / classes.length;
      decoded.set(
        key(),
        Array.from({ length: count }, (_, i) => flat.slice(i * classes.length, (i + 1) * classes.length)),
      );
    }
    return decoded.get(key());
  }

  function seenHere() {
    if (!seen.has(key())) seen.set(key(), new Set());
    return seen.get(key());
  }

  function compute() {
    scene = scenes.find(({ name }) => name === model.get("scene")) ?? scenes[0];
    sweep = scene.sweeps.find((one) => one.patch === model.get("patch")) ?? scene.sweeps[0];
    row = nearest(sweep.starts, model.get("top"));
    column = nearest(sweep.starts, model.get("left"));
  }

  /** Orange where the answer falls, blue where it rises, a gray pattern where nobody has looked. */
  function drawMap(values, limit) {
    const side = sweep.starts.length;
    canvas.width = canvas.height = side;
    const image = new ImageData(side, side);
    const here = seenHere();
    values.forEach((value, i) => {
      const odd = (Math.floor(i / side) + (i % side)) % 2;
      const share = Math.min(1, Math.abs(value) / limit);
      const color = here.has(i) ? [...(value > 0 ? POSITIVE : NEGATIVE), 255 * share ** 0.75] : [128, 128, 128, odd ? 110 : 70];
      image.data.set(color, 4 * i);
    });
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function fillMeter({ value, fill, mark }, number, clean, low, high) {
    const share = (one) => `${(100 * (one - low)) / (high - low)}%`;
    value.textContent = fixedText(number);
    fill.style.width = share(number);
    mark.style.left = share(clean);
  }

  function show() {
    compute();
    const measure = model.get("measure");
    const scores = places();
    const side = sweep.starts.length;
    const at = row * side + column;
    seenHere().add(at);
    for (const name of Object.keys(fields)) fields[name].value = model.get(name);
    const clean = decode(sweep.clean, step);
    const { target } = scene;
    const name = classes[target];

    picture.style.backgroundImage = `url("${scene.picture}")`;
    const percent = (pixels) => `${(100 * pixels) / scene.side}%`;
    patch.style.top = percent(sweep.starts[row]);
    patch.style.left = percent(sweep.starts[column]);
    patch.style.width = patch.style.height = percent(sweep.patch);
    frame.style.top = `${(100 * row) / side}%`;
    frame.style.left = `${(100 * column) / side}%`;
    frame.style.width = frame.style.height = `${100 / side}%`;

    const values = drops(clean, scores, target, measure);
    const limit = Math.max(...values.map(Math.abs));
    drawMap(values, limit);
    mapTitle.textContent = `Fall, up to ${fixedText(limit)}`;

    const ofTarget = scores.map((one) => one[target]);
    const [low, high] = [Math.min(0, ...ofTarget), Math.max(clean[target], ...ofTarget)];
    const [now, chances, before] = [scores[at], softmax(scores[at]), softmax(clean)];
    scoreMeter.name.textContent = `Score of “${name}” `;
    probabilityMeter.name.textContent = `Probability of “${name}” `;
    fillMeter(scoreMeter, now[target], clean[target], low, high);
    fillMeter(probabilityMeter, chances[target], before[target], 0, 1);
    const first = (list) => list.indexOf(Math.max(...list));
    const [answer, usual] = [first(now), first(clean)];
    says.textContent = `The network says: ${classes[answer]} (${fixedText(chances[answer])}).`;
    usually.textContent = `Nothing hidden: ${classes[usual]} (${fixedText(before[usual])}).`;

    const change = values[at];
    const verb = change >= 0 ? "falls" : "rises";
    const [whole, hidden] = [clean, now].map((one) => ask(one, target, measure));
    const last = (start) => start + sweep.patch - 1;
    const [top, left] = [sweep.starts[row], sweep.starts[column]];
    sentence.textContent = `Rows ${top} to ${last(top)} and columns ${left} to ${last(left)} are hidden: the ${measure} of “${name}” ${verb} by ${fixedText(Math.abs(change))}, from ${fixedText(whole)} to ${fixedText(hidden)}.`;
    const number = seenHere().size;
    const falls = [...seenHere()].map((i) => values[i]);
    count.textContent = `${number} of ${scores.length} places seen. Largest fall so far: ${fixedText(Math.max(...falls))}.`;
    canvas.setAttribute("aria-label", `Map of ${side} by ${side} places. ${count.textContent}`);
    voice.say(`Row ${top}, column ${left}: ${measure} ${fixedText(hidden)}, ${verb} by ${fixedText(Math.abs(change))}. The network says ${classes[answer]}.`);
  }

  const { schedule, stop } = onceAFrame(model, show);
  const unwatch = watch(model, ["scene", "patch", "measure", "top", "left"], schedule);
  compute();
  if (model.get("swept")) {
    for (let i = 0; i < row * sweep.starts.length + column; i++) seenHere().add(i);
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
