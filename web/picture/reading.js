/**
 * Read what was found on a picture.
 *
 * No DOM.
 *
 * @import { Recognizer } from "../recognizer.js"
 * @import { ReadField } from "../types"
 * @import { Found } from "./analyse.js"
 * @import { Candidate } from "./candidates.js"
 *
 * @typedef {Candidate & ReadField} Symbol
 * @typedef {object} Way to look at a picture
 * @property {number} turns quarter turns clockwise
 * @property {boolean} inverted whether ink and paper are exchanged
 * @typedef {object} PictureReading
 * @property {string} text one line for each line of writing, ? for a symbol that is not a digit
 * @property {number} confidence probability that all of it is right
 * @property {Symbol[][]} lines
 * @property {boolean} missing whether there may be more writing than was read
 */
import { SIZE } from "../ink.js";
import { symbolScore } from "../recognition/scoring.js";
import { bestCandidates } from "./candidates.js";

// Penalties of a symbol, in the unit of the recognizer's weights.
const GAP_PENALTY = 2.5; // for a gap between its components of a fifth of the height or more
const WIDE_GAP = 0.2;
const HEIGHT_PENALTY = 2; // for half the height of the line
const CUT_PENALTY = 1; // for each of its ends
const POINT_PENALTY = 2; // for a point or a comma as a part of a digit
const MARK_PENALTY = 0.7; // so that a broken stroke's dot joins its digit
// Of 480 composed pictures, less sure symbols were in 7 of 434 right readings and 7 of 11 wrong ones
// without a ?.
const MIN_CONFIDENCE = 0.7;
// Numbers are apart where a gap is this wide, in heights and in the line's usual gaps.
const [SPACE, SPACE_RATIO] = [1.2, 2.5];

/** @type {Way[]} */
const WAYS = [
  ...[0, 1, 2, 3].map((turns) => ({ turns, inverted: false })), { turns: 0, inverted: true },
];
const MAX_PLAUSIBILITY = 0.8; // where other ways are tried
const MIN_GAIN = 0.15; // by which another way must make more sense
const MIN_PLAUSIBILITY = 0.85; // of another way
const MIN_SYMBOLS = 2; // a single digit may be another one upside down

/**
 * Read the best candidates of each line.
 * @param {Recognizer} recognizer
 * @param {Found} found
 * @returns {Promise<PictureReading>}
 */
export async function readFound(recognizer, { lines: found, missing }) {
  const all = found.flatMap(({ blocks }) => blocks.flat());
  const pixels = new Float32Array(all.length * SIZE ** 2);
  all.forEach((each, k) => pixels.set(each.pixels, k * SIZE ** 2));
  const read = await recognizer.readFields(pixels);
  let start = 0;
  const lines = found.map(({ blocks }) => blocks.flatMap((block) => {
    const fields = read.slice(start, (start += block.length));
    const scores = fields.map((field, k) => score(recognizer, field, block[k]));
    return bestCandidates(block, scores).map((index) => {
      const isSure = !block[index].isMark && fields[index].confidence >= MIN_CONFIDENCE;
      return { ...block[index], ...fields[index], digit: isSure ? fields[index].digit : null };
    });
  }));
  return {
    text: lines.map((line, k) => lineText(line, found[k].height)).join("\n"),
    confidence: lines.flat().reduce((product, { confidence }) => product * confidence, 1),
    lines,
    missing,
  };
}

/**
 * @param {Recognizer} recognizer
 * @param {ReadField} field
 * @param {Candidate} candidate
 */
function score(recognizer, field, { gap, cuts, heightDeficit, isMark, hasPoint }) {
  if (isMark) return -MARK_PENALTY;
  const joined = hasPoint ? POINT_PENALTY : 0;
  return symbolScore(field, recognizer.meta) - joined - GAP_PENALTY * Math.min(1, gap / WIDE_GAP) - CUT_PENALTY * cuts - HEIGHT_PENALTY * heightDeficit;
}

/**
 * Return the text of a line, with a space between numbers far apart.
 * @param {Symbol[]} line
 * @param {number} height
 */
function lineText(line, height) {
  const gaps = line.slice(1).map(({ box }, k) => Math.max(0, box.left - line[k].box.right) / height);
  const usual = [...gaps].sort((a, b) => a - b)[gaps.length >> 1];
  return line.map((symbol, k) => {
    const gap = k > 0 ? gaps[k - 1] : 0;
    return (gap > SPACE && gap > SPACE_RATIO * usual ? " " : "") + symbolText(symbol);
  }).join("");
}

/** @param {Pick<ReadField, "digit">} field */
export function symbolText({ digit }) {
  return digit === null ? "?" : String(digit);
}

/**
 * Read a picture as it is and, where that makes little sense, turned, and with ink and paper
 * exchanged; return what makes most sense.
 * @param {Recognizer} recognizer
 * @param {(way: Way) => Promise<Found>} find
 * @returns {Promise<PictureReading & { way: Way }>}
 */
export async function readBestWay(recognizer, find) {
  const [upright, ...others] = WAYS;
  let best = { ...await readFound(recognizer, await find(upright)), way: upright };
  const symbols = digitsOf(best);
  if (symbols.length < MIN_SYMBOLS || symbols.every(({ digit }) => digit !== null)) return best;
  if (plausibility(symbols) > MAX_PLAUSIBILITY) return best;
  let most = Math.max(MIN_PLAUSIBILITY, plausibility(symbols) + MIN_GAIN);
  for (const way of others) {
    const reading = { ...await readFound(recognizer, await find(way)), way };
    const found = digitsOf(reading);
    // Lines lie along the writing: of a page on its side, each digit is one.
    if (reading.lines.length > best.lines.length || found.length < MIN_SYMBOLS) continue;
    if (plausibility(found) <= most) continue;
    [best, most] = [reading, plausibility(found)];
  }
  return best;
}

/**
 * Return the symbols that are as large as digits.
 * @param {PictureReading} reading
 */
function digitsOf({ lines }) {
  return lines.flat().filter(({ isMark }) => !isMark);
}

/**
 * Return how much sense symbols make: their mean confidence, 0 for refused ones.
 * @param {Symbol[]} symbols
 */
function plausibility(symbols) {
  const sum = symbols.reduce((total, { digit, confidence }) => total + (digit === null ? 0 : confidence), 0);
  return symbols.length > 0 ? sum / symbols.length : 0;
}
