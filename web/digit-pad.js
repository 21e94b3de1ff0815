/**
 * `<digit-pad>`: a form field that one writes on.
 *
 * Attributes: `name`, `required`, `disabled`, `label` (its accessible name), `placeholder` (what an
 * empty pad says), `model` (URL of another model's folder). Properties: `value`, `reading`, `drawing`, `ready`, `empty`,
 * `canUndo`, `canRedo`. Methods: `undo()`, `redo()`, `clear()`, `load()` (again, after a failure).
 * Events: `input` while the drawing changes; `change` when a reading settles, with the reading in
 * `detail`; `progress`, `load` and `error` of the model, as an image has them.
 * Looks: `color` and `background` of the element, `::part(surface)`, `::part(hint)`.
 *
 * @typedef {import("./ink.js").Drawing} Drawing
 * @typedef {import("./ink.js").Point} Point
 * @typedef {import("./ink.js").Stroke} Stroke
 * @typedef {import("./recognizer.js").Reading} Reading
 */
import { FormField } from "./form-field.js";
import { recognizerAt } from "./loading.js";
import { Pen } from "./pen.js";
import { Sheet, checked, framed, path, penWidth } from "./sheet.js";

/** @type {Reading} */
const NOTHING = { text: "", confidence: 1, symbols: [] };

const HINT = "Draw a digit";

const BAD_INPUT = "That does not look like a digit. Please draw it again.";

const MARKUP = `
  <div part="surface" class="surface" role="img" tabindex="0">
    <svg aria-hidden="true"><g></g></svg>
    <span part="hint" class="hint" aria-hidden="true"></span>
  </div>`;

// An adopted sheet, because a strict policy blocks <style> inside a shadow root.
const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  :host { display: block; box-sizing: border-box; aspect-ratio: 1; min-inline-size: 6rem;
    min-block-size: 6rem; border: 1px solid; border-radius: .5rem; overflow: hidden; }
  :host([hidden]) { display: none; }
  :host(:disabled) { opacity: .5; }
  .surface { position: relative; block-size: 100%; inline-size: 100%; border-radius: inherit;
    cursor: crosshair; touch-action: none; user-select: none; -webkit-user-select: none;
    -webkit-touch-callout: none; -webkit-tap-highlight-color: transparent; }
  :host(:disabled) .surface { cursor: not-allowed; }
  .surface:focus-visible { outline: 3px solid; outline-offset: -3px; }
  svg { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; }
  path { fill: none; stroke: currentColor; stroke-linecap: round; stroke-linejoin: round; }
  .hint { position: absolute; inset: 0; display: grid; place-content: center; text-align: center;
    padding: 1rem; pointer-events: none; }
  .inked .hint { display: none; }
