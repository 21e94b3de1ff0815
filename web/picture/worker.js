/**
 * Worker that finds the symbols on a picture, so that the page stays responsive.
 *
 * The first message holds the picture, each one the way to look at it.
 *
 * @import { Way } from "./reading.js"
 * @import { Picture } from "./shades.js"
 */
import { analyse, turned } from "./analyse.js";
import { MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, pictureSize } from "./image-size.js";

const MAX_SIDE = 1280; // pixels: digits a tenth as high as a photograph still have about 100
const [MIN_SIDE, MAX_ENLARGEMENT] = [800, 4]; // for small ones, whose strokes are a pixel wide
// Of 255. Firefox's private windows change pixels by the least possible, which harms no reading:
// https://groups.google.com/a/mozilla.org/g/dev-platform/c/hPspMnBssEE
const TOLERANCE = 8;

/** @type {any} tsc's DOM library lacks worker types */
const worker = self;

/** @type {Picture} */
let picture;

worker.onmessage = async (/** @type {{ data: { blob?: Blob, way: Way, withMarks: boolean } }} */ { data }) => {
  try {
    if (data.blob) {
      const fault = await checkPicture(data.blob);
      if (fault) return worker.postMessage({ fault });
      picture = await decodePicture(data.blob);
    }
    const seen = turned(picture, data.way.turns);
    const found = analyse(seen, data.way.inverted, data.withMarks);
    const bitmap = toBitmap(seen);
    worker.postMessage({ found, bitmap }, [bitmap]);
  } catch (error) {
    worker.postMessage({ error: String(error) });
  }
};

/**
 * Return why a file must not be decoded, or null.
 * @param {Blob} blob
 * @returns {Promise<"unknown" | "large" | "noise" | null>}
 */
async function checkPicture(blob) {
  if (returnsNoise()) return "noise";
  if (blob.size > MAX_PICTURE_BYTES) return "large";
  const size = pictureSize(new Uint8Array(await blob.arrayBuffer()));
  if (!size) return "unknown";
  return size.width * size.height > MAX_PICTURE_PIXELS ? "large" : null;
}

/**
 * Decode a picture, upright, scaled down if it is large and up if it is small.
 * @param {Blob} blob
 * @returns {Promise<Picture>}
 */
async function decodePicture(blob) {
  const bitmap = await createImageBitmap(blob);
  const longer = Math.max(bitmap.width, bitmap.height);
  const scale = Math.min(MAX_SIDE / longer, Math.max(1, Math.min(MAX_ENLARGEMENT, MIN_SIDE / longer)));
  const [columns, rows] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(scale * side)));
  const pen = contextOf(new OffscreenCanvas(columns, rows));
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, columns, rows);
  bitmap.close();
  return { data: pen.getImageData(0, 0, columns, rows).data, columns, rows };
}

/**
 * Tell whether the browser returns other pixels than were painted, as Firefox does with
 * `privacy.resistFingerprinting`. Several shades are painted, because one may come back by chance.
 */
function returnsNoise() {
  const shades = Array.from({ length: 16 }, (_, k) => 17 * k); // 0 to 255
  const pen = contextOf(new OffscreenCanvas(shades.length, 1));
  shades.forEach((shade, x) => {
    pen.fillStyle = `rgb(${shade}, ${shade}, ${shade})`;
    pen.fillRect(x, 0, 1, 1);
  });
  const { data } = pen.getImageData(0, 0, shades.length, 1);
  const painted = shades.flatMap((shade) => [shade, shade, shade, 255]);
  return painted.some((value, i) => Math.abs(data[i] - value) > TOLERANCE);
}

/** @param {Picture} picture */
function toBitmap({ data, columns, rows }) {
  const canvas = new OffscreenCanvas(columns, rows);
  contextOf(canvas).putImageData(new ImageData(data, columns, rows), 0, 0);
  return canvas.transferToImageBitmap();
}

/** @param {OffscreenCanvas} canvas */
function contextOf(canvas) {
  return /** @type {OffscreenCanvasRenderingContext2D} */ (
    canvas.getContext("2d", { willReadFrequently: true })
  );
}
