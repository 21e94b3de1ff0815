/**
 * This page: the pad, the number that it reads, and of each digit what the network saw and thought.
 *
 * @typedef {import("./digit-pad.js").DigitPad} DigitPad
 * @typedef {import("./types").Reading} Reading
 * @typedef {import("./types").ReadSymbol} ReadSymbol
 */
import { commandOf, update } from "./digit-pad.js";

/** Below this the runner-up is named too: of such readings a good part is wrong. */
const CERTAIN = 0.8;

const FIELD_SIZE = 28;
const DIGITS = 10;
const ORDINALS = ["First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth"];
const DEFERRED_LOAD_MS = 1000; // milliseconds after the network's arrival: what is fetched then keeps nobody waiting
const NOT_LOADED = "This part of the page could not be fetched: check the connection.";
const HAS_EXAMPLES_KEY = "digitpad learnt"; // in the browser's storage: there may be examples of its user's hand
const VISITED_KEY = "digitpad visited"; // in the browser's storage: the animation has served its end

const root = document.documentElement;
const pad = /** @type {DigitPad} */ (element("pad"));
const number = element("number");
const shares = element("shares");
const seen = /** @type {HTMLCanvasElement} */ (element("seen"));
const progress = /** @type {HTMLProgressElement} */ (element("progress"));
/** Index of the symbol that is looked at closer, and whether the user chose it. */
let chosen = { index: 0, byUser: false };
let attempts = 0;
let failureMessage = "";

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {"loading" | "ready" | "failed"} state */
function setModelState(state) {
  if (root.dataset.model === "unsupported") return;
  update(root.dataset, { model: state });
  showReading();
}

/** Put the pad's reading on the page, or why there is none. */
function showReading() {
  const { symbols } = pad.reading;
  if (!chosen.byUser || chosen.index >= symbols.length) {
    chosen = { index: latestSymbol(symbols), byUser: false };
  }
  update(root.dataset, { reading: symbols.length === 0 ? "none" : "some" });
  showNumber(symbols);
  showSymbol(symbols);
  const said = caption(symbols);
  showStatus(said, symbols.length > 0 ? `${pad.value}. ${said}` : said);
}

/**
 * Say something below the number, and to screen readers.
 * @param {string} text
 * @param {string} [spoken]
 */
function showStatus(text, spoken = text) {
  update(element("caption"), { textContent: text });
  update(element("spoken"), { textContent: spoken });
}

/**
 * Index of the symbol with the latest stroke: the one that its writer looks at.
 * @param {ReadSymbol[]} symbols
 */
function latestSymbol(symbols) {
  const last = symbols.map(({ strokes }) => Math.max(...strokes));
  return Math.max(0, last.indexOf(Math.max(...last)));
}

/**
 * One button a symbol; those that stay are not built anew, so that focus and screen stay still.
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
    // Where the page is laid out in any case: here it would be laid out twice.
    requestAnimationFrame(() => (number.scrollLeft = number.scrollWidth));
  }
  setProperty(number, "--symbols", String(Math.max(1, symbols.length)));
  symbols.forEach((symbol, index) => {
    const button = /** @type {HTMLElement} */ (number.children[index]);
    update(button, {
      textContent: symbol.digit === null ? "?" : String(symbol.digit),
      ariaPressed: String(index === chosen.index),
      ariaLabel: `${ordinalOf(index, symbols.length)}: ${describeSymbol(symbol)}`,
    });
    update(button.dataset, { state: stateOf(symbol) });
  });
  update(element("copy"), { ariaDisabled: String(pad.value === "") });
}

/**
 * Set a custom property where it is not so already.
 * @param {HTMLElement} target
 * @param {string} name
 * @param {string} value
 */
function setProperty({ style }, name, value) {
  if (style.getPropertyValue(name) !== value) style.setProperty(name, value);
}

/** @param {ReadSymbol} symbol */
function stateOf({ digit, confidence, corrected }) {
  if (corrected) return "corrected";
  return digit === null ? "refused" : confidence < CERTAIN ? "unsure" : "sure";
}

