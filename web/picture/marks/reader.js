/**
 * Read marks on a picture: the point of an amount, the dashes of a telephone number.
 *
 * As for drawings (web/marks/reader.js), the network tells what ink looks like in a box of its own, and a small
 * network adds its size and its place beside the digits of its line. It is fitted to pictures, where
 * ink has components in place of strokes, and pens of any width: `python -m export.marks.pictures`.
 *
 * @import { Recognizer } from "../../recognizer.js"
 * @import { Box, ReadField } from "../../types"
 * @import { Candidate } from "../candidates.js"
 * @import { Layers } from "../../marks/chances.js"
 * @typedef {Layers & { labels: string, weights: Record<string, number> }} Parameters content of the
 *   file: the network's layers, its classes being the labels, a digit, and neither
 */
import { SIZE } from "../../ink.js";
import { placeInputs, slantOf } from "../../marks/placement.js";
import { logits, softmax } from "../../marks/chances.js";
import { possible } from "../../marks/line.js";
import { loadParameters } from "../../marks/reader.js";

const FILE = "marks-on-pictures.json";
const WEIGHTS = /** @type {const} */ ([
  "mark", // of any mark that has no weight of its own
  "probability", // its logarithm
  "neither", // logarithm of the probability that it is a mark or a digit
  "digit", // of a digit: logarithm of the probability that it is no mark
  "sharpness", // power of the probabilities that makes them those of right readings
]);
const BATCH_SIZE = 20; // fields: without a recorded run, each takes about a millisecond
const MIN_TALL = 0.6; // line heights: higher components tell where a line runs
const MIN_DIGIT = 0.35; // line heights: beside high slashes and brackets, digits are low
const FLOOR = 1e-4; // of probabilities, before logarithms

/**
 * Fetch what reads marks on pictures.
 * @param {Recognizer} recognizer
 * @param {string} marks that are asked for
 * @throws {RecognizerError} if it is missing, altered or something else, or offline
 */
export async function loadPictureMarks({ folder, meta }, marks) {
  const parameters = await loadParameters(folder, meta, FILE, WEIGHTS, "marks on pictures");
  return new PictureMarks(parameters, marks);
}

/** Made by `loadPictureMarks`. */
export class PictureMarks {
  #parameters;
  #asked;

  /**
   * @param {Parameters} parameters
   * @param {string} asked marks
   */
  constructor(parameters, asked) {
    this.#parameters = parameters;
    this.#asked = asked;
  }

  /** What the network's output for marks is for some fields, see `seenMarks`. */
  see = seenMarks;