`);

/**
 * Which command of the pad a key stands for.
 * @param {KeyboardEvent} event
 * @returns {"undo" | "redo" | "clear" | null}
 */
export function commandOf(event) {
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    if (key === "z") return event.shiftKey ? "redo" : "undo";
    return key === "y" ? "redo" : null;
  }
  return key === "escape" || key === "delete" || key === "backspace" ? "clear" : null;
}

/** The element. */
export class DigitPad extends FormField {
  static observedAttributes = ["placeholder", "model", "required", "label"];

  #sheet = new Sheet();
  #surface;
  #svg;
  #ink;
  #pen;
  /** @type {SVGPathElement | null} the stroke under way */
  #line = null;
  /** What the pad shows while a stroke is under way. */
  #frame = this.#sheet.frame;
  /** The drawing's first point on the events' clock, in milliseconds. */
  #start = Infinity;
  #value = "";
  /** @type {Reading} */
  #reading = NOTHING;
  /** Counts readings asked for, so that a late one never overwrites a newer. */
  #asked = 0;
  #unread = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.adoptedStyleSheets = [STYLE];
    root.innerHTML = MARKUP;
    this.#surface = /** @type {HTMLElement} */ (root.querySelector(".surface"));
    this.#svg = /** @type {SVGSVGElement} */ (root.querySelector("svg"));
    this.#ink = /** @type {SVGGElement} */ (root.querySelector("g"));
    this.#pen = new Pen(this.#surface, {
      start: () => this.#begin(),
      locate: (event) => this.#locate(event),
      draw: (stroke) => this.#grow(stroke),
      finish: (stroke) => this.#finish(stroke),
    });
    this.#surface.addEventListener("keydown", (event) => {
      const command = commandOf(event);
      if (!command) return;
      event.preventDefault();
      this[command]();
    });
    this.#describe();
  }

  connectedCallback() {
    this.load();
  }

  disconnectedCallback() {
    this.#pen.finish();
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (name === "model" && this.isConnected) this.load();
    this.#describe();
    this.#submit();
  }

  /** A promise of the loaded recogniser; after a failure, of another try. */
  get ready() {
    return recognizerAt(this.#model);
  }

  /** What the field holds: the reading, one character a symbol, "" when nothing is drawn. */
  get value() {
    return this.#value;
  }

  set value(text) {
    this.#value = String(text);
    this.#submit();
  }

  /** The last reading that settled. */
  get reading() {
    return this.#reading;
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
    if (this.canUndo) this.#alter(() => this.#sheet.undo());
  }

  /** Do again what was undone last. */
  redo() {
    this.#pen.finish();
    if (this.canRedo) this.#alter(() => this.#sheet.redo());
  }

  /** Empty the pad; undo brings the drawing back. */
  clear() {
    this.#pen.finish();
    if (!this.empty) this.#alter(() => this.#sheet.replace([]));
  }

  /** Load the model, again after a failure, and read what is not read yet. */
  async load() {
    try {
      await recognizerAt(this.#model, (loaded) => {
        const progress = { lengthComputable: true, loaded, total: 1 };
        this.dispatchEvent(new ProgressEvent("progress", progress));
      });
    } catch (error) {
      this.dispatchEvent(new ErrorEvent("error", { error }));
      return;
    }
    this.dispatchEvent(new Event("load"));
    if (this.#unread) this.#read();
  }

  // As a field of a form.

  formResetCallback() {
    this.drawing = [];
  }

  /** @param {boolean} disabled by its own attribute or by a fieldset */
  formDisabledCallback(disabled) {
    this.#surface.tabIndex = disabled ? -1 : 0;
    this.#surface.ariaDisabled = String(disabled);
  }

  /** @param {string} state the drawing, as JSON */
  formStateRestoreCallback(state) {
    this.drawing = JSON.parse(state);
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

  #begin() {
    if (this.matches(":disabled")) return false;
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
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }

  /** @param {Stroke | null} stroke */
  #finish(stroke) {
    this.#line = null;
    if (!stroke) return this.#redraw();
    const drawing = [...this.#sheet.drawing, stroke];
    this.#alter(() => this.#sheet.replace(drawing, this.#frame));
  }

  /** @param {() => void} change */
  #alter(change) {
    change();
    this.#redraw();
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    this.#read();
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

  /** @param {import("./sheet.js").Frame} frame */
  #show(frame) {
    this.#svg.setAttribute("viewBox", `${frame.x} ${frame.y} ${frame.width} ${frame.height}`);
    this.#ink.setAttribute("stroke-width", String(penWidth(frame)));
  }

  // Reading.

  async #read() {
    const ticket = ++this.#asked;
    if (this.empty) return this.#settle(NOTHING);
    const drawing = this.drawing;
    this.#unread = true;
    this.#describe();
    try {
      const recognizer = await this.ready;
      if (ticket !== this.#asked) return;
      const reading = await recognizer.read(drawing);
      if (ticket === this.#asked) this.#settle(reading);
    } catch (error) {
      if (ticket === this.#asked) this.dispatchEvent(new ErrorEvent("error", { error }));
    }
  }

  /** @param {Reading} reading */
  #settle(reading) {
    this.#unread = false;
    this.#reading = reading;
    this.value = reading.text;
    this.#describe();
    this.dispatchEvent(new CustomEvent("change", { bubbles: true, detail: reading }));
  }

  #submit() {
    const value = this.#value;
    this.internals.setFormValue(value, JSON.stringify(this.#sheet.drawing));
    if (value.includes("?")) {
      this.internals.setValidity({ badInput: true }, BAD_INPUT, this.#surface);
    } else if (this.required && !value) {
      this.internals.setValidity({ valueMissing: true }, "Please draw a digit.", this.#surface);
    } else {
      this.internals.setValidity({});
    }
  }

  #describe() {
    const name = this.getAttribute("label") ?? "Drawing pad";
    const read = this.#value === "?" ? "not read as a digit" : `reads ${this.#value}`;
    const state = this.empty ? "empty" : this.#unread ? "not read yet" : read;
    this.#surface.ariaLabel = `${name}, ${state}`;
    const hint = /** @type {HTMLElement} */ (this.#surface.lastElementChild);
    hint.textContent = this.getAttribute("placeholder") ?? HINT;
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
