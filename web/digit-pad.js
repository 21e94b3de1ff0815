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
import { recognizerAt } from "./recognition/shared-recognizer.js";
import { Pen } from "./pad/pointer-strokes.js";
import { Sheet, checked, framed, path, penWidth } from "./pad/history.js";
import { TEXTS, fill } from "./pad/texts.js";
import { faultOf } from "./pad/validity.js";

/** @type {Reading} */
const NOTHING = { text: "", confidence: 1, symbols: [] };

/** Milliseconds of a reading beside which a stroke's own work is felt. */
const LONG = 8;

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

  #sheet = new Sheet();
  #surface;
  #svg;
  #ink;
  #entry;
  #pen;
  /** @type {SVGPathElement | null} the stroke under way */
  #line = null;
  /** What the pad shows while a stroke is under way. */
  #frame = this.#sheet.frame;
  /** The drawing's first point on the events' clock, in milliseconds. */
  #start = Infinity;
  #value = "";
  /** Whether the value is the reading's, or its user's own. */
  #own = false;
  /** @type {Reading} */
  #reading = NOTHING;
  /** @type {Map<string, number>} digits that the user says strokes are, by the strokes as text */
  #corrections = new Map();
  /** Counts readings asked for, so that a late one never overwrites a newer. */
  #asked = 0;
  /** Ends the reading under way once another is asked for. */
  #superseded = new AbortController();
  /** When the present reading was asked for, and how long the last one took, in milliseconds. */
  #since = 0;
  #milliseconds = 0;
  #unread = false;
  /** Whether there is no recogniser to be had for now. */
  #failed = false;
  /** @type {Recognizer | null} once it is there */
  #recognizer = null;
  /** @type {HTMLFormElement | null} whose submission is watched */
  #watched = null;
  /** @type {{ submitter: HTMLElement | null } | null} a submission that waits for the reading */
  #held = null;
  /** @type {Partial<import("./pad/texts.js").Texts>} */
  #texts = {};
  /** What the page around it finds wrong. */
  #complaint = "";

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.adoptedStyleSheets = [STYLE];
    root.innerHTML = MARKUP;
    this.#surface = /** @type {HTMLElement} */ (root.querySelector(".surface"));
    this.#svg = /** @type {SVGSVGElement} */ (root.querySelector("svg"));
    this.#ink = /** @type {SVGGElement} */ (root.querySelector("g"));
    this.#entry = /** @type {HTMLInputElement} */ (root.querySelector("input"));
    this.#pen = new Pen(this.#surface, {
      start: () => this.#begin(),
      locate: (event) => this.#locate(event),
      draw: (stroke) => this.#grow(stroke),
      finish: (stroke) => this.#finish(stroke),
    });
    this.#surface.addEventListener("keydown", (event) => this.#press(event));
    this.#entry.addEventListener("input", (event) => this.#type(event));
    this.#entry.addEventListener("change", () => this.#changed());
    this.#entry.addEventListener("keydown", ({ key, isComposing }) => {
      if (key === "Enter" && !isComposing) this.#send();
    });
    for (const button of this.#buttons) {
      button.addEventListener("click", () => this[button.dataset.command === "undo" ? "undo" : "clear"]());
    }
    this.#describe();
  }

  connectedCallback() {
    this.#describe(); // its labels are known from here on
    this.load();
  }

  disconnectedCallback() {
    this.#pen.finish();
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (name === "model" && this.isConnected) {
      this.#recognizer = null;
      this.load();
    }
    if (name === "value" && this.empty && !this.#own) this.#accept(this.defaultValue);
    this.#describe();
    this.#submit();
  }

  /** A promise of the loaded recogniser; after a failure, of another try. */
  get ready() {
    return recognizerAt(this.#model);
  }

  /** What the field holds: the reading, one character a symbol, or what its user made of it. */
  get value() {
    return this.#value;
  }

  set value(text) {
    const given = String(text ?? "");
    if (given === "" && !this.empty) {
      this.#sheet.replace([]);
      this.#redraw();
    }
    this.#insist(given);
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
    this.#describe();
    this.#submit();
  }

  /** The strokes, in CSS pixels of the pad that they were drawn on; a copy. */
  get drawing() {
    return structuredClone(this.#sheet.drawing);
  }

  set drawing(drawing) {
    this.#pen.finish();
    const copy = checked(drawing);
    this.#sheet.replace(copy, framed(copy, this.#ownFrame()));
    this.#start = Infinity;
    this.#redraw();
    this.#read();
  }

  /** Whether nothing is drawn. */
  get empty() {
    return this.#sheet.drawing.length === 0;
  }

  /** Whether there is something to undo. */
  get canUndo() {
    return this.#sheet.canUndo;
  }

  /** Whether there is something to redo. */
  get canRedo() {
    return this.#sheet.canRedo;
  }

  /** Take back the last stroke, clearing or assignment. */
  undo() {
    this.#pen.finish();
    if (this.canUndo && this.#writable) this.#alter(() => this.#sheet.undo());
  }

  /** Do again what was undone last. */
  redo() {
    this.#pen.finish();
    if (this.canRedo && this.#writable) this.#alter(() => this.#sheet.redo());
  }

  /** Empty the pad; undo brings the drawing back. */
  clear() {
    this.#pen.finish();
    if (!this.#writable) return;
    if (!this.empty) this.#alter(() => this.#sheet.replace([]));
    if (!this.#value) return;
    this.#insist(""); // what was typed, or the attribute's
    this.#announce();
    this.#changed();
  }

  /**
   * Say what a symbol is; it stays so while its strokes do.
   * @param {number} index of the reading's symbol
   * @param {number} digit
   */
  correct(index, digit) {
    const { strokes } = this.#reading.symbols[index];
    this.#corrections.set(this.#nameOf(strokes), digit);
    this.#settle(this.#corrected(this.#reading));
  }

  /** Load the model, again after a failure, and read what is not read yet. */
  async load() {
    const model = this.#model;
    try {
      const recognizer = await recognizerAt(model, (loaded) => {
        const progress = { lengthComputable: true, loaded, total: 1 };
        this.dispatchEvent(new ProgressEvent("progress", progress));
      });
      if (model !== this.#model) return;
      this.#recognizer = recognizer;
      this.#failed = false;
    } catch (error) {
      if (model === this.#model) this.#fail(error);
      return;
    }
    this.#describe(); // `DigitPad.texts` may have changed since
    this.#submit();
    this.dispatchEvent(new Event("load"));
    if (this.#unread) this.#read();
  }

  // As a field of a form.

  /** @param {string} message what is wrong with the value; "" where nothing is */
  setCustomValidity(message) {
    this.#complaint = String(message);
    this.#submit();
  }

  /** @param {HTMLFormElement | null} form */
  formAssociatedCallback(form) {
    this.#watched?.removeEventListener("submit", this.#hold, { capture: true });
    this.#watched?.removeEventListener("formdata", this.#settleNow, { capture: true });
    this.#watched = form;
    form?.addEventListener("submit", this.#hold, { capture: true });
    form?.addEventListener("formdata", this.#settleNow, { capture: true });
  }

  formResetCallback() {
    this.#own = false;
    this.#corrections.clear();
    this.drawing = [];
  }

  /** @param {boolean} disabled by its own attribute or by a fieldset */
  formDisabledCallback(disabled) {
    this.#surface.tabIndex = disabled ? -1 : 0;
    this.#surface.ariaDisabled = String(disabled);
    this.#entry.disabled = disabled;
    for (const button of this.#buttons) button.disabled = disabled;
    this.#describe();
  }

  /**
   * @param {string} state as `#submit` wrote it, or a value that the browser fills in
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
      if (typeof own === "string") this.#insist(own);
    } catch {
      // Another version of the page wrote it, or something else did: there is nothing to restore.
    }
  }

  /** A form whose pad is not read yet waits with its submission until it is. */
  #hold = (/** @type {SubmitEvent} */ event) => {
    this.#pen.finish();
    this.#settleNow();
    if (!this.#unread || this.#failed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#held = { submitter: event.submitter };
  };

  /** Read at once what is still to be read, if it can be. */
  #settleNow = () => {
    if (!this.#unread || !this.#recognizer) return;
    this.#asked += 1;
    this.#since = performance.now();
    try {
      this.#settle(this.#corrected(this.#recognizer.readNow(this.drawing)));
    } catch (error) {
      this.#fail(error);
    }
  };

  /** As Enter in a text field: by the form's first button to submit it, if it has one. */
  #send() {
    const fields = Array.from(this.form?.elements ?? []);
    const button = fields.find((each) => /** @type {HTMLButtonElement} */ (each).type === "submit");
    if (button) /** @type {HTMLElement} */ (button).click();
    else this.form?.requestSubmit();
  }

  #release() {
    const held = this.#held;
    this.#held = null;
    if (held) this.form?.requestSubmit(held.submitter);
  }

  // Drawing.

  get #model() {
    const given = this.getAttribute("model");
    const url = given ? new URL(given, this.baseURI) : new URL("model/", import.meta.url);
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url.href;
  }

  #ownFrame() {
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

  #begin() {
    if (!this.#writable) return false;
    if (this.#sheet.drawing.length >= MAX_STROKES) {
      const error = new InkError(this.#said.full);
      this.dispatchEvent(new ErrorEvent("error", { error }));
      return false;
    }
    this.#frame = this.empty ? this.#ownFrame() : this.#sheet.frame;
    this.#show(this.#frame);
    return true;
  }

  /**
   * @param {PointerEvent} event
   * @returns {Point} in the drawing's units and milliseconds since its first point
   */
  #locate(event) {
    const matrix = /** @type {DOMMatrix} */ (this.#svg.getScreenCTM()).inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    if (!this.#line) {
      const last = this.#sheet.drawing.at(-1)?.at(-1);
      // Time never runs back, whatever was restored or undone in between.
      const latest = event.timeStamp - (last?.[2] ?? 0);
      this.#start = last ? Math.min(this.#start, latest) : latest;
    }
    return [rounded(x), rounded(y), Math.round(event.timeStamp - this.#start)];
  }

  /** @param {Stroke} stroke */
  #grow(stroke) {
    this.#line ??= this.#ink.appendChild(
      document.createElementNS("http://www.w3.org/2000/svg", "path"),
    );
    this.#line.setAttribute("d", path(stroke));
    this.#surface.classList.add("inked");
    this.#announce();
  }

  /** @param {Stroke | null} stroke */
  #finish(stroke) {
    const line = this.#line;
    this.#line = null;
    if (!stroke) return this.#redraw();
    line?.setAttribute("d", path(stroke)); // the others stand as they are
    this.#sheet.replace([...this.#sheet.drawing, stroke], this.#frame);
    this.#altered();
  }

  /** @param {() => void} change */
  #alter(change) {
    change();
    this.#redraw();
    this.#altered();
  }

  #altered() {
    this.#announce();
    this.#read();
  }

  #announce() {
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }

  #redraw() {
    const { drawing, frame } = this.#sheet;
    this.#show(frame);
    this.#surface.classList.toggle("inked", drawing.length > 0);
    const lines = drawing.map((stroke) => {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      line.setAttribute("d", path(stroke));
      return line;
    });
    this.#ink.replaceChildren(...lines);
  }

  /** @param {import("./pad/history.js").Frame} frame */
  #show(frame) {
    this.#svg.setAttribute("viewBox", `${frame.x} ${frame.y} ${frame.width} ${frame.height}`);
    this.#ink.setAttribute("stroke-width", String(penWidth(frame)));
  }

  // Typing.

  /** @param {KeyboardEvent} event on the surface */
  #press(event) {
    const command = commandOf(event);
    if (command) {
      event.preventDefault();
      this[command]();
    } else if (/^\d$/.test(event.key) && this.#entry.getClientRects().length > 0) {
      this.#entry.focus(); // where the key goes then
    }
  }

  /** @param {Event} event of the inner input, which is nobody's business outside */
  #type(event) {
    event.stopPropagation();
    this.#insist(this.#entry.value);
    this.#announce();
  }

  /** @param {string} value that is somebody's own: a reading under way is not wanted any more */
  #insist(value) {
    this.#asked += 1;
    this.#superseded.abort();
    this.#held = null;
    this.#own = true;
    this.#unread = false;
    this.#accept(value);
  }

  #changed() {
    this.#reading = { ...this.#reading, text: this.#value };
    this.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: this.#reading }));
  }

  // Reading.

  async #read() {
    const ticket = ++this.#asked;
    this.#superseded.abort();
    const { signal } = (this.#superseded = new AbortController());
    this.#own = false;
    if (this.empty) {
      this.#held = null; // what was to be sent is gone
      return this.#settle({ ...NOTHING, text: this.defaultValue });
    }
    const drawing = this.drawing;
    this.#unread = true;
    this.#describe();
    this.#submit();
    try {
      // The browser follows a stroke's end with events and layout: one task with a reading, which on
      // slow devices would be long.
      if (this.#milliseconds > LONG) await new Promise((resolve) => setTimeout(resolve));
      const recognizer = await this.ready;
      if (ticket !== this.#asked) return;
      this.#since = performance.now();
      const reading = await recognizer.read(drawing, { signal });
      if (ticket === this.#asked) this.#settle(this.#corrected(reading));
    } catch (error) {
      if (ticket === this.#asked) this.#fail(error);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#failed = true;
    this.#submit();
    this.dispatchEvent(new ErrorEvent("error", { error }));
    this.#release();
  }

  /** @param {Reading} reading */
  #settle(reading) {
    if (this.#unread) this.#milliseconds = performance.now() - this.#since;
    this.#unread = false;
    this.#failed = false;
    this.#own = false;
    this.#reading = reading;
    this.#accept(reading.text);
    this.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: reading }));
    this.#release();
  }

  /**
   * A reading with the user's corrections in it.
   * @param {Reading} reading
   * @returns {Reading}
   */
  #corrected(reading) {
    if (this.#corrections.size === 0) return reading;
    const symbols = reading.symbols.map((symbol) => {
      const digit = this.#corrections.get(this.#nameOf(symbol.strokes));
      return digit === undefined ? symbol : { ...symbol, digit, corrected: true };
    });
    const text = symbols.map(({ digit }) => digit ?? "?").join("");
    return { ...reading, text, symbols };
  }

  /** @param {number[]} strokes */
  #nameOf(strokes) {
    return JSON.stringify(strokes.map((stroke) => this.#sheet.drawing[stroke]));
  }

  /** @param {string} value */
  #accept(value) {
    this.#value = value;
    if (this.#entry.value !== value) this.#entry.value = value;
    this.#submit();
    this.#describe();
  }

  #submit() {
    const { drawing } = this.#sheet;
    const own = this.#own ? this.#value : null;
    this.internals.setFormValue(this.#value, JSON.stringify({ drawing, own }));
    const texts = this.#said;
    const { required, minLength, maxLength, title } = this;
    const pattern = this.getAttribute("pattern");
    const rules = { required, minLength, maxLength, pattern, title };
    // What is drawn and not read yet holds the form's submission, see `#hold`; it is not missing.
    const fault = this.#complaint
      ? { flag: "customError", message: this.#complaint }
      : this.#unread
        ? this.#failed && { flag: "badInput", message: texts.unavailable }
        : faultOf(this.#value, rules, texts);
    if (fault) this.internals.setValidity({ [fault.flag]: true }, fault.message, this.#surface);
    else this.internals.setValidity({});
  }

  get #said() {
    return { ...DigitPad.texts, ...this.#texts };
  }

  #describe() {
    const texts = this.#said;
    const labels = Array.from(this.internals.labels ?? [], (label) => label.textContent?.trim());
    const name = this.getAttribute("label") || this.getAttribute("aria-label") || labels.join(" ") || texts.name;
    const state = this.#unread
      ? texts.unread
      : this.#value === ""
        ? texts.empty
        : this.#value.includes("?")
          ? texts.refused
          : texts.reads;
    update(this.#surface, { ariaLabel: fill(state, { name, value: this.#value }) });
    const hint = /** @type {HTMLElement} */ (this.#surface.querySelector("[part=hint]"));
    update(hint, { textContent: this.getAttribute("placeholder") ?? texts.hint });
    const { readOnly, required } = this;
    update(this.#entry, { ariaLabel: fill(texts.entry, { name }), readOnly, required });
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
