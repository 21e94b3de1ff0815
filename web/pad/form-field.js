/**
 * Behave as a text field of a form: the attributes, properties and constraints of `<input>`, its
 * implicit submission, and a submission that waits for the field.
 *
 * @import { Texts } from "./template.js"
 * @typedef {{ flag: "customError" | "valueMissing" | "badInput" | "tooShort" | "tooLong" | "patternMismatch",
 *   message: string } | null} ValidationError
 *
 * @typedef {{ form: HTMLFormElement, submitter: HTMLElement | null }} Submission
 */
import { isNumber } from "./entry.js";
import { fitsFormat, fitsPattern, numberOf, textOfNumber } from "./expected.js";
import { applyStyle, fillTemplate } from "./template.js";

const LABELS_MS = 1000;

// Servers that render pages import this module too.
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? Object);

/** Base class of form-associated custom elements. */
export class FormField extends Base {
  static formAssociated = true;

  internals = this.attachInternals();
  /** The message of `setCustomValidity`. */
  customError = "";
  /** Whether the page has asked if the value is valid, as a submission does. */
  isChecked = false;

  constructor() {
    super();
    this.addEventListener("invalid", () => {
      this.isChecked = true;
      this.validate();
    });
  }

  connectedCallback() {
    takeOver(this);
    // Browsers look for what may be focused only once, maybe before the element is defined.
    const { activeElement, body } = this.ownerDocument;
    const isFree = (activeElement ?? body) === body;
    if (this.autofocus && isFree && !this.matches(":disabled")) this.focus();
  }

  adoptedCallback() {
    applyStyle(/** @type {ShadowRoot} */ (this.shadowRoot));
  }

  /** Set the value and the validity that the form knows. */
  validate() {}

  get value() {
    return "";
  }

  set value(_text) {}

  get type() {
    return this.localName;
  }

  get form() {
    return this.internals.form;
  }

  get labels() {
    return this.internals.labels;
  }

  get validity() {
    return this.internals.validity;
  }

  get validationMessage() {
    return this.internals.validationMessage;
  }

  get willValidate() {
    return this.internals.willValidate;
  }

  /** @param {string} message of the error; "" for none */
  setCustomValidity(message) {
    this.customError = String(message);
    this.validate();
  }

  checkValidity() {
    return this.internals.checkValidity();
  }

  reportValidity() {
    return this.internals.reportValidity();
  }

  get name() {
    return this.getAttribute("name") ?? "";
  }

  set name(text) {
    this.setAttribute("name", text);
  }

  get pattern() {
    return this.getAttribute("pattern") ?? "";
  }

  set pattern(text) {
    this.setAttribute("pattern", text);
  }

  get marks() {
    return this.getAttribute("marks") ?? "";
  }

  set marks(text) {
    this.setAttribute("marks", text);
  }

  get format() {
    return this.getAttribute("format") ?? "";
  }

  set format(name) {
    this.setAttribute("format", name);
  }

  get placeholder() {
    return this.getAttribute("placeholder") ?? "";
  }

  set placeholder(text) {
    this.setAttribute("placeholder", text);
  }

  get defaultValue() {
    return this.getAttribute("value") ?? "";
  }

  set defaultValue(text) {
    this.setAttribute("value", text);
  }

  get required() {
    return this.hasAttribute("required");
  }

  set required(on) {
    this.toggleAttribute("required", on);
  }

  get disabled() {
    return this.hasAttribute("disabled");
  }

  set disabled(on) {
    this.toggleAttribute("disabled", on);
  }

  get readOnly() {
    return this.hasAttribute("readonly");
  }

  set readOnly(on) {
    this.toggleAttribute("readonly", on);
  }

  /** The value as a number, NaN if it is none; a decimal comma or point as in the field's language. */
  get valueAsNumber() {
    return numberOf(this);
  }

  set valueAsNumber(number) {
    this.value = textOfNumber(number);
  }

  get minLength() {
    return parseLength(this.getAttribute("minlength"));
  }

  set minLength(limit) {
    this.setAttribute("minlength", String(limit));
  }

  get maxLength() {
    return parseLength(this.getAttribute("maxlength"));
  }

  set maxLength(limit) {
    this.setAttribute("maxlength", String(limit));
  }
}

/**
 * Return the first error of a field's value, or null.
 * @param {FormField} field
 * @param {string} state of its reading
 * @param {Texts} texts
 * @returns {ValidationError}
 */
export function validationError(field, state, texts) {
  if (field.customError) return { flag: "customError", message: field.customError };
  if (state === "failed") return { flag: "badInput", message: texts.unavailable };
  if (state === "reading") return null; // DeferredSubmit waits for the value
  const { value, required, minLength, maxLength, title } = field;
  const count = value.length;
  if (count === 0) return required ? { flag: "valueMissing", message: texts.valueMissing } : null;
  if (value.includes("\n")) return { flag: "badInput", message: texts.severalLines };
  if (value.includes("?")) return { flag: "badInput", message: texts.badInput };
  const isOfPattern = fitsPattern(field, value);
  const isOfFormat = fitsFormat(field, value);
  const hint = (isOfPattern ?? isOfFormat) === false && title ? ` ${title}` : "";
  if (isOfFormat === false) {
    const text = texts[/** @type {keyof Texts} */ (field.format)];
    return { flag: "badInput", message: fillTemplate(text, { value }) + hint };
  }
  if (!isNumber(value) && !isOfPattern) {
    return { flag: "badInput", message: fillTemplate(texts.notANumber, { value }) + hint };
  }
  if (maxLength >= 0 && count > maxLength) {
    return { flag: "tooLong", message: fillTemplate(texts.tooLong, { limit: maxLength, count }) };
  }
  if (count < minLength) {
    return { flag: "tooShort", message: fillTemplate(texts.tooShort, { limit: minLength, count }) };
  }
  if (isOfPattern === false) return { flag: "patternMismatch", message: texts.patternMismatch + hint };
  return null;
}

