/**
 * Score how likely a group of strokes is one symbol: a weighted sum of features of its shape and of
 * the network's prediction.
 *
 * Pure functions: no DOM, no network.
 *
 * @import { Candidate, Drawing, Meta, Piece, PredictedGroup, Prediction, ReadField,
 *   Reading, ReadSymbol } from "../types"
 */
import { bounds, symbolInk } from "../ink/render.js";
import { SPACE } from "./model-files.js";
import { SHAPE } from "../segment.js";

/** Features of a group; meta.json has a weight for each. */
export const FEATURES = /** @type {const} */ ([
  ...SHAPE,
  "reading", // logarithm of the greatest probability
  "doubt", // logarithm of the probability that it is a digit
  "refused", // 1 for a non-digit, whose other two are 0
]);

/** Weights for models without any: numbers on pictures are read with every model. */
/** @type {Record<string, number>} */
const DEFAULT_WEIGHTS = { reading: 1, doubt: 1, refused: -2 };
/** The weight of cuts for models that were fitted before strokes were cut. */
const CUT_WEIGHT = -1.2;

export const NON_DIGIT = "?";
export const LEVEL = 0.3; // neighbours on one line overlap by more of the lower one's height
export const MIN_DIGIT_HEIGHT = 0.4; // lower strokes are bars, flags, dots and dashes
const SURE = 0.9; // less likely symbols may be several digits in one stroke
export const SURELY_A_DIGIT = 0.1; // rejection scores between these two, and probabilities below SURE, are
export const SURE_MARK = 0.9; // less likely marks may be digits, and joined ones
const SURELY_NONE = 0.99; // doubtful: of validation writers' digits 8%, with nearly all errors
const WIDE = 1.1; // line heights: wider ones may be, too
// Of 454 joined pairs of validation writers that were cut, 92% were read right.
const CUT_CONFIDENCE = 0.95; // on either side of a cut
export const MIN_PROBABILITY = 1e-4; // bounds the logarithm: one symbol must not outweigh the whole line

/**
 * Return the weights of FEATURES.
 * @param {Meta} meta
 * @param {boolean} [cutting] whether groups are chosen from among parts of strokes
 */
export function featureWeights({ segment }, cutting = false) {
  let weights = segment?.weights ?? DEFAULT_WEIGHTS;
  if (cutting) weights = segment?.cut_weights ?? { ...weights, cut: CUT_WEIGHT };
  return FEATURES.map((name) => weights[name] ?? 0);
}

/**
 * Return whether a group is a dot, a comma or a dash.
 * @param {number[]} features at least those of SHAPE
 */
export function isMark(features) {
  return features[SHAPE.indexOf("mark")] === 1;
}

/**
 * Return whether a group holds a part of a stroke.
 * @param {number[]} features at least those of SHAPE
 */
export function isCut(features) {
  return features[SHAPE.indexOf("cut")] > 0;
}

/**
 * Return whether a symbol is read as no digit.
 * @param {number[]} features
 */
export function isRefused(features) {
  return isMark(features) || features[FEATURES.indexOf("refused")] === 1;
}

/**
 * Return whether a symbol may be several digits in one stroke: it is refused, unlikely or wide.
 * @param {number[]} features
 * @param {Meta} meta
 */
export function mayBeSeveral(features, { segment }) {
  if (!segment || isMark(features)) return false;
  const [reading, , refused] = features.slice(SHAPE.length);
  return refused === 1 || reading < Math.log(SURE) || features[SHAPE.indexOf("width")] > WIDE;
}

/**
 * Return the features of a group, in the order of FEATURES.
 * @param {number[]} shape
 * @param {Prediction} prediction
 * @param {Meta} meta
 */
export function groupFeatures(shape, prediction, meta) {
  return [...shape, ...(isMark(shape) ? [0, 0, 0] : readingFeatures(prediction, meta))];
}

/**
 * Score a group; without a prediction, return an upper bound of its score.
 * @param {Pick<PredictedGroup, "shape" | "prediction">} group
 * @param {Meta} meta
 * @param {boolean} [cutting] as for `featureWeights`
 */
export function groupScore({ shape, prediction }, meta, cutting = false) {
  const weights = featureWeights(meta, cutting);
  if (prediction) return weightedSum(weights, groupFeatures(shape, prediction, meta));
  const outline = weightedSum(weights, shape);
  if (isMark(shape)) return outline;
  const [reading, doubt, refused] = weights.slice(SHAPE.length);
  // A logarithm lies between that of MIN_PROBABILITY and 0.
  const bound = (/** @type {number} */ weight) => Math.max(0, weight * Math.log(MIN_PROBABILITY));
  return outline + Math.max(bound(reading) + bound(doubt), refused);
}

/**
 * Return whether a second network should be asked.
 * @param {Pick<Prediction, "probabilities" | "notADigit">} prediction
 */
export function isDoubtful({ probabilities, notADigit }) {
  const score = notADigit ?? 0;
  return score < SURELY_NONE && (score > SURELY_A_DIGIT || Math.max(...probabilities) < SURE);
}

/**
 * Decide what a field is: the most probable digit, or a non-digit.
 * @param {Float32Array} probabilities
 * @param {number | null} notADigit
 * @param {Meta} meta
 * @returns {ReadField}
 */
