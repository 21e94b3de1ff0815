/**
 * What dates, times, amounts, telephone numbers and integers look like, for fields that take one.
 *
 * Pure functions: no DOM.
 *
 * @typedef {{ marks: string, fits: (text: string, language?: string) => boolean }} Format `marks`
 *   that it is written with, and whether a text is of it
 */

const SEPARATED = /^(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})$/;
const TIME = /^(\d{1,2})[:.](\d{2})([:.](\d{2}))?$/;
const TELEPHONE = /^\+?(\d+[-./]?)?(\(\d+\)[-./]?)?\d+([-./]\d+)*$/;
const MIN_TELEPHONE_DIGITS = 3; // of emergency numbers
const MAX_TELEPHONE_DIGITS = 20; // 15 by ITU's E.164, and prefixes such as that of an exchange

/** @type {Record<string, Format>} */
export const FORMATS = {
  integer: { marks: "-", fits: (text) => /^[+-]?\d+$/.test(text) },
  amount: { marks: ".,-$", fits: (text, language) => !Number.isNaN(amountOf(text, language)) },
  date: { marks: "/.-", fits: isDate },
  time: { marks: ":", fits: isTime },
  phone: { marks: "()+-", fits: isTelephone },
};

/**
 * Return the value of an amount, NaN if the text is none.
 *
 * One or two digits behind a point or a comma are decimals in every language; whether three are
 * thousands depends on it: 1,234 is an amount in English, 1.234 in German.
 * @param {string} text such as `12.50`, `-7`, `1,234.00` or `$45`
 * @param {string} [language] of the page, such as "de"
 */
export function amountOf(text, language = "en") {
  text = text.replaceAll(/\s/g, "");
  const [, sign, whole, decimals = ""] = /^([+-]?)\$?([\d.,]*?)(?:[.,](\d{1,2}))?$/.exec(text) ?? [];
  const used = text.match(/[.,](?=\d{1,2}$)/)?.[0];
  const group = groupSeparator(language, used);
  if (!new RegExp(`^(\\d+|\\d{1,3}([${group}]\\d{3})+)$`).test(whole ?? "")) return Number.NaN;
  const value = Number(`${whole.replaceAll(/[.,]/g, "")}.${decimals || "0"}`);
  return sign === "-" ? -value : value;
}

/**
 * Return the separator of thousands: not that of the decimals, otherwise that of the language.
 * @param {string} language
 * @param {string | undefined} decimalSeparator if the amount has decimals
 */
function groupSeparator(language, decimalSeparator) {
  if (decimalSeparator) return decimalSeparator === "." ? "," : ".";
  return decimalOf(language) === "," ? "." : ",";
}

/** @param {string} language */
function decimalOf(language) {
  try {
    const parts = new Intl.NumberFormat(language).formatToParts(0.5);
    return parts.find(({ type }) => type === "decimal")?.value;
  } catch {
    return "."; // it is no language
  }
}

/** @param {string} text day, month and year, in the order of some country */
function isDate(text) {
  const [, first, , second, third] = SEPARATED.exec(text) ?? [];
  if (first === undefined) return false;
  if (first.length === 4) return third.length <= 2 && isMonth(second) && isDay(third);
  if (first.length > 2 || (third.length !== 2 && third.length !== 4)) return false;
  return (isMonth(first) && isDay(second)) || (isDay(first) && isMonth(second));
}

/** @param {string} text */
function isMonth(text) {
  return Number(text) >= 1 && Number(text) <= 12;
}

/** @param {string} text */
function isDay(text) {
  return Number(text) >= 1 && Number(text) <= 31;
}

/** @param {string} text hours and minutes, maybe seconds */
function isTime(text) {
  const [, hours, minutes, , seconds = "0"] = TIME.exec(text) ?? [];
  return hours !== undefined && Number(hours) <= 24 && Number(minutes) < 60 && Number(seconds) < 60;
}

/** @param {string} text */
function isTelephone(text) {
  const count = text.replaceAll(/\D/g, "").length;
  return TELEPHONE.test(text) && count >= MIN_TELEPHONE_DIGITS && count <= MAX_TELEPHONE_DIGITS;
}
