/** The text field of a pad: what the user types, and when that has settled. */
import { update } from "./template.js";

/**
 * Replace the decimal digits of other scripts by 0 to 9, and drop spaces around the text.
 * @param {string} text
 */
export function plainDigits(text) {
  return asciiDigits(text).trim();
}

/** @param {string} text */
function asciiDigits(text) {
  return text.replace(/(?![0-9])\p{Nd}/gu, (digit) => {
    const code = Number(digit.codePointAt(0));
    let zero = code; // digits come in tens, from 0 to 9
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String((code - zero) % 10);
  });
}

/**
 * Return whether a text consists of digits and the marks that numbers are written with.
 * @param {string} text
 */
export function isNumber(text) {
  return /\d/.test(text) && /^[\d\s\p{P}\p{Sm}\p{Sc}]*$/u.test(text);
}

/** Follows a text field, and shows the pad's value in it. */
export class TypedEntry {
  #input;
  #listener;
  #shown = "";
  #isTyping = false;
  /** @type {string | null} the value before the user typed; null once that has settled */
  #before = null;

  /**
   * @param {HTMLInputElement} input
   * @param {{ onInput: (value: string) => void, onChange: () => void, onEnter: () => void }} listener
   *   `onChange` is called when the user leaves a value that differs from the one before
   */
  constructor(input, listener) {
    this.#input = input;
    this.#listener = listener;
    input.addEventListener("input", (event) => this.#onInput(/** @type {InputEvent} */ (event)));
    input.addEventListener("compositionend", () => this.#rewrite());
    // Browsers fire no `change` if a script, such as a handler of `input`, has set the value.
    for (const name of ["change", "blur"]) input.addEventListener(name, () => this.#commit());
    input.addEventListener("keydown", ({ key, isComposing }) => {
      if (key !== "Enter" || isComposing) return;
      this.#commit();
      listener.onEnter();
    });
  }

  /** @param {string} value of the pad */
  show(value) {
    this.#shown = value;
    if (this.#isTyping && plainDigits(this.#input.value) === value) return; // not to move the caret
    update(this.#input, { value: value.replaceAll("\n", " ") }); // else it joins the lines
  }

  /** Forget what was typed: another value has settled. */
  settle() {
    this.#before = null;
  }

  /** Show plain digits, with the caret where it was. */
  #rewrite() {
    const { value, selectionStart } = this.#input;
    const digits = asciiDigits(value);
    if (digits === value) return;
    const caret = asciiDigits(value.slice(0, selectionStart ?? 0)).length;
    this.#input.value = digits;
    this.#input.setSelectionRange(caret, caret);
  }

  /** @param {InputEvent} event which stays inside the pad */
  #onInput(event) {
    event.stopPropagation();
    this.#before ??= this.#shown;
    if (!event.isComposing) this.#rewrite();
    this.#isTyping = true;
    this.#listener.onInput(plainDigits(this.#input.value));
    this.#isTyping = false;
  }

  #commit() {
    const before = this.#before;
    this.settle();
    this.show(this.#shown);
    if (before !== null && before !== this.#shown) this.#listener.onChange();
  }
}
