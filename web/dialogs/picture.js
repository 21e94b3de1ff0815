/**
 * A dialog that reads the numbers on a picture and frames their symbols.
 *
 * @import { Symbol, WayReading } from "../picture/reading.js"
 */
import { formatPercent } from "../app/reading.js";
import { readPicture } from "../picture/read-picture.js";
import { characterOf } from "../recognition/scoring.js";
import { makeDialog } from "./dialog.js";

const NO_WRITING = "No writing was found. Please take the picture from nearer, with only the number on it.";
const DOUBT = "Anything marked ? does not look like a digit.";
const DOUBT_OF_MARKS = "Anything marked ? looks neither like a digit nor like a mark.";
const MISSING = "There is more writing here that could not be read.";
const AMBIGUOUS = "It may be upside down.";
// Less sure readings are to be checked: of 1,200 composed pictures of validation digits without
// another sign, 62 of 1,065 right ones, and 18 of 21 wrong ones.
const SURE = 0.85;
const INSTRUCTIONS = "Choose a photograph or a scan of a number. You can also paste or drop one.";
const TYPES = "image/*";

const CONTENT = `
  <canvas role="img" hidden></canvas>
  <output aria-label="What is read"></output>
  <p role="status"></p>
  <div class="choices">
    <button type="button" data-do="photograph">Photograph</button>
    <button type="button" data-do="choose">Choose</button>
    <button type="button" data-do="copy" hidden>Copy</button>
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
  #request = new AbortController();
  #isEmpty = true;
  #element;

  /** @param {import("../digit-pad.js").DigitPad} pad */
  constructor(pad) {
    this.#pad = pad;
    this.#element = makeDialog("Read a picture", CONTENT, {
      photograph: () => photograph.click(),
      choose: () => choose.click(),
      copy: () => this.#copy(),
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
    else if (this.#isEmpty) this.#showStatus(INSTRUCTIONS);
  }

  /** @param {Blob} picture */
  async #read(picture) {
    this.#request.abort(); // of the previous picture
    const { signal } = (this.#request = new AbortController());
    this.#isEmpty = false;
    this.#clear();
    this.#showStatus("Looking at the picture");
    try {
      const recognizer = await this.#pad.ready;
      const began = performance.now();
      const { bitmap, ...reading } = await readPicture(recognizer, picture, { signal, marks: this.#pad.marks });
      if (!signal.aborted) this.#show(bitmap, reading, performance.now() - began);
    } catch (error) {
      if (!signal.aborted) this.#showStatus(error instanceof Error ? error.message : String(error));
    }
  }

  /** Copy all lines. */
  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#part("output").textContent ?? "");
      this.#showStatus("Copied");
    } catch {
      this.#showStatus("This browser does not allow copying here: please select the text and copy it.");
    }
  }

  #clear() {
    this.#copyButton.hidden = true;
    this.#part("canvas").hidden = true;
    this.#part("output").textContent = "";
  }

  /**
   * @param {ImageBitmap} bitmap
   * @param {WayReading} reading
   * @param {number} milliseconds
   */
  #show(bitmap, { text, lines, confidence, missing, way, ambiguous }, milliseconds) {
    const canvas = this.#part("canvas");
    [canvas.width, canvas.height, canvas.hidden] = [bitmap.width, bitmap.height, false];
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    pen.drawImage(bitmap, 0, 0);
    bitmap.close();
    const symbols = lines.flat();
    for (const symbol of symbols) drawFrame(pen, symbol, getComputedStyle(this.#element));
    this.#part("output").textContent = text;
    this.#copyButton.hidden = !text;
    canvas.ariaLabel = text ? `The picture, framed on it: ${text.replaceAll("\n", ", ")}` : "The picture";
    const told = [];
    if (way.turns > 0 && text) told.push("The picture was turned.");
    if (!text) told.push(NO_WRITING);
    else if (text.includes("?")) told.push(this.#pad.marks ? DOUBT_OF_MARKS : DOUBT);
    else if (confidence < SURE) told.push(`Please check this: it is only ${formatPercent(confidence, 1)} sure.`);
    else if (!missing) told.push(`${formatPercent(confidence, 1)} sure, read in ${seconds(milliseconds)}`);
    if (text && missing) told.push(MISSING);
    if (text && ambiguous) told.push(AMBIGUOUS);
    this.#showStatus(told.join(" "));
  }

  get #copyButton() {
    return /** @type {HTMLButtonElement} */ (this.#element.querySelector("[data-do=copy]"));
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

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return milliseconds < 1000 ? `${Math.max(1, Math.round(milliseconds))}\u00a0ms` : `${(milliseconds / 1000).toFixed(1)}\u00a0s`;
}

/**
 * Frame a symbol, with dashes if it is unsure, and label it, above or, at the top edge, below.
 * @param {CanvasRenderingContext2D} pen
 * @param {Symbol} found
 * @param {CSSStyleDeclaration} style
 */
function drawFrame(pen, found, style) {
  const { left, top, right, bottom } = found.box;
  const unit = Math.max(12, pen.canvas.width / 40);
  pen.strokeStyle = style.getPropertyValue(found.digit === null && !found.mark ? "--bad" : "--accent");
  pen.fillStyle = pen.strokeStyle;
  pen.lineWidth = unit / 6;
  pen.setLineDash(found.confidence < SURE ? [unit / 2, unit / 4] : []);
  pen.strokeRect(left - unit / 4, top - unit / 4, right - left + unit / 2, bottom - top + unit / 2);
  pen.font = `bold ${unit}px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.fillText(characterOf(found), (left + right) / 2, top > 2 * unit ? top - unit / 2 : bottom + 1.4 * unit);
}