/**
 * Return the field's accessible name.
 * @param {FormField} field
 * @param {string} fallback
 * @param {Node[]} [labels] those of the field, by default as the browser lists them
 */
export function labelOf(field, fallback, labels = Array.from(field.labels ?? [])) {
  const texts = labels.map((label) => label.textContent?.trim());
  return field.getAttribute("label") || field.getAttribute("aria-label") || texts.join(" ") || fallback;
}

/**
 * Run a function soon for a field with labels, else later: labels may come, but the first reading should
 * not wait.
 * @param {FormField} field
 * @param {() => void} run
 */
export function soonIfLabelled(field, run) {
  setTimeout(run, field.labels?.length > 0 ? 0 : LABELS_MS);
}

/**
 * Submit a form as Enter in a text field does: with its first submit button, if it has one.
 * @param {HTMLFormElement | null} form
 */
export function submitImplicitly(form) {
  const fields = Array.from(form?.elements ?? []);
  const button = fields.find((each) => /** @type {HTMLButtonElement} */ (each).type === "submit");
  if (button) /** @type {HTMLElement} */ (button).click();
  else form?.requestSubmit();
}

/**
 * Assign again, in their order, the properties that the page set before the element was defined:
 * as plain properties they would hide those of the class.
 * @param {any} field
 */
function takeOver(field) {
  for (const [name, value] of Object.entries(field)) {
    if (!accessorOf(field, name)) continue;
    delete field[name];
    try {
      field[name] = value;
    } catch (error) {
      reportError(error); // of a value that is refused, or a read-only property
    }
  }
}

/**
 * @param {object} field
 * @param {string} name
 */
function accessorOf(field, name) {
  let kind = Object.getPrototypeOf(field);
  while (kind !== HTMLElement.prototype && !Object.hasOwn(kind, name)) kind = Object.getPrototypeOf(kind);
  return Object.getOwnPropertyDescriptor(kind, name)?.get;
}

/** Defers the submission of a form until a field has its value. */
export class DeferredSubmit {
  #field;
  #reading;
  /** @type {HTMLFormElement | null} */
  #form = null;
  /** @type {Submission | null} the submission that waits */
  #deferred = null;
  /** @type {Submission | null} the one that is submitted once the page's handlers have run */
  #due = null;

  /** Whether the form's data are being collected: no handler may ask for them then. */
  #isCollecting = false;

  /**
   * @param {FormField} field
   * @param {{ finishInput: () => void, readNow: () => void, isPending: () => boolean }} reading
   *   `readNow` computes the value synchronously if it can; otherwise `isPending` stays true
   */
  constructor(field, reading) {
    this.#field = field;
    this.#reading = reading;
  }

  /** @param {HTMLFormElement | null} form in place of the one watched before */
  watch(form) {
    this.#form?.removeEventListener("submit", this.#onSubmit, { capture: true });
    this.#form?.removeEventListener("formdata", this.#onFormData, { capture: true });
    this.#form = form;
    form?.addEventListener("submit", this.#onSubmit, { capture: true });
    form?.addEventListener("formdata", this.#onFormData, { capture: true });
  }

  /**
   * Submit now, if a submission waits.
   * @param {() => void} [announce] called first; its handlers may take the field out of the form
   */
  resume(announce) {
    if (this.#isCollecting) return queueMicrotask(() => this.resume(announce));
    this.#due ??= this.#deferred;
    this.cancel();
    announce?.();
    const due = this.#due;
    this.#due = null;
    if (!due) return;
    const submitter = /** @type {HTMLButtonElement | null} */ (due.submitter);
    due.form.requestSubmit(submitter?.form === due.form ? submitter : null);
  }

  /** Forget the submission that waits. */
  cancel() {
    this.#deferred = null;
  }

  #onSubmit = (/** @type {SubmitEvent} */ event) => {
    this.#reading.finishInput();
    this.#reading.readNow();
    this.#due = null;
    this.cancel();
    if (!this.#reading.isPending() || this.#field.matches(":disabled")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    this.#deferred = { form, submitter: event.submitter };
  };

  #onFormData = (/** @type {FormDataEvent} */ { formData }) => {
    const { name, value } = this.#field;
    this.#isCollecting = true;
    this.#reading.readNow();
    this.#isCollecting = false;
    const entries = [...formData];
    const own = entries.find((entry) => entry[0] === name && entry[1] === value);
    if (!own) return;
    own[1] = this.#field.value;
    for (const [each] of entries) formData.delete(each);
    for (const [each, content] of entries) formData.append(each, content);
  };
}

/**
 * Parse a length attribute as HTML does; -1 without one.
 * @param {string | null} attribute
 */
function parseLength(attribute) {
  return /^\s*\d/.test(attribute ?? "") ? Number.parseInt(String(attribute), 10) : -1;
}
