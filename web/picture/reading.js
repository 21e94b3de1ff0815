/**
 * Read what was found on a picture.
 *
 * No DOM.
 *
 * @import { PictureMarks } from "./marks/reader.js"
 * @import { Recognizer } from "../recognizer.js"
 * @import { Meta, Prediction, ReadField } from "../types"
 * @import { Found } from "./analyse.js"
 * @import { Candidate } from "./candidates.js"
 *
 * @typedef {ReadField & { mark?: string, certainty?: number }} Read `mark` is what it is read as, rather
 *   than as a digit, where marks are asked for; else `certainty` is how likely it is none
 * @typedef {Candidate & Read} Symbol
 * @typedef {object} Way to look at a picture
 * @property {number} turns quarter turns clockwise
 * @property {boolean} inverted whether ink and paper are exchanged
 * @typedef {object} PictureReading
 * @property {string} text one line for each line of writing, ? for a symbol that is not read
 * @property {number} confidence probability that all of it is right
 * @property {Symbol[][]} lines
 * @property {boolean} missing whether there may be more writing than was read
 * @property {number} score how much sense the symbols make, in the unit of the recognizer's weights
 * @property {number} upsideDownScore the same of the symbols upside down
 * @typedef {{ score: number, text: string, read: Read }} Option what a candidate may be read as
 * @typedef {ReturnType<typeof bestCandidates<Option>>["chosen"][0]} Chosen
 * @typedef {PictureReading & { way: Way, ambiguous: boolean }} WayReading `ambiguous`: it makes as much
 *   sense upside down
 */
import { SIZE } from "../ink/render.js";
import { SHAPE } from "../segment.js";
import {
  characterOf, classifyField, featureWeights, readingFeatures, weightedSum,
} from "../recognition/scoring.js";
import { isPlausible } from "../marks/plausible.js";
import { bestCandidates } from "./candidates.js";
import { widthOf } from "./components.js";
import { bolder, slanted, upsideDown } from "./views.js";

// Penalties of a symbol, in the unit of the recognizer's weights.
const GAP_PENALTY = 2.5; // for a gap between its components of a fifth of the height or more
const WIDE_GAP = 0.2;
const HEIGHT_PENALTY = 2; // for half the height of the line
const CUT_PENALTY = 1; // for each of its ends
// Of unread ink, for each height of the line that it is wider than a digit usually is: it may be
// several digits, and reading each must pay.
const WIDTH_PENALTY = 5;
const USUAL_WIDTH = 0.7;
const POINT_PENALTY = 2; // for a point or a comma as a part of a digit
const MARK_PENALTY = 0.7; // so that a broken stroke's dot joins its digit
const WAYS_WITH_MARKS = 8; // to read a line, among which the likeliest is chosen
// Of lines with marks, and of lines that are nothing that people write: chosen on pictures of
// validation digits (seed 7), where 3 to 6 for the second do equally well.
const [MARKED_PENALTY, IMPLAUSIBLE_PENALTY] = [1, 4];
const UNREAD_MARK = "\u00b7"; // so that a text with one is implausible
const CUT_CONFIDENCE = 0.97; // for each end of a symbol that is cut off
// Of 4,800 digits on composed pictures, 21 right ones are refused and 9 wrong ones are not, by the
// mean of three views; with one view and 0.7, 39 and 14.
const MIN_CONFIDENCE = 0.6;
// Numbers are apart where a gap is this wide, in heights and in the line's usual gaps.
const [SPACE, SPACE_RATIO] = [1.2, 2.5];

/** @type {Way[]} */
const WAYS = [
  ...[0, 1, 2, 3].map((turns) => ({ turns, inverted: false })), { turns: 0, inverted: true },
];
const POOR = -0.75; // mean score of the symbols: below it, all ways are tried
const MIN_PLAUSIBILITY = 0.85; // of quarter turns and of exchanged ink
// By how much another way must make more sense, in the unit of the recognizer's weights. With half a
// turn at 1, and no more refused symbols than before, none of 1,140 upright composed pictures is
// turned, and 54 of 60 turned ones are read right; with 3, it was 52 (validation digits, seed 7).
const MIN_GAIN_UPSIDE_DOWN = 1;
const MIN_GAIN = 4;
const MARGIN_WEIGHT = 2; // of what is above or below these, in the confidence
const MIN_SYMBOLS = 2; // a single digit may be another one upside down

