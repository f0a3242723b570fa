// How the kernel explorer paints: the picture, the response map and its legend, on canvases.

import { colorOf, luminance } from "../figures/colors.mjs";
import { numberText } from "../figures/numbers.mjs";
import { relu } from "./kernel_explorer_math.mjs";

/** @typedef {import("./kernel_explorer.mjs").Now} Now */
/** @typedef {{ canvas: HTMLCanvasElement, frame: HTMLElement }} Board */
/** @typedef {ReturnType<typeof fit>} Surface */
/** @typedef {(value: number) => number[]} Paint */

/** Pixels of the page around a picture on its canvas. */
export const MARGIN = 5;
const STRIPES_FROM = 0.04;
const CONTRAST = 0.7;
const NUMBERS_UP_TO = 10; // pixels in a row of a picture on which numbers are written

/** Black or white, whichever is easier to read on a color. */
export function inkOn(/** @type {number[]} */ rgb) {
  return luminance(rgb) > 0.179 ? "black" : "white";
}

/** The gray of a pixel, from 0 to 255. */
export function grayOf(/** @type {number} */ value, /** @type {{ white: number }} */ picture) {
  return Math.round((255 * value) / picture.white);
}

/**
 * Fit a canvas to its frame, a whole number of device pixels for each pixel of the picture.
 *
 * @param {Board} board
 * @param {{ width: number, height: number }} picture
 */
function fit({ canvas, frame }, picture) {
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
  return { context, scale, ratio, frame, small: picture.width <= NUMBERS_UP_TO };
}

