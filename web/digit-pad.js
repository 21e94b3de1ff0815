/**
 * Defines `<digit-pad>`.
 *
 * @import { Reading } from "./types"
 * @import { Texts } from "./pad/template.js"
 */
import {
  DeferredSubmit, FormField, labelOf, soonIfLabelled, submitImplicitly, validationError,
} from "./pad/form-field.js";
import { expectationOf, marksOf } from "./pad/expected.js";
import { InkError, MAX_STROKES } from "./ink/render.js";
import { folderURL, ownModel } from "./recognition/model-files.js";
import { DrawingReader } from "./recognition/shared-recognizer.js";
import { DrawingArea } from "./pad/drawing-area.js";
import { TypedEntry, plainDigits } from "./pad/entry.js";
import { Corrections, validateDrawing } from "./pad/history.js";
import { TEXTS, constrainEntry, createParts, setDisabled, updateLabels } from "./pad/template.js";
export { commandOf, update } from "./pad/template.js";
const defined = globalThis.customElements?.get("digit-pad"); // by another copy of this module
const EMPTY_READING = /** @type {Reading} */ ({ text: "", confidence: 1, symbols: [] });

/**
 * A form field to write a number on, or to type it, with the properties and methods of a text field.
 *
 * @attribute name, value, required, minlength, maxlength, pattern (with title), placeholder,
 *   readonly, disabled - as those of a text field
 * @attribute label, aria-label, aria-labelledby, aria-describedby - accessible name and description
 * @attribute aria-invalid - in place of what the pad finds, once its value was checked
 * @attribute format, marks - "date", "time", "amount", "phone", "integer"; what is read beside digits
 * @attribute model - URL of another model's folder
 * @slot hint - shown above the hint while nothing is drawn
 * @fires input - the value or the drawing has changed, other than by assigning `value`
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
  static texts = /** @type {Texts} */ (/** @type {any} */ (defined)?.texts ?? { ...TEXTS });

  static observedAttributes = [
    "aria-label", "aria-labelledby", "aria-describedby", "aria-invalid", "label", "placeholder",
    "model", "marks", "format", "value", "required", "minlength", "maxlength", "pattern", "title", "readonly",
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
  #entry = new TypedEntry(this.#parts.entry, {
    onInput: (value) => this.#onTyped(value),
    onChange: () => this.#emitChange(),
    onEnter: () => submitImplicitly(this.form),
  });
  #reading = EMPTY_READING;
  #corrections = new Corrections();
  #reader = new DrawingReader({
    marks: () => marksOf(this), expectation: () => expectationOf(this),
    url: () => folderURL(this.getAttribute("model") || ownModel(), this.baseURI).href,
    onProgress: (loaded) =>
      this.dispatchEvent(new ProgressEvent("progress", { lengthComputable: true, loaded, total: 1 })),
    onLoad: () => this.#onLoad(),
    onReading: (reading) => this.#applyReading(this.#corrections.apply(reading, this.#area.drawing)),
    onError: (error) => this.#fail(error),
  });
  #submission = new DeferredSubmit(this, {
    finishInput: () => this.#area.finishStroke(),
    readNow: () => this.#isUnread && this.#reader.readNow(this.drawing),
    isPending: () => this.#state === "reading",
  });
  /** @type {Partial<Texts>} */
  #texts = {};
  /** @type {import("./pad/references.js").References | null} */
  #references = null;

  constructor() {
    super();
    this.#updateLabels();
  }

  connectedCallback() {
    super.connectedCallback();
    this.#area.resumeStroke(this);
    this.#updateLabels(); // <label> elements are known only now
    this.load().then(() => soonIfLabelled(this, () => this.#refer().catch(() => {}))); // it has a name without
  }

  disconnectedCallback() {
    this.#references?.watch();
    queueMicrotask(() => !this.isConnected && this.#area.finishStroke()); // unless it was moved
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (name === "model" && this.isConnected) this.load();
    if (["marks", "format", "pattern"].includes(name) && !this.empty && this.#state !== "typed") this.#read();
    if (name.endsWith("edby")) this.#refer().catch(() => {});
    if (name === "readonly" && this.readOnly) this.#area.finishStroke();
    if (name === "value" && this.empty && this.#state !== "typed") this.#setValue(this.defaultValue);
    this.validate();
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
    const given = plainDigits(String(text ?? ""));
    if (given === this.#value) return; // a binding writes back what it was told
    if (given === "" && !this.empty) this.#area.clear();
    this.#setTypedValue(given);
    queueMicrotask(() => this.#submission.resume()); // after the caller's other assignments
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
    this.validate();
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
    this.#step("undo");
  }

  /** Redo what was undone last. */
  redo() {
    this.#step("redo");
  }

  /** Clear the pad; undo restores the drawing. */
  clear() {
    this.#area.finishStroke();
    if (!this.#isWritable || (this.empty && this.#value === "")) return;
    if (!this.empty) this.#area.clear();
    this.#applyEmpty("");
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

  /** @param {HTMLFormElement | null} form */
  formAssociatedCallback(form) {
    this.#submission.watch(form);
  }

  formResetCallback() {
    this.#corrections.clear();
    this.isChecked = false;
    this.drawing = [];
  }

  /** @param {boolean} disabled by its attribute or a fieldset */
  formDisabledCallback(disabled) {
    if (disabled) this.#area.finishStroke();
    setDisabled(this.#parts, disabled);
    this.#updateLabels();
  }

  /**
   * @param {string} state written by `validate`, or a value that the browser fills in
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

  /** Give the form the value, and whether it is valid. */
  validate() {
    const { drawing } = this.#area;
    const own = this.#state === "typed" ? this.#value : null;
    this.internals.setFormValue(this.#value, JSON.stringify({ drawing, own }));
    const error = validationError(this, this.#state, this.#strings);
    if (error) this.internals.setValidity({ [error.flag]: true }, error.message, this.#parts.surface);
    else this.internals.setValidity({});
    this.#updateLabels();
  }

  /** @param {string} value */
  #setValue(value) {
    this.#value = plainDigits(value);
    this.#entry.show(this.#value);
    this.validate();
  }

  #emitInput() {
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }

  /** Emit `change` with the reading; Alpine would take the `detail` of a CustomEvent for the value. */
  #emitChange() {
    const text = this.#value;
    if (this.#reading.text !== text) this.#reading = { ...this.#reading, text };
    this.dispatchEvent(Object.assign(new Event("change", { bubbles: true }), { detail: this.#reading }));
  }

  /** Emit the events of a settled value; their handlers may do anything to the pad. */
  #announce() {
    this.#entry.settle();
    this.#submission.resume(() => {
      this.#emitInput();
      if (!this.#isUnread) this.#emitChange();
    });
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

  #drawingChanged() {
    this.#read();
    if (!this.empty) this.#emitInput(); // last: a handler may assign a value
  }

  /** @param {"undo" | "redo"} way */
  #step(way) {
    this.#area.finishStroke();
    if (!this.#isWritable || !(way === "undo" ? this.canUndo : this.canRedo)) return;
    this.#area[way]();
    this.#drawingChanged();
  }

  /** @param {string} value */
  #onTyped(value) {
    this.#submission.cancel();
    this.#setTypedValue(value);
    this.#emitInput();
  }

  /** @param {string} value in place of the reading */
  #setTypedValue(value) {
    this.#reader.cancel();
    this.#state = "typed";
    this.#setValue(value);
  }

  /** Whether strokes have no reading yet. */
  get #isUnread() {
    return this.#state === "reading" || this.#state === "failed";
  }

  #read() {
    if (this.empty) return this.#applyEmpty(this.defaultValue);
    this.#state = this.#isUnavailable ? "failed" : "reading";
    this.validate();
    this.#reader.read(this.drawing);
  }

  /** @param {string} text */
  #applyEmpty(text) {
    this.#reader.cancel();
    this.#submission.cancel();
    this.#applyReading({ ...EMPTY_READING, text });
  }

  #onLoad() {
    this.#isUnavailable = false;
    if (this.#state === "failed") this.#state = "reading";
    this.validate(); // `DigitPad.texts` may have changed meanwhile
    this.dispatchEvent(new Event("load"));
    if (this.#isUnread) this.#read();
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#isUnavailable = true;
    if (this.#state === "reading") this.#state = "failed";
    this.validate();
    this.dispatchEvent(new ErrorEvent("error", { error }));
    this.#submission.resume();
  }

  /** @param {Reading} reading */
  #applyReading(reading) {
    this.#state = !this.empty ? "read" : reading.text === this.defaultValue ? "empty" : "typed";
    this.#isUnavailable = false;
    this.#reading = reading;
    this.#setValue(reading.text);
    this.#announce();
  }

  /** Follow what names and describes the pad. */
  async #refer() {
    const { References } = await import("./pad/references.js");
    this.#references ??= new References(this, () => this.#updateLabels());
    this.#references.watch();
    this.#updateLabels();
  }

  get #strings() {
    return { ...DigitPad.texts, ...this.#texts };
  }

  #updateLabels() {
    updateLabels(this.#parts, this.#strings, {
      name: this.#references?.name || labelOf(this, this.#strings.name, this.#references?.labels),
      ariaDescription: this.#references?.description || null,
      ariaInvalid: this.ariaInvalid ?? String(this.isChecked && !this.validity.valid),
      value: this.#value,
      isUnread: this.#isUnread,
      placeholder: this.getAttribute("placeholder"),
      canUndo: this.canUndo && this.#isWritable,
      canClear: (!this.empty || this.#value !== "") && this.#isWritable,
    });
    constrainEntry(this.#parts.entry, this);
  }
}

if (!defined) globalThis.customElements?.define("digit-pad", DigitPad); // Node has none
