/** The text field of a pad: what the user types, and when that has settled. */
import { update } from "./template.js";

/** Follows a text field, and shows the pad's value in it. */
export class TypedEntry {
  #input;
  #listener;
  #shown = "";
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
    input.addEventListener("input", (event) => this.#onInput(event));
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
    update(this.#input, { value: value.replaceAll("\n", " ") }); // else it joins the lines
  }

  /** Forget what was typed: another value has settled. */
  settle() {
    this.#before = null;
  }

  /** @param {Event} event which stays inside the pad */
  #onInput(event) {
    event.stopPropagation();
    this.#before ??= this.#shown;
    this.#listener.onInput(this.#input.value);
  }

  #commit() {
    const before = this.#before;
    this.settle();
    if (before !== null && before !== this.#shown) this.#listener.onChange();
  }
}
