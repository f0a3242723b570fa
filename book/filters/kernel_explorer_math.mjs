// What the kernel explorer computes. Maps and kernels are arrays of rows.

/**
 * Cross-correlate a picture with a kernel where the kernel fits: no flip, no padding.
 *
 * @param {number[][]} picture
 * @param {number[][]} kernel
 */
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
export function flip(/** @type {number[][]} */ kernel) {
  return kernel.map((row) => [...row].reverse()).reverse();
}

/**
 * True convolution: cross-correlation with the kernel turned by 180 degrees.
 *
 * @param {number[][]} picture
 * @param {number[][]} kernel
 */
export function convolve(picture, kernel) {
  return correlate(picture, flip(kernel));
}

/** Set negative numbers to zero. */
export function relu(/** @type {number[][]} */ map) {
  return map.map((row) => row.map((value) => Math.max(value, 0)));
}

/** Change the sign of every number. */
export function negative(/** @type {number[][]} */ map) {
  return map.map((row) => row.map((value) => (value === 0 ? 0 : -value)));
}

/** Turn a kernel counterclockwise by 90 degrees. */
export function turn(/** @type {number[][]} */ kernel) {
  return kernel[0].map((_, j) => kernel.map((row) => row[row.length - 1 - j]));
}

/**
 * The elementwise products of two squares of the same size.
 *
 * @param {number[][]} window
 * @param {number[][]} kernel
 */
export function multiply(window, kernel) {
  return window.map((row, a) => row.map((value, b) => value * kernel[a][b]));
}

/**
 * Give a kernel another side: zeros around it, or its middle only.
 *
 * @param {number[][]} kernel
 * @param {number} side
 */
export function resize(kernel, side) {
  const shift = (kernel.length - side) / 2;
  return Array.from({ length: side }, (_, a) =>
    Array.from({ length: side }, (_, b) => kernel[a + shift]?.[b + shift] ?? 0),
  );
}

/**
 * Are two kernels the same, but for rounding?
 *
 * @param {number[][]} first
 * @param {number[][]} second
 */
export function sameKernel(first, second) {
  return (
    first.length === second.length &&
    first.every((row, a) => row.every((value, b) => Math.abs(value - second[a][b]) < 1e-12))
  );
}

/**
 * The place of a map's largest (or smallest) number, as [row, column].
 *
 * @param {number[][]} map
 * @param {boolean} highest
 */
export function extreme(map, highest) {
  let best = [0, 0];
  map.forEach((line, i) => {
    line.forEach((value, j) => {
      const record = map[best[0]][best[1]];
      if (highest ? value > record : value < record) best = [i, j];
    });
  });
  return best;
}

/** Decode a picture's base64 bytes into rows of numbers. */
export function decodePicture({ data, height, width }) {
  const bytes = atob(data);
  return Array.from({ length: height }, (_, i) =>
    Array.from({ length: width }, (_, j) => bytes.charCodeAt(i * width + j)),
  );
}
