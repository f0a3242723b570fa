// What the transposed explorer computes, along one axis.

/**
 * How many pixels the output has; 0 or less if the padding cuts off everything.
 *
 * @param {number} size
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding
 */
export function outputSize(size, kernel, stride, padding) {
  return (size - 1) * stride + kernel - 2 * padding;
}

/**
 * In how many windows each pixel of the output lies.
 *
 * @param {number} size
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding
 */
export function windowCounts(size, kernel, stride, padding) {
  const length = Math.max(0, outputSize(size, kernel, stride, padding));
  return Array.from({ length }, (_, pixel) => {
    const starts = Array.from({ length: size }, (_, i) => i * stride - padding);
    return starts.filter((start) => start <= pixel && pixel < start + kernel).length;
  });
}

/**
 * In how many windows the pixels of one period lie, far from the border.
 *
 * @param {number} kernel
 * @param {number} stride
 */
export function phaseCounts(kernel, stride) {
  return Array.from({ length: stride }, (_, phase) =>
    Math.max(0, Math.ceil((kernel - phase) / stride)),
  );
}
