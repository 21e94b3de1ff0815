/** Finds the symbols on a picture beside the page, which meanwhile can be written on. */
import { findSymbols } from "./candidates.js";
import { MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, pictureSize } from "./image-size.js";

const MAX_SIDE = 1600; // pixels of a side: digits that fill a tenth of a photograph have 100
const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114]; // of how light a colour looks (ITU-R BT.601)

/** @type {any} the checker knows pages, and not workers */
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
 * Why a file should not be decoded: what it is, or how large.
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
 * A picture the right way up, made smaller where it is large.
 * @param {Blob} blob
 */
async function decodePicture(blob) {
  const bitmap = await createImageBitmap(blob);
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(scale * side)));
  const canvas = new OffscreenCanvas(width, height);
  const pen = contextOf(canvas);
  pen.fillStyle = "white"; // below what is transparent
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
