// What the nms explorer computes. A box is [left, top, right, bottom].

/**
 * Intersection over union of two boxes.
 *
 * @param {number[]} a
 * @param {number[]} b
 */
export function iou(a, b) {
  const sides = [0, 1].map((axis) =>
    Math.max(0, Math.min(a[axis + 2], b[axis + 2]) - Math.max(a[axis], b[axis])),
  );
  const shared = sides[0] * sides[1];
  const [areaA, areaB] = [a, b].map((box) => (box[2] - box[0]) * (box[3] - box[1]));
  return shared / (areaA + areaB - shared);
}

/**
 * Non-maximum suppression: the boxes from the best on, each with the box that removes it (-1 if it
 * stays) and with the box that stays, among better ones, with which it overlaps most.
 *
 * @param {number[][]} boxes
 * @param {number[]} scores
 * @param {number} threshold
 */
export function suppress(boxes, scores, threshold) {
  const order = scores.map((_, n) => n).sort((m, n) => scores[n] - scores[m]);
  /** @type {number[]} */
  const remaining = [];
  return order.map((box) => {
    const overlaps = remaining.map((other) => ({ other, value: iou(boxes[box], boxes[other]) }));
    const most = overlaps.reduce((a, b) => (b.value > a.value ? b : a), { other: -1, value: 0 });
    const stays = most.value <= threshold;
    if (stays) remaining.push(box);
    return { box, stays, other: most.other, overlap: most.value };
  });
}

/**
 * A box, moved, but not out of a scene of the given size.
 *
 * @param {number[]} box
 * @param {number} right
 * @param {number} down
 * @param {number[]} size
 */
export function moved(box, right, down, size) {
  const x = Math.max(-box[0], Math.min(size[0] - box[2], right));
  const y = Math.max(-box[1], Math.min(size[1] - box[3], down));
  return [box[0] + x, box[1] + y, box[2] + x, box[3] + y];
}
