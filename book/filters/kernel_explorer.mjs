// The figure "kernel explorer": an editable kernel slides over a picture.
//
// One ES module in anywidget's format: it runs in a notebook as a widget and on a published page
// with a small model that offers get, set, on, off and save_changes. Maps and kernels are arrays
// of rows. The computing functions come first and are exported; `render` draws.

import {
  button,
  choice,
  gridMoves,
  luminance,
  make,
  moveFor,
  numberText,
  onDark,
  onceAFrame,
  select,
  signClass,
  speaker,
  total,
  watch,
  watchTheme,
  windowAt,
} from "../figures/figure.mjs";

const LARGEST = 1000;
const STRIPES_FROM = 0.04;
const CONTRAST = 0.7;
const MARGIN = 5;

/** Cross-correlate a picture with a kernel where the kernel fits: no flip, no padding. */
export function correlate(picture, kernel) {
  const rows = picture.length - kernel.length + 1;
  const columns = picture[0].length - kernel[0].length + 1;
  const response = [];
  for (let i = 0; i < rows; i++) {
    const line = new Array(columns);
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let a = 0; a < kernel.length; a++) {
        for (let b = 0; b < kernel[a].length; b++) sum += picture[i + a][j + b] * kernel[a][b];
      }
      line[j] = sum;
    }
    response.push(line);
  }
  return response;
}

/** Turn a kernel by 180 degrees: last row first, last column first. */
export function flip(kernel) {
  return kernel.map((row) => [...row].reverse()).reverse();
}

/** True convolution: cross-correlation with the kernel turned by 180 degrees. */
export function convolve(picture, kernel) {
  return correlate(picture, flip(kernel));
}

/** Set negative numbers to zero. */
export function relu(map) {
  return map.map((row) => row.map((value) => Math.max(value, 0)));
}

/** Turn a kernel counterclockwise by 90 degrees. */
export function turn(kernel) {
  return kernel[0].map((_, j) => kernel.map((row) => row[row.length - 1 - j]));
}

/** The elementwise products of two squares of the same size. */
export function multiply(window, kernel) {
  return window.map((row, a) => row.map((value, b) => value * kernel[a][b]));
}

/** Give a kernel another side: zeros around it, or its middle only. */
export function resize(kernel, side) {
  const shift = (kernel.length - side) / 2;
  return Array.from({ length: side }, (_, a) =>
    Array.from({ length: side }, (_, b) => kernel[a + shift]?.[b + shift] ?? 0),
  );
}

/** Read a typed number or fraction: { value }, or { problem } in words. */
export function readNumber(text) {
  const clean = text.trim().replaceAll("\u2212", "-");
  if (clean === "") return { problem: "nothing typed" };
  const decimal = "[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?";
  const parts = new RegExp(`^(${decimal})(?:\\s*/\\s*(${decimal}))?$`, "i").exec(clean);
  if (!parts) {
    const comma = /^[+-]?\d+,\d+$/.test(clean) ? "; write the decimal point as a dot" : "";
    return { problem: `not a number: "${text.trim()}"${comma}` };
  }
  const divisor = parts[2] === undefined ? 1 : Number(parts[2]);
  if (divisor === 0) return { problem: `division by zero: "${text.trim()}"` };
  const value = Number(parts[1]) / divisor;
  if (Math.abs(value) > LARGEST) {
    return { problem: `too large: "${text.trim()}"; use numbers from -${LARGEST} to ${LARGEST}` };
  }
  return { value: value === 0 ? 0 : value };
}

/** Write a number for editing: as a short decimal or as a fraction where that is exact. */
export function fieldText(value) {
  const short = Number(value.toPrecision(6));
  if (String(short).length <= 5 && Math.abs(short - value) < 1e-12) return String(short);
  for (const divisor of [3, 6, 7, 9, 12, 15, 16, 25, 32, 36, 49, 64, 128, 256]) {
    const top = Math.round(value * divisor);
    if (top !== 0 && Math.abs(top / divisor - value) < 1e-12) return `${top}/${divisor}`;
  }
  return String(short);
}

/** Decode a picture's base64 bytes into rows of numbers. */
export function decodePicture({ data, height, width }) {
  const bytes = atob(data);
  return Array.from({ length: height }, (_, i) =>
    Array.from({ length: width }, (_, j) => bytes.charCodeAt(i * width + j)),
  );
}

