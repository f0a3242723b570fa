// A picture of the reader's own: a file, or what the camera sees. It stays in the browser.

import { ownPicture } from "../../autograder/student/explorers/own_picture.mjs";
import { button } from "../figures/elements.mjs";

/** @typedef {import("./kernel_explorer.mjs").Explorer} Explorer */

const SIDE = 72; // as the photographs of the figure

/** The gray values of a picture, from 0 to 255. */
export function grayLevels(/** @type {Uint8ClampedArray} */ rgba) {
  return Uint8Array.from({ length: rgba.length / 4 }, (_, i) =>
    Math.round(0.2125 * rgba[4 * i] + 0.7154 * rgba[4 * i + 1] + 0.0721 * rgba[4 * i + 2]),
  );
}

/** The controls that take a picture, and put it behind those of the figure. */
export function makeOwnPicture(/** @type {Explorer} */ { model, put, complain }) {
  const own = /^own-\d+$/;
  let count = 0;
  const add = (/** @type {Uint8ClampedArray} */ rgba) => {
    count += 1;
    const picture = {
      name: `own-${count}`,
      label: "Your own",
      credit: "It stays in your browser.",
      data: btoa(String.fromCharCode(...grayLevels(rgba))),
      height: SIDE,
      width: SIDE,
      white: 255,
    };
    const others = model.get("pictures").filter(({ name }) => !own.test(name));
    put({ pictures: [...others, picture], picture: picture.name, row: 0, column: 0 });
  };
  return ownPicture({ side: SIDE, button, onpicture: add, complain });
}
