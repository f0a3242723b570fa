// What a network costs: the shapes of its entries, its parameters and multiply-adds.

import { positions } from "../figures/numbers.mjs";

/** The product of a list of numbers. */
function product(/** @type {number[]} */ values) {
  return values.reduce((all, value) => all * value, 1);
}

/** @typedef {import("./network_calculator_text.mjs").Layer} Layer */

/**
 * The shape of what one entry hands on: { shape }, or { problem } in words.
 *
 * @param {Layer} layer
 * @param {number[] | undefined} shape
 * @returns {{ shape?: number[], problem?: string }}
 */
export function nextShape(layer, shape) {
  const { kind } = layer;
  if (kind === "image") {
    if (shape) return { problem: "there can be one image only, in the first line" };
    return { shape: [layer.channels, layer.height, layer.width] };
  }
  if (!shape) return { problem: 'the first line has to be the image, as in "image 3 224 224"' };
  if (kind === "relu" || kind === "dropout") return { shape };
  if (kind === "linear") {
    if (shape.length > 1)
      return { problem: 'a linear layer reads a flat input: put a line "flatten" before it' };
    return { shape: [layer.units] };
  }
  if (shape.length === 1) return { problem: `${kind} needs maps, but its input is flat already` };
  if (kind === "flatten") return { shape: [product(shape)] };
  if (kind === "adaptive_avg_pool") return { shape: [shape[0], layer.size, layer.size] };
  const padding = layer.padding ?? 0;
  const sides = shape.slice(1).map((side) => positions(side, layer.size, layer.stride, padding));
  if (sides.some((side) => side < 1)) {
    const what = kind === "conv" ? "a filter" : "a window";
    const around = padding ? ` with a padding of ${padding}` : "";
    return {
      problem: `${what} of ${layer.size} × ${layer.size} does not fit into maps of ${shape[1]} × ${shape[2]}${around}`,
    };
  }
  return { shape: [layer.filters ?? shape[0], ...sides] };
}

/**
 * The shapes of a network: { shapes }, or { problem, at } with the index of the entry.
 *
 * @param {Layer[]} spec
 * @returns {{ shapes?: number[][], problem?: string, at?: number }}
 */
export function networkShapes(spec) {
  const shapes = [];
  for (const [at, layer] of spec.entries()) {
    const { shape, problem } = nextShape(layer, shapes.at(-1));
    if (problem) return { problem, at };
    shapes.push(shape);
  }
  return { shapes };
}

/**
 * How many numbers every entry learns, biases included.
 *
 * @param {Layer[]} spec
 * @param {number[][]} shapes
 */
export function countParameters(spec, shapes) {
  return spec.map((layer, i) => {
    if (layer.kind === "conv") return layer.filters * (shapes[i - 1][0] * layer.size ** 2 + 1);
    if (layer.kind === "linear") return layer.units * (shapes[i - 1][0] + 1);
    return 0;
  });
}

/**
 * How many multiplications (each with an addition) every entry takes for one image.
 *
 * @param {Layer[]} spec
 * @param {number[][]} shapes
 */
export function countMultiplyAdds(spec, shapes) {
  return spec.map((layer, i) => {
    if (layer.kind === "conv") {
      return product(shapes[i]) * shapes[i - 1][0] * layer.size ** 2;
    }
    if (layer.kind === "linear") return layer.units * shapes[i - 1][0];
    return 0;
  });
}

/** How many numbers every entry hands on. */
export function countNumbers(/** @type {number[][]} */ shapes) {
  return shapes.map((shape) => product(shape));
}
