/** What names and describes a pad elsewhere in the page; loaded after the model. */

/** Follows the texts of labels and of elements that the pad's ARIA attributes refer to. */
export class References {
  #pad;
  #observer;

  /**
   * @param {import("./form-field.js").FormField} pad
   * @param {() => void} onChange called when one may have changed
   */
  constructor(pad, onChange) {
    this.#pad = pad;
    this.#observer = new MutationObserver(onChange);
  }

  /** Follow the page that the pad is in, if it is in one. */
  watch() {
    this.#observer.disconnect();
    if (!this.#pad.isConnected) return;
    const attributeFilter = ["id", "for", "aria-label"];
    const text = { subtree: true, childList: true, characterData: true };
    this.#observer.observe(this.#pad.getRootNode(), { ...text, attributeFilter });
  }

  /** The pad's labels. Firefox's own list stays as it was when a label's `for` changes. */
  get labels() {
    const root = /** @type {Document} */ (this.#pad.getRootNode());
    return Array.from(root.querySelectorAll("label")).filter(({ control }) => control === this.#pad);
  }

  /** The text of `aria-labelledby`; "" without one. */
  get name() {
    return this.#textOf("Labelled");
  }

  /** The text of `aria-describedby`; "" without one. */
  get description() {
    return this.#textOf("Described");
  }

  /**
   * A text, because not all browsers let a part of a shadow root refer to an element outside.
   * @param {"Labelled" | "Described"} how
   */
  #textOf(how) {
    const root = /** @type {Document} */ (this.#pad.getRootNode());
    const ids = this.#pad.getAttribute(`aria-${how.toLowerCase()}by`)?.match(/\S+/g) ?? [];
    /** @type {Element[]} */
    const found = /** @type {any} */ (this.#pad)[`aria${how}ByElements`]
      ?? ids.flatMap((id) => root.getElementById?.(id) ?? []);
    const texts = Array.from(found, (each) => each.ariaLabel || each.textContent || "");
    return texts.join(" ").replace(/\s+/g, " ").trim();
  }
}
