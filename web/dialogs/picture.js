/**
 * A dialog that reads a number on a picture and frames its digits.
 *
 * @typedef {import("../picture/candidates.js").Candidate} Candidate
 * @typedef {import("../types").ReadField} ReadField
 * @typedef {Candidate & ReadField} Found
 */
import { SIZE } from "../ink.js";
import { bestCandidates } from "../picture/candidates.js";
import { makeDialog } from "./dialog.js";

// Penalties of a symbol, in the unit of the recognizer's weights.
const GAP_PENALTY = 1.5; // for each gap between its components
const HEIGHT_PENALTY = 2; // for half the height of the line
// A photograph takes one second. A worker that the browser ended to free memory reports nothing.
const WORKER_TIMEOUT_MS = 30_000;
const UNREADABLE = "The browser cannot open this file as a picture. Please choose a JPEG or a PNG.";
const TOO_LARGE = "This picture is too large to open here. Please make it smaller, or take another.";
const TOO_LONG = "Looking at this picture took too long. Please take it from nearer, with only the number on it.";
const NO_WRITING = "No writing was found. Please take the picture from nearer, with only the number on it.";
const INSTRUCTIONS = "Choose a photograph or a scan of a number. You can also paste or drop one.";
const TYPES = "image/*";

const CONTENT = `
  <canvas role="img" hidden></canvas>
  <output aria-label="What is read"></output>
  <p role="status"></p>
  <div class="choices">
    <button type="button" data-do="photograph">Photograph</button>
    <button type="button" data-do="choose">Choose</button>
    <button type="button" data-do="close">Close</button>
  </div>
  <input type="file" accept="${TYPES}" capture="environment" aria-label="Photograph" hidden>
  <input type="file" accept="${TYPES}" aria-label="Choose a picture" hidden>`;

/** @type {PictureDialog | null} */
let dialog = null;

/**
 * Open the dialog, and read a picture if one is given.
 * @param {import("../digit-pad.js").DigitPad} pad
 * @param {Blob} [picture]
 */
export function openPicture(pad, picture) {
  dialog ??= new PictureDialog(pad);
  dialog.open(picture);
}

class PictureDialog {
  #pad;
  #requestId = 0;
  /** @type {Worker | null} */
  #worker = null;
  #element;