/**
 * Read the best candidates of each line. Where others make nearly as much sense, as 9 and 1 in place
 * of a 9 with a long tail, the confidence falls: of 160 pairs and triples of validation digits that
 * touch a 1, 13 were read wrong at 85% and surer, and 2 are so now.
 * @param {Recognizer} recognizer
 * @param {Found} found
 * @param {PictureMarks | null} [marks] what reads marks, if they are asked for
 * @returns {Promise<PictureReading>}
 */
export async function readFound(recognizer, { lines: found, missing }, marks = null) {
  const all = found.flatMap(({ blocks }) => blocks.flat());
  const pixels = joinedFields(all.map((candidate) => bolder(candidate.pixels)));
  const read = await recognizer.readFields(pixels);
  const inMarks = await marks?.see(recognizer, pixels);
  let [start, certainty] = [0, 1];
  const chosen = found.map(({ blocks, height }) => {
    const candidates = blocks.flat();
    const end = start + candidates.length;
    const asMarks = inMarks && marks?.line(candidates, height, read.slice(start, end), inMarks.slice(start, end));
    start = end;
    const options = candidates.map((candidate, k) =>
      optionsOf(recognizer, read[end - candidates.length + k], candidate, height, asMarks?.[k]));
    let first = 0;
    const ways = blocks.map((block) => bestCandidates(block, options.slice(first, (first += block.length))));
    const line = ways.flatMap(({ chosen }) => chosen);
    const likely = asMarks && likeliest(line, height);
    if (likely) {
      certainty *= likely.certainty;
      return likely.symbols;
    }
    for (const { margin } of ways) certainty /= 1 + Math.exp(-margin);
    return line.map(symbolOf);
  });
  const bold = chosen.flat().map(({ pixels }) => bolder(pixels));
  const views = [(/** @type {Float32Array} */ field) => slanted(field, 1),
    (/** @type {Float32Array} */ field) => slanted(field, -1), upsideDown];
  const seen = await recognizer.readFields(joinedFields(views.flatMap((view) => bold.map(view))));
  let [place, total, upsideDownTotal] = [0, 0, 0];
  const lines = chosen.map((line) => line.map((symbol) => {
    const [right, left, turnedOver] = views.map((_, k) => seen[k * bold.length + place]);
    place += 1;
    if (symbol.mark) return symbol;
    if (symbol.isMark) return { ...symbol, digit: null };
    total += symbolScore(symbol, recognizer.meta);
    upsideDownTotal += symbolScore(turnedOver, recognizer.meta);
    const field = meanField([symbol, left, right], recognizer.meta);
    const confidence = field.confidence * (symbol.certainty ?? 1) * CUT_CONFIDENCE ** symbol.cuts;
    return { ...symbol, ...field, confidence, digit: confidence >= MIN_CONFIDENCE ? field.digit : null };
  }));
  return {
    text: lines.map((line, k) => lineText(line, found[k].height)).join("\n"),
    confidence: lines.flat().reduce((product, { confidence }) => product * confidence, certainty),
    lines,
    missing,
    score: total,
    upsideDownScore: upsideDownTotal,
  };
}

/** @param {Float32Array[]} fields */
function joinedFields(fields) {
  const pixels = new Float32Array(fields.length * SIZE ** 2);
  fields.forEach((field, k) => pixels.set(field, k * SIZE ** 2));
  return pixels;
}

/**
 * Return the mean of several readings of one symbol.
 * @param {ReadField[]} fields
 * @param {import("../types").Meta} meta
 */
