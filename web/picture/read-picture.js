/**
 * Read a picture: a worker finds its symbols, the network reads them.
 *
 * @import { Recognizer } from "../recognizer.js"
 * @import { Found } from "./analyse.js"
 * @import { Way, WayReading } from "./reading.js"
 */
import "../app/trusted-types.js";
import { readBestWay } from "./reading.js";

// A photograph takes one second. A worker that the browser ended to free memory reports nothing.
const WORKER_TIMEOUT_MS = 30_000;
const MESSAGES = {
  large: "This picture is too large to open here. Please make it smaller, or take another.",
  unreadable: "The browser cannot open this file as a picture. Please choose a JPEG or a PNG.",
  slow: "Looking at this picture took too long. Please take it from nearer, with only the number on it.",
  noise:
    "To protect you from tracking, this browser gives this page noise in place of your picture. Please " +
    "make an exception for this site (in Firefox, about:config, privacy.resistFingerprinting.exemptedDomains), " +
    "or write the number on the pad.",
  old: "This browser cannot read pictures: please update it.",
};

/**
 * @param {Recognizer} recognizer
 * @param {Blob} blob
 * @param {AbortSignal} [signal] ends it
 * @returns {Promise<WayReading & { bitmap: ImageBitmap }>} and the picture as it was read
 * @throws {Error} whose message says what is wrong, and what to do
 */
export async function readPicture(recognizer, blob, signal) {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  const end = () => worker.terminate();
  signal?.addEventListener("abort", end);
  /** @type {Map<Way, ImageBitmap>} */
  const bitmaps = new Map();
  try {
    const reading = await readBestWay(recognizer, async (way) => {
      const { found, bitmap } = await ask(worker, bitmaps.size === 0 ? { blob, way } : { way });
      bitmaps.set(way, bitmap);
      return found;
    });
    for (const [way, bitmap] of bitmaps) if (way !== reading.way) bitmap.close();
    return { ...reading, bitmap: /** @type {ImageBitmap} */ (bitmaps.get(reading.way)) };
  } finally {
    signal?.removeEventListener("abort", end);
    worker.terminate();
  }
}

/**
 * @param {Worker} worker
 * @param {{ blob?: Blob, way: Way }} question
 * @returns {Promise<{ found: Found, bitmap: ImageBitmap }>}
 */
function ask(worker, question) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(MESSAGES.slow)), WORKER_TIMEOUT_MS);
    worker.onmessage = ({ data }) => {
      clearTimeout(timer);
      const message = MESSAGES[/** @type {keyof typeof MESSAGES} */ (data.fault)];
      if (data.fault || data.error) reject(new Error(message ?? MESSAGES.unreadable));
      else resolve(data);
    };
    worker.onerror = () => reject(new Error(MESSAGES.old));
    worker.postMessage(question);
  });
}