/**
 * Which symbol it is, in words.
 * @param {number} index
 * @param {number} count
 */
function ordinalOf(index, count) {
  if (count === 1) return "Digit";
  return ORDINALS[index] ? `${ORDINALS[index]} digit` : `Digit ${index + 1}`;
}

/**
 * What is read of a symbol, in words.
 * @param {ReadSymbol} symbol
 */
function describeSymbol(symbol) {
  const [first, second] = rankDigits(symbol.probabilities);
  switch (stateOf(symbol)) {
    case "corrected":
      return `${symbol.digit}, as you say`;
    case "refused":
      return "not a digit";
    case "unsure":
      return `${formatChoice(first)} or ${formatChoice(second)}`;
    default:
      return `${symbol.digit}, ${formatPercent(symbol.confidence, 1)} sure`;
  }
}

/**
 * The sentence below the number.
 * @param {ReadSymbol[]} symbols
 */
function caption(symbols) {
  const state = root.dataset.model;
  if (state === "failed") return failureMessage;
  if (state === "loading") return `Loading the network${pad.empty ? "" : ", then reading"}`;
  if (symbols.length === 0) return pad.empty ? "Nothing written yet" : "Reading";
  const doubtful = symbols.findIndex((symbol) => ["refused", "unsure"].includes(stateOf(symbol)));
  const took = `${Math.max(1, Math.round(pad.milliseconds))}\u00a0ms`;
  if (doubtful < 0) return `${formatPercent(pad.reading.confidence, 1)} sure, read in ${took}`;
  const symbol = symbols[doubtful];
  const where = symbols.length === 1 ? "" : `${ordinalOf(doubtful, symbols.length)}: `;
  return where + (stateOf(symbol) === "refused" ? describeRejection(symbol) : `unsure, ${describeSymbol(symbol)}`);
}

/**
 * That a symbol is refused, and what it would be; a dot would be nothing.
 * @param {ReadSymbol} symbol
 */
function describeRejection({ box, probabilities }) {
  const said = "That does not look like a digit";
  if (box.width === 0 && box.height === 0) return said;
  return `${said}. If it is one: ${formatChoice(rankDigits(probabilities)[0])}`;
}

/** @param {{ digit: number, p: number }} candidate */
function formatChoice({ digit, p }) {
  return `${digit}\u00a0(${formatPercent(p)})`; // not broken over two lines
}

/**
 * Digits with their probabilities, the likeliest first.
 * @param {ArrayLike<number>} probabilities
 */
function rankDigits(probabilities) {
  return Array.from(probabilities, (p, digit) => ({ digit, p })).sort((a, b) => b.p - a.p);
}

/**
 * A probability as text, rounded down: only certainty itself is 100%.
 * @param {number} p in [0, 1]
 * @param {number} [decimals]
 */
function formatPercent(p, decimals = 0) {
  const unit = 10 ** decimals;
  return `${Math.floor(p * 100 * unit) / unit}%`;
}

/** Build a button for each digit: how likely it is, and to press if that is what was written. */
function buildShares() {
  for (let digit = 0; digit < DIGITS; digit++) {
    const button = document.createElement("button");
    button.type = "button";
    for (const [name, text] of Object.entries({ label: String(digit), share: "" })) {
      const part = document.createElement("span");
      part.className = name;
      part.textContent = text;
      button.append(part, " ");
    }
    button.addEventListener("click", () => {
      const symbol = pad.reading.symbols[chosen.index];
      if (!symbol) return;
      addExamples([{ ...symbol, digit }]);
      pad.correct(chosen.index, digit);
    });
    shares.append(button);
  }
}

/**
 * Show the chosen symbol: its ten probabilities and the field that the network read.
 * @param {ReadSymbol[]} symbols
 */
