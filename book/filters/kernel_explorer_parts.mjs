// The parts of the kernel explorer above its sum: each is built once, and shows what is current.

import { button, checkbox, choice, make, select } from "../figures/elements.mjs";
import { numberText } from "../figures/numbers.mjs";
import { paintLegend, paintPicture, paintResponse } from "./kernel_explorer_canvas.mjs";
import { extreme, relu, resize, sameKernel } from "./kernel_explorer_math.mjs";
import { moveByKey } from "./kernel_explorer_moves.mjs";
import { makeOwnPicture } from "./kernel_explorer_own.mjs";
import { negativeShare, onFlatGround, whenTurned } from "./kernel_explorer_text.mjs";

/** @typedef {import("./kernel_explorer.mjs").Now} Now */
/** @typedef {import("./kernel_explorer.mjs").Explorer} Explorer */

/** Picture, filter and its size, and the two switches. */
export function makeControls(/** @type {Explorer} */ explorer) {
  const { model, put, now } = explorer;
  const presets = model.get("presets");
  const choosePreset = () => {
    const preset = presets.find(({ name }) => name === filterField.value);
    explorer.complain("");
    if (preset) put({ kernel: preset.kernel });
    else explorer.show();
  };
  const ofSide = (/** @type {number} */ side) => {
    const options = presets.filter(({ kernel }) => kernel.length === side);
    const words = `${side} × ${side}`;
    const made = options.map(({ name, label }) => make("option", { value: name }, label));
    return make("optgroup", { label: words }, ...made);
  };
  const pictureField = select([], (picture) => put({ picture }));
  let listed;
  const listPictures = () => {
    const pictures = model.get("pictures");
    if (pictures === listed) return;
    listed = pictures;
    const options = pictures.map(({ name, label }) => make("option", { value: name }, label));
    pictureField.replaceChildren(...options);
  };
  const filterField = make(
    "select",
    { class: "lf-input", "data-lm-suppress-shortcuts": "true", onchange: choosePreset },
    ...[ofSide(3), ofSide(5), make("option", { value: "own" }, "your own")],
  );
  const sizes = [3, 5].map((side) => [side, `${side} × ${side}`]);
  const sizeField = select(sizes, (side) => put({ kernel: resize(now().kernel, Number(side)) }));
  const convolution = checkbox("true convolution", (checked) => put({ convolution: checked }));
  const own = makeOwnPicture(explorer);
  const rectified = checkbox("after ReLU", (checked) => put({ relu: checked }));
  const box = make(
    "div",
    { class: "lf-controls" },
    choice("Picture", pictureField),
    choice("Filter", filterField),
    choice("Size", sizeField),
    ...own.parts,
    make("div", { class: "kx-switches" }, convolution.box, rectified.box),
  );
  const show = (/** @type {Now} */ { picture, preset, kernel }) => {
    listPictures();
    pictureField.value = picture.name;
    filterField.value = preset?.name ?? "own";
    sizeField.value = String(kernel.length);
    convolution.field.checked = model.get("convolution");
    rectified.field.checked = model.get("relu");
  };
  return { box, show, stop: own.stop };
}

/** A canvas in a frame that takes the arrow keys. */
function makeBoard(/** @type {Explorer} */ explorer, /** @type {string} */ hint, label) {
  const canvas = make("canvas", { class: "kx-canvas", "aria-hidden": "true" });
  const frame = make(
    "div",
    {
      class: "kx-frame",
      tabindex: "0",
      role: "application",
      "aria-roledescription": hint,
      "aria-label": label,
      "data-lm-suppress-shortcuts": "true",
      onkeydown: (event) => moveByKey(event, explorer),
    },
    canvas,
  );
  return { canvas, frame };
}

/** The picture under its size, with the window on it. */
export function makePicture(/** @type {Explorer} */ explorer) {
  const label = "Picture with the window. Arrow keys move the window.";
  const board = makeBoard(explorer, "window", label);
  const title = make("p", { class: "kx-title" });
  const credit = make("p", { class: "kx-note" });
  const box = make("div", { class: "kx-picture" }, title, board.frame, credit);
  const show = (/** @type {Now} */ now) => {
    title.textContent = `Picture, ${now.picture.height} × ${now.picture.width}`;
    credit.textContent = now.picture.credit;
    paintPicture(board, now);
  };
  return { box, board, show };
}

/** The response map under its size, with its legend and the ways to its extremes. */
export function makeResponse(/** @type {Explorer} */ explorer) {
  const label = "Response map. Arrow keys move the marked position.";
  const board = makeBoard(explorer, "response map", label);
  const title = make("p", { class: "kx-title" });
  const here = make("p", { class: "kx-here" });
  const [low, high] = [make("span"), make("span")];
  const bar = make("canvas", {
    class: "kx-bar",
    width: "202",
    height: "16",
    "aria-hidden": "true",
  });
  const legend = make("div", { class: "kx-legend" }, low, bar, high);
  const goTo = (/** @type {boolean} */ highest) => {
    const { response } = explorer.now();
    explorer.moveTo(...extreme(explorer.model.get("relu") ? relu(response) : response, highest));
  };
  const [smallest, largest] = [button("", () => goTo(false)), button("", () => goTo(true))];
  const buttons = make("div", { class: "kx-buttons" }, smallest, largest);
  const box = make("div", { class: "kx-response" }, title, board.frame, here, legend, buttons);
  const show = (/** @type {Now} */ now) => {
    const { response, row, column, limit } = now;
    const map = now.relu ? relu(response) : response;
    const kind = now.relu ? "After ReLU" : "Response";
    title.textContent = `${kind}, ${response.length} × ${response[0].length}`;
    here.textContent = `here: ${numberText(map[row][column])}`;
    paintResponse(board, now);
    paintLegend(bar, now);
    low.textContent = now.relu ? "removed" : numberText(-limit);
    high.textContent = numberText(limit);
    const [least, most] = [Math.min(...map.flat()), Math.max(...map.flat())].map((value) =>
      numberText(value),
    );
    smallest.textContent = `min ${least}`;
    largest.textContent = `max ${most}`;
    smallest.setAttribute("aria-label", `Go to the min ${least}, the smallest response`);
    largest.setAttribute("aria-label", `Go to the max ${most}, the largest response`);
  };
  return { box, board, show };
}

/** What is to say about the filter and about all responses. */
export function makeAbout() {
  const [about, remark, removed] = [make("p"), make("p"), make("p")];
  const box = make("div", { class: "kx-about" }, about, remark, removed);
  const show = (/** @type {Now} */ { preset, kernel, convolution, response, relu }) => {
    about.textContent = `${preset?.about ?? "A filter of your own."} ${onFlatGround(kernel)}`;
    remark.textContent = convolution ? whenTurned(kernel) : "";
    removed.textContent = negativeShare(response, relu);
  };
  return { box, show };
}

/** The preset that has this kernel, if there is one. */
export function presetOf(/** @type {number[][]} */ kernel, presets) {
  return presets.find((preset) => sameKernel(preset.kernel, kernel));
}
