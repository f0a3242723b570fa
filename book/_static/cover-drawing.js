// Brings the drawing of the first page to life: its window can be dragged, its filter changed. What
// it starts with is read from the drawing.

const SIDE = 20;
const LIMIT = 9;

const figure = /** @type {HTMLElement} */ (document.querySelector(".filter-at-work"));
const svg = /** @type {SVGSVGElement} */ (figure.querySelector("svg"));
const part = (/** @type {string} */ name) =>
  /** @type {SVGElement} */ (svg.querySelector(`.cover-${name}`));
const cellsOf = (/** @type {string} */ name) => [...part(name).querySelectorAll("g")];

const numberOf = (/** @type {string} */ text) => Number(text.replace("−", "-"));
const textOf = (/** @type {number} */ number) => String(number).replace("-", "−");

const pixels = cellsOf("picture").map((cell) => numberOf(cell.textContent));
const weights = cellsOf("filter").map((cell) => numberOf(cell.textContent));
const width = Math.sqrt(pixels.length);
const size = Math.sqrt(weights.length);
const places = width - size + 1;
const [pictureLeft, pictureTop] = ["x", "y"].map((name) =>
  Number(part("picture").querySelector("rect").getAttribute(name)),
);

const windowFrame = part("window");
const placeFrame = part("place");
const [placeLeft, placeTop] = ["x", "y"].map((name) =>
  Number(part("responses").querySelector("rect").getAttribute(name)),
);
let column = (Number(windowFrame.getAttribute("x")) - pictureLeft) / SIDE;
let row = (Number(windowFrame.getAttribute("y")) - pictureTop) / SIDE;

/** The pixels under the window at a place, in the order of the weights. */
function pixelsAt(/** @type {number} */ row, /** @type {number} */ column) {
  return weights.map((_, k) => pixels[(row + Math.floor(k / size)) * width + column + (k % size)]);
}

function responseAt(/** @type {number} */ row, /** @type {number} */ column) {
  return pixelsAt(row, column).reduce((sum, pixel, k) => sum + pixel * weights[k], 0);
}

/** Write signed numbers into cells, colored by sign and strength. */
function paint(/** @type {Element[]} */ cells, /** @type {number[]} */ numbers) {
  const largest = Math.max(1, ...numbers.map(Math.abs));
  cells.forEach((cell, k) => {
    const kind = numbers[k] > 0 ? "positive" : numbers[k] < 0 ? "negative" : "zero";
    const strength = Math.round((3 * Math.abs(numbers[k])) / largest);
    cell.setAttribute("class", `${kind} strength-${strength}`);
    cell.querySelector("text").textContent = textOf(numbers[k]);
  });
}

function showDrawing() {
  const filter = cellsOf("filter");
  paint(filter, weights);
  filter.forEach((cell, k) => {
    cell.setAttribute("aria-valuenow", String(weights[k]));
    cell.setAttribute("aria-valuetext", textOf(weights[k]));
  });
  const responses = Array.from({ length: places ** 2 }, (_, k) =>
    responseAt(Math.floor(k / places), k % places),
  );
  paint(cellsOf("responses"), responses);
  windowFrame.setAttribute("x", String(pictureLeft + SIDE * column));
  windowFrame.setAttribute("y", String(pictureTop + SIDE * row));
  placeFrame.setAttribute("x", String(placeLeft + SIDE * column));
  placeFrame.setAttribute("y", String(placeTop + SIDE * row));
  const here = textOf(responseAt(row, column));
  windowFrame.setAttribute("aria-valuenow", String(row * places + column + 1));
  windowFrame.setAttribute(
    "aria-valuetext",
    `row ${row + 1}, column ${column + 1}, response ${here}`,
  );
  const products = pixelsAt(row, column).map(
    (pixel, k) => `${pixel}·${weights[k] < 0 ? `(${textOf(weights[k])})` : weights[k]}`,
  );
  figure.querySelector(".sum").textContent = `${products.join(" + ")} = ${here}`;
}

const clamp = (
  /** @type {number} */ value,
  /** @type {number} */ low,
  /** @type {number} */ high,
) => Math.min(Math.max(value, low), high);

function moveWindow(/** @type {number} */ newRow, /** @type {number} */ newColumn) {
  row = clamp(newRow, 0, places - 1);
  column = clamp(newColumn, 0, places - 1);
  showDrawing();
}

function changeWeight(/** @type {number} */ k, /** @type {number} */ weight) {
  weights[k] = clamp(weight, -LIMIT, LIMIT);
  showDrawing();
}

/** The window follows a pointer on the picture, its middle below it. */
function followPointer(/** @type {PointerEvent} */ { clientX, clientY }) {
  const point = new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM().inverse());
  const middle = (size - 1) / 2;
  moveWindow(
    Math.floor((point.y - pictureTop) / SIDE) - middle,
    Math.floor((point.x - pictureLeft) / SIDE) - middle,
  );
}

function listenToWindow() {
  for (const target of [part("picture"), windowFrame]) {
    target.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      windowFrame.setPointerCapture(event.pointerId);
      followPointer(event);
    });
  }
  windowFrame.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (windowFrame.hasPointerCapture(event.pointerId)) followPointer(event);
  });
  windowFrame.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    moveWindow(row + step[0], column + step[1]);
  });
}

function listenToWeight(/** @type {SVGElement} */ cell, /** @type {number} */ k) {
  // 1, 0, −1, and again 1.
  cell.addEventListener("click", () => changeWeight(k, weights[k] > -1 ? weights[k] - 1 : 1));
  cell.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 };
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in steps) changeWeight(k, weights[k] + steps[event.key]);
    else if (/^\d$/.test(event.key)) changeWeight(k, Number(event.key));
    else if (event.key === "-") changeWeight(k, -weights[k]);
    else return;
    event.preventDefault();
  });
}

function describe(
  /** @type {Element} */ element,
  /** @type {Record<string, string | number>} */ a,
) {
  for (const [name, value] of Object.entries(a)) element.setAttribute(name, String(value));
}

// An image may hold nothing that takes the keyboard.
svg.setAttribute("role", "group");
describe(windowFrame, {
  ...{ tabindex: 0, role: "slider", "aria-label": "Window on the picture" },
  ...{ "aria-valuemin": 1, "aria-valuemax": places ** 2 },
});
cellsOf("filter").forEach((cell, k) => {
  const name = `Filter, row ${Math.floor(k / size) + 1}, column ${(k % size) + 1}`;
  describe(cell, {
    ...{ tabindex: 0, role: "spinbutton", "aria-label": name },
    ...{ "aria-valuemin": -LIMIT, "aria-valuemax": LIMIT },
  });
  listenToWeight(cell, k);
});
listenToWindow();
figure.classList.add("cover-alive");
const hint = document.createElement("p");
hint.textContent =
  "Drag the window over the picture. Click a number of the filter. Or use Tab and the arrow keys.";
figure.querySelector("figcaption").append(hint);
showDrawing();
