// What the reader handles in the occlusion explorer: the picture with the patch, and the map.

import { colorOf } from "../figures/colors.mjs";
import { cover, make } from "../figures/elements.mjs";
import { gridMoves, moveFor } from "../figures/model.mjs";
import { fixedText } from "../figures/numbers.mjs";
import { nearest } from "./occlusion_explorer_math.mjs";

/** @typedef {import("./occlusion_explorer.mjs").Now} Now */
/** @typedef {(row: number, column: number) => void} MoveTo */

/** Where the pointer is on an element, from 0 to 1: [down, right]. */
function shareAt(/** @type {MouseEvent} */ event, /** @type {Element} */ element) {
  const box = element.getBoundingClientRect();
  return [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
}

/**
 * The picture and the patch, which can be dragged and moved by key: { box, show }.
 *
 * @param {() => Now} current
 * @param {MoveTo} moveTo
 */
export function makePicture(current, moveTo) {
  /** @type {number[] | undefined} where in the patch the pointer took hold of it */
  let hold;
  const pixelAt = (/** @type {MouseEvent} */ event) =>
    shareAt(event, picture).map((share) => share * current().scene.side);
  const follow = (/** @type {MouseEvent} */ event, /** @type {number[]} */ [down, right]) => {
    const [y, x] = pixelAt(event);
    const { starts } = current().sweep;
    moveTo(nearest(starts, y - down), nearest(starts, x - right));
  };
  const patch = make("span", { class: "oc-patch" });
  const picture = make(
    "div",
    {
      class: "lf-picture oc-picture",
      role: "application",
      tabindex: "0",
      "aria-roledescription": "picture",
      "aria-label": "Picture with the patch. Arrow keys move the patch.",
      "data-lm-suppress-shortcuts": "true",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const { row, column, sweep } = current();
        const to = moveFor(event, gridMoves(row, column, sweep.starts.length - 1));
        if (to) moveTo(to[0], to[1]);
      },
      onclick: (/** @type {MouseEvent} */ event) => {
        const half = current().sweep.patch / 2;
        if (event.target !== patch) follow(event, [half, half]); // else it is the end of a drag
      },
    },
    patch,
  );
  // Only the patch itself takes a touch: beside it, the page scrolls.
  patch.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const [y, x] = pixelAt(event);
    const { sweep, row, column } = current();
    hold = [y - sweep.starts[row], x - sweep.starts[column]];
    patch.setPointerCapture(event.pointerId);
    picture.focus({ preventScroll: true });
    event.preventDefault();
  });
  patch.addEventListener("pointermove", (event) => hold && follow(event, hold));
  for (const end of ["pointerup", "pointercancel"]) {
    patch.addEventListener(end, () => {
      hold = undefined;
    });
  }
  const title = make("p", { class: "lf-title" }, "Drag the patch");
  const show = (/** @type {Now} */ { scene, sweep, row, column }) => {
    picture.style.backgroundImage = `url("${scene.picture}")`;
    picture.classList.toggle("oc-photograph", scene.photograph);
    patch.style.setProperty("--oc-color", scene.color);
    const [top, left] = [sweep.starts[row], sweep.starts[column]];
    cover(patch, top / scene.side, left / scene.side, sweep.patch / scene.side);
  };
  return { box: make("div", { class: "lf-part" }, title, picture), show };
}

/** The map of all places seen so far: { box, show }. */
export function makeMap(/** @type {() => Now} */ current, /** @type {MoveTo} */ moveTo) {
  const canvas = make("canvas", { class: "oc-canvas", role: "img" });
  const frame = make("span", { class: "oc-frame", "aria-hidden": "true" });
  const onclick = (/** @type {MouseEvent} */ event) => {
    const places = current().sweep.starts.length;
    const [row, column] = shareAt(event, canvas).map((share) => Math.floor(share * places));
    moveTo(row, column);
  };
  const map = make("div", { class: "lf-picture oc-map", onclick }, canvas, frame);
  const title = make("p", { class: "lf-title" });
  const show = (/** @type {Now} */ now, /** @type {string} */ words) => {
    const side = now.sweep.starts.length;
    const limit = Math.max(...now.falls.map(Math.abs));
    cover(frame, now.row / side, now.column / side, 1 / side);
    drawMap(canvas, now, limit);
    title.textContent = `Fall, up to ${fixedText(limit)}`;
    canvas.setAttribute("aria-label", `Map of ${side} by ${side} places. ${words}`);
  };
  return { box: make("div", { class: "lf-part" }, title, map), show };
}

/** Orange where the answer falls, blue where it rises, a gray pattern where nobody has looked. */
function drawMap(/** @type {HTMLCanvasElement} */ canvas, /** @type {Now} */ now, limit) {
  const side = now.sweep.starts.length;
  const [orange, blue, gray] = ["orange", "blue", "gray"].map((name) =>
    colorOf(canvas, `--lf-color-${name}`),
  );
  const colorAt = (/** @type {number} */ fall, /** @type {number} */ i) => {
    const odd = (Math.floor(i / side) + (i % side)) % 2;
    if (!now.seen.has(i)) return [...gray, odd ? 110 : 70];
    const share = Math.min(1, Math.abs(fall) / limit);
    return [...(fall > 0 ? orange : blue), 255 * share ** 0.75];
  };
  canvas.height = side;
  canvas.width = side;
  const image = new ImageData(side, side);
  now.falls.forEach((fall, i) => {
    image.data.set(colorAt(fall, i), 4 * i);
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
}
