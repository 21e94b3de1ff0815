/**
 * Validate a field's value by the rules of HTML's text fields.
 *
 * Pure: no DOM.
 *
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
import { fillTemplate } from "./texts.js";

/**
 * Return the first error of a value, or null.
 * @param {string} value
 * @param {Rules} rules
 * @param {import("./texts.js").Texts} texts
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
