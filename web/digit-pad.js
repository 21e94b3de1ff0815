/**
 * `<digit-pad>`: a form field that one writes a number on, or types it.
 *
 * Attributes: those of a text field (`name`, `value`, `required`, `minlength`, `maxlength`, `pattern`
 * with `title`, `placeholder`, `readonly`, `disabled`), `label` (its accessible name, where no <label>
 * gives one) and `model` (URL of another model's folder). Properties: those of a text field, `reading`,
 * `drawing`, `ready`, `milliseconds`, `empty`, `canUndo`, `canRedo` and `texts` (see texts.js).
 * Methods: those of a text field, `undo()`, `redo()`, `clear()`, `correct()` and `load()` (again, after
 * a failure).
 * Events: `input` while the value or the drawing changes; `change` when a reading settles or a typed
 * value is left, with the reading in `detail`; `progress`, `load` and `error` of the model.
 * Looks: `color` and `background` of the element, `--digit-pad-rule` (its lines),
 * `::part(surface)`, `::part(hint)`, `::part(bar)`, `::part(entry)`, `::part(button)`; what stands in
 * the slot `hint` is shown above the hint while nothing is drawn.
 *
 * @typedef {import("./ink.js").Drawing} Drawing
 * @typedef {import("./ink.js").Point} Point
 * @typedef {import("./ink.js").Stroke} Stroke
 * @typedef {import("./recognizer.js").Reading} Reading
 * @typedef {import("./recognizer.js").Recognizer} Recognizer
 */
import { FormField } from "./pad/form-field.js";
import { InkError, MAX_STROKES } from "./ink.js";
import { sharedRecognizer } from "./recognition/shared-recognizer.js";
import { PointerStrokes } from "./pad/pointer-strokes.js";
import { DrawingHistory, validateDrawing, viewBoxFor, toSvgPath, penWidth } from "./pad/history.js";
import { TEXTS, fillTemplate } from "./pad/texts.js";
import { validationError } from "./pad/validity.js";

/** @type {Reading} */
const EMPTY_READING = { text: "", confidence: 1, symbols: [] };

/** Milliseconds of a reading beside which a stroke's own work is felt. */
const LONG_READING_MS = 8;

const MARKUP = `
  <div part="surface" class="surface" role="img" tabindex="0">
    <svg aria-hidden="true"><g></g></svg>
    <div class="hint" aria-hidden="true"><slot name="hint"></slot><span part="hint"></span></div>
  </div>
  <div part="bar" class="bar">
    <input part="entry" inputmode="numeric" autocomplete="off" autocapitalize="off" spellcheck="false"
      enterkeyhint="done">
    <button part="button" type="button" data-command="undo"><svg viewBox="0 0 24 24"
      aria-hidden="true"><path d="M8 5 4 9l4 4M4 9h10a5 5 0 0 1 0 10h-4"/></svg></button>
    <button part="button" type="button" data-command="clear"><svg viewBox="0 0 24 24"
      aria-hidden="true"><path d="m6 6 12 12M18 6 6 18"/></svg></button>
  </div>`;

// An adopted sheet, because a strict policy blocks <style> inside a shadow root.
const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  :host { --line: var(--digit-pad-rule, color-mix(in srgb, currentColor 35%, transparent));
    display: grid; grid-template: minmax(0, 1fr) auto / minmax(0, 1fr); box-sizing: border-box;
    aspect-ratio: 2; min-inline-size: 8rem; min-block-size: 7rem; border: 1px solid var(--line);
    border-radius: .5rem; overflow: hidden; }
  :host([hidden]) { display: none; }
  :host(:disabled) { opacity: .5; }
  .surface { position: relative; min-block-size: 0; cursor: crosshair; touch-action: none;
    user-select: none; -webkit-user-select: none; -webkit-touch-callout: none;
    -webkit-tap-highlight-color: transparent; }
  :host(:is(:disabled, [readonly])) .surface { cursor: not-allowed; }
  .surface:focus-visible, input:focus-visible, button:focus-visible
    { outline: 3px solid; outline-offset: -3px; }
  .surface svg { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; }
  path { fill: none; stroke: currentColor; stroke-linecap: round; stroke-linejoin: round; }
  .hint { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center;
    gap: .5rem; text-align: center; padding: .5rem; pointer-events: none; }
  .inked .hint { display: none; }
  .bar { display: flex; border-block-start: 1px solid var(--line); }
  input, button { box-sizing: border-box; min-block-size: 2.75rem; margin: 0; border: 0;
    border-radius: 0; background: none; color: inherit; font: inherit; }
  input { flex: 1; min-inline-size: 0; padding: 0 .75rem; font-size: max(1.125rem, 16px);
    font-variant-numeric: tabular-nums; letter-spacing: .04em; }
  button { min-inline-size: 2.75rem; border-inline-start: 1px solid var(--line); padding: 0;
    cursor: pointer; touch-action: manipulation; }
  button[aria-disabled=true] { opacity: .45; cursor: default; }
  button svg { inline-size: 1.125rem; vertical-align: middle; stroke-width: 1.75; }
