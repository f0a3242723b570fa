// How pointer and arrow keys move the window of the kernel explorer.

import { gridMoves, moveFor } from "../figures/model.mjs";
import { MARGIN } from "./kernel_explorer_canvas.mjs";

/** Move the window by key: one pixel a key, ten with Shift. */
export function moveByKey(/** @type {KeyboardEvent} */ event, { model, moveTo }) {
  const [i, j] = [model.get("row"), model.get("column")];
  const to = moveFor(event, {
    ...gridMoves(i, j, Infinity, event.shiftKey ? 10 : 1),
    PageUp: [i - 10, j],
    PageDown: [i + 10, j],
  });
  if (to) moveTo(...to);
}

/** Let the pointer move the window; a touch that starts elsewhere still scrolls the page. */
export function followPointer(
  { frame, canvas },
  { now, moveTo },
  /** @type {AbortSignal} */ signal,
) {
  let dragging = false;
  const at = (/** @type {PointerEvent | Touch} */ event) => {
    const box = canvas.getBoundingClientRect();
    const pixel = (box.width - 2 * MARGIN) / now().picture.width;
    const i = Math.floor((event.clientY - box.top - MARGIN) / pixel);
    const j = Math.floor((event.clientX - box.left - MARGIN) / pixel);
    const half = (now().kernel.length - 1) / 2;
    return [i - half, j - half];
  };
  const near = (/** @type {PointerEvent | Touch} */ event) => {
    const { kernel, picture, row, column } = now();
    const [i, j] = at(event);
    const width = canvas.getBoundingClientRect().width;
    const reach = Math.max(kernel.length / 2, (24 / width) * picture.width);
    return Math.abs(i - row) <= reach && Math.abs(j - column) <= reach;
  };
  const keepTouch = (/** @type {TouchEvent} */ event) => {
    if (event.touches.length === 1 && near(event.touches[0])) event.preventDefault();
  };
  const begin = (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    if (event.pointerType === "touch" && !near(event)) return;
    dragging = true;
    frame.setPointerCapture(event.pointerId);
    moveTo(...at(event));
  };
  const end = () => {
    dragging = false;
  };
  frame.addEventListener("touchstart", keepTouch, { signal, passive: false });
  frame.addEventListener("pointerdown", begin, { signal });
  frame.addEventListener("pointermove", (event) => dragging && moveTo(...at(event)), { signal });
  frame.addEventListener("click", (event) => moveTo(...at(event)), { signal });
  for (const name of ["pointerup", "pointercancel"]) frame.addEventListener(name, end, { signal });
}
