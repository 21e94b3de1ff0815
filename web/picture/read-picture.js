/**
 * Read a picture: a worker finds its symbols, the network reads them.
 *
 * @import { Recognizer } from "../recognizer.js"
 * @import { Found } from "./analyse.js"
 * @import { Way, WayReading } from "./reading.js"
 */
import "../app/trusted-types.js";
import { SPACE } from "../recognition/model-files.js";
import { readBestWay } from "./reading.js";

// A photograph takes one second. A worker that the browser ended to free memory reports nothing.
const WORKER_TIMEOUT_MS = 30_000;
// A worker that has read a picture reads the next one twice as fast as a new one does.
const KEEP_MS = 30_000;
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

/** @type {Worker | null} which waits for the next picture */
let idle = null;
let idleTimer = 0;

/**
 * @param {Recognizer} recognizer
 * @param {Blob} blob
 * @param {{ signal?: AbortSignal, marks?: string }} [options] `signal` ends it; `marks` are read, too,
 *   as in `Recognizer.read`: without them, they are "?". Numbers far apart have a space between them
 *   anyway
 * @returns {Promise<WayReading & { bitmap: ImageBitmap }>} and the picture as it was read
 * @throws {Error} whose message says what is wrong, and what to do
 */
export async function readPicture(recognizer, blob, { signal, marks = "" } = {}) {
  const asked = marks.replaceAll(SPACE, "");
  const reader = asked ? await loadMarks(recognizer, asked) : null;
  const worker = takeWorker();
  const end = () => worker.terminate();
  signal?.addEventListener("abort", end);
  /** @type {Map<Way, ImageBitmap>} */
  const bitmaps = new Map();
  try {
    const reading = await readBestWay(recognizer, async (way) => {
      const { found, bitmap } = await ask(worker, { blob: bitmaps.size === 0 ? blob : undefined, way, withMarks: asked !== "" });
      bitmaps.set(way, bitmap);
      return found;
    }, reader);
    for (const [way, bitmap] of bitmaps) if (way !== reading.way) bitmap.close();
    if (signal?.aborted) end();
    else keepWorker(worker);
    return { ...reading, bitmap: /** @type {ImageBitmap} */ (bitmaps.get(reading.way)) };
  } catch (error) {
    end();
    throw error;
  } finally {
    signal?.removeEventListener("abort", end);
  }
}

function takeWorker() {
  clearTimeout(idleTimer);
  const worker = idle ?? new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  idle = null;
  return worker;
}

/** @param {Worker} worker which has answered */
function keepWorker(worker) {
  endIdleWorker();
  idle = worker;
  idleTimer = setTimeout(endIdleWorker, KEEP_MS);
}

function endIdleWorker() {
  clearTimeout(idleTimer);
  idle?.terminate();
  idle = null;
}

/**
 * @param {Recognizer} recognizer
 * @param {string} marks
 */
async function loadMarks(recognizer, marks) {
  const { loadPictureMarks } = await import("./marks/reader.js");
  return loadPictureMarks(recognizer, marks);
}

/**
 * @param {Worker} worker
 * @param {{ blob?: Blob, way: Way, withMarks: boolean }} question
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
