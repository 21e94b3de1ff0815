/**
 * Show a reading: say in words what is read, and show one digit in detail, with the field that the
 * network read and a button for each digit with its probability, to correct the reading.
 *
 * @import { ReadSymbol } from "../types"
 */
import { update } from "../digit-pad.js";

const FIELD_SIZE = 28;
const DIGITS = 10;
const MIN_SURE = 0.8; // less confident readings are often wrong: name the runner-up too
/** @type {Record<string, string>} what screen readers say: of a dot they say nothing */
const NAMES = {
  ".": "point", ",": "comma", "-": "dash", "+": "plus", "/": "slash", ":": "colon",
  "(": "opening bracket", ")": "closing bracket", "#": "number sign", "%": "per cent", "$": "dollar",
};
const ORDINALS = ["First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth"];

/** @param {string} id */
export function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/**
 * Set a custom property unless it has that value already.
 * @param {HTMLElement} target
 * @param {string} name
 * @param {string} value
 */
export function setProperty({ style }, name, value) {
  if (style.getPropertyValue(name) !== value) style.setProperty(name, value);
}

/**
 * Create the buttons.
 * @param {(digit: number) => void} onDigit called with the digit that is pressed
 */
export function createDigitButtons(onDigit) {
  for (let digit = 0; digit < DIGITS; digit++) {
    const button = document.createElement("button");
    button.type = "button";
    for (const [name, text] of Object.entries({ label: String(digit), share: "" })) {
      const part = document.createElement("span");
      part.className = name;
      part.textContent = text;
      button.append(part, " ");
    }
    button.addEventListener("click", () => onDigit(digit));
    element("shares").append(button);
  }
}

/**
 * Show a symbol, or none.
 * @param {ReadSymbol | undefined} symbol
 * @param {string} caption
 */
export function showDetail(symbol, caption) {
  Array.from(element("shares").children, (child, digit) => {
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
  update(element("which"), { textContent: caption });
  update(element("why"), { hidden: !symbol });
  showField(symbol?.pixels);
}

/**
 * Show a field, with ink as opacity, so that the theme gives the colour.
 * @param {ArrayLike<number> | undefined} pixels 784 in [0, 1], row by row
 */
function showField(pixels) {
  const canvas = /** @type {HTMLCanvasElement} */ (element("seen"));
  const image = new ImageData(FIELD_SIZE, FIELD_SIZE);
  if (pixels) for (let k = 0; k < pixels.length; k++) image.data[4 * k + 3] = pixels[k] * 255;
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(image, 0, 0);
  const content = pixels ? "your digit, 28 by 28 pixels" : "nothing yet";
  update(canvas, { ariaLabel: `What the network sees: ${content}` });
}

/**
 * Return how a symbol was decided.
 * @param {ReadSymbol} symbol
 */
export function stateOf({ digit, mark, confidence, corrected }) {
  if (corrected) return "corrected";
  return digit === null && !mark ? "refused" : confidence < MIN_SURE ? "unsure" : "sure";
}

/**
 * Name a symbol by its position.
 * @param {ReadSymbol[]} symbols
 * @param {number} index
 */
export function ordinalOf(symbols, index) {
  const { line } = symbols[index];
  const digits = symbols.filter((symbol) => symbol.line === line);
  const place = digits.indexOf(symbols[index]);
  const digit = ORDINALS[place] ? `${ORDINALS[place]} digit` : `Digit ${place + 1}`;
  if (digits.length === symbols.length) return digits.length === 1 ? "Digit" : digit;
  return digits.length === 1 ? `Line ${line + 1}` : `Line ${line + 1}, ${digit.toLowerCase()}`;
}

/**
 * Return a reading's text as it is spoken.
 * @param {string} text
 */
export function spokenText(text) {
  return text.replaceAll("\n", ", next line ");
}

/**
 * Describe what a symbol is read as.
 * @param {ReadSymbol} symbol
 */
export function describeSymbol(symbol) {
  const [first, second] = rankDigits(symbol.probabilities);
  const name = symbol.mark ? NAMES[symbol.mark] : symbol.digit;
  switch (stateOf(symbol)) {
    case "corrected":
      return `${symbol.digit}, as you say`;
    case "refused":
      return "not a digit";
    case "unsure":
      if (symbol.mark) return `${name}\u00a0(${formatPercent(symbol.confidence)}) or ${first.digit}`;
      return `${formatChoice(first)} or ${formatChoice(second)}`;
    default:
      return `${name}, ${formatPercent(symbol.confidence, 1)} sure`;
  }
}

/**
 * Return the sentence below the number, once the model has loaded.
 * @param {ReadSymbol[]} symbols
 * @param {{ empty: boolean, milliseconds: number, reading: { confidence: number } }} pad
 */
export function caption(symbols, { empty, milliseconds, reading }) {
  if (symbols.length === 0) return empty ? "Nothing written yet" : "Reading";
  const doubtful = symbols.findIndex((symbol) => ["refused", "unsure"].includes(stateOf(symbol)));
  const took = `${Math.max(1, Math.round(milliseconds))}\u00a0ms`;
  if (doubtful < 0) return `${formatPercent(reading.confidence, 1)} sure, read in ${took}`;
  const symbol = symbols[doubtful];
  const where = symbols.length === 1 ? "" : `${ordinalOf(symbols, doubtful)}: `;
  const isRejected = stateOf(symbol) === "refused";
  return where + (isRejected ? describeRejection(symbol) : `unsure, ${describeSymbol(symbol)}`);
}

/**
 * Return the sentence beside the ten digits.
 * @param {ReadSymbol[]} symbols
 * @param {number} index of the symbol shown, if there is one
 */
export function detailCaption(symbols, index) {
  const symbol = symbols[index];
  if (!symbol) return "What the network sees, and how likely each digit is";
  const which = ordinalOf(symbols, index);
  if (symbol.corrected) return `${which}: ${symbol.digit}, as you say`;
  const isOneLine = symbols.every(({ line }) => line === symbol.line);
  // Short enough for one row on a phone.
  return `${which}: if ${isOneLine ? "it is read wrong" : "wrong"}, tap what it is`;
}

/**
 * Format a probability, rounded down: only certainty is 100%.
 * @param {number} p in [0, 1]
 * @param {number} [decimals]
 */
export function formatPercent(p, decimals = 0) {
  const unit = 10 ** decimals;
  return `${Math.floor(p * 100 * unit) / unit}%`;
}

/** @param {ReadSymbol} symbol */
function describeRejection({ box, probabilities }) {
  const text = "That does not look like a digit";
  if (box.width === 0 && box.height === 0) return text; // a dot resembles no digit
  return `${text}. If it is one: ${formatChoice(rankDigits(probabilities)[0])}`;
}

/** @param {{ digit: number, p: number }} choice */
function formatChoice({ digit, p }) {
  return `${digit}\u00a0(${formatPercent(p)})`;
}

/**
 * Order digits by their probabilities, the most probable first.
 * @param {ArrayLike<number>} probabilities
 */
function rankDigits(probabilities) {
  return Array.from(probabilities, (p, digit) => ({ digit, p })).sort((a, b) => b.p - a.p);
}
