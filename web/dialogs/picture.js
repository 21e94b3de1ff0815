/**
 * A dialog that reads a picture of a handwritten number and shows on it what was found where.
 *
 * @typedef {import("../picture/candidates.js").Candidate} Candidate
 * @typedef {import("../recognizer.js").ReadField} ReadField
 * @typedef {Candidate & ReadField} Found
 */
import { SIZE } from "../ink.js";
import { divideBlock } from "../picture/candidates.js";
import { makeDialog } from "./dialog.js";

// What speaks against a symbol, in the unit of the recogniser's own weights.
const BRIDGE = 1.5; // that it reaches across a gap
const LOW = 2; // that it is half as high as the line
// Milliseconds to find the symbols of a picture; a photograph takes one second. A worker that the
// browser ended for want of memory says nothing.
const LOOKING = 30_000;
const UNREADABLE = "The browser cannot open this file as a picture. Please choose a JPEG or a PNG.";
const LARGE = "This picture is too large to open here. Please make it smaller, or take another.";
const TOO_LONG = "Looking at this picture took too long. Please take it from nearer, the number alone on it.";
const NOTHING = "No writing was found. Please take the picture from nearer, the number alone on it.";
const ASK = "A photograph or a scan of a number, its digits beside each other. You can also paste or drop one.";
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
 * Open the dialog, and read a picture where there is one already.
 * @param {import("../digit-pad.js").DigitPad} pad whose network reads
 * @param {Blob} [picture]
 */
export function openPicture(pad, picture) {
  dialog ??= new PictureDialog(pad);
  dialog.open(picture);
}

class PictureDialog {
  #pad;
  #asked = 0;
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
        input.value = ""; // the same file may be chosen again
      };
    }
  }

  /** @param {Blob} [picture] */
  open(picture) {
    if (!this.#element.open) this.#element.showModal();
    if (picture) this.#read(picture);
    else if (this.#asked === 0) this.#say(ASK);
  }

  /** @param {Blob} picture */
  async #read(picture) {
    const ticket = ++this.#asked;
    this.#clear();
    this.#say("Looking at the picture");
    try {
      const { blocks, bitmap } = await this.#looked(picture);
      const recognizer = await this.#pad.ready;
      const began = performance.now();
      const found = await readBlocks(recognizer, blocks);
      if (ticket === this.#asked) this.#show(bitmap, found, performance.now() - began);
    } catch (error) {
      if (ticket === this.#asked) this.#say(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * What the worker finds on a picture.
   * @param {Blob} picture
   * @returns {Promise<{ blocks: Candidate[][], bitmap: ImageBitmap }>}
   */
  #looked(picture) {
    this.#worker?.terminate(); // with the picture before this one
    const worker = new Worker(new URL("../picture/worker.js", import.meta.url), { type: "module" });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      const impatient = setTimeout(() => {
        worker.terminate();
        reject(new Error(TOO_LONG));
      }, LOOKING);
      worker.onmessage = ({ data }) => {
        clearTimeout(impatient);
        worker.terminate();
        if (data.fault === "large") reject(new Error(LARGE));
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
    for (const each of found) frame(pen, each, getComputedStyle(this.#element));
    const text = found.map(textOf).join("");
    this.#part("output").textContent = text;
    canvas.ariaLabel = found.length > 0 ? `The picture, framed on it: ${text}` : "The picture";
    const sure = found.reduce((product, { confidence }) => product * confidence, 1);
    if (found.length === 0) this.#say(NOTHING);
    else if (text.includes("?")) this.#say("What is framed with a ? does not look like a digit.");
    else this.#say(`${Math.floor(1000 * sure) / 10}% sure, read in ${Math.max(1, Math.round(milliseconds))}\u00a0ms`);
  }

  /** @param {string} text */
  #say(text) {
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
 * What the blocks of a picture are made of, left to right.
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
      const { bridges, lowness } = block[k];
      return recognizer.worth(field) - BRIDGE * bridges - LOW * lowness;
    });
    return divideBlock(block, scores).map((index) => ({ ...block[index], ...fields[index] }));
  });
}

/** @param {ReadField} field */
function textOf({ digit }) {
  return digit === null ? "?" : String(digit);
}

/**
 * Frame a symbol and write above it, or below where there is no room, what it is.
 * @param {CanvasRenderingContext2D} pen
 * @param {Found} found
 * @param {CSSStyleDeclaration} style
 */
function frame(pen, found, style) {
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
