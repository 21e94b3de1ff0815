/**
 * Show one digit in detail: the field that the network read, and a button for each digit with its
 * probability, to correct the reading.
 *
 * @import { ReadSymbol } from "../types"
 */
import { update } from "../digit-pad.js";
import { formatPercent } from "./wording.js";

const FIELD_SIZE = 28;
const DIGITS = 10;

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
