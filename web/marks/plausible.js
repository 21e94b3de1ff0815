/**
 * Tell whether a text with marks looks like something that people write.
 *
 * Pure functions: no DOM, no network.
 */
import { NON_DIGIT } from "../recognition/scoring.js";
import { FORMATS } from "../formats.js";

const WRITTEN = [
  /^[+-]?\$?\d+([.,]\d{3})*([.,]\d{1,2})?%?$/, // numbers, amounts and shares
  /^(\+\d{1,3}-?)?(\(\d{1,5}\)-?)?\d{2,}(-\d{2,})*$/, // telephone numbers
  /^-?\d{1,3}\/\d{1,3}$/, // fractions
  /^-?\d+([+-]\d+)+$/, // sums
  /^#\d+$/,
];

/**
 * Return whether each word of a text is a number, an amount, a date, a time, a telephone number, a
 * fraction, a sum, or one behind a #. What was not read may be any digit.
 * @param {string} text
 */
export function isPlausible(text) {
  return text.replaceAll(NON_DIGIT, "1").split(" ").every((word) =>
    FORMATS.date.fits(word) || FORMATS.time.fits(word) || WRITTEN.some((pattern) => pattern.test(word)));
}
