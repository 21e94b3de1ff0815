/**
 * What the page loads on demand: pictures, handwriting, explanations, sending, offline use.
 *
 * @import { DigitPad } from "../digit-pad.js"
 * @import { Drawing, ReadSymbol } from "../types"
 */
import { symbolInk } from "../ink/render.js";
import { element } from "./reading.js";

const HAS_EXAMPLES_KEY = "digitpad learnt"; // of the browser's storage

/** @type {Promise<import("../dialogs/handwriting.js").HandwritingPanel> | null} loaded on first use */
let handwriting = null;
/** @type {Promise<import("../personal/upload.js").DrawingUpload | null> | null} */
let upload = null;

/**
 * Load what can wait until the page is ready.
 * @param {DigitPad} pad
 */
export function loadDeferred(pad) {
  enableOffline(pad).catch(() => {}); // the page works without
  const loadExamples = () => {
    if (hasExamples()) loadHandwriting(pad).catch(() => {});
  };
  loadExamples();
  addEventListener("storage", loadExamples); // another tab has the first ones
}

function hasExamples() {
  try {
    return localStorage.getItem(HAS_EXAMPLES_KEY) !== null;
  } catch {
    return false; // the browser forbids it
  }
}

/**
 * Keep the page for offline use, and offer newer versions.
 * @param {DigitPad} pad
 */
async function enableOffline(pad) {
  const { keepPage } = await import("./offline.js");
  keepPage((update) => {
    element("newer").hidden = false;
    element("update").onclick = () => {
      history.replaceState({ drawing: pad.drawing }, "");
      update();
    };
  });
}

/**
 * Load the user's handwriting; after a failure, try again.
 * @param {DigitPad} pad
 */
function loadHandwriting(pad) {
  handwriting ??= import("../dialogs/handwriting.js").then(({ HandwritingPanel }) => HandwritingPanel.of(pad));
  handwriting.catch(() => (handwriting = null));
  return handwriting;
}

/**
 * Keep confirmed or corrected symbols as examples of the user's handwriting.
 * @param {DigitPad} pad
 * @param {Drawing} drawing
 * @param {ReadSymbol[]} symbols of it
 */
export async function addExamples(pad, drawing, symbols) {
  const examples = symbols
    .filter(({ digit }) => digit !== null)
    .map((symbol) => ({ label: String(symbol.digit), strokes: symbolInk(drawing, symbol) }));
  const panel = await loadHandwriting(pad);
  await panel.add(examples);
}

/** @param {DigitPad} pad */
export async function showHandwriting(pad) {
  const panel = await loadHandwriting(pad);
  panel.open(await upload);
}

/** Let users who opened a link with a token send drawings. */
export function enableUpload() {
  upload = import("../personal/upload.js").then(({ DrawingUpload }) => DrawingUpload.take()).catch(() => null);
}

/**
 * @param {DigitPad} pad
 * @param {ReadSymbol} symbol
 */
export async function showExplanation(pad, symbol) {
  const { openExplanation } = await import("../dialogs/explanation.js");
  await openExplanation(await pad.ready, symbol);
}

/**
 * Open the dialog that reads pictures.
 * @param {DigitPad} pad
 * @param {Blob} [picture]
 */
export async function readPicture(pad, picture) {
  const { openPicture } = await import("../dialogs/picture.js");
  openPicture(pad, picture);
}