function meanField(fields, meta) {
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const probabilities = fields[0].probabilities.map((_, k) => mean(fields.map((field) => field.probabilities[k])));
  const rejections = fields.map(({ notADigit }) => notADigit);
  return classifyField(probabilities, rejections.includes(null) ? null : mean(/** @type {number[]} */ (rejections)), meta);
}

/**
 * Read the marks of a line as digits, and digits as marks, where the line makes more sense so. Digits
 * alone are written more often than in the examples that marks were fitted to, and marks in few ways.
 * @param {Chosen[]} chosen
 * @param {number} height of the line
 * @returns {{ symbols: Symbol[], certainty: number } | null} null if it is best as it is
 */
function likeliest(chosen, height) {
  /** @type {{ score: number, line: Chosen[] }[]} */
  let ways = [{ score: 0, line: [] }];
  for (const each of chosen) {
    ways = ways.flatMap(({ score, line }) => each.options.map((option) =>
      ({ score: score + option.score, line: [...line, { ...each, option }] })));
    ways = ways.sort((one, other) => other.score - one.score).slice(0, WAYS_WITH_MARKS);
  }
  const [best, other] = ways
    .map(({ score, line }) => ({ score: score - penaltyOf(line, height), line }))
    .sort((one, another) => another.score - one.score);
  const isOther = (/** @type {Chosen} */ { option }, /** @type {number} */ k) => option !== chosen[k].option;
  if (!best.line.some(isOther)) return null;
  return {
    // How likely each was by itself does not count for these.
    symbols: best.line.map((each, k) => ({ ...symbolOf(each), ...(isOther(each, k) && { certainty: 1 }) })),
    certainty: 1 / (1 + Math.exp(other.score - best.score)),
  };
}

/**
 * Return how unlikely a line is because of its marks.
 * @param {Chosen[]} chosen
 * @param {number} height
 */
function penaltyOf(chosen, height) {
  const symbols = chosen.map(symbolOf);
  const text = lineText(symbols, height, chosen.map(({ option }) => option.text));
  return (symbols.some(({ mark }) => mark) ? MARKED_PENALTY : 0) + (isPlausible(text) ? 0 : IMPLAUSIBLE_PENALTY);
}

/**
 * @param {Chosen} chosen
 * @returns {Symbol}
 */
function symbolOf({ candidate, option }) {
  return { ...candidate, ...option.read };
}

/**
 * Return what a candidate may be read as, a digit or a mark, the likelier one first.
 * @param {Recognizer} recognizer
 * @param {ReadField} field
 * @param {Candidate} candidate
 * @param {number} height of its line
 * @param {ReturnType<PictureMarks["line"]>[0]} [chances] that it is a mark
 * @returns {Option[]}
 */
function optionsOf(recognizer, field, candidate, height, chances) {
  const asDigit = score(recognizer, field, candidate, height);
  const text = candidate.isMark ? UNREAD_MARK : characterOf(field);
  if (!chances) return [{ score: asDigit, text, read: field }];
  const { mark, probability } = chances;
  const other = { score: asDigit + chances.asOther, text, read: { ...field, certainty: 1 - probability } };
  if (!mark) return [other];
  const asMark = chances.asMark - CUT_PENALTY * candidate.cuts;
  const confidence = probability * CUT_CONFIDENCE ** candidate.cuts;
  const marked = { score: asMark, text: mark, read: { ...field, digit: null, confidence, mark } };
  return asMark > other.score ? [marked, other] : [other, marked];
}

/**
 * @param {Recognizer} recognizer
 * @param {ReadField} field
 * @param {Candidate} candidate
 * @param {number} height of its line
 */
function score(recognizer, field, { box, gap, cuts, heightDeficit, isMark, hasPoint }, height) {
  if (isMark) return -MARK_PENALTY;
  const joined = hasPoint ? POINT_PENALTY : 0;
  const unread = field.digit === null ? WIDTH_PENALTY * Math.max(0, widthOf(box) / height - USUAL_WIDTH) : 0;
  return symbolScore(field, recognizer.meta) - joined - unread - GAP_PENALTY * Math.min(1, gap / WIDE_GAP) -
    CUT_PENALTY * cuts - HEIGHT_PENALTY * heightDeficit;
}

