/**
 * English texts of a pad. Override them for all pads, or for one:
 *
 *     DigitPad.texts.clear = "Löschen";
 *     document.querySelector("digit-pad").texts = { clear: "Löschen" };
 *
 * The pad fills in the parts in braces.
 *
 * @typedef {typeof TEXTS} Texts
 */
export const TEXTS = {
  name: "Drawing pad",
  hint: "Write a number",
  entry: "{name}, as text",
  empty: "{name}, empty",
  unread: "{name}, not read yet",
  reads: "{name}, reads {value}",
  nextLine: ", next line ",
  refused: "{name}, reads {value}: a question mark is what could not be read",
  undo: "Undo",
  clear: "Clear",
  valueMissing: "Please write a number.",
  badInput: "A part of this could not be read as a digit. Please write it again, or type it.",
  severalLines: "Please write one line.",
  unavailable: "What was written could not be read here. Please type it.",
  tooShort: "Please write at least {limit} digits (there are {count}).",
  tooLong: "Please write no more than {limit} digits (there are {count}).",
  full: "There is no room for more. Please undo or clear.",
  patternMismatch: "Please write this in the form that is asked for.",
};

/**
 * Replace `{name}` by the value of that name.
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export function fillTemplate(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}
