// A picture of the reader's own: a file, or on a phone what the camera sees. It stays in the browser.

import { button, make } from "../figures/elements.mjs";

/** @typedef {import("./kernel_explorer.mjs").Explorer} Explorer */

const SIDE = 72; // as the photographs of the figure
const REFUSAL = "This file is no picture that the browser can read. Try a PNG or a JPEG.";

/** The gray values of the square in the middle of a picture, row by row, from 0 to 255. */
export function grayLevels(/** @type {Uint8ClampedArray} */ rgba) {
  return Uint8Array.from({ length: rgba.length / 4 }, (_, i) =>
    Math.round(0.2125 * rgba[4 * i] + 0.7154 * rgba[4 * i + 1] + 0.0721 * rgba[4 * i + 2]),
  );
}

/** Read a file as a picture of the figure. Rejects where the browser cannot read it. */
async function readPicture(/** @type {File} */ file, /** @type {string} */ name) {
  const image = await createImageBitmap(file);
  const side = Math.min(image.width, image.height);
  const canvas = make("canvas", { width: SIDE, height: SIDE });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  const [left, top] = [(image.width - side) / 2, (image.height - side) / 2];
  context.drawImage(image, left, top, side, side, 0, 0, SIDE, SIDE);
  const gray = grayLevels(context.getImageData(0, 0, SIDE, SIDE).data);
  const data = btoa(String.fromCharCode(...gray));
  const size = { height: SIDE, width: SIDE, white: 255 };
  return { name, label: "Your own", credit: "It stays in your browser.", data, ...size };
}

/** The button that asks for a picture, and puts it behind those of the figure. */
export function makeOwnPicture(/** @type {Explorer} */ { model, put, complain }) {
  const own = /^own-\d+$/;
  let count = 0;
  const choose = async () => {
    const [file] = field.files;
    field.value = ""; // the same file may be chosen again
    if (!file) return;
    count += 1;
    try {
      const picture = await readPicture(file, `own-${count}`);
      const others = model.get("pictures").filter(({ name }) => !own.test(name));
      complain("");
      put({ pictures: [...others, picture], picture: picture.name, row: 0, column: 0 });
    } catch {
      complain(REFUSAL);
    }
  };
  const field = make("input", { type: "file", accept: "image/*", hidden: true, onchange: choose });
  return [button("Your own picture …", () => field.click()), field];
}
