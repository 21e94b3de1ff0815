/**
 * This page: the pad, the number that it reads, and of each digit what the network saw and thought.
 *
 * @typedef {import("./digit-pad.js").DigitPad} DigitPad
 * @typedef {import("./digit-pad.js").Reading} Reading
 * @typedef {import("./recognizer.js").ReadSymbol} ReadSymbol
 */
import { commandOf, update } from "./digit-pad.js";

/** Below this the runner-up is named too: of such readings a good part is wrong. */
const SURE = 0.8;

const SIZE = 28;
const DIGITS = 10;
const ORDINALS = ["First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth"];
const CALM = 1000; // milliseconds after the network's arrival: what is fetched then keeps nobody waiting
const UNFETCHED = "This part of the page could not be fetched: check the connection.";
const LEARNT = "digitpad learnt"; // in the browser's storage: there may be examples of its user's hand
const VISITED = "digitpad visited"; // in the browser's storage: the animation has served its end

const root = document.documentElement;
const pad = /** @type {DigitPad} */ (element("pad"));
const number = element("number");
const shares = element("shares");
const seen = /** @type {HTMLCanvasElement} */ (element("seen"));
const progress = /** @type {HTMLProgressElement} */ (element("progress"));
/** Index of the symbol that is looked at closer, and whether the user chose it. */
let chosen = { index: 0, byHand: false };
let tries = 0;
let failure = "";

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {"loading" | "ready" | "failed"} state */
function enter(state) {
  if (root.dataset.model === "unsupported") return;
  update(root.dataset, { model: state });
  showReading();
}

/** Put the pad's reading on the page, or why there is none. */
function showReading() {
  const { symbols } = pad.reading;
  if (!chosen.byHand || chosen.index >= symbols.length) {
    chosen = { index: latest(symbols), byHand: false };
  }
  update(root.dataset, { reading: symbols.length === 0 ? "none" : "some" });
  showNumber(symbols);
  showSymbol(symbols);
  const said = caption(symbols);
  tell(said, symbols.length > 0 ? `${pad.value}. ${said}` : said);
}

/**
 * Say something below the number, and to screen readers.
 * @param {string} text
 * @param {string} [spoken]
 */
function tell(text, spoken = text) {
  update(element("caption"), { textContent: text });
  update(element("spoken"), { textContent: spoken });
}

/**
 * Index of the symbol with the latest stroke: the one that its writer looks at.
 * @param {ReadSymbol[]} symbols
 */
function latest(symbols) {
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
      chosen = { index, byHand: true };
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
      ariaLabel: `${placeOf(index, symbols.length)}: ${described(symbol)}`,
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
  return digit === null ? "refused" : confidence < SURE ? "unsure" : "sure";
}

/**
 * Which symbol it is, in words.
 * @param {number} index
 * @param {number} count
 */
function placeOf(index, count) {
  if (count === 1) return "Digit";
  return ORDINALS[index] ? `${ORDINALS[index]} digit` : `Digit ${index + 1}`;
}

/**
 * What is read of a symbol, in words.
 * @param {ReadSymbol} symbol
 */
function described(symbol) {
  const [first, second] = ranked(symbol.probabilities);
  switch (stateOf(symbol)) {
    case "corrected":
      return `${symbol.digit}, as you say`;
    case "refused":
      return "not a digit";
    case "unsure":
      return `${odds(first)} or ${odds(second)}`;
    default:
      return `${symbol.digit}, ${percent(symbol.confidence, 1)} sure`;
  }
}

/**
 * The sentence below the number.
 * @param {ReadSymbol[]} symbols
 */
function caption(symbols) {
  const state = root.dataset.model;
  if (state === "failed") return failure;
  if (state === "loading") return `Loading the network${pad.empty ? "" : ", then reading"}`;
  if (symbols.length === 0) return pad.empty ? "Nothing written yet" : "Reading";
  const doubtful = symbols.findIndex((symbol) => ["refused", "unsure"].includes(stateOf(symbol)));
  const took = `${Math.max(1, Math.round(pad.milliseconds))}\u00a0ms`;
  if (doubtful < 0) return `${percent(pad.reading.confidence, 1)} sure, read in ${took}`;
  const symbol = symbols[doubtful];
  const where = symbols.length === 1 ? "" : `${placeOf(doubtful, symbols.length)}: `;
  return where + (stateOf(symbol) === "refused" ? refusal(symbol) : `unsure, ${described(symbol)}`);
}

/**
 * That a symbol is refused, and what it would be; a dot would be nothing.
 * @param {ReadSymbol} symbol
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
      learn([{ ...symbol, digit }]);
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
    const share = symbol ? percent(p) : "";
    setProperty(button, "--share", p.toFixed(4));
    update(button.children[1], { textContent: share });
    update(button, {
      ariaPressed: String(symbol?.digit === digit),
      ariaDisabled: String(!symbol),
      ariaLabel: symbol ? `${digit} ${share}: this is a ${digit}` : String(digit),
    });
  });
  const which = symbol ? placeOf(chosen.index, symbols.length) : "";
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
  const image = new ImageData(SIZE, SIZE);
  if (pixels) for (let k = 0; k < pixels.length; k++) image.data[4 * k + 3] = pixels[k] * 255;
  /** @type {CanvasRenderingContext2D} */ (seen.getContext("2d")).putImageData(image, 0, 0);
  const what = pixels ? "your digit, 28 by 28 pixels" : "nothing yet";
  update(seen, { ariaLabel: `What the network sees: ${what}` });
}

