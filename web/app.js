/**
 * The page: wires the pad to the number that it reads, the detail of each digit, and the features
 * that app/features.js loads on demand.
 *
 * @import { DigitPad } from "./digit-pad.js"
 * @import { ReadSymbol } from "./types"
 */
import {
  caption, createDigitButtons, describeSymbol, detailCaption, element, ordinalOf, setProperty,
  showDetail, spokenText, stateOf,
} from "./app/reading.js";
import { commandOf, update } from "./digit-pad.js";
import { MARKS } from "./recognition/model-files.js";
import { characterOf } from "./recognition/scoring.js";

const DEFERRED_LOAD_MS = 1000; // after the model: downloads do not delay the first reading
const NOT_LOADED = "This part of the page could not be fetched: check the connection.";
// Keys of the browser's storage.
const VISITED_KEY = "digitpad visited";
const MARKS_KEY = "digitpad marks";
const COLLECT_KEY = "digitpad collect";

const root = document.documentElement;
const pad = /** @type {DigitPad} */ (element("pad"));
const number = element("number");
const progress = /** @type {HTMLProgressElement} */ (element("progress"));
/** The symbol shown in detail, and whether the user chose it. */
let chosen = { index: 0, byUser: false };
let shown = pad.reading;
let attempts = 0;
let failureMessage = "";

/** @param {"loading" | "ready" | "failed"} state */
function setModelState(state) {
  if (root.dataset.model === "unsupported") return;
  update(root.dataset, { model: state });
  showReading();
}

/** Show the pad's reading, or why there is none. */
function showReading() {
  const { symbols } = (shown = pad.reading);
  if (!chosen.byUser || chosen.index >= symbols.length) {
    chosen = { index: latestSymbol(symbols), byUser: false };
  }
  update(root.dataset, { reading: symbols.length === 0 ? "none" : "some" });
  showNumber(symbols);
  const { index } = chosen;
  showDetail(symbols[index], detailCaption(symbols, index));
  const text = currentCaption();
  showStatus(text, symbols.length > 0 ? `${spokenText(pad.value)}. ${text}` : text);
}

/**
 * Show a text below the number, and announce it to screen readers.
 * @param {string} text
 * @param {string} [spoken]
 */
function showStatus(text, spoken = text) {
  update(element("caption"), { textContent: text });
  update(element("spoken"), { textContent: spoken });
}

/** Return the sentence below the number. */
function currentCaption() {
  const state = root.dataset.model;
  if (state === "failed") return failureMessage;
  if (state === "loading") return `Loading the network${pad.empty ? "" : ", then reading"}`;
  return caption(pad.reading.symbols, pad);
}

/**
 * Return the index of the symbol with the latest stroke; of joined ones, the last.
 * @param {ReadSymbol[]} symbols
 */
function latestSymbol(symbols) {
  const last = symbols.map(({ strokes }) => Math.max(...strokes));
  return Math.max(0, last.lastIndexOf(Math.max(...last)));
}

/**
 * Return how many symbols each line has.
 * @param {ReadSymbol[]} symbols
 */
function lineLengths(symbols) {
  /** @type {number[]} */
  const lengths = [];
  for (const { line } of symbols) lengths[line] = (lengths[line] ?? 0) + 1;
  return lengths;
}

/**
 * Show one button per symbol; reuse those that exist, so that they keep the focus.
 * @param {ReadSymbol[]} symbols
 */