  /**
   * Tell how likely the candidates of a line are marks.
   * @param {Candidate[]} candidates
   * @param {number} height of the line
   * @param {ReadField[]} fields of the candidates
   * @param {Float32Array[]} seen for each
   */
  line(candidates, height, fields, seen) {
    const { labels, weights } = this.#parameters;
    const line = measureLine(candidates, height);
    return candidates.map((candidate, k) => {
      const probabilities = softmax(logits(inputsOf(candidate, fields[k], seen[k], line), this.#parameters));
      const asked = possible(this.#asked, Infinity, line.isBeside(candidate, -1), line.isBeside(candidate, 1));
      let [mark, probability, ofAny] = ["", 0, 0];
      for (const [n, label] of [...labels].entries()) {
        ofAny += probabilities[n];
        if (asked.includes(label) && probabilities[n] > probability) [mark, probability] = [label, probabilities[n]];
      }
      const bias = weights[mark] ?? weights.mark;
      const whole = weights.neither * Math.log(1 - probabilities[labels.length + 1] + FLOOR);
      const sharp = probabilities.map((each) => each ** weights.sharpness);
      const total = sharp.reduce((sum, each) => sum + each, 0);
      return {
        mark,
        /** How likely it is that mark. */
        probability: mark ? sharp[labels.indexOf(mark)] / total : 0,
        /** Its score as that mark. */
        asMark: mark ? bias + weights.probability * Math.log(probability + FLOOR) + whole : -Infinity,
        /** What is added to its score as anything else: a dot that is not asked for is no digit's part. */
        asOther: whole + weights.digit * Math.log(1 - (candidate.isMark ? probability : ofAny) + FLOOR),
      };
    });
  }
}

/**
 * Return what the network's output for marks is for some fields, yielding to the page between batches.
 * @param {Recognizer} recognizer
 * @param {Float32Array} pixels of n fields
 * @returns {Promise<Float32Array[]>} for each, a probability for each mark and one for anything else
 */
export async function seenMarks(recognizer, pixels) {
  const field = SIZE ** 2;
  const found = [];
  for (let start = 0; start < pixels.length; start += BATCH_SIZE * field) {
    if (start > 0) await new Promise((resolve) => setTimeout(resolve));
    const batch = pixels.subarray(start, start + BATCH_SIZE * field);
    const { shape, values } = recognizer.inspect(batch, /** @type {string} */ (recognizer.meta.nodes.marks));
    for (let k = 0; k < shape[0]; k++) found.push(values.slice(k * shape[1], (k + 1) * shape[1]));
  }
  return found;
}

/**
 * Return what candidates of a line are told apart by: a row of numbers for each.
 * @param {Candidate[]} candidates
 * @param {number} height of the line
 * @param {ReadField[]} fields of the candidates
 * @param {Float32Array[]} seen what `seenMarks` returned for each
 */
export function pictureMarkInputs(candidates, height, fields, seen) {
  const line = measureLine(candidates, height);
  return candidates.map((candidate, k) => inputsOf(candidate, fields[k], seen[k], line));
}

/**
 * Measure the components of a line.
 * @param {Candidate[]} candidates
 * @param {number} height
 */
function measureLine(candidates, height) {
  const whole = candidates.filter(({ cuts, components }) => cuts === 0 && components === 1);
  const outlines = whole.map(({ box }) => box);
  const slants = whole.map(({ pixels }) => slantIn(pixels));
  const middles = outlines.map(({ left, right }) => (left + right) / 2);
  const steeps = outlines.map(({ top, bottom }, k) => ({ up: bottom - top, right: (bottom - top) * slants[k] }));
  const othersThan = (/** @type {Candidate} */ { box }, /** @type {number} */ least) =>
    [...outlines.keys()].filter((k) => outlines[k].bottom - outlines[k].top >= least * height
      && !holds(box, outlines[k]) && !holds(outlines[k], box));
  return {
    outlines, height, middles, slants, steeps,
    tallBeside: (/** @type {Candidate} */ candidate) => othersThan(candidate, MIN_TALL),
    /** Whether something as high as a digit is on that side. */
    isBeside: (/** @type {Candidate} */ candidate, /** @type {1 | -1} */ side) => {
      const middle = (candidate.box.left + candidate.box.right) / 2;
      return othersThan(candidate, MIN_DIGIT).some((k) => side * (middles[k] - middle) > 0);
    },
  };
}

/**
 * Return what a candidate is told by: what its image says, and where it stands.
 * @param {Candidate} candidate
 * @param {ReadField} field
 * @param {Float32Array} seen
 * @param {ReturnType<typeof measureLine>} line
 */
function inputsOf(candidate, { probabilities, notADigit }, seen, line) {
  const { box, pixels, components, cuts, gap } = candidate;
  const score = Math.min(1 - FLOOR, Math.max(FLOOR, notADigit ?? 0));
  return [
    ...Array.from(seen, (each) => Math.log(each + FLOOR)),
    Math.log(Math.max(FLOOR, ...probabilities)), Math.log(score / (1 - score)),
    ...placeInputs(box, slantIn(pixels), line.tallBeside(candidate), line),
    components, cuts, gap, pixels.reduce((sum, value) => sum + value, 0) / pixels.length,
  ];
}

/**
 * Return how far a field's ink goes to the right while it goes up.
 * @param {Float32Array} pixels
 */
function slantIn(pixels) {
  const sums = { count: 0, x: 0, y: 0, xy: 0, yy: 0 };
  pixels.forEach((value, k) => {
    const [x, y] = [k % SIZE, Math.floor(k / SIZE)];
    sums.count += value;
    sums.x += value * x;
    sums.y += value * y;
    sums.xy += value * x * y;
    sums.yy += value * y ** 2;
  });
  return slantOf([sums]);
}

/**
 * Return whether a box holds another one.
 * @param {Box} outer
 * @param {Box} inner
 */
function holds(outer, inner) {
  return outer.left <= inner.left && outer.right >= inner.right && outer.top <= inner.top && outer.bottom >= inner.bottom;
}
