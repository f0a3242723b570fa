// A picture of the reader's own, from a file or a camera: for `explore` in a notebook, and for live
// figures of the book. It is read in the browser; whoever asks for it says where it goes.

const NO_PICTURE = "This file is no picture that the browser can read. Try a PNG or a JPEG.";
const NOT_HERE = "Browsers give a camera only to pages whose address begins with https.";
const REFUSALS = {
  NotAllowedError:
    "The browser did not give the camera to this page. You can allow it in the page's settings, beside the address.",
  NotFoundError: "The browser finds no camera.",
  NotReadableError: "The camera does not start. Another program may be using it.",
};

/** The colors of the square in the middle of a picture, row by row, as red, green, blue, alpha. */
function middleSquare(
  /** @type {CanvasImageSource} */ source,
  /** @type {number} */ width,
  /** @type {number} */ height,
  /** @type {number} */ side,
) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  const square = Math.min(width, height);
  const [left, top] = [(width - square) / 2, (height - square) / 2];
  context.drawImage(source, left, top, square, square, 0, 0, side, side);
  return context.getImageData(0, 0, side, side).data;
}

/** The field that takes a file, and the button for it. */
function fromFile({ side, button, onpicture, complain }) {
  const field = document.createElement("input");
  Object.assign(field, { type: "file", accept: "image/*", hidden: true });
  field.addEventListener("change", async () => {
    const [file] = field.files;
    field.value = ""; // the same file may be chosen again
    if (!file) return;
    try {
      const image = await createImageBitmap(file);
      complain("");
      onpicture(middleSquare(image, image.width, image.height, side));
    } catch {
      complain(NO_PICTURE);
    }
  });
  return [button("Your own picture …", () => field.click()), field];
}

/** The button that starts the camera, and what the camera sees. It runs until the picture. */
function fromCamera({ side, button, onpicture, complain }) {
  /** @type {MediaStream | undefined} */
  let stream;
  let asked = 0; // whoever closes while the browser still asks for leave does not want it any more
  const video = document.createElement("video");
  Object.assign(video, { muted: true, playsInline: true });
  video.setAttribute("aria-label", "What the camera sees");
  video.style.cssText = "aspect-ratio:1;display:block;max-width:100%;object-fit:cover;width:15rem";
  const stop = () => {
    asked += 1;
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
    video.srcObject = null;
    view.hidden = true;
    opener.setAttribute("aria-expanded", "false");
  };
  const close = () => {
    stop();
    opener.focus();
  };
  const shoot = () => {
    const pixels = middleSquare(video, video.videoWidth, video.videoHeight, side);
    close();
    onpicture(pixels);
  };
  const open = async () => {
    complain("");
    if (!navigator.mediaDevices) return complain(`${NOT_HERE} Choose a file.`);
    opener.setAttribute("aria-expanded", "true");
    const mine = asked;
    try {
      const given = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment" },
      });
      if (mine !== asked) {
        for (const track of given.getTracks()) track.stop();
        return;
      }
      stream = given;
      video.srcObject = given;
      await video.play();
      if (mine !== asked) return;
      view.hidden = false;
      shutter.focus();
    } catch (error) {
      if (mine !== asked) return;
      stop();
      complain(`${REFUSALS[error.name] ?? `No camera: ${error.message}.`} Choose a file.`);
    }
  };
  const opener = button("Camera …", () => {
    if (opener.getAttribute("aria-expanded") === "true") close();
    else open();
  });
  const shutter = button("Take the picture", shoot);
  shutter.style.margin = "0.375rem 0.375rem 0.375rem 0";
  const view = document.createElement("div");
  view.append(video, shutter, button("Close the camera", close));
  view.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") close();
  });
  stop();
  return { opener, view, stop };
}

/**
 * The controls by which a reader gives a picture.
 *
 * @param {object} settings
 * @param {number} settings.side how many pixels the picture gets in height and in width
 * @param {(words: string, onclick: () => void) => HTMLButtonElement} settings.button
 * @param {(rgba: Uint8ClampedArray) => void} settings.onpicture
 * @param {(words: string) => void} settings.complain says what went wrong; "" takes it back
 * @returns {{ parts: HTMLElement[], stop: () => void }} `stop` ends the camera
 */
export function ownPicture(settings) {
  const { opener, view, stop } = fromCamera(settings);
  return { parts: [...fromFile(settings), opener, view], stop };
}