/**
 * Return the text of a line, with a space between numbers far apart.
 * @param {Symbol[]} line
 * @param {number} height
 * @param {string[]} [texts] of its symbols
 */
function lineText(line, height, texts = line.map((symbol) => characterOf(symbol))) {
  const gaps = line.slice(1).map(({ box }, k) => Math.max(0, box.left - line[k].box.right) / height);
  const usual = [...gaps].sort((a, b) => a - b)[gaps.length >> 1];
  return texts.map((text, k) => {
    const gap = k > 0 ? gaps[k - 1] : 0;
    return (gap > SPACE && gap > SPACE_RATIO * usual ? " " : "") + text;
  }).join("");
}

/**
 * Read a picture as it is and, where another way may make more sense, turned, and with ink and paper
 * exchanged; return what makes most sense.
 * @param {Recognizer} recognizer
 * @param {(way: Way) => Promise<Found>} find
 * @param {PictureMarks | null} [marks] as for `readFound`
 * @returns {Promise<WayReading>}
 */
export async function readBestWay(recognizer, find, marks = null) {
  const [upright, ...others] = WAYS;
  const first = { ...await readFound(recognizer, await find(upright), marks), way: upright };
  const symbols = digitsOf(first);
  if (symbols.length < MIN_SYMBOLS) return { ...first, ambiguous: false };
  const isPoor = first.score < POOR * symbols.length && countRefused(first) > 0;
  const isOver = first.upsideDownScore > first.score + MIN_GAIN_UPSIDE_DOWN;
  let [best, most] = [first, -Infinity];
  for (const way of others) {
    const isHalfTurn = way.turns === 2;
    if (!(isPoor || (isOver && isHalfTurn))) continue;
    const reading = { ...await readFound(recognizer, await find(way), marks), way };
    const found = digitsOf(reading);
    // Lines lie along the writing: of a page on its side, each digit is one.
    if (reading.lines.length > first.lines.length || found.length < MIN_SYMBOLS) continue;
    if (countRefused(reading) > countRefused(first)) continue;
    if (!isHalfTurn && plausibility(found) < MIN_PLAUSIBILITY) continue;
    const gain = reading.score - first.score - (isHalfTurn ? MIN_GAIN_UPSIDE_DOWN : MIN_GAIN);
    if (gain > Math.max(0, most)) [best, most] = [reading, gain];
  }
  const margin = best === first ? MIN_GAIN_UPSIDE_DOWN + first.score - first.upsideDownScore : most;
  // Of 1,082 upright composed pictures that were read right, 19 are.
  const ambiguous = best.upsideDownScore >= best.score;
  return { ...best, ambiguous, confidence: best.confidence / (1 + Math.exp(-MARGIN_WEIGHT * margin)) };
}

/**
 * Return the symbols that are as large as digits, and not read as marks.
 * @param {PictureReading} reading
 */
function digitsOf({ lines }) {
  return lines.flat().filter(({ isMark, mark }) => !isMark && !mark);
}

/** @param {PictureReading} reading */
function countRefused({ lines }) {
  return lines.flat().filter(({ digit, mark }) => digit === null && !mark).length;
}

/**
 * Return how much sense symbols make: their mean confidence, 0 for refused ones.
 * @param {Symbol[]} symbols
 */
function plausibility(symbols) {
  const sum = symbols.reduce((total, { digit, confidence }) => total + (digit === null ? 0 : confidence), 0);
  return symbols.length > 0 ? sum / symbols.length : 0;
}

/**
 * Score a field by its prediction alone, for symbols found on a picture.
 * @param {Pick<Prediction, "probabilities" | "notADigit">} prediction
 * @param {Meta} meta
 */
function symbolScore(prediction, meta) {
  return weightedSum(featureWeights(meta).slice(SHAPE.length), readingFeatures(prediction, meta));
}
