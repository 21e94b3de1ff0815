/**
 * Behave as a text field of a form: the attributes, properties and constraints of `<input>`, its
 * implicit submission, and a submission that waits for the field.
 *
 * @import { Texts } from "./template.js"
 * @typedef {object} Rules
 * @property {boolean} required
 * @property {number} minLength -1 for none
 * @property {number} maxLength -1 for none
 * @property {string | null} pattern
 * @property {string} title describes the pattern to the user
 *
 * @typedef {{ flag: "valueMissing" | "badInput" | "tooShort" | "tooLong" | "patternMismatch",
 *   message: string } | null} ValidationError
 */
import { fillTemplate } from "./template.js";

/** Base class of form-associated custom elements. */
export class FormField extends HTMLElement {
  static formAssociated = true;

  internals = this.attachInternals();

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
 * Return what the field's constraints are, for `validationError`.
 * @param {FormField} field
 * @returns {Rules}
 */
export function constraintsOf(field) {
  const { required, minLength, maxLength, title } = field;
  return { required, minLength, maxLength, pattern: field.getAttribute("pattern"), title };
}

/**
 * Return the first error of a value, or null.
 * @param {string} value
 * @param {Rules} rules
 * @param {Texts} texts
 * @returns {ValidationError}
 */
export function validationError(value, { required, minLength, maxLength, pattern, title }, texts) {
  const count = value.length;
  if (count === 0) return required ? { flag: "valueMissing", message: texts.valueMissing } : null;
  if (value.includes("\n")) return { flag: "badInput", message: texts.severalLines };
  if (value.includes("?")) return { flag: "badInput", message: texts.badInput };
  if (maxLength >= 0 && count > maxLength) {
    return { flag: "tooLong", message: fillTemplate(texts.tooLong, { limit: maxLength, count }) };
  }
  if (count < minLength) {
    return { flag: "tooShort", message: fillTemplate(texts.tooShort, { limit: minLength, count }) };
  }
  if (pattern !== null && expression(pattern)?.test(value) === false) {
    const message = title ? `${texts.patternMismatch} ${title}` : texts.patternMismatch;
    return { flag: "patternMismatch", message };
  }
  return null;
}

/**
 * Compile a pattern as HTML does; an invalid pattern is ignored.
 * @param {string} pattern
 */
function expression(pattern) {
  for (const flags of ["v", "u"]) {
    try {
      return new RegExp(`^(?:${pattern})$`, flags);
    } catch {
      // Browsers before 2023 lack the flag v, or the pattern is invalid.
    }
  }
  return null;
}

/**
 * Return the field's accessible name.
 * @param {FormField} field
 * @param {string} fallback
 */
export function labelOf(field, fallback) {
  const labels = Array.from(field.internals.labels ?? [], (label) => label.textContent?.trim());
  return field.getAttribute("label") || field.getAttribute("aria-label") || labels.join(" ") || fallback;
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

/** Defers the submission of a form until a field has its value. */
export class DeferredSubmit {
  #field;
  /** @type {HTMLFormElement | null} */
  #form = null;
  /** @type {{ submitter: HTMLElement | null } | null} the submission that waits */
  #deferred = null;

  /**
   * @param {{ finishInput: () => void, readNow: () => void, isPending: () => boolean }} field
   *   `readNow` computes the value synchronously if it can; otherwise `isPending` stays true
   */
  constructor(field) {
    this.#field = field;
  }

  /** @param {HTMLFormElement | null} form in place of the one watched before */
  watch(form) {
    this.#form?.removeEventListener("submit", this.#onSubmit, { capture: true });
    this.#form?.removeEventListener("formdata", this.#onFormData, { capture: true });
    this.#form = form;
    form?.addEventListener("submit", this.#onSubmit, { capture: true });
    form?.addEventListener("formdata", this.#onFormData, { capture: true });
  }

  /** Submit now, if a submission waits. */
  resume() {
    const deferred = this.#deferred;
    this.#deferred = null;
    if (deferred) this.#form?.requestSubmit(deferred.submitter);
  }

  /** Forget the submission that waits. */
  cancel() {
    this.#deferred = null;
  }

  #onSubmit = (/** @type {SubmitEvent} */ event) => {
    this.#field.finishInput();
    this.#field.readNow();
    if (!this.#field.isPending()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#deferred = { submitter: event.submitter };
  };

  #onFormData = () => this.#field.readNow();
}

/**
 * Parse a length attribute as HTML does; -1 without one.
 * @param {string | null} attribute
 */
function parseLength(attribute) {
  return /^\s*\d/.test(attribute ?? "") ? Number.parseInt(String(attribute), 10) : -1;
}