function showNumber(symbols) {
  while (number.children.length > symbols.length) number.lastElementChild?.remove();
  while (number.children.length < symbols.length) {
    const button = document.createElement("button");
    const index = number.children.length;
    button.type = "button";
    button.addEventListener("click", () => {
      chosen = { index, byUser: true };
      showReading();
    });
    number.append(button);
    // In the next frame: here it would force a second layout.
    requestAnimationFrame(() => number.scrollTo(number.scrollWidth, number.scrollHeight));
  }
  const lengths = lineLengths(symbols);
  setProperty(number, "--lines", String(Math.max(1, lengths.length)));
  setProperty(number, "--symbols", String(Math.max(1, ...lengths)));
  symbols.forEach((symbol, index) => {
    const button = /** @type {HTMLElement} */ (number.children[index]);
    update(button, {
      textContent: characterOf(symbol),
      ariaPressed: String(index === chosen.index),
      ariaLabel: `${ordinalOf(symbols, index)}: ${describeSymbol(symbol)}`,
    });
    update(button.dataset, { state: stateOf(symbol) });
    setProperty(button, "--line", String(symbol.line + 1));
  });
  update(element("copy"), { ariaDisabled: String(pad.value === "") });
}

/** Mark what can be done; buttons stay focusable, so that the keyboard keeps its place. */
function updateTools() {
  update(element("undo"), { ariaDisabled: String(!pad.canUndo) });
  update(element("redo"), { ariaDisabled: String(!pad.canRedo) });
  update(element("clear"), { ariaDisabled: String(pad.empty) });
}

/** Copy the number; insecure pages have only `execCommand`. */
async function copy() {
  if (pad.value === "") return;
  if (pad.value === pad.reading.text) addExamples(pad.reading.symbols); // copying confirms it
  let done = true;
  try {
    await navigator.clipboard.writeText(pad.value);
  } catch {
    const field = document.createElement("textarea");
    field.value = pad.value;
    document.body.append(field);
    field.select();
    done = document.execCommand("copy");
    field.remove();
    element("copy").focus();
  }
  const label = /** @type {HTMLElement} */ (element("copy").lastElementChild);
  label.textContent = done ? "Copied" : "Not copied";
  element("spoken").textContent = `${spokenText(pad.value)} ${done ? "is" : "could not be"} copied`;
  setTimeout(() => (label.textContent = "Copy"), 2000);
}

/** Show the animated example until the user has drawn something. */
function showDemoOnFirstVisit() {
  const visited = tryStorage(() => localStorage.getItem(VISITED_KEY) !== null) ?? false;
  element("demo").toggleAttribute("hidden", visited);
  const remember = () => tryStorage(() => localStorage.setItem(VISITED_KEY, "yes"));
  if (!visited) pad.addEventListener("change", remember, { once: true });
}

/** Let users choose whether marks are read; by default they are not, since each may be a digit. */
function enableMarks() {
  const box = /** @type {HTMLInputElement} */ (element("marks"));
  const show = () => (pad.marks = box.checked ? MARKS : "");
  box.checked = tryStorage(() => localStorage.getItem(MARKS_KEY) !== null) ?? false;
  show();
  box.addEventListener("change", () => {
    show();
    tryStorage(() => (box.checked ? localStorage.setItem(MARKS_KEY, "yes") : localStorage.removeItem(MARKS_KEY)));
  });
}

/**
 * Use storage; return null if the browser forbids it or it is full.
 * @template T
 * @param {() => T} ask
 */
function tryStorage(ask) {
  try {
    return ask();
  } catch {
    return null;
  }
}

/** Try to load the network again. */
async function retry() {
  setModelState("loading");
  if (attempts++ === 0) return pad.load();
  // Some browsers cache a module's failure until the page is reloaded
  // (https://github.com/whatwg/html/issues/6768). The history entry keeps the drawing.
  history.replaceState({ drawing: pad.drawing }, "");
  location.reload();
}

/** Load what can wait until the page is ready; it works without. */
function loadDeferred() {
  import("./app/features.js").then((features) => features.loadDeferred(pad)).catch(() => {});
}

/**
 * Run a feature that is loaded on demand, and say if it cannot be fetched.
 * @param {(features: typeof import("./app/features.js")) => unknown} run
 */
async function withFeatures(run) {
  try {
    await run(await import("./app/features.js"));
  } catch {
    showStatus(NOT_LOADED);
  }
}