  /** @param {import("../digit-pad.js").DigitPad} pad */
  constructor(pad) {
    this.#pad = pad;
    this.#element = makeDialog("Read a picture", CONTENT, {
      photograph: () => photograph.click(),
      choose: () => choose.click(),
    });
    const [photograph, choose] = this.#element.querySelectorAll("input");
    for (const input of [photograph, choose]) {
      input.onchange = () => {
        if (input.files?.[0]) this.#read(input.files[0]);
        input.value = ""; // so that the same file can be chosen again
      };
    }
  }

  /** @param {Blob} [picture] */
  open(picture) {
    if (!this.#element.open) this.#element.showModal();
    if (picture) this.#read(picture);
    else if (this.#requestId === 0) this.#showStatus(INSTRUCTIONS);
  }

  /** @param {Blob} picture */
  async #read(picture) {
    const id = ++this.#requestId;
    this.#clear();
    this.#showStatus("Looking at the picture");
    try {
      const { blocks, bitmap } = await this.#findSymbols(picture);
      const recognizer = await this.#pad.ready;
      const began = performance.now();
      const found = await readBlocks(recognizer, blocks);
      if (id === this.#requestId) this.#show(bitmap, found, performance.now() - began);
    } catch (error) {
      if (id === this.#requestId) this.#showStatus(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * Find candidates in a worker.
   * @param {Blob} picture
   * @returns {Promise<{ blocks: Candidate[][], bitmap: ImageBitmap }>}
   */
  #findSymbols(picture) {
    this.#worker?.terminate(); // of the previous picture
    const worker = new Worker(new URL("../picture/worker.js", import.meta.url), { type: "module" });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        worker.terminate();
        reject(new Error(TOO_LONG));
      }, WORKER_TIMEOUT_MS);
      worker.onmessage = ({ data }) => {
        clearTimeout(timer);
        worker.terminate();
        if (data.fault === "large") reject(new Error(TOO_LARGE));
        else if (data.fault || data.error) reject(new Error(UNREADABLE));
        else resolve(data);
      };
      worker.onerror = () => reject(new Error("This browser cannot read pictures: please update it."));
      worker.postMessage(picture);
    });
  }

  #clear() {
    this.#part("canvas").hidden = true;
    this.#part("output").textContent = "";
  }

  /**
   * @param {ImageBitmap} bitmap
   * @param {Found[]} found
   * @param {number} milliseconds
   */
  #show(bitmap, found, milliseconds) {
    const canvas = this.#part("canvas");
    [canvas.width, canvas.height, canvas.hidden] = [bitmap.width, bitmap.height, false];
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    pen.drawImage(bitmap, 0, 0);
    bitmap.close();
    for (const each of found) drawFrame(pen, each, getComputedStyle(this.#element));
    const text = found.map(textOf).join("");
    this.#part("output").textContent = text;
    canvas.ariaLabel = found.length > 0 ? `The picture, framed on it: ${text}` : "The picture";
    const sure = found.reduce((product, { confidence }) => product * confidence, 1);
    if (found.length === 0) this.#showStatus(NO_WRITING);
    else if (text.includes("?")) this.#showStatus("Anything marked ? does not look like a digit.");
    else this.#showStatus(`${Math.floor(1000 * sure) / 10}% sure, read in ${Math.max(1, Math.round(milliseconds))}\u00a0ms`);
  }

  /** @param {string} text */
  #showStatus(text) {
    this.#part("p").textContent = text;
  }

  /**
   * @template {keyof HTMLElementTagNameMap} K
   * @param {K} name
   */
  #part(name) {
    return /** @type {HTMLElementTagNameMap[K]} */ (this.#element.querySelector(name));
  }
}

/**
 * Read the best candidates of each block, from left to right.
 * @param {import("../recognizer.js").Recognizer} recognizer
 * @param {Candidate[][]} blocks
 * @returns {Promise<Found[]>}
 */
export async function readBlocks(recognizer, blocks) {
  const all = blocks.flat();
  const pixels = new Float32Array(all.length * SIZE ** 2);
  all.forEach((each, k) => pixels.set(each.pixels, k * SIZE ** 2));
  const read = await recognizer.readFields(pixels);
  let start = 0;
  return blocks.flatMap((block) => {
    const fields = read.slice(start, (start += block.length));
    const scores = fields.map((field, k) => {
      const { gapsCrossed, heightDeficit } = block[k];
      return recognizer.symbolScore(field) - GAP_PENALTY * gapsCrossed - HEIGHT_PENALTY * heightDeficit;
    });
    return bestCandidates(block, scores).map((index) => ({ ...block[index], ...fields[index] }));
  });
}

/** @param {ReadField} field */
function textOf({ digit }) {
  return digit === null ? "?" : String(digit);
}

/**
 * Frame a symbol and label it, above or, at the top edge, below.
 * @param {CanvasRenderingContext2D} pen
 * @param {Found} found
 * @param {CSSStyleDeclaration} style
 */
function drawFrame(pen, found, style) {
  const { left, top, right, bottom } = found.box;
  const unit = Math.max(12, pen.canvas.width / 40);
  pen.strokeStyle = style.getPropertyValue(found.digit === null ? "--bad" : "--accent");
  pen.fillStyle = pen.strokeStyle;
  pen.lineWidth = unit / 6;
  pen.strokeRect(left - unit / 4, top - unit / 4, right - left + unit / 2, bottom - top + unit / 2);
  pen.font = `bold ${unit}px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.fillText(textOf(found), (left + right) / 2, top > 2 * unit ? top - unit / 2 : bottom + 1.4 * unit);
}
