/**
 * This page: the pad, what it reads, the ten probabilities and what the network saw.
 *
 * @typedef {import("./digit-pad.js").DigitPad} DigitPad
 * @typedef {import("./digit-pad.js").Reading} Reading
 */
import { commandOf } from "./digit-pad.js";

/** Below this the runner-up is named too: of such readings a good part is wrong. */
const SURE = 0.8;

const SIZE = 28;

const root = document.documentElement;
const pad = /** @type {DigitPad} */ (element("pad"));
const bars = element("bars");
const seen = /** @type {HTMLCanvasElement} */ (element("seen"));
const progress = /** @type {HTMLProgressElement} */ (element("progress"));
const retry = element("retry");
let tries = 0;
let failure = "";

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {"loading" | "ready" | "failed"} state */
function enter(state) {
  if (root.dataset.model === "unsupported") return;
  root.dataset.model = state;
  showReading();
}

/** Put the pad's reading on the page, or why there is none. */
function showReading() {
  const { reading } = pad;
  say("digit", reading.text);
  say("caption", caption(reading));
  const [symbol] = reading.symbols;
  root.dataset.reading = !symbol
    ? "none"
    : symbol.digit === null
      ? "refused"
      : symbol.confidence < SURE
        ? "unsure"
        : "sure";
  showBars(symbol?.probabilities, symbol?.digit);
  showSeen(symbol?.pixels);
}

/**
 * Change a live text, and only where it changes: what is written again is spoken again.
 * @param {string} id
 * @param {string} text
 */
function say(id, text) {
  const live = element(id);
  if (live.textContent !== text) live.textContent = text;
}

/**
 * The sentence beside the reading.
 * @param {Reading} reading
 */
function caption(reading) {
  const drawn = !pad.empty;
  const state = root.dataset.model;
  if (state === "failed") return failure;
  if (state === "loading") return `Loading the network${drawn ? ", then reading" : ""}`;
  const [symbol] = reading.symbols;
  if (!symbol) return drawn ? "Reading" : "Nothing drawn yet";
  if (symbol.digit === null) return refusal(symbol);
  if (symbol.confidence >= SURE) return `${percent(symbol.confidence, 1)} sure`;
  const [first, second] = ranked(symbol.probabilities);
  return `Unsure: ${odds(first)} or ${odds(second)}`;
}

/**
 * That a symbol is refused, and what it would be; a dot would be nothing.
 * @param {import("./recognizer.js").ReadSymbol} symbol
 */
function refusal({ box, probabilities }) {
  const said = "That does not look like a digit";
  if (box.width === 0 && box.height === 0) return said;
  return `${said}. If it is one: ${odds(ranked(probabilities)[0])}`;
}

/** @param {{ digit: number, p: number }} candidate */
function odds({ digit, p }) {
  return `${digit}\u00a0(${percent(p)})`; // not broken over two lines
}

/**
 * Digits with their probabilities, the likeliest first.
 * @param {ArrayLike<number>} probabilities
 */
function ranked(probabilities) {
  return Array.from(probabilities, (p, digit) => ({ digit, p })).sort((a, b) => b.p - a.p);
}

/**
 * A probability as text, rounded down: only certainty itself is 100%.
 * @param {number} p in [0, 1]
 * @param {number} [decimals]
 */
function percent(p, decimals = 0) {
  const unit = 10 ** decimals;
  return `${Math.floor(p * 100 * unit) / unit}%`;
}

/** Build the ten bars: the digit, its share as text, and as a bar. */
function buildBars() {
  for (let digit = 0; digit < 10; digit++) {
    const row = document.createElement("li");
    for (const [name, text] of Object.entries({ label: String(digit), share: "", bar: "" })) {
      const part = document.createElement("span");
      part.className = name;
      part.textContent = text;
      row.append(part);
    }
    bars.append(row);
  }
}

/**
 * @param {ArrayLike<number> | undefined} probabilities of the ten digits
 * @param {number | null | undefined} best null where the symbol is refused
 */
function showBars(probabilities, best) {
  Array.from(bars.children, (row, digit) => {
    const p = probabilities?.[digit] ?? 0;
    /** @type {HTMLElement} */ (row).style.setProperty("--share", p.toFixed(4));
    row.children[1].textContent = probabilities ? percent(p) : "";
    row.classList.toggle("best", digit === best);
  });
  bars.ariaLabel = `Probability of each digit${best === null ? ", if it is one" : ""}`;
}

/**
 * Show the field that the network read, ink as opacity so that the theme gives the colour.
 * @param {ArrayLike<number> | undefined} pixels 784 in [0, 1], row by row
 */
function showSeen(pixels) {
  const image = new ImageData(SIZE, SIZE);
  if (pixels) for (let k = 0; k < pixels.length; k++) image.data[4 * k + 3] = pixels[k] * 255;
  /** @type {CanvasRenderingContext2D} */ (seen.getContext("2d")).putImageData(image, 0, 0);
  seen.ariaLabel = `What the network sees: ${pixels ? "your drawing, 28 by 28 pixels" : "nothing yet"}`;
}

/** Buttons stay focusable when there is nothing to do, so that the keyboard never loses its place. */
function showTools() {
  element("undo").ariaDisabled = String(!pad.canUndo);
  element("redo").ariaDisabled = String(!pad.canRedo);
  element("clear").ariaDisabled = String(pad.empty);
}

/** Try to load the network again. */
async function tryAgain() {
  enter("loading");
  if (tries++ === 0) return pad.load();
  // Some browsers remember a module that failed until the page is loaded anew
  // (https://github.com/whatwg/html/issues/6768); the drawing waits in the history entry.
  history.replaceState({ drawing: pad.drawing }, "");
  location.reload();
}

buildBars();
for (const command of /** @type {const} */ (["undo", "redo", "clear"])) {
  element(command).addEventListener("click", () => pad[command]());
}
retry.addEventListener("click", tryAgain);
pad.addEventListener("input", () => {
  showTools();
  say("caption", caption(pad.reading));
});
pad.addEventListener("change", () => {
  showTools();
  enter("ready");
});
pad.addEventListener("load", () => enter("ready"));
pad.addEventListener("error", ({ error }) => {
  failure = error.name === "RecognizerError" ? error.message : "The network did not load.";
  enter("failed");
});
pad.addEventListener("progress", (event) => {
  const { loaded } = /** @type {ProgressEvent} */ (event);
  if (loaded > 0) progress.value = loaded; // until then it shows motion, not zero
});
document.addEventListener("keydown", (event) => {
  const typing = /** @type {Element} */ (event.target).closest("input, textarea, select");
  const command = commandOf(event);
  if (!command || typing || event.defaultPrevented) return;
  event.preventDefault();
  pad[command]();
});
if (history.state?.drawing) {
  pad.drawing = history.state.drawing;
  history.replaceState(null, "");
}
showTools();
enter("loading");