function showSymbol(symbols) {
  const symbol = symbols[chosen.index];
  Array.from(shares.children, (child, digit) => {
    const button = /** @type {HTMLElement} */ (child);
    const p = symbol?.probabilities[digit] ?? 0;
    const share = symbol ? formatPercent(p) : "";
    setProperty(button, "--share", p.toFixed(4));
    update(button.children[1], { textContent: share });
    update(button, {
      ariaPressed: String(symbol?.digit === digit),
      ariaDisabled: String(!symbol),
      ariaLabel: symbol ? `${digit} ${share}: this is a ${digit}` : String(digit),
    });
  });
  const which = symbol ? ordinalOf(chosen.index, symbols.length) : "";
  const textContent = !symbol
    ? "What the network sees, and how likely each digit is"
    : symbol.corrected
      ? `${which}: ${symbol.digit}, as you say`
      : `${which}: if it is read wrong, tap what it is`;
  update(element("which"), { textContent });
  update(element("why"), { hidden: !symbol });
  showSeen(symbol?.pixels);
}

/**
 * Show the field that the network read, ink as opacity so that the theme gives the colour.
 * @param {ArrayLike<number> | undefined} pixels 784 in [0, 1], row by row
 */
function showSeen(pixels) {
  const image = new ImageData(FIELD_SIZE, FIELD_SIZE);
  if (pixels) for (let k = 0; k < pixels.length; k++) image.data[4 * k + 3] = pixels[k] * 255;
  /** @type {CanvasRenderingContext2D} */ (seen.getContext("2d")).putImageData(image, 0, 0);
  const what = pixels ? "your digit, 28 by 28 pixels" : "nothing yet";
  update(seen, { ariaLabel: `What the network sees: ${what}` });
}

/** Buttons stay focusable when there is nothing to do, so that the keyboard never loses its place. */
function updateTools() {
  update(element("undo"), { ariaDisabled: String(!pad.canUndo) });
  update(element("redo"), { ariaDisabled: String(!pad.canRedo) });
  update(element("clear"), { ariaDisabled: String(pad.empty) });
}

/** Put the number on the clipboard; browsers lend it to secure pages alone, older ways to all. */
async function copy() {
  if (pad.value === "") return;
  if (pad.value === pad.reading.text) addExamples(pad.reading.symbols); // who copies it, confirms it
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
  element("spoken").textContent = `${pad.value} ${done ? "is" : "could not be"} copied`;
  setTimeout(() => (label.textContent = "Copy"), 2000);
}

/** Show what to do, by drawing, to those who have not drawn here before. */
function showDemoOnFirstVisit() {
  const visited = tryStorage(() => localStorage.getItem(VISITED_KEY) !== null) ?? false;
  element("demo").toggleAttribute("hidden", visited);
  const remember = () => tryStorage(() => localStorage.setItem(VISITED_KEY, "yes"));
  if (!visited) pad.addEventListener("change", remember, { once: true });
}

/**
 * What storage answers, null where the browser forbids it or it is full.
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
  // Some browsers remember a module that failed until the page is loaded anew
  // (https://github.com/whatwg/html/issues/6768); the drawing waits in the history entry.
  history.replaceState({ drawing: pad.drawing }, "");
  location.reload();
}

/** What can wait until the page is there. */
function loadDeferredFeatures() {
  enableOffline().catch(() => {}); // it works without
  if (tryStorage(() => localStorage.getItem(HAS_EXAMPLES_KEY) !== null)) loadHandwriting().catch(() => (handwriting = null));
}

/** Keep the page for the time without a network; a newer version is its reader's to take. */
async function enableOffline() {
  const { keepPage } = await import("./app/offline.js");
  keepPage((take) => {
    element("newer").hidden = false;
    element("update").onclick = () => {
      history.replaceState({ drawing: pad.drawing }, "");
      take();
    };
  });
}

/** @type {Promise<import("./dialogs/handwriting.js").HandwritingPanel> | null} fetched when it is first wanted */
let handwriting = null;

function loadHandwriting() {
  handwriting ??= import("./dialogs/handwriting.js").then(({ HandwritingPanel }) => HandwritingPanel.of(pad));
  return handwriting;
}

/**
 * Keep what symbols are, as their writer says.
 * @param {ReadSymbol[]} symbols
 */