`);

/**
 * Which command of the pad a key stands for.
 * @param {KeyboardEvent} event
 * @returns {"undo" | "redo" | "clear" | null}
 */
export function commandOf(event) {
  // Keys of other scripts' letters stand for the Latin ones in their place.
  const other = /^\p{L}$/u.test(event.key) && !/^[a-z]$/i.test(event.key);
  const key = (other ? event.code.slice(-1) : event.key).toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    if (key === "z") return event.shiftKey ? "redo" : "undo";
    return key === "y" ? "redo" : null;
  }
  return key === "escape" || key === "delete" || key === "backspace" ? "clear" : null;
}

/** The element. */
export class DigitPad extends FormField {
  /** What pads say; another language goes here, or into a pad's own `texts`. */
  static texts = { ...TEXTS };

  static observedAttributes = [
    ...["placeholder", "label", "aria-label", "model", "value"],
    ...["required", "minlength", "maxlength", "pattern", "title", "readonly"],
  ];

  #history = new DrawingHistory();
  #surface;
  #svg;
  #ink;
  #entry;
  #pointer;
  /** @type {SVGPathElement | null} the stroke under way */
  #strokePath = null;
  /** What the pad shows while a stroke is under way. */
  #strokeViewBox = this.#history.viewBox;
  /** The drawing's first point on the events' clock, in milliseconds. */
  #firstPointAt = Infinity;
  #value = "";
  /** Whether the value is the reading's, or its user's own. */
  #isTyped = false;
  /** @type {Reading} */
  #reading = EMPTY_READING;
  /** @type {Map<string, number>} digits that the user says strokes are, by the strokes as text */
  #corrections = new Map();
  /** Counts readings asked for, so that a late one never overwrites a newer. */
  #readingId = 0;
  /** Ends the reading under way once another is asked for. */
  #abort = new AbortController();
  /** When the present reading was asked for, and how long the last one took, in milliseconds. */
  #startedAt = 0;
  #milliseconds = 0;
  #isUnread = false;
  /** Whether there is no recogniser to be had for now. */
  #hasFailed = false;
  /** @type {Recognizer | null} once it is there */
  #recognizer = null;
  /** @type {HTMLFormElement | null} whose submission is watched */
  #watchedForm = null;
  /** @type {{ submitter: HTMLElement | null } | null} a submission that waits for the reading */
  #deferredSubmit = null;
  /** @type {Partial<import("./pad/texts.js").Texts>} */
  #texts = {};
  /** What the page around it finds wrong. */
  #customError = "";

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.adoptedStyleSheets = [STYLE];
    root.innerHTML = MARKUP;
    this.#surface = /** @type {HTMLElement} */ (root.querySelector(".surface"));
    this.#svg = /** @type {SVGSVGElement} */ (root.querySelector("svg"));
    this.#ink = /** @type {SVGGElement} */ (root.querySelector("g"));
    this.#entry = /** @type {HTMLInputElement} */ (root.querySelector("input"));
    this.#pointer = new PointerStrokes(this.#surface, {
      start: () => this.#startStroke(),
      locate: (event) => this.#locate(event),
      draw: (stroke) => this.#growStroke(stroke),
      finish: (stroke) => this.#finishStroke(stroke),
    });
    this.#surface.addEventListener("keydown", (event) => this.#onKey(event));
    this.#entry.addEventListener("input", (event) => this.#onTyped(event));
    this.#entry.addEventListener("change", () => this.#emitChange());
    this.#entry.addEventListener("keydown", ({ key, isComposing }) => {
      if (key === "Enter" && !isComposing) this.#requestFormSubmit();
    });
    for (const button of this.#buttons) {
      button.addEventListener("click", () => this[button.dataset.command === "undo" ? "undo" : "clear"]());
    }
    this.#updateLabels();
  }

  connectedCallback() {
    this.#updateLabels(); // its labels are known from here on
    this.load();
  }

  disconnectedCallback() {
    this.#pointer.finish();
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (name === "model" && this.isConnected) {
      this.#recognizer = null;
      this.load();
    }
    if (name === "value" && this.empty && !this.#isTyped) this.#setValue(this.defaultValue);
    this.#updateLabels();
    this.#updateFormState();
  }

  /** A promise of the loaded recogniser; after a failure, of another try. */
  get ready() {
    return sharedRecognizer(this.#model);
  }

  /** What the field holds: the reading, one character a symbol, or what its user made of it. */
  get value() {
    return this.#value;
  }

  set value(text) {
    const given = String(text ?? "");
    if (given === "" && !this.empty) {
      this.#history.replace([]);
      this.#redraw();
    }
    this.#setTypedValue(given);
  }

  /** The last reading that settled, as corrected. */
  get reading() {
    return this.#reading;
  }

  /** How long the last reading took once the model was there, in milliseconds. */
  get milliseconds() {
    return this.#milliseconds;
  }

  /** This pad's own words where they differ from `DigitPad.texts`. */
  get texts() {
    return this.#texts;
  }

  set texts(texts) {
    this.#texts = { ...texts };
    this.#updateLabels();
    this.#updateFormState();
  }

  /** The strokes, in CSS pixels of the pad that they were drawn on; a copy. */
  get drawing() {
    return structuredClone(this.#history.drawing);
  }

  set drawing(drawing) {
    this.#pointer.finish();
    const copy = validateDrawing(drawing);
    this.#history.replace(copy, viewBoxFor(copy, this.#padViewBox()));
    this.#firstPointAt = Infinity;
    this.#redraw();
    this.#read();
  }

  /** Whether nothing is drawn. */
  get empty() {
    return this.#history.drawing.length === 0;
  }

  /** Whether there is something to undo. */
  get canUndo() {
    return this.#history.canUndo;
  }

  /** Whether there is something to redo. */
  get canRedo() {
    return this.#history.canRedo;
  }

  /** Take back the last stroke, clearing or assignment. */
  undo() {
    this.#pointer.finish();
    if (this.canUndo && this.#writable) this.#edit(() => this.#history.undo());
  }

  /** Do again what was undone last. */
  redo() {
    this.#pointer.finish();
    if (this.canRedo && this.#writable) this.#edit(() => this.#history.redo());
  }

  /** Empty the pad; undo brings the drawing back. */
  clear() {
    this.#pointer.finish();
    if (!this.#writable) return;
    if (!this.empty) this.#edit(() => this.#history.replace([]));
    if (!this.#value) return;
    this.#setTypedValue(""); // what was typed, or the attribute's
    this.#emitInput();
    this.#emitChange();
  }

  /**
   * Say what a symbol is; it stays so while its strokes do.
   * @param {number} index of the reading's symbol
   * @param {number} digit
   */
  correct(index, digit) {
    const { strokes } = this.#reading.symbols[index];
    this.#corrections.set(this.#correctionKey(strokes), digit);
    this.#applyReading(this.#withCorrections(this.#reading));
  }

  /** Load the model, again after a failure, and read what is not read yet. */
  async load() {
    const model = this.#model;
    try {
      const recognizer = await sharedRecognizer(model, (loaded) => {
        const progress = { lengthComputable: true, loaded, total: 1 };
        this.dispatchEvent(new ProgressEvent("progress", progress));
      });
      if (model !== this.#model) return;
      this.#recognizer = recognizer;
      this.#hasFailed = false;
    } catch (error) {
      if (model === this.#model) this.#fail(error);
      return;
    }
    this.#updateLabels(); // `DigitPad.texts` may have changed since
    this.#updateFormState();
    this.dispatchEvent(new Event("load"));
    if (this.#isUnread) this.#read();
  }

  // As a field of a form.

  /** @param {string} message what is wrong with the value; "" where nothing is */
  setCustomValidity(message) {
    this.#customError = String(message);
    this.#updateFormState();
  }

  /** @param {HTMLFormElement | null} form */
  formAssociatedCallback(form) {
    this.#watchedForm?.removeEventListener("submit", this.#deferSubmit, { capture: true });
    this.#watchedForm?.removeEventListener("formdata", this.#readNow, { capture: true });
    this.#watchedForm = form;
    form?.addEventListener("submit", this.#deferSubmit, { capture: true });
    form?.addEventListener("formdata", this.#readNow, { capture: true });
  }

  formResetCallback() {
    this.#isTyped = false;
    this.#corrections.clear();
    this.drawing = [];
  }

  /** @param {boolean} disabled by its own attribute or by a fieldset */
  formDisabledCallback(disabled) {
    this.#surface.tabIndex = disabled ? -1 : 0;
    this.#surface.ariaDisabled = String(disabled);
    this.#entry.disabled = disabled;
    for (const button of this.#buttons) button.disabled = disabled;
    this.#updateLabels();
  }

  /**
   * @param {string} state as `#updateFormState` wrote it, or a value that the browser fills in
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
      // Another version of the page wrote it, or something else did: there is nothing to restore.
    }
  }

  /** A form whose pad is not read yet waits with its submission until it is. */
  #deferSubmit = (/** @type {SubmitEvent} */ event) => {
    this.#pointer.finish();
    this.#readNow();
    if (!this.#isUnread || this.#hasFailed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#deferredSubmit = { submitter: event.submitter };
  };

  /** Read at once what is still to be read, if it can be. */
  #readNow = () => {
    if (!this.#isUnread || !this.#recognizer) return;
    this.#readingId += 1;
    this.#startedAt = performance.now();
    try {
      this.#applyReading(this.#withCorrections(this.#recognizer.readNow(this.drawing)));
    } catch (error) {
      this.#fail(error);
    }
  };

  /** As Enter in a text field: by the form's first button to submit it, if it has one. */
  #requestFormSubmit() {
    const fields = Array.from(this.form?.elements ?? []);
    const button = fields.find((each) => /** @type {HTMLButtonElement} */ (each).type === "submit");
    if (button) /** @type {HTMLElement} */ (button).click();
    else this.form?.requestSubmit();
  }

  #resumeSubmit() {
    const held = this.#deferredSubmit;
    this.#deferredSubmit = null;
    if (held) this.form?.requestSubmit(held.submitter);
  }

  // Drawing.

  get #model() {
    const given = this.getAttribute("model");
    const url = given ? new URL(given, this.baseURI) : new URL("model/", import.meta.url);
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url.href;
  }

  #padViewBox() {
    const { clientWidth: width, clientHeight: height } = this.#surface;
    return { x: 0, y: 0, width, height };
  }

  get #writable() {
    return !this.matches(":disabled") && !this.readOnly;
  }

  get #buttons() {
    const root = /** @type {ShadowRoot} */ (this.shadowRoot);
    return /** @type {NodeListOf<HTMLButtonElement>} */ (root.querySelectorAll("button"));
  }

  #startStroke() {
    if (!this.#writable) return false;
    if (this.#history.drawing.length >= MAX_STROKES) {
      const error = new InkError(this.#strings.full);
      this.dispatchEvent(new ErrorEvent("error", { error }));
      return false;
    }
    this.#strokeViewBox = this.empty ? this.#padViewBox() : this.#history.viewBox;
    this.#setViewBox(this.#strokeViewBox);
    return true;
  }

  /**
   * @param {PointerEvent} event
   * @returns {Point} in the drawing's units and milliseconds since its first point
   */
  #locate(event) {
    const matrix = /** @type {DOMMatrix} */ (this.#svg.getScreenCTM()).inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    if (!this.#strokePath) {
      const last = this.#history.drawing.at(-1)?.at(-1);
      // Time never runs back, whatever was restored or undone in between.
      const latest = event.timeStamp - (last?.[2] ?? 0);
      this.#firstPointAt = last ? Math.min(this.#firstPointAt, latest) : latest;
    }
    return [rounded(x), rounded(y), Math.round(event.timeStamp - this.#firstPointAt)];
  }

  /** @param {Stroke} stroke */
  #growStroke(stroke) {
    this.#strokePath ??= this.#ink.appendChild(
      document.createElementNS("http://www.w3.org/2000/svg", "path"),
    );
    this.#strokePath.setAttribute("d", toSvgPath(stroke));
    this.#surface.classList.add("inked");
    this.#emitInput();
  }

  /** @param {Stroke | null} stroke */
  #finishStroke(stroke) {
    const line = this.#strokePath;
    this.#strokePath = null;
    if (!stroke) return this.#redraw();
    line?.setAttribute("d", toSvgPath(stroke)); // the others stand as they are
    this.#history.replace([...this.#history.drawing, stroke], this.#strokeViewBox);
    this.#drawingChanged();
  }

  /** @param {() => void} change */
  #edit(change) {
    change();
    this.#redraw();
    this.#drawingChanged();
  }

  #drawingChanged() {
    this.#emitInput();
    this.#read();
  }

  #emitInput() {
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }

  #redraw() {
    const { drawing, viewBox } = this.#history;
    this.#setViewBox(viewBox);
    this.#surface.classList.toggle("inked", drawing.length > 0);
    const lines = drawing.map((stroke) => {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      line.setAttribute("d", toSvgPath(stroke));
      return line;
    });
    this.#ink.replaceChildren(...lines);
  }

  /** @param {import("./pad/history.js").ViewBox} viewBox */
  #setViewBox(viewBox) {
    this.#svg.setAttribute("viewBox", `${viewBox.x} ${viewBox.y} ${viewBox.width} ${viewBox.height}`);
    this.#ink.setAttribute("stroke-width", String(penWidth(viewBox)));
  }

  // Typing.

  /** @param {KeyboardEvent} event on the surface */
  #onKey(event) {
    const command = commandOf(event);
    if (command) {
      event.preventDefault();
      this[command]();
    } else if (/^\d$/.test(event.key) && this.#entry.getClientRects().length > 0) {
      this.#entry.focus(); // where the key goes then
    }
  }

  /** @param {Event} event of the inner input, which is nobody's business outside */
  #onTyped(event) {
    event.stopPropagation();
    this.#setTypedValue(this.#entry.value);
    this.#emitInput();
  }

  /** @param {string} value that is somebody's own: a reading under way is not wanted any more */
  #setTypedValue(value) {
    this.#readingId += 1;
    this.#abort.abort();
    this.#deferredSubmit = null;
    this.#isTyped = true;
    this.#isUnread = false;
    this.#setValue(value);
  }

  #emitChange() {
    this.#reading = { ...this.#reading, text: this.#value };
    this.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: this.#reading }));
  }

  // Reading.

  async #read() {
    const id = ++this.#readingId;
    this.#abort.abort();
    const { signal } = (this.#abort = new AbortController());
    this.#isTyped = false;
    if (this.empty) {
      this.#deferredSubmit = null; // what was to be sent is gone
      return this.#applyReading({ ...EMPTY_READING, text: this.defaultValue });
    }
    const drawing = this.drawing;
    this.#isUnread = true;
    this.#updateLabels();
    this.#updateFormState();
    try {
      // The browser follows a stroke's end with events and layout: one task with a reading, which on
      // slow devices would be long.
      if (this.#milliseconds > LONG_READING_MS) await new Promise((resolve) => setTimeout(resolve));
      const recognizer = await this.ready;
      if (id !== this.#readingId) return;
      this.#startedAt = performance.now();
      const reading = await recognizer.read(drawing, { signal });
      if (id === this.#readingId) this.#applyReading(this.#withCorrections(reading));
    } catch (error) {
      if (id === this.#readingId) this.#fail(error);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#hasFailed = true;
    this.#updateFormState();
    this.dispatchEvent(new ErrorEvent("error", { error }));
    this.#resumeSubmit();
  }

  /** @param {Reading} reading */
  #applyReading(reading) {
    if (this.#isUnread) this.#milliseconds = performance.now() - this.#startedAt;
    this.#isUnread = false;
    this.#hasFailed = false;
    this.#isTyped = false;
    this.#reading = reading;
    this.#setValue(reading.text);
    this.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: reading }));
    this.#resumeSubmit();
  }

  /**
   * A reading with the user's corrections in it.
   * @param {Reading} reading
   * @returns {Reading}
   */
  #withCorrections(reading) {
    if (this.#corrections.size === 0) return reading;
    const symbols = reading.symbols.map((symbol) => {
      const digit = this.#corrections.get(this.#correctionKey(symbol.strokes));
      return digit === undefined ? symbol : { ...symbol, digit, corrected: true };
    });
    const text = symbols.map(({ digit }) => digit ?? "?").join("");
    return { ...reading, text, symbols };
  }

  /** @param {number[]} strokes */
  #correctionKey(strokes) {
    return JSON.stringify(strokes.map((stroke) => this.#history.drawing[stroke]));
  }

  /** @param {string} value */
  #setValue(value) {
    this.#value = value;
    if (this.#entry.value !== value) this.#entry.value = value;
    this.#updateFormState();
    this.#updateLabels();
  }

  #updateFormState() {
    const { drawing } = this.#history;
    const own = this.#isTyped ? this.#value : null;
    this.internals.setFormValue(this.#value, JSON.stringify({ drawing, own }));
    const texts = this.#strings;
    const { required, minLength, maxLength, title } = this;
    const pattern = this.getAttribute("pattern");
    const rules = { required, minLength, maxLength, pattern, title };
    // What is drawn and not read yet holds the form's submission, see `#deferSubmit`; it is not missing.
    const error = this.#customError
      ? { flag: "customError", message: this.#customError }
      : this.#isUnread
        ? this.#hasFailed && { flag: "badInput", message: texts.unavailable }
        : validationError(this.#value, rules, texts);
    if (error) this.internals.setValidity({ [error.flag]: true }, error.message, this.#surface);
    else this.internals.setValidity({});
  }

  get #strings() {
    return { ...DigitPad.texts, ...this.#texts };
  }

  #updateLabels() {
    const texts = this.#strings;
    const labels = Array.from(this.internals.labels ?? [], (label) => label.textContent?.trim());
    const name = this.getAttribute("label") || this.getAttribute("aria-label") || labels.join(" ") || texts.name;
    const state = this.#isUnread
      ? texts.unread
      : this.#value === ""
        ? texts.empty
        : this.#value.includes("?")
          ? texts.refused
          : texts.reads;
    update(this.#surface, { ariaLabel: fillTemplate(state, { name, value: this.#value }) });
    const hint = /** @type {HTMLElement} */ (this.#surface.querySelector("[part=hint]"));
    update(hint, { textContent: this.getAttribute("placeholder") ?? texts.hint });
    const { readOnly, required } = this;
    update(this.#entry, { ariaLabel: fillTemplate(texts.entry, { name }), readOnly, required });
    if (this.maxLength < 0) this.#entry.removeAttribute("maxlength");
    else this.#entry.maxLength = this.maxLength;
    const able = { undo: this.canUndo, clear: !this.empty || this.#value !== "" };
    for (const button of this.#buttons) {
      const command = button.dataset.command === "undo" ? "undo" : "clear";
      const ariaDisabled = String(!able[command] || !this.#writable);
      update(button, { ariaLabel: texts[command], title: texts[command], ariaDisabled });
    }
  }
}

/**
 * Set what is not so already: browsers lay a page out anew, and screen readers speak, for what is
 * written again.
 * @template {object} T
 * @param {T} target
 * @param {Partial<T>} properties
 */
export function update(target, properties) {
  for (const name of /** @type {(keyof T)[]} */ (Object.keys(properties))) {
    const value = /** @type {T[keyof T]} */ (properties[name]);
    if (target[name] !== value) target[name] = value;
  }
}

/**
 * To six digits: no screen shows more, and saved drawings stay small.
 * @param {number} coordinate
 */
function rounded(coordinate) {
  return Number(coordinate.toPrecision(6));
}

customElements.define("digit-pad", DigitPad);
