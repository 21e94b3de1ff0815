/**
 * What a field expects of its value: the attributes `marks`, `format` and `pattern`.
 *
 * @typedef {HTMLElement & { marks: string, format: string }} Field
 */
import { FORMATS, amountOf } from "../formats.js";

/**
 * Return the format that a field names, if it is one.
 * @param {Field} field
 */
export function formatOf({ format }) {
  return Object.hasOwn(FORMATS, format) ? FORMATS[format] : null;
}

/**
 * Return the marks that a field reads.
 * @param {Field} field
 */
export function marksOf(field) {
  return field.getAttribute("marks") ?? formatOf(field)?.marks ?? "";
}

/**
 * Return whether a text is of a field's format; null if it has none.
 * @param {Field} field
 * @param {string} text
 */
export function fitsFormat(field, text) {
  return formatOf(field)?.fits(text, languageOf(field)) ?? null;
}

/**
 * Return whether a text is of a field's pattern, as HTML compares them; null if it has none, or one
 * that is invalid.
 * @param {Field} field
 * @param {string} text
 */
export function fitsPattern(field, text) {
  const pattern = field.getAttribute("pattern");
  return pattern === null ? null : expression(pattern)?.test(text) ?? null;
}

/**
 * Return a function that says whether a reading is what a field expects; null if it may be anything.
 * @param {Field} field
 */
export function expectationOf(field) {
  if (fitsFormat(field, "") === null && fitsPattern(field, "") === null) return null;
  return (/** @type {string} */ text) =>
    (fitsFormat(field, text) ?? true) && (fitsPattern(field, text) ?? true);
}

/**
 * Return the number that a field's value is, NaN if it is none.
 * @param {Field & { value: string }} field
 */
export function numberOf(field) {
  return field.value === "" ? Number.NaN : amountOf(field.value, languageOf(field));
}

/**
 * Return a number as a field's value, which says the same in every language.
 * @param {number} number
 */
export function textOfNumber(number) {
  if (Number.isNaN(number)) return "";
  return Number.isInteger(number) ? String(number) : number.toFixed(2);
}

/** @param {Field} field */
function languageOf(field) {
  return field.closest("[lang]")?.getAttribute("lang") || navigator.language;
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
