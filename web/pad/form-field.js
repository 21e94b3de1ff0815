/** What a custom element needs to pass for a native text field of a form. */
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
 * A number of characters as HTML reads it, -1 for none.
 * @param {string | null} attribute
 */
function parseLength(attribute) {
  return /^\s*\d/.test(attribute ?? "") ? Number.parseInt(String(attribute), 10) : -1;
}
