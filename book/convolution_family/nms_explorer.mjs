// The figure "nms explorer": boxes that one can move, and which of them are left.
//
// An ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes.

import { make, slider, speaker } from "../figures/elements.mjs";
import { moveFor, onceAFrame, watch } from "../figures/model.mjs";
import { clamp, fixedText } from "../figures/numbers.mjs";
import { moved, suppress } from "./nms_explorer_math.mjs";

/** @typedef {import("../figures/model.mjs").Model} Model */
/** @typedef {ReturnType<typeof locate>} Now what is shown, worked out from the model */

const STEP = 1;
const KEY =
  "Solid: the box stays. Dashed: it goes. Choose a box in the list or in the picture; drag it, or " +
  "move it with the arrow keys.";

const letter = (/** @type {number} */ box) => String.fromCharCode(65 + box);

function locate(/** @type {Model} */ model) {
  /** @type {number[][]} */
  const boxes = model.get("boxes");
  /** @type {number[][]} */
  const [scores, size] = ["scores", "size"].map((name) => model.get(name));
  const chosen = clamp(model.get("chosen"), 0, boxes.length - 1);
  const threshold = model.get("threshold") / 100;
  const verdicts = suppress(boxes, scores, threshold);
  /** @type {number[][]} */
  const objects = model.get("objects");
  return { boxes, scores, size, chosen, threshold, verdicts, objects };
}

/** What became of a box, in words. */
function sentence(/** @type {Now["verdicts"][number]} */ { stays, other, overlap }) {
  if (other < 0) return "stays: it overlaps with no better box that stays";
  const most = `IoU ${fixedText(overlap)} with ${letter(other)}`;
  return stays ? `stays: at most ${most}` : `goes: ${most}`;
}

function draw(/** @type {Now} */ { boxes, size, chosen, verdicts, objects }) {
  /** @type {SVGElement[]} */
  const parts = objects.map(([cx, cy, r]) => make("circle", { cx, cy, r, class: "nx-object" }));
  for (const { box, stays } of [...verdicts].reverse()) {
    const [left, top, right, bottom] = boxes[box];
    const place = { x: left, y: top, width: right - left, height: bottom - top };
    const kind = `nx-box${stays ? "" : " nx-gone"}${box === chosen ? " nx-chosen" : ""}`;
    parts.push(make("rect", { ...place, class: kind, "data-box": box }));
    const at = { x: left + 1.2, y: top + 4.6, class: "nx-letter" };
    parts.push(make("text", at, letter(box)));
  }
  const view = `-1 -1 ${size[0] + 2} ${size[1] + 2}`;
  return make("svg", { viewBox: view, "aria-hidden": "true" }, ...parts);
}

/** The scene, in which boxes are dragged and moved by keys: { box, show }. */
function makeScene(/** @type {Model} */ model, put) {
  const move = (/** @type {number} */ right, /** @type {number} */ down) => {
    const { boxes, chosen, size } = locate(model);
    put({
      boxes: boxes.map((box, n) => (n === chosen ? moved(box, right, down, size) : box)),
    });
  };
  const scene = make("div", {
    class: "nx-scene",
    role: "application",
    tabindex: "0",
    "aria-label": "Boxes over two objects. Arrow keys move the chosen box.",
    "data-lm-suppress-shortcuts": "true",
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const to = moveFor(event, {
        ArrowUp: [0, -STEP],
        ArrowDown: [0, STEP],
        ArrowLeft: [-STEP, 0],
        ArrowRight: [STEP, 0],
      });
      if (to) move(to[0], to[1]);
    },
  });
  /** @type {number[] | null} */
  let last = null;
  const place = (/** @type {PointerEvent} */ event) => {
    const around = scene.getBoundingClientRect();
    const unit = (model.get("size")[0] + 2) / around.width;
    return [(event.clientX - around.left) * unit, (event.clientY - around.top) * unit];
  };
  scene.addEventListener("pointerdown", (event) => {
    const target = /** @type {Element} */ (event.target);
    const box = target.getAttribute("data-box");
    if (box === null) return;
    put({ chosen: Number(box) });
    last = place(event);
    scene.setPointerCapture(event.pointerId);
  });
  scene.addEventListener("pointermove", (event) => {
    if (!last) return;
    const here = place(event);
    const [right, down] = [0, 1].map((axis) => Math.round(here[axis] - last[axis]));
    if (!right && !down) return;
    last = [last[0] + right, last[1] + down];
    move(right, down);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    scene.addEventListener(end, () => {
      last = null;
    });
  }
  return { box: scene, show: (/** @type {Now} */ now) => scene.replaceChildren(draw(now)) };
}

/** The boxes from the best on, and what became of each: { box, show }. */
function makeList(put) {
  const list = make("ol", { class: "nx-list" });
  const show = (/** @type {Now} */ { verdicts, scores, chosen }) => {
    const focused = list.contains(/** @type {Document} */ (list.getRootNode()).activeElement);
    const lines = verdicts.map((verdict) => {
      const { box, stays } = verdict;
      const words = `${letter(box)}, score ${fixedText(scores[box])}, ${sentence(verdict)}`;
      const button = make(
        "button",
        {
          type: "button",
          class: `lf-button nx-line${stays ? "" : " nx-left"}`,
          "aria-pressed": box === chosen ? "true" : "false",
          onclick: () => put({ chosen: box }),
        },
        words,
      );
      return make("li", {}, button);
    });
    list.replaceChildren(...lines);
    if (focused) /** @type {HTMLElement} */ (list.querySelector("[aria-pressed=true]"))?.focus();
  };
  return { box: list, show };
}

function render({ model, el }) {
  const { put, schedule, stop } = onceAFrame(model, () => show());
  const { field, reading, box } = slider("Threshold", [0, 100], (value) =>
    put({ threshold: value }),
  );
  const [scene, list] = [makeScene(model, put), makeList(put)];
  const facts = make("p", { class: "nx-facts" });
  const voice = speaker();
  const root = make(
    "div",
    { class: "lf lf-bounded nx", role: "group", "aria-label": "Explorer of suppression" },
    make("div", { class: "lf-controls nx-controls" }, box),
    make("div", { class: "nx-parts" }, scene.box, list.box),
    facts,
    make("p", { class: "lf-small" }, KEY),
    voice.line,
  );
  el.append(root);

  function show() {
    const now = locate(model);
    field.value = `${model.get("threshold")}`;
    reading.textContent = fixedText(now.threshold);
    for (const part of [scene, list]) part.show(now);
    const left = now.verdicts.filter(({ stays }) => stays).map((verdict) => letter(verdict.box));
    facts.textContent = `${left.length} of ${now.boxes.length} boxes stay: ${left.join(", ")}.`;
    voice.say(facts.textContent);
  }

  const unwatch = watch(model, ["boxes", "threshold", "chosen"], schedule);
  show();
  return () => {
    unwatch();
    stop();
    voice.stop();
    root.remove();
  };
}

export default { render };