function same(first, second) {
  return (
    first.length === second.length &&
    first.every((row, a) => row.every((value, b) => Math.abs(value - second[a][b]) < 1e-12))
  );
}

/** A color of the style sheet as [r, g, b]; the canvas knows every way to write a color. */
function colorOf(element, name) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = getComputedStyle(element).getPropertyValue(name).trim();
  return [1, 3, 5].map((at) => parseInt(context.fillStyle.slice(at, at + 2), 16));
}

/** Black or white, whichever is easier to read on a color. */
function inkOn(rgb) {
  return luminance(rgb) > 0.179 ? "#000" : "#fff";
}

function render({ model, el }) {
  const unique = `kx${Math.random().toString(36).slice(2, 10)}`;
  const pictures = model.get("pictures");
  const presets = model.get("presets");
  const listening = new AbortController();
  const { put, schedule, stop } = onceAFrame(model, () => show());

  // What is shown, worked out from the model in `compute`.
  let picture;
  let pixels;
  let kernel;
  let used;
  let response;
  let limit;
  let row = 0;
  let column = 0;
  let lastPicture = null;
  let lastResponse = "";

  // ---------------------------------------------------------------- controls
  const option = (value, text) => make("option", { value }, text);
  const pictureSelect = select(pictures.map(({ name, label }) => [name, label]), (picture) => put({ picture }));
  const ofSide = (side) =>
    presets.filter((preset) => preset.kernel.length === side).map((p) => option(p.name, p.label));
  const own = option("own", "your own");
  const presetSelect = make(
    "select",
    { class: "lf-input", "data-lm-suppress-shortcuts": "true", onchange: choosePreset },
    make("optgroup", { label: "3 × 3" }, ...ofSide(3)),
    make("optgroup", { label: "5 × 5" }, ...ofSide(5)),
    own,
  );
  const sizeSelect = select([[3, "3 × 3"], [5, "5 × 5"]], (side) =>
    put({ kernel: resize(kernel, Number(side)) }),
  );
  const flipBox = make("input", {
    type: "checkbox",
    onchange: () => put({ convolution: flipBox.checked }),
  });
  const reluBox = make("input", {
    type: "checkbox",
    onchange: () => put({ relu: reluBox.checked }),
  });

  // ---------------------------------------------------------------- pictures
  const stage = (label, hint) => {
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
        onkeydown: moveByKey,
      },
      canvas,
    );
    return { canvas, frame };
  };
  const shownPicture = stage("Picture with the window. Arrow keys move the window.", "window");
  const shownResponse = stage(
    "Response map. Arrow keys move the marked position.",
    "response map",
  );
  const pictureTitle = make("p", { class: "kx-title" });
  const responseTitle = make("p", { class: "kx-title" });
  const credit = make("p", { class: "kx-note" });
  const legendLow = make("span");
  const legendHigh = make("span");
  const bar = make("canvas", { class: "kx-bar", width: "202", height: "16", "aria-hidden": "true" });
  const legend = make(
    "div",
    { class: "kx-legend" },
    legendLow,
    bar,
    legendHigh,
  );
  const largest = button("", () => goTo(true));
  const smallest = button("", () => goTo(false));
  const here = make("p", { class: "kx-here" });
  const removed = make("p");

  // ---------------------------------------------------------------- kernel
  const fields = make("div", { class: "kx-fields", role: "group", "aria-label": "Filter" });
  const problem = make("p", { class: "lf-refusal", role: "alert", id: `${unique}-problem` });
  const about = make("p");
  const remark = make("p");
  const flipped = make("div", { class: "kx-flipped" });

  // ---------------------------------------------------------------- one position
  const place = (name, attribute) =>
    make("input", {
      class: "lf-input kx-place",
      type: "number",
      min: "0",
      step: "1",
      "data-lm-suppress-shortcuts": "true",
      "aria-label": `${name} of the window`,
      oninput: (event) => {
        const value = event.target.valueAsNumber;
        if (Number.isInteger(value) && value >= 0 && value <= Number(event.target.max)) {
          problem.textContent = "";
          put({ [attribute]: value });
        }
      },
      onchange: (event) => {
        const value = event.target.valueAsNumber;
        if (!Number.isInteger(value) || value < 0 || value > Number(event.target.max)) {
          complain(`no ${attribute} ${event.target.value || "like that"}: ${attribute}s go from 0 to ${event.target.max}`);
          event.target.value = attribute === "row" ? row : column;
        }
      },
    });
  const rowField = place("Row", "row");
  const columnField = place("Column", "column");
  const windowCells = make("div", { class: "kx-cells" });
  const kernelCells = make("div", { class: "kx-cells" });
  const productCells = make("div", { class: "kx-cells" });
  const kernelName = make("p", { class: "kx-label" });
  const sum = make("output", { class: "kx-sum", "aria-live": "off" });
  const sentence = make("p", { class: "kx-equation" });
  const voice = speaker();
  const label = (text) => make("p", { class: "kx-label" }, text);
  const block = (sign, name, cells) =>
    make(
      "div",
      { class: "kx-block" },
      make("span", { class: "kx-sign", "aria-hidden": "true" }, sign),
      make("div", {}, name, cells),
    );

  const root = make(
    "div",
    { class: "lf lf-bounded kx", role: "group", "aria-label": "Filter over a picture" },
    make(
      "div",
      { class: "lf-controls" },
      choice("Picture", pictureSelect),
      choice("Filter", presetSelect),
      choice("Size", sizeSelect),
      make(
        "div",
        { class: "kx-switches" },
        make("label", { class: "lf-switch" }, flipBox, "true convolution"),
        make("label", { class: "lf-switch" }, reluBox, "after ReLU"),
      ),
    ),
    make(
      "p",
      { class: "kx-note" },
      "Drag the yellow window, or use the arrow keys on a picture. Type your own numbers into the filter.",
    ),
    make(
      "div",
      { class: "kx-stage" },
      make("div", { class: "kx-picture" }, pictureTitle, shownPicture.frame, credit),
      make(
        "div",
        { class: "kx-kernel" },
        make("p", { class: "kx-title" }, "Filter (kernel)"),
        fields,
        make(
          "div",
          { class: "kx-buttons" },
          button(
            "↺ 90°",
            () => put({ kernel: turn(kernel) }),
            "Turn the filter counterclockwise by 90 degrees",
          ),
          button(
            "× (−1)",
            () => put({ kernel: kernel.map((line) => line.map((value) => (value === 0 ? 0 : -value))) }),
            "Change the sign of every number of the filter",
          ),
        ),
        flipped,
      ),
      make(
        "div",
        { class: "kx-response" },
        responseTitle,
        shownResponse.frame,
        here,
        legend,
        make("div", { class: "kx-buttons" }, smallest, largest),
      ),
    ),
    problem,
    make("div", { class: "kx-about" }, about, remark, removed),
    make(
      "div",
      { class: "kx-position" },
      make(
        "p",
        { class: "kx-where" },
        "Window at row ",
        rowField,
        " column ",
        columnField,
        make("span", { class: "kx-note" }, " (its upper left corner, counted from 0)"),
      ),
      make(
        "div",
        { class: "kx-work" },
        block("", label("Pixels"), windowCells),
        block("×", kernelName, kernelCells),
        block("=", label("Products"), productCells),
        block("→", label("Sum"), sum),
      ),
      sentence,
    ),
    voice.line,
  );
  el.append(root);

  // ---------------------------------------------------------------- changes
  function choosePreset() {
    const preset = presets.find(({ name }) => name === presetSelect.value);
    problem.textContent = "";
    if (preset) put({ kernel: preset.kernel });
    else show();
  }

  function complain(words) {
    problem.textContent = "";
    problem.textContent = `${words}.`;
  }

  function moveTo(newRow, newColumn) {
    const clamp = (value, most) => Math.max(0, Math.min(most, value));
    put({
      row: clamp(newRow, response.length - 1),
      column: clamp(newColumn, response[0].length - 1),
    });
  }

  function moveByKey(event) {
    const [i, j] = [model.get("row"), model.get("column")];
    const to = moveFor(event, {
      ...gridMoves(i, j, Infinity, event.shiftKey ? 10 : 1),
      PageUp: [i - 10, j],
      PageDown: [i + 10, j],
    });
    if (to) moveTo(...to);
  }

  /** Move the window to the largest or the smallest response. */
  function goTo(highest) {
    const shown = reluBox.checked ? relu(response) : response;
    let best = [0, 0];
    shown.forEach((line, i) =>
      line.forEach((value, j) => {
        const record = shown[best[0]][best[1]];
        if (highest ? value > record : value < record) best = [i, j];
      }),
    );
    moveTo(...best);
  }

  /** Let the pointer move the window; a touch that starts elsewhere still scrolls the page. */
  function drag({ frame, canvas }, centered) {
    let dragging = false;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      const pixel = (box.width - 2 * MARGIN) / picture.width;
      const i = Math.floor((event.clientY - box.top - MARGIN) / pixel);
      const j = Math.floor((event.clientX - box.left - MARGIN) / pixel);
      const half = (kernel.length - 1) / 2;
      return [i - half, j - half];
    };
    const near = (event) => {
      const box = canvas.getBoundingClientRect();
      const [i, j] = at(event);
      const reach = Math.max(kernel.length / 2, (24 / box.width) * picture.width);
      return Math.abs(i - row) <= reach && Math.abs(j - column) <= reach;
    };
    const options = { signal: listening.signal };
    frame.addEventListener(
      "touchstart",
      (event) => {
        if (event.touches.length === 1 && near(event.touches[0])) event.preventDefault();
      },
      { ...options, passive: false },
    );
    frame.addEventListener(
      "pointerdown",
      (event) => {
        if (event.button !== 0) return;
        if (event.pointerType === "touch" && !near(event)) return;
        dragging = true;
        frame.setPointerCapture(event.pointerId);
        moveTo(...at(event));
      },
      options,
    );
    frame.addEventListener("pointermove", (event) => dragging && moveTo(...at(event)), options);
    frame.addEventListener("click", (event) => moveTo(...at(event)), options);
    for (const end of ["pointerup", "pointercancel"]) {
      frame.addEventListener(end, () => (dragging = false), options);
    }
  }
  drag(shownPicture);
  drag(shownResponse);

  // ---------------------------------------------------------------- kernel fields
  function readField(field) {
    const [a, b] = [Number(field.dataset.row), Number(field.dataset.column)];
    const { value, problem: words } = readNumber(field.value);
    return { a, b, value, words };
  }

  function setNumber(a, b, value) {
    const now = model.get("kernel");
    put({ kernel: now.map((line, i) => line.map((old, j) => (i === a && j === b ? value : old))) });
  }

  function buildFields() {
    root.dataset.side = kernel.length;
    fields.style.setProperty("--kx-side", kernel.length);
    fields.replaceChildren(
      ...kernel.flatMap((line, a) =>
        line.map((_, b) =>
          make("input", {
            class: "lf-input kx-field",
            type: "text",
            autocomplete: "off",
            spellcheck: "false",
            "data-row": a,
            "data-column": b,
            "data-lm-suppress-shortcuts": "true",
            "aria-label": `Filter, row ${a}, column ${b}`,
            "aria-describedby": problem.id,
            onfocus: (event) => event.target.select(),
            oninput: (event) => {
              const { value } = readField(event.target);
              event.target.removeAttribute("aria-invalid");
              if (value !== undefined) {
                problem.textContent = "";
                setNumber(a, b, value);
              }
            },
            onchange: (event) => {
              const { words } = readField(event.target);
              if (words) {
                event.target.value = fieldText(kernel[a][b]);
                complain(`${words[0].toUpperCase()}${words.slice(1)}. The filter keeps ${fieldText(kernel[a][b])} there`);
              }
            },
            onkeydown: (event) => {
              if (event.key === "ArrowUp" || event.key === "ArrowDown") {
                event.preventDefault();
                event.stopPropagation();
                const next = kernel[a][b] + (event.key === "ArrowUp" ? 1 : -1);
                if (Math.abs(next) > LARGEST) return;
                event.target.value = fieldText(next);
                kernel[a][b] = next;
                problem.textContent = "";
                setNumber(a, b, next);
              } else if (event.key === "Escape") {
                event.target.value = fieldText(kernel[a][b]);
                problem.textContent = "";
              }
            },
          }),
        ),
      ),
    );
  }

  // ---------------------------------------------------------------- showing
  function compute() {
    if (lastPicture !== model.get("picture")) {
      lastPicture = model.get("picture");
      picture = pictures.find(({ name }) => name === lastPicture) ?? pictures[0];
      pixels = decodePicture(picture);
    }
    kernel = model.get("kernel").map((line) => [...line]);
    const convolution = model.get("convolution");
    used = convolution ? flip(kernel) : kernel;
    const key = JSON.stringify([lastPicture, used]);
    if (key !== lastResponse) {
      lastResponse = key;
      response = correlate(pixels, used);
      limit = Math.max(...response.map((line) => Math.max(...line.map(Math.abs)))) || 1;
    }
    row = Math.max(0, Math.min(model.get("row"), response.length - 1));
    column = Math.max(0, Math.min(model.get("column"), response[0].length - 1));
  }

  function show() {
    compute();
    root.dataset.dark = onDark(root);
    showControls();
    paintPicture();
    paintResponse();
    showPosition();
  }

  function showControls() {
    const [height, width] = [picture.height, picture.width];
    const convolution = model.get("convolution");
    pictureSelect.value = picture.name;
    const preset = presets.find((known) => same(known.kernel, kernel));
    presetSelect.value = preset?.name ?? "own";
    sizeSelect.value = kernel.length;
    flipBox.checked = convolution;
    reluBox.checked = model.get("relu");
    pictureTitle.textContent = `Picture, ${height} × ${width}`;
    credit.textContent = picture.credit;
    responseTitle.textContent = `${model.get("relu") ? "After ReLU" : "Response"}, ${response.length} × ${response[0].length}`;
    about.textContent = `${preset?.about ?? "A filter of your own."} ${onFlatGround()}`;

    if (fields.children.length !== kernel.length ** 2) buildFields();
    for (const field of fields.children) {
      const value = kernel[field.dataset.row][field.dataset.column];
      if (field.getRootNode().activeElement !== field || readNumber(field.value).value !== value) {
        if (field.getRootNode().activeElement !== field || !readNumber(field.value).problem) {
          field.value = fieldText(value);
        }
      }
    }

    flipped.replaceChildren();
    remark.textContent = "";
    if (convolution) {
      const cells = make("div", { class: "kx-cells" });
      fill(cells, used, "Filter turned by 180 degrees", kindOf, fieldText);
      flipped.append(label("↻ turned by 180°"), cells);
      const opposite = kernel.map((line) => line.map((value) => -value));
      remark.textContent = same(kernel, used)
        ? "Turned by 180°, this filter stays as it is: true convolution and cross-correlation agree."
        : same(opposite, used)
          ? "Turned by 180°, every number of this filter changes its sign, and so does every response."
          : "Turned by 180°, this is another filter, with other responses.";
    }
  }

  /** What the sum of the kernel's numbers says. */
  function onFlatGround() {
    const weight = total(kernel);
    if (Math.abs(weight) < 1e-9) return "Its numbers sum to 0, so flat regions give 0.";
    if (Math.abs(weight - 1) < 1e-9) return "Its numbers sum to 1, so flat regions stay as they are.";
    return `Its numbers sum to ${numberText(weight)}, so flat regions are multiplied by ${numberText(weight)}.`;
  }

  /** Show a square of numbers; `style` gives each cell's color. */
  function fill(target, square, name, paint, write = numberText) {
    target.style.setProperty("--kx-side", square.length);
    target.setAttribute("role", "img");
    target.setAttribute(
      "aria-label",
      `${name}: ${square.map((line) => line.map((value) => write(value).replace("-", "\u2212")).join(", ")).join("; ")}`,
    );
    target.replaceChildren(
      ...square.flatMap((line) =>
        line.map((value) => {
          const { kind, background, ink } = paint(value);
          const cell = make("span", { class: `kx-cell ${kind ?? ""}` }, write(value).replace("-", "\u2212"));
          if (background) Object.assign(cell.style, { background, color: ink });
          return cell;
        }),
      ),
    );
  }

  const kindOf = (value) => ({ kind: signClass(value) });

  function showPosition() {
    const side = kernel.length;
    const window = windowAt(pixels, row, column, side);
    const products = multiply(window, used);
    const value = response[row][column];
    const after = Math.max(value, 0);
    const rectified = model.get("relu");
    rowField.max = response.length - 1;
    columnField.max = response[0].length - 1;
    const active = root.getRootNode().activeElement;
    if (active !== rowField || rowField.valueAsNumber !== row) rowField.value = row;
    if (active !== columnField || columnField.valueAsNumber !== column) columnField.value = column;
    fill(windowCells, window, "Pixels in the window", (pixel) => {
      const gray = Math.round((255 * pixel) / picture.white);
      return { background: `rgb(${gray} ${gray} ${gray})`, ink: inkOn([gray, gray, gray]) };
    });
    const turned = model.get("convolution");
    kernelName.textContent = turned ? "Turned filter" : "Filter";
    fill(kernelCells, used, turned ? "Turned filter" : "Filter", kindOf, fieldText);
    fill(productCells, products, "Products", kindOf);
    here.textContent = `here: ${numberText(rectified ? after : value)}`;
    sum.textContent = numberText(value);
    sum.className = `kx-sum ${kindOf(value).kind}`;
    const terms = products
      .flat()
      .map((term, at) => {
        const text = numberText(Math.abs(term));
        return at === 0 ? numberText(term) : `${term < 0 ? "−" : "+"} ${text}`;
      })
      .join(" ");
    const cut = rectified
      ? ` After ReLU: max(0, ${numberText(value)}) = ${numberText(after)}.`
      : "";
    const inexact = products.flat().some((term) => Math.abs(term * 100 - Math.round(term * 100)) > 1e-9);
    sentence.textContent = `response[${row}, ${column}] = ${terms} = ${numberText(value)}.${cut}${inexact ? " (Rounded to two decimals.)" : ""}`;
    const words = `Row ${row}, column ${column}: sum ${numberText(value)}${rectified ? `, after ReLU ${numberText(after)}` : ""}.`;
    voice.say(words);
  }

  // ---------------------------------------------------------------- painting
  /** Fit a canvas to its frame, a whole number of device pixels for each pixel of the picture. */
  function fit({ canvas, frame }) {
    const ratio = globalThis.devicePixelRatio || 1;
    const margin = Math.ceil(MARGIN * ratio);
    const room = frame.clientWidth * ratio - 2 * margin;
    const scale = Math.max(1, Math.floor(room / picture.width));
    const [width, height] = [picture.width * scale + 2 * margin, picture.height * scale + 2 * margin];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.width = `${width / ratio}px`;
      canvas.style.height = `${height / ratio}px`;
    }
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.translate(margin, margin);
    context.imageSmoothingEnabled = false;
    return { context, scale, ratio };
  }

  /** A small canvas with one pixel for each number. */
  function tile(map, paint) {
    const canvas = document.createElement("canvas");
    canvas.width = map[0].length;
    canvas.height = map.length;
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    let at = 0;
    for (const line of map) {
      for (const value of line) {
        image.data.set(paint(value), at);
        at += 4;
      }
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }

  /** A frame around a box that is seen on light and on dark ground. */
  function outline(context, x, y, width, height, ratio) {
    const mark = getComputedStyle(root).getPropertyValue("--kx-mark").trim();
    const thick = (small() ? 3 : 2) * ratio;
    let out = 0;
    for (const [color, line] of [["#000", ratio], [mark, thick], ["#000", ratio]]) {
      context.strokeStyle = color;
      context.lineWidth = line;
      out += line / 2;
      context.strokeRect(x - out, y - out, width + 2 * out, height + 2 * out);
      out += line / 2;
    }
  }

  function writeNumbers(context, map, scale, ratio, shift, ink) {
    const texts = map.map((line) => line.map((value) => numberText(value)));
    const longest = Math.max(2, ...texts.flat().map((text) => text.length));
    const size = Math.min(0.42 * scale, (1.5 * scale) / longest, 18 * ratio);
    if (size < 8 * ratio) return;
    context.font = `${size}px ${getComputedStyle(root).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    texts.forEach((line, i) =>
      line.forEach((text, j) => {
        context.fillStyle = ink(map[i][j]);
        context.fillText(text, (j + shift + 0.5) * scale, (i + shift + 0.53) * scale);
      }),
    );
  }

  const small = () => picture.width <= 10;

  function paintPicture() {
    const { context, scale, ratio } = fit(shownPicture);
    const gray = (value) => Math.round((255 * value) / picture.white);
    const image = tile(pixels, (value) => [gray(value), gray(value), gray(value), 255]);
    context.drawImage(image, 0, 0, picture.width * scale, picture.height * scale);
    if (small()) {
      writeNumbers(context, pixels, scale, ratio, 0, (value) => inkOn([gray(value), gray(value), gray(value)]));
    }
    const side = kernel.length * scale;
    outline(context, column * scale, row * scale, side, side, ratio);
  }

  /** Paint responses: orange and blue for the signs, stripes on what is negative or removed. */
  function paintMap(context, map, colorFor, x, y, width, height, ratio, gap) {
    const rectified = model.get("relu");
    const stripe = colorOf(root, rectified ? "--kx-ink" : "--kx-zero");
    const visible = (value) => {
      if (rectified) return value < 0 ? 0.25 + 0.75 * Math.sqrt(-value / limit) : 0;
      return value < -STRIPES_FROM * limit ? 1 : 0;
    };
    context.imageSmoothingEnabled = false;
    context.drawImage(tile(map, (value) => [...colorFor(value), 255]), x, y, width, height);
    const mask = document.createElement("canvas");
    mask.width = Math.ceil(width);
    mask.height = Math.ceil(height);
    const stripes = mask.getContext("2d");
    stripes.imageSmoothingEnabled = false;
    const shown = tile(map, (value) => [0, 0, 0, Math.round(255 * visible(value))]);
    stripes.drawImage(shown, 0, 0, width, height);
    stripes.globalCompositeOperation = "source-in";
    stripes.strokeStyle = `rgb(${stripe.join(" ")} / ${rectified ? 0.6 : 0.55})`;
    stripes.lineWidth = ratio;
    stripes.beginPath();
    for (let at = -mask.height; at < mask.width; at += gap) {
      stripes.moveTo(at, mask.height);
      stripes.lineTo(at + mask.height, 0);
    }
    stripes.stroke();
    context.drawImage(mask, x, y);
  }

  function paintResponse() {
    const { context, scale, ratio } = fit(shownResponse);
    const rectified = model.get("relu");
    const [zero, plus, minus, text] = ["--kx-zero", "--lf-plus", "--lf-minus", "--kx-ink"].map(
      (name) => colorOf(root, name),
    );
    const colorFor = (value) => {
      const far = rectified && value < 0 ? 0 : (Math.abs(value) / limit) ** CONTRAST;
      const end = value < 0 ? minus : plus;
      return zero.map((from, c) => Math.round(from + far * (end[c] - from)));
    };
    const shift = (kernel.length - 1) / 2;
    const [width, height] = [response[0].length * scale, response.length * scale];
    const gap = (small() ? 8 : 5) * ratio;
    paintMap(context, response, colorFor, shift * scale, shift * scale, width, height, ratio, gap);
    const scaleOfColors = [Array.from({ length: 101 }, (_, at) => ((at - 50) / 50) * limit)];
    paintMap(bar.getContext("2d"), scaleOfColors, colorFor, 0, 0, bar.width, bar.height, 1, 6);

    context.setLineDash([4 * ratio, 4 * ratio]);
    context.strokeStyle = `rgb(${text.join(" ")} / 0.5)`;
    context.lineWidth = ratio;
    context.strokeRect(-ratio / 2, -ratio / 2, picture.width * scale + ratio, picture.height * scale + ratio);
    context.setLineDash([]);
    if (small()) {
      const shown = rectified ? relu(response) : response;
      writeNumbers(context, shown, scale, ratio, shift, (value) => inkOn(colorFor(value)));
    }
    const least = Math.max(scale, 9 * ratio);
    const grow = (least - scale) / 2;
    outline(context, (column + shift) * scale - grow, (row + shift) * scale - grow, least, least, ratio);

    legendLow.textContent = rectified ? "removed" : numberText(-limit);
    legendHigh.textContent = numberText(limit);
    const shown = (rectified ? relu(response) : response).flat();
    const [low, high] = [Math.min(...shown), Math.max(...shown)].map((value) => numberText(value));
    smallest.textContent = `min ${low}`;
    largest.textContent = `max ${high}`;
    smallest.setAttribute("aria-label", `Go to the min ${low}, the smallest response`);
    largest.setAttribute("aria-label", `Go to the max ${high}, the largest response`);
    const negative = response.flat().filter((value) => value < 0).length;
    const share = Math.round((100 * negative) / shown.length);
    const places = `The window fits in ${response.length} × ${response[0].length} places (the dashed frame is the picture's edge). `;
    removed.textContent = rectified
      ? `${places}ReLU set ${negative} of the ${shown.length} responses to zero (${share}%): the striped ones.`
      : `${places}${negative} of the ${shown.length} responses are negative (${share}%).`;
  }

  // ---------------------------------------------------------------- life
  const unwatch = watch(model, ["picture", "kernel", "convolution", "relu", "row", "column"], schedule);
  const resized = new ResizeObserver(schedule);
  resized.observe(shownPicture.frame);
  const unwatchTheme = watchTheme(schedule);
  show();

  return () => {
    unwatch();
    stop();
    voice.stop();
    resized.disconnect();
    unwatchTheme();
    listening.abort();
    root.remove();
  };
}

export default { render };
