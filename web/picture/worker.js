/** Worker that finds the symbols on a picture, so that the page stays responsive. */
import { findSymbols } from "./candidates.js";
import { MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, pictureSize } from "./image-size.js";

const MAX_SIDE = 1600; // pixels: digits a tenth as high as a photograph still have over 100
const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114]; // luma weights (ITU-R BT.601)

/** @type {any} tsc's DOM library lacks worker types */
const worker = self;

worker.onmessage = async (/** @type {{ data: Blob }} */ { data }) => {
  try {
    const fault = await checkPicture(data);
    if (fault) return worker.postMessage({ fault });
    const picture = await decodePicture(data);
    const { width, height } = picture;
    const blocks = findSymbols(toGrayscale(picture), width, height);
    const bitmap = picture.transferToImageBitmap();
    worker.postMessage({ blocks, bitmap }, [bitmap]);
  } catch (error) {
    worker.postMessage({ error: String(error) });
  }
};

/**
 * Return why a file must not be decoded, or null.
 * @param {Blob} blob
 * @returns {Promise<"unknown" | "large" | null>}
 */
async function checkPicture(blob) {
  if (blob.size > MAX_PICTURE_BYTES) return "large";
  const size = pictureSize(new Uint8Array(await blob.arrayBuffer()));
  if (!size) return "unknown";
  return size.width * size.height > MAX_PICTURE_PIXELS ? "large" : null;
}

/**
 * Decode a picture, upright and scaled down if it is large.
 * @param {Blob} blob
 */
async function decodePicture(blob) {
  const bitmap = await createImageBitmap(blob);
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(scale * side)));
  const canvas = new OffscreenCanvas(width, height);
  const pen = contextOf(canvas);
  pen.fillStyle = "white"; // behind transparent pixels
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return canvas;
}

/** @param {OffscreenCanvas} canvas */
function toGrayscale(canvas) {
  const { data } = contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height);
  const shades = new Uint8ClampedArray(data.length / 4);
  for (let k = 0; k < shades.length; k++) {
    shades[k] = RED * data[4 * k] + GREEN * data[4 * k + 1] + BLUE * data[4 * k + 2];
  }
  return shades;
}

/** @param {OffscreenCanvas} canvas */
function contextOf(canvas) {
  return /** @type {OffscreenCanvasRenderingContext2D} */ (
    canvas.getContext("2d", { willReadFrequently: true })
  );
}