export function classifyField(probabilities, notADigit, meta) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  const digit = isRejected(notADigit, meta) ? null : best;
  return { digit, confidence: probabilities[best], probabilities, notADigit };
}

/**
 * Return what a chosen group of strokes was read as.
 * @param {Drawing} drawing
 * @param {Candidate} candidate
 * @param {number} line
 * @param {Meta} meta
 * @returns {ReadSymbol}
 */
function symbolOf(drawing, candidate, line, meta) {
  const { strokes, pieces, features, prediction, mark = null, markProbability, spaced } = candidate;
  const { left, top, right, bottom } = bounds(symbolInk(drawing, candidate));
  const read = classifyField(prediction.probabilities, prediction.notADigit, meta);
  const isDot = left === right && top === bottom;
  const { digit = read.digit, certainty = 1 } = candidate;
  const probability = digit === null ? read.confidence : prediction.probabilities[digit];
  return {
    ...read,
    confidence: markProbability ?? probability * certainty * CUT_CONFIDENCE ** cutEnds(drawing, pieces),
    digit: mark || isDot || isMark(features) ? null : digit,
    ...(mark && { mark }),
    ...(spaced && { spaced }),
    strokes,
    pieces,
    line,
    box: { x: left, y: top, width: right - left, height: bottom - top },
    pixels: prediction.pixels,
  };
}

/**
 * Return how many ends of a symbol's pieces are cuts.
 * @param {Drawing} drawing
 * @param {Piece[]} pieces
 */
function cutEnds(drawing, pieces) {
  const own = pieces.filter(({ connection }) => !connection);
  const ends = own.map(({ stroke, from, to }) => Number(from > 0) + Number(to < drawing[stroke].length - 1));
  return ends.reduce((sum, each) => sum + each, 0);
}

/**
 * @param {Pick<Prediction, "probabilities" | "notADigit">} prediction
 * @param {Meta} meta
 * @returns {number[]} the features that do not depend on the shape
 */
export function readingFeatures({ probabilities, notADigit }, meta) {
  if (isRejected(notADigit, meta)) return [0, 0, 1];
  const reading = Math.log(Math.max(MIN_PROBABILITY, ...probabilities));
  const doubt = Math.log(Math.max(MIN_PROBABILITY, 1 - (notADigit ?? 0)));
  return [reading, doubt, 0];
}

/**
 * @param {number | null} notADigit
 * @param {Meta} meta
 */
function isRejected(notADigit, { threshold = null }) {
  return notADigit !== null && threshold !== null && notADigit > threshold;
}

/**
 * @param {number[]} weights
 * @param {number[]} features not more than there are weights
 */
export function weightedSum(weights, features) {
  return features.reduce((sum, value, k) => sum + value * weights[k], 0);
}

/**
 * Return whether all strokes as high as digits share a level; otherwise `splitIntoLines` decides.
 * @param {Drawing} drawing
 */
export function isLevel(drawing) {
  const boxes = drawing.map((stroke) => bounds([stroke])).sort((a, b) => a.top - a.bottom - b.top + b.bottom);
  const quartile = boxes[Math.floor(boxes.length / 4)];
  const tall = boxes.filter(({ top, bottom }) =>
    bottom - top >= MIN_DIGIT_HEIGHT * (quartile.bottom - quartile.top));
  const shared = Math.min(...tall.map(({ bottom }) => bottom)) - Math.max(...tall.map(({ top }) => top));
  return drawing.length < 2 || shared >= LEVEL * (boxes[0].bottom - boxes[0].top);
}

/**
 * Return the text of symbols, with a line break between lines.
 * @param {ReadSymbol[]} symbols line by line
 * @param {string[]} [labels] of the digits; by default "0" to "9"
 */
export function textOf(symbols, labels) {
  return symbols.map((symbol, k) => {
    const isNewLine = k > 0 && symbol.line !== symbols[k - 1].line;
    return (isNewLine ? "\n" : symbol.spaced ? SPACE : "") + characterOf(symbol, labels);
  }).join("");
}

/**
 * Return the character that a symbol is read as.
 * @param {Pick<ReadSymbol, "digit" | "mark">} symbol
 * @param {string[]} [labels] of the digits
 */
export function characterOf({ digit, mark }, labels) {
  return digit === null ? mark ?? NON_DIGIT : labels?.[digit] ?? String(digit);
}

/**
 * Return the text of a line's candidates.
 * @param {Candidate[]} candidates
 * @param {Meta} meta
 */
export function textOfCandidates(candidates, meta) {
  return candidates.map(({ features, prediction, mark, digit }) => {
    const { probabilities, notADigit } = prediction;
    const read = isRefused(features) ? null : classifyField(probabilities, notADigit, meta).digit;
    return mark ?? (digit === undefined ? read : digit) ?? NON_DIGIT;
  }).join("");
}

/**
 * Return a reading.
 * @param {Drawing} drawing
 * @param {Candidate[][]} chosen line by line
 * @param {Meta} meta
 * @returns {Reading}
 */
export function readingOf(drawing, chosen, meta) {
  const symbols = chosen.flatMap((line, k) => line.map((candidate) => symbolOf(drawing, candidate, k, meta)));
  return {
    text: textOf(symbols, meta.labels),
    confidence: symbols.reduce((product, symbol) => product * symbol.confidence, 1),
    symbols,
  };
}