/** Buttons stay focusable when there is nothing to do, so that the keyboard never loses its place. */
function showTools() {
  update(element("undo"), { ariaDisabled: String(!pad.canUndo) });
  update(element("redo"), { ariaDisabled: String(!pad.canRedo) });
  update(element("clear"), { ariaDisabled: String(pad.empty) });
}

/** Put the number on the clipboard; browsers lend it to secure pages alone, older ways to all. */
async function copy() {
  if (pad.value === "") return;
  if (pad.value === pad.reading.text) learn(pad.reading.symbols); // who copies it, confirms it
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
function greet() {
  const visited = stored(() => localStorage.getItem(VISITED) !== null) ?? false;
  element("demo").toggleAttribute("hidden", visited);
  const remember = () => stored(() => localStorage.setItem(VISITED, "yes"));
  if (!visited) pad.addEventListener("change", remember, { once: true });
}

/**
 * What storage answers, null where the browser forbids it or it is full.
 * @template T
 * @param {() => T} ask
 */
function stored(ask) {
  try {
    return ask();
  } catch {
    return null;
  }
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

/** What can wait until the page is there. */
function settle() {
  keep().catch(() => {}); // it works without
  if (stored(() => localStorage.getItem(LEARNT) !== null)) hand().catch(() => (ownHand = null));
}

/** Keep the page for the time without a network; a newer version is its reader's to take. */
async function keep() {
  const { keepPage } = await import("./app/offline.js");
  keepPage((take) => {
    element("newer").hidden = false;
    element("update").onclick = () => {
      history.replaceState({ drawing: pad.drawing }, "");
      take();
    };
  });
}

/** @type {Promise<import("./dialogs/handwriting.js").OwnHand> | null} fetched when it is first wanted */
let ownHand = null;

function hand() {
  ownHand ??= import("./dialogs/handwriting.js").then(({ OwnHand }) => OwnHand.of(pad));
  return ownHand;
}

/**
 * Keep what symbols are, as their writer says.
 * @param {ReadSymbol[]} symbols
 */
function learn(symbols) {
  const drawing = pad.drawing;
  const examples = symbols
    .filter(({ digit }) => digit !== null)
    .map(({ digit, strokes }) => ({ label: String(digit), strokes: strokes.map((each) => drawing[each]) }));
  stored(() => localStorage.setItem(LEARNT, "yes"));
  hand().then((own) => own.learn(examples)).catch(() => (ownHand = null)); // not fetched: next time
}

async function showHand() {
  try {
    (await hand()).open(await sending);
  } catch {
    ownHand = null;
    tell(UNFETCHED);
  }
}

/** @type {Promise<import("./personal/upload.js").Sending | null> | null} */
let sending = null;

/** Who came by a link with a token can send drawings. */
function collect() {
  if (location.hash.startsWith("#collect=") || stored(() => sessionStorage.getItem("digitpad collect"))) {
    sending = import("./personal/upload.js").then(({ Sending }) => Sending.take()).catch(() => null);
  }
}

async function explain() {
  const symbol = pad.reading.symbols[chosen.index]; // while it is fetched, the drawing may go
  if (!symbol) return;
  try {
    const { openExplanation } = await import("./dialogs/explanation.js");
    await openExplanation(await pad.ready, symbol);
  } catch {
    tell(UNFETCHED);
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
    tell(UNFETCHED);
  }
}

/**
 * Read what is pasted or dropped: the first picture, else the first file, which says what it is not.
 * @param {ClipboardEvent | DragEvent} event
 */
function takePicture(event) {
  const transfer = "clipboardData" in event ? event.clipboardData : event.dataTransfer;
  const files = Array.from(transfer?.files ?? []);
  if (files.length === 0) return;
  event.preventDefault(); // or the browser leaves the page for the file
  readPicture(files.find(({ type }) => type.startsWith("image/")) ?? files[0]);
}

buildShares();
greet();
for (const command of /** @type {const} */ (["undo", "redo", "clear"])) {
  element(command).addEventListener("click", () => pad[command]());
}
element("retry").addEventListener("click", tryAgain);
element("copy").addEventListener("click", copy);
element("picture").addEventListener("click", () => readPicture());
element("why").addEventListener("click", explain);
element("hand").addEventListener("click", showHand);
document.addEventListener("paste", takePicture);
document.addEventListener("drop", takePicture);
document.addEventListener("dragover", (event) => {
  if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); // or it would be opened
});
pad.addEventListener("input", () => {
  chosen.byHand = false; // what is new is what its writer looks at
  showTools();
  update(element("caption"), { textContent: caption(pad.reading.symbols) });
});
pad.addEventListener("change", () => {
  showTools();
  if (pad.reading.symbols.length > 0) enter("ready");
  else showReading(); // emptied: that says nothing of the network
});
pad.addEventListener("load", () => enter("ready"));
pad.addEventListener("load", () => setTimeout(settle, CALM), { once: true });
pad.addEventListener("error", ({ error }) => {
  if (error.name === "InkError") return tell(error.message);
  failure = error.name === "RecognizerError" ? error.message : "The network did not load.";
  enter("failed");
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
showTools();
enter("loading");
collect();
addEventListener("hashchange", collect);