/**
 * Keep confirmed or corrected symbols as examples of the user's handwriting.
 * @param {ReadSymbol[]} symbols
 */
function addExamples(symbols) {
  const { drawing } = pad; // it may change during the import
  import("./app/features.js").then((features) => features.addExamples(pad, drawing, symbols)).catch(() => {});
}

function showExplanation() {
  const symbol = pad.reading.symbols[chosen.index];
  if (symbol) withFeatures((features) => features.showExplanation(pad, symbol));
}

/** @param {Blob} [picture] */
function readPicture(picture) {
  withFeatures((features) => features.readPicture(pad, picture));
}

/** Let users who opened a link with a token send drawings. */
function enableUpload() {
  if (!location.hash.startsWith("#collect=") && !tryStorage(() => sessionStorage.getItem(COLLECT_KEY))) return;
  import("./app/features.js").then((features) => features.enableUpload()).catch(() => {});
}

/**
 * Read the first picture that is pasted or dropped; other files get an error message.
 * @param {ClipboardEvent | DragEvent} event
 */
function onFiles(event) {
  const transfer = "clipboardData" in event ? event.clipboardData : event.dataTransfer;
  const files = Array.from(transfer?.files ?? []);
  if (files.length === 0) return;
  event.preventDefault(); // or the browser opens it
  readPicture(files.find(({ type }) => type.startsWith("image/")) ?? files[0]);
}

createDigitButtons((digit) => {
  const symbol = pad.reading.symbols[chosen.index];
  if (!symbol) return;
  addExamples([{ ...symbol, digit }]);
  pad.correct(chosen.index, digit);
});
showDemoOnFirstVisit();
enableMarks();
for (const command of /** @type {const} */ (["undo", "redo", "clear"])) {
  element(command).addEventListener("click", () => pad[command]());
}
element("retry").addEventListener("click", retry);
element("copy").addEventListener("click", copy);
element("picture").addEventListener("click", () => readPicture());
element("why").addEventListener("click", showExplanation);
element("hand").addEventListener("click", () => withFeatures((features) => features.showHandwriting(pad)));
document.addEventListener("paste", onFiles);
document.addEventListener("drop", onFiles);
document.addEventListener("dragover", (event) => {
  if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); // or the browser opens it
});
pad.addEventListener("input", () => {
  if (pad.reading === shown) chosen.byUser = false; // something is written: show the newest symbol
  updateTools();
  update(element("caption"), { textContent: currentCaption() });
});
pad.addEventListener("change", () => {
  updateTools();
  if (pad.reading.symbols.length > 0) setModelState("ready");
  else showReading(); // cleared: the model's state stays
});
pad.addEventListener("load", () => setModelState("ready"));
pad.addEventListener("load", () => setTimeout(loadDeferred, DEFERRED_LOAD_MS), { once: true });
pad.addEventListener("error", ({ error }) => {
  if (error.name === "InkError") return showStatus(error.message);
  failureMessage = error.name === "RecognizerError" ? error.message : "The network did not load.";
  setModelState("failed");
  if (!error.stale) return;
  history.replaceState({ drawing: pad.drawing }, "");
  document.dispatchEvent(new Event("stale")); // unsupported.js reloads
});
pad.addEventListener("progress", (event) => {
  const { loaded } = /** @type {ProgressEvent} */ (event);
  if (loaded > 0) progress.value = loaded; // until then the bar is indeterminate
});
document.addEventListener("keydown", (event) => {
  const [target] = /** @type {Element[]} */ (event.composedPath());
  const command = commandOf(event);
  if (!command || target.closest?.("input, textarea, select") || event.defaultPrevented) return;
  event.preventDefault();
  pad[command]();
});
if (history.state?.drawing) {
  const { drawing } = history.state;
  history.replaceState(null, "");
  try {
    pad.drawing = drawing;
  } catch {
    // Not a drawing of this page: ignore it.
  }
}
updateTools();
setModelState("loading");
enableUpload();
addEventListener("hashchange", enableUpload);
