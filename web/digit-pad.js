/**
 * `<digit-pad>`: a form field to write a number on, or to type it.
 *
 * @import { Reading } from "./types"
 * @import { Texts } from "./pad/template.js"
 */
import {
  DeferredSubmit, FormField, constraintsOf, labelOf, submitImplicitly, validationError,
} from "./pad/form-field.js";
import { InkError, MAX_STROKES } from "./ink.js";
import { DrawingReader, modelUrl } from "./recognition/shared-recognizer.js";
import { DrawingArea } from "./pad/drawing-area.js";
import { Corrections, validateDrawing } from "./pad/history.js";
import {
  TEXTS, commandOf, constrainEntry, createParts, onSurfaceKey, setDisabled, update, updateLabels,
} from "./pad/template.js";

export { commandOf, update };

/** @type {Reading} */
const EMPTY_READING = { text: "", confidence: 1, symbols: [] };

/**
 * The element. It has the properties and methods of a text field as well.
 *
 * @attribute name, value, required, minlength, maxlength, pattern (with title), placeholder,
 *   readonly, disabled - as those of a text field
 * @attribute label - accessible name, if no `<label>` gives one
 * @attribute model - URL of another model's folder
 * @slot hint - shown above the hint while nothing is drawn
 * @fires input - the value or the drawing changes
 * @fires change - a reading is complete, or a typed value is left; `detail` is the reading
 * @fires progress - the model is loading
 * @fires load - the model has loaded
 * @fires error - the model failed to load, or the drawing is full; `error` says why
 * @csspart surface - where one writes
 * @csspart hint - text on the empty surface
 * @csspart bar - the row below the surface
 * @csspart entry - text field in the bar
 * @csspart button - undo and clear
 * @cssprop --digit-pad-rule - colour of borders; `color` and `background` apply as well
 */
export class DigitPad extends FormField {
  /** Texts of all pads. Assign here to translate them; a pad's own `texts` come first. */
  static texts = { ...TEXTS };

  static observedAttributes = [
    ...["placeholder", "label", "aria-label", "model", "value"],
    ...["required", "minlength", "maxlength", "pattern", "title", "readonly"],
  ];