/** A small canvas with one pixel for each number. */
function tile(/** @type {number[][]} */ map, /** @type {Paint} */ paint) {
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

/**
 * A frame around a square that is seen on light and on dark ground.
 *
 * @param {Surface} surface
 * @param {number} x
 * @param {number} y
 * @param {number} side
 */
function outline({ context, ratio, frame, small }, x, y, side) {
  const mark = getComputedStyle(frame).getPropertyValue("--lf-color-frame").trim();
  const thick = (small ? 3 : 2) * ratio;
  let out = 0;
  for (const [color, line] of /** @type {[string, number][]} */ ([
    ["black", ratio],
    [mark, thick],
    ["black", ratio],
  ])) {
    context.strokeStyle = color;
    context.lineWidth = line;
    out += line / 2;
    context.strokeRect(x - out, y - out, side + 2 * out, side + 2 * out);
    out += line / 2;
  }
}

/**
 * Write a map's numbers into its squares, if there is room for them.
 *
 * @param {Surface} surface
 * @param {number[][]} map
 * @param {number} shift
 * @param {(value: number) => string} ink
 */
function writeNumbers({ context, scale, ratio, frame }, map, shift, ink) {
  const texts = map.map((line) => line.map((value) => numberText(value)));
  const longest = Math.max(2, ...texts.flat().map((text) => text.length));
  const size = Math.min(0.42 * scale, (1.5 * scale) / longest, 18 * ratio);
  if (size < 8 * ratio) return;
  context.font = `${size}px ${getComputedStyle(frame).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  texts.forEach((line, i) => {
    line.forEach((text, j) => {
      context.fillStyle = ink(map[i][j]);
      context.fillText(text, (j + shift + 0.5) * scale, (i + shift + 0.53) * scale);
    });
  });
}

/** Paint the picture and the window on it. */
export function paintPicture(/** @type {Board} */ board, /** @type {Now} */ now) {
  const { picture, pixels, kernel } = now;
  const surface = fit(board, picture);
  const { context, scale, small } = surface;
  const color = (/** @type {number} */ value) => Array(3).fill(grayOf(value, picture));
  const image = tile(pixels, (value) => [...color(value), 255]);
  context.drawImage(image, 0, 0, picture.width * scale, picture.height * scale);
  if (small) writeNumbers(surface, pixels, 0, (value) => inkOn(color(value)));
  outline(surface, now.column * scale, now.row * scale, kernel.length * scale);
}

/** The colors of responses on this page: orange and blue for the signs; a function of the value. */
function responseColors(/** @type {Element} */ element, /** @type {Now} */ { relu, limit }) {
  const [zero, plus, minus] = ["--lf-color-zero", "--lf-plus", "--lf-minus"].map((name) =>
    colorOf(element, name),
  );
  return (/** @type {number} */ value) => {
    const far = relu && value < 0 ? 0 : (Math.abs(value) / limit) ** CONTRAST;
    const end = value < 0 ? minus : plus;
    return zero.map((from, c) => Math.round(from + far * (end[c] - from)));
  };
}

/**
 * Stripes where a map is negative, or where ReLU has removed something.
 *
 * @param {number[][]} map
 * @param {Now} now
 * @param {number[]} color
 * @param {{ width: number, height: number, ratio: number, gap: number }} size
 */
function striped(map, { relu, limit }, color, { width, height, ratio, gap }) {
  const visible = (/** @type {number} */ value) => {
    if (relu) return value < 0 ? 0.25 + 0.75 * Math.sqrt(-value / limit) : 0;
    return value < -STRIPES_FROM * limit ? 1 : 0;
  };
  const mask = document.createElement("canvas");
  mask.width = Math.ceil(width);
  mask.height = Math.ceil(height);
  const stripes = mask.getContext("2d");
  stripes.imageSmoothingEnabled = false;
  const places = tile(map, (value) => [0, 0, 0, Math.round(255 * visible(value))]);
  stripes.drawImage(places, 0, 0, width, height);
  stripes.globalCompositeOperation = "source-in";
  stripes.strokeStyle = `rgb(${color.join(" ")} / ${relu ? 0.6 : 0.55})`;
  stripes.lineWidth = ratio;
  stripes.beginPath();
  for (let at = -mask.height; at < mask.width; at += gap) {
    stripes.moveTo(at, mask.height);
    stripes.lineTo(at + mask.height, 0);
  }
  stripes.stroke();
  return mask;
}

/** Paint the response map, the picture's edge around it and the mark of the window's place. */
export function paintResponse(/** @type {Board} */ board, /** @type {Now} */ now) {
  const { picture, response, kernel } = now;
  const surface = fit(board, picture);
  const { context, scale, ratio, small } = surface;
  const color = responseColors(board.frame, now);
  const shift = (kernel.length - 1) / 2;
  const size = {
    width: response[0].length * scale,
    height: response.length * scale,
    ratio,
    gap: (small ? 8 : 5) * ratio,
  };
  paintMap(context, response, now, { color, at: shift * scale, frame: board.frame, size });
  paintEdge(surface, picture);
  if (small) {
    const values = now.relu ? relu(response) : response;
    writeNumbers(surface, values, shift, (value) => inkOn(color(value)));
  }
  const side = Math.max(scale, 9 * ratio);
  const grow = (side - scale) / 2;
  const [x, y] = [now.column, now.row].map((place) => (place + shift) * scale - grow);
  outline(surface, x, y, side);
}

/** Paint the colors from the least response to the largest. */
export function paintLegend(/** @type {HTMLCanvasElement} */ bar, /** @type {Now} */ now) {
  const values = [Array.from({ length: 101 }, (_, at) => ((at - 50) / 50) * now.limit)];
  const size = { width: bar.width, height: bar.height, ratio: 1, gap: 6 };
  const color = responseColors(bar, now);
  paintMap(bar.getContext("2d"), values, now, { color, at: 0, frame: bar, size });
}

function paintMap(context, map, now, { color, at, frame, size }) {
  const stripe = colorOf(frame, now.relu ? "--lf-color-ink" : "--lf-color-zero");
  context.imageSmoothingEnabled = false;
  const image = tile(map, (value) => [...color(value), 255]);
  context.drawImage(image, at, at, size.width, size.height);
  context.drawImage(striped(map, now, stripe, size), at, at);
}

/** The dashed edge of the picture around the response map. */
function paintEdge({ context, scale, ratio, frame }, { width, height }) {
  context.setLineDash([4 * ratio, 4 * ratio]);
  context.strokeStyle = `rgb(${colorOf(frame, "--lf-color-ink").join(" ")} / 0.5)`;
  context.lineWidth = ratio;
  context.strokeRect(-ratio / 2, -ratio / 2, width * scale + ratio, height * scale + ratio);
  context.setLineDash([]);
}
