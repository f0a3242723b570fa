// The controls for a picture of the reader's own in a notebook: they send the picture to Python.

import { ownPicture } from "./own_picture.mjs";

function render({ model, el }) {
  const problem = document.createElement("p");
  problem.setAttribute("role", "alert");
  const note = document.createElement("p");
  note.textContent = "Your picture goes to this notebook's Python, and nowhere else.";
  const { parts, stop } = ownPicture({
    side: model.get("side"),
    button: (words, onclick) => {
      const element = document.createElement("button");
      Object.assign(element, { type: "button", textContent: words, onclick });
      element.className = "jupyter-widgets jupyter-button";
      element.style.width = "auto";
      return element;
    },
    // Not as a state of the widget: notebooks may be saved with that.
    onpicture: (rgba) => model.send({ rgba: btoa(String.fromCharCode(...rgba)) }),
    complain: (words) => {
      problem.textContent = words;
    },
  });
  el.dataset.lmSuppressShortcuts = "true";
  el.style.cssText = "line-height:1.35;margin:0 0 .5em 90px;max-width:300px";
  for (const line of [problem, note]) line.style.margin = "2px";
  el.append(...parts, problem, note);
  return stop;
}

export default { render };