  /**
   * Where the value comes from. "reading": drawn, not read yet; "failed": drawn, but it cannot be
   * read; "typed": set by the user or the page, whatever is drawn.
   * @type {"empty" | "reading" | "read" | "typed" | "failed"}
   */
  #state = "empty";
  /** Whether the last attempt to load the model or to read failed. */
  #isUnavailable = false;
  #value = "";
  #parts = createParts(this);
  #area = new DrawingArea(this.#parts.surface, {
    canStart: () => this.#canStartStroke(),
    onInput: () => this.#emitInput(),
    onChange: () => this.#drawingChanged(),
  });
  /** @type {Reading} */
  #reading = EMPTY_READING;
  #corrections = new Corrections();
  #reader = new DrawingReader({
    url: () => modelUrl(this.getAttribute("model"), this.baseURI, import.meta.url),
    onProgress: (loaded) =>
      this.dispatchEvent(new ProgressEvent("progress", { lengthComputable: true, loaded, total: 1 })),
    onLoad: () => this.#onLoad(),
    onReading: (reading) => this.#applyReading(this.#corrections.apply(reading, this.#area.drawing)),
    onError: (error) => this.#fail(error),
  });
  #submission = new DeferredSubmit({
    finishInput: () => this.#area.finishStroke(),
    readNow: () => this.#isUnread && this.#reader.readNow(this.drawing),
    isPending: () => this.#state === "reading",
  });
  /** @type {Partial<Texts>} */
  #texts = {};
  /** The message of `setCustomValidity`. */
  #customError = "";

  constructor() {
    super();
    const { surface, entry, buttons } = this.#parts;
    surface.addEventListener("keydown", (event) => onSurfaceKey(event, this, entry));
    entry.addEventListener("input", (event) => this.#onTyped(event));
    entry.addEventListener("change", () => this.#commitValue());
    entry.addEventListener("keydown", ({ key, isComposing }) => {
      if (key === "Enter" && !isComposing) submitImplicitly(this.form);
    });
    for (const button of buttons) {
      button.addEventListener("click", () => this[button.dataset.command === "undo" ? "undo" : "clear"]());
    }
    this.#updateLabels();
  }

  connectedCallback() {
    this.#updateLabels(); // <label> elements are known only now
    this.load();
  }

  disconnectedCallback() {
    this.#area.finishStroke();
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (name === "model" && this.isConnected) this.load();
    if (name === "value" && this.empty && this.#state !== "typed") this.#setValue(this.defaultValue);
    this.#updateLabels();
    this.#updateFormState();
  }

  /** Promise of the loaded recognizer; after a failure, of another attempt. */
  get ready() {
    return this.#reader.recognizer;
  }

  /** The number as text: read, typed or assigned; "?" for a non-digit, "\n" between lines. */
  get value() {
    return this.#value;
  }

  set value(text) {
    const given = String(text ?? "");
    if (given === "" && !this.empty) this.#area.clear();
    this.#setTypedValue(given);
  }

  /** The last complete reading, with corrections. */
  get reading() {
    return this.#reading;
  }

  /** Duration of the last reading in milliseconds, without loading the model. */
  get milliseconds() {
    return this.#reader.milliseconds;
  }

  /** This pad's texts where they differ from `DigitPad.texts` (see pad/template.js). */
  get texts() {
    return this.#texts;
  }

  set texts(texts) {
    this.#texts = { ...texts };
    this.#updateLabels();
    this.#updateFormState();
  }

  /** A copy of the strokes, in CSS pixels of the pad that they were drawn on. */
  get drawing() {
    return structuredClone(this.#area.drawing);
  }

  set drawing(drawing) {
    this.#area.finishStroke();
    this.#area.replace(validateDrawing(drawing));
    this.#read();
  }

  get empty() {
    return this.#area.drawing.length === 0;
  }

  get canUndo() {
    return this.#area.canUndo;
  }

  get canRedo() {
    return this.#area.canRedo;
  }

  /** Undo the last stroke, clearing or assignment. */
  undo() {
    this.#area.finishStroke();
    if (this.canUndo && this.#isWritable) this.#edit(() => this.#area.undo());
  }

  /** Redo what was undone last. */
  redo() {
    this.#area.finishStroke();
    if (this.canRedo && this.#isWritable) this.#edit(() => this.#area.redo());
  }

  /** Clear the pad; undo restores the drawing. */
  clear() {
    this.#area.finishStroke();
    if (!this.#isWritable) return;
    if (!this.empty) this.#edit(() => this.#area.clear());
    if (!this.#value) return;
    this.#setTypedValue(""); // a typed value, or that of the attribute
    this.#emitInput();
    this.#commitValue();
  }

  /**
   * Correct a symbol; the correction holds as long as its strokes do.
   * @param {number} index of a symbol in `reading`
   * @param {number} digit
   */
  correct(index, digit) {
    const { drawing } = this.#area;
    this.#corrections.add(drawing, this.#reading.symbols[index], digit);
    this.#applyReading(this.#corrections.apply(this.#reading, drawing));
  }

  /** Load the model, or try again after a failure, and read the drawing if that is still to do. */
  async load() {
    await this.#reader.load();
  }

  /** @param {string} message of the error; "" for none */
  setCustomValidity(message) {
    this.#customError = String(message);
    this.#updateFormState();
  }

  /** @param {HTMLFormElement | null} form */
  formAssociatedCallback(form) {
    this.#submission.watch(form);
  }

  formResetCallback() {
    this.#corrections.clear();
    this.drawing = [];
  }

  /** @param {boolean} disabled by its attribute or a fieldset */
  formDisabledCallback(disabled) {
    setDisabled(this.#parts, disabled);
    this.#updateLabels();
  }

  /**
   * @param {string} state written by `#updateFormState`, or a value that the browser fills in
   * @param {"restore" | "autocomplete"} mode
   */
  formStateRestoreCallback(state, mode) {
    if (mode === "autocomplete") {
      this.value = state;
      return;
    }
    try {
      const { drawing, own } = JSON.parse(state);
      this.drawing = drawing;
      if (typeof own === "string") this.#setTypedValue(own);
    } catch {
      // Not a state of this version of the page: restore nothing.
    }
  }

  #updateFormState() {
    const { drawing } = this.#area;
    const own = this.#state === "typed" ? this.#value : null;
    this.internals.setFormValue(this.#value, JSON.stringify({ drawing, own }));
    const error = this.#validationError();
    if (error) this.internals.setValidity({ [error.flag]: true }, error.message, this.#parts.surface);
    else this.internals.setValidity({});
  }

  #validationError() {
    const texts = this.#strings;
    if (this.#customError) return { flag: "customError", message: this.#customError };
    if (this.#state === "failed") return { flag: "badInput", message: texts.unavailable };
    if (this.#state === "reading") return null; // DeferredSubmit waits for the value
    return validationError(this.#value, constraintsOf(this), texts);
  }

  /** @param {string} value */
  #setValue(value) {
    this.#value = value;
    update(this.#parts.entry, { value: value.replaceAll("\n", " ") }); // else it joins the lines
    this.#updateFormState();
    this.#updateLabels();
  }

  #emitInput() {
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }

  /** Emit `change` for a value of the user's. */
  #commitValue() {
    this.#emitChange({ ...this.#reading, text: this.#value });
  }

  /** @param {Reading} reading */
  #emitChange(reading) {
    this.#reading = reading;
    this.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: reading }));
  }

  get #isWritable() {
    return !this.matches(":disabled") && !this.readOnly;
  }

  #canStartStroke() {
    if (!this.#isWritable) return false;
    if (this.#area.drawing.length < MAX_STROKES) return true;
    this.dispatchEvent(new ErrorEvent("error", { error: new InkError(this.#strings.full) }));
    return false;
  }

  /** @param {() => void} change */
  #edit(change) {
    change();
    this.#drawingChanged();
  }

  #drawingChanged() {
    this.#emitInput();
    this.#read();
  }

  /** @param {Event} event of the inner input, which stays inside the element */
  #onTyped(event) {
    event.stopPropagation();
    this.#setTypedValue(this.#parts.entry.value);
    this.#emitInput();
  }

  /** @param {string} value that replaces the current reading */
  #setTypedValue(value) {
    this.#reader.cancel();
    this.#submission.cancel();
    this.#state = "typed";
    this.#setValue(value);
  }

  /** Whether strokes have no reading yet. */
  get #isUnread() {
    return this.#state === "reading" || this.#state === "failed";
  }

  #read() {
    if (this.empty) {
      this.#reader.cancel();
      this.#submission.cancel();
      return this.#applyReading({ ...EMPTY_READING, text: this.defaultValue });
    }
    this.#state = this.#isUnavailable ? "failed" : "reading";
    this.#updateLabels();
    this.#updateFormState();
    this.#reader.read(this.drawing);
  }

  #onLoad() {
    this.#isUnavailable = false;
    if (this.#state === "failed") this.#state = "reading";
    this.#updateLabels(); // `DigitPad.texts` may have changed meanwhile
    this.#updateFormState();
    this.dispatchEvent(new Event("load"));
    if (this.#isUnread) this.#read();
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#isUnavailable = true;
    if (this.#state === "reading") this.#state = "failed";
    this.#updateFormState();
    this.dispatchEvent(new ErrorEvent("error", { error }));
    this.#submission.resume();
  }

  /** @param {Reading} reading */
  #applyReading(reading) {
    this.#state = this.empty ? "empty" : "read";
    this.#isUnavailable = false;
    this.#setValue(reading.text);
    this.#emitChange(reading);
    this.#submission.resume();
  }

  get #strings() {
    return { ...DigitPad.texts, ...this.#texts };
  }

  #updateLabels() {
    updateLabels(this.#parts, this.#strings, {
      name: labelOf(this, this.#strings.name),
      value: this.#value,
      isUnread: this.#isUnread,
      placeholder: this.getAttribute("placeholder"),
      canUndo: this.canUndo && this.#isWritable,
      canClear: (!this.empty || this.#value !== "") && this.#isWritable,
    });
    constrainEntry(this.#parts.entry, this);
  }
}

customElements.define("digit-pad", DigitPad);
