// Shows what a word means to whoever points at it, or reaches it with the keyboard.

const note = document.createElement("div");
note.className = "word-note";
note.id = "word-note";
note.setAttribute("role", "tooltip");
note.hidden = true;
document.body.append(note);

/** @type {HTMLElement | null} */
let word = null;

function hideNote() {
  word?.removeAttribute("aria-describedby");
  word = null;
  note.hidden = true;
}

function showNote(/** @type {HTMLElement} */ target) {
  hideNote();
  word = target;
  note.textContent = target.dataset.meaning;
  note.hidden = false;
  target.setAttribute("aria-describedby", note.id);
  const line = target.getClientRects()[0];
  const left = Math.min(line.left, document.documentElement.clientWidth - note.offsetWidth - 8);
  const below = line.bottom + 6;
  const fits = below + note.offsetHeight < innerHeight;
  note.style.left = `${Math.max(8, left) + scrollX}px`;
  note.style.top = `${(fits ? below : line.top - note.offsetHeight - 6) + scrollY}px`;
}

const wordAt = (/** @type {Event} */ { target }) =>
  target instanceof Element
    ? /** @type {HTMLElement | null} */ (target.closest(".explained-word"))
    : null;

document.addEventListener("pointerover", (event) => {
  const target = wordAt(event);
  if (target) showNote(target);
  // The note itself may be pointed at, so that it can be read with a magnifier.
  else if (word && event.target !== note && document.activeElement !== word) hideNote();
});
document.addEventListener("focusin", (event) => {
  const target = wordAt(event);
  if (target) showNote(target);
  else hideNote();
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") hideNote();
});