function addExamples(symbols) {
  const drawing = pad.drawing;
  const examples = symbols
    .filter(({ digit }) => digit !== null)
    .map(({ digit, strokes }) => ({ label: String(digit), strokes: strokes.map((each) => drawing[each]) }));
  tryStorage(() => localStorage.setItem(HAS_EXAMPLES_KEY, "yes"));
  loadHandwriting().then((panel) => panel.add(examples)).catch(() => (handwriting = null)); // not fetched: next time
}

async function showHandwriting() {
  try {
    (await loadHandwriting()).open(await upload);
  } catch {
    handwriting = null;
    showStatus(NOT_LOADED);
  }
}

/** @type {Promise<import("./personal/upload.js").DrawingUpload | null> | null} */
let upload = null;

/** Who came by a link with a token can send drawings. */
function enableUpload() {
  if (location.hash.startsWith("#collect=") || tryStorage(() => sessionStorage.getItem("digitpad collect"))) {
    upload = import("./personal/upload.js").then(({ DrawingUpload }) => DrawingUpload.take()).catch(() => null);
  }
}

async function showExplanation() {
  const symbol = pad.reading.symbols[chosen.index]; // while it is fetched, the drawing may go
  if (!symbol) return;
  try {
    const { openExplanation } = await import("./dialogs/explanation.js");
    await openExplanation(await pad.ready, symbol);
  } catch {
    showStatus(NOT_LOADED);
  }
}

/**
 * Read a picture, or ask for one.
 * @param {Blob} [picture]
 */
async function readPicture(picture) {
  try {
    const { openPicture } = await import("./dialogs/picture.js");
    openPicture(pad, picture);
  } catch {
    showStatus(NOT_LOADED);
  }
}

/**
 * Read what is pasted or dropped: the first picture, else the first file, which says what it is not.
 * @param {ClipboardEvent | DragEvent} event
 */
function onFiles(event) {
  const transfer = "clipboardData" in event ? event.clipboardData : event.dataTransfer;
  const files = Array.from(transfer?.files ?? []);
  if (files.length === 0) return;
  event.preventDefault(); // or the browser leaves the page for the file
  readPicture(files.find(({ type }) => type.startsWith("image/")) ?? files[0]);
}

buildShares();
showDemoOnFirstVisit();
for (const command of /** @type {const} */ (["undo", "redo", "clear"])) {
  element(command).addEventListener("click", () => pad[command]());
}
element("retry").addEventListener("click", retry);
element("copy").addEventListener("click", copy);
element("picture").addEventListener("click", () => readPicture());
element("why").addEventListener("click", showExplanation);
element("hand").addEventListener("click", showHandwriting);
document.addEventListener("paste", onFiles);
document.addEventListener("drop", onFiles);
document.addEventListener("dragover", (event) => {
  if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); // or it would be opened
});
pad.addEventListener("input", () => {
  chosen.byUser = false; // what is new is what its writer looks at
  updateTools();
  update(element("caption"), { textContent: caption(pad.reading.symbols) });
});
pad.addEventListener("change", () => {
  updateTools();
  if (pad.reading.symbols.length > 0) setModelState("ready");
  else showReading(); // emptied: that says nothing of the network
});
pad.addEventListener("load", () => setModelState("ready"));
pad.addEventListener("load", () => setTimeout(loadDeferredFeatures, DEFERRED_LOAD_MS), { once: true });
pad.addEventListener("error", ({ error }) => {
  if (error.name === "InkError") return showStatus(error.message);
  failureMessage = error.name === "RecognizerError" ? error.message : "The network did not load.";
  setModelState("failed");
  if (!error.stale) return;
  history.replaceState({ drawing: pad.drawing }, "");
  document.dispatchEvent(new Event("stale")); // unsupported.js mends it if it can
});
pad.addEventListener("progress", (event) => {
  const { loaded } = /** @type {ProgressEvent} */ (event);
  if (loaded > 0) progress.value = loaded; // until then it shows motion, not zero
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
    // No drawing of this page's: whoever was at this address before left it.
  }
}
updateTools();
setModelState("loading");
enableUpload();
addEventListener("hashchange", enableUpload);
