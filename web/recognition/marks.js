/**
 * Read marks between digits: the point of an amount, the dashes of a telephone number.
 *
 * The network tells what a group of strokes looks like in a box of its own; how large it is and
 * where it stands beside the digits of its line tells a dot from a nought. Both go into one
 * small network, which `python -m export.marks` fits.
 *
 * @import { Drawing, Meta, PredictedGroup, Prediction } from "../types"
 * @typedef {{ labels: string, hidden: number[][], hidden_bias: number[], kernel: number[][],
 *   bias: number[], weights: Record<string, number> }} Parameters content of the
 *   file: the network's layers, its classes being the labels, a digit, and neither
 * @typedef {{ mark: string, ofMark: number, score: number, ofAny: number, neither: number }} Chances
 *   the best of the marks asked for, its probability and its part of the score; probabilities of any
 *   mark, and of neither mark nor digit
 */
import { boundingBox, leftToRight, lineHeight, mayBeColon, outline, SHAPE } from "../segment.js";
import { MARKS, RecognizerError, fetchFiles } from "./model-files.js";

const FILE = "marks.json";
/** What the score of a mark is the weighted sum of, and what a digit's score loses. */
const WEIGHTS = /** @type {const} */ ([
  ...MARKS, // 1 for that mark
  "probability", // its logarithm
  "neither", // logarithm of the probability that it is a mark or a digit
  "spread", "nearness", "interruptions", // as in SHAPE
  "digit", // of a digit: logarithm of the probability that it is no mark
  "digit_neither", // of a digit: as `neither`
]);
/** Marks that stand behind a digit, and marks that stand before one. */
const AFTER = "/:),%";
const BEFORE = "/:(+#$";
// In UNIPEN, 94% of these have two strokes or more; in one stroke, joined noughts are likelier.
const OF_SEVERAL_STROKES = "+:#%";
const USED_SHAPE = /** @type {const} */ (["spread", "nearness", "overlap", "raised", "touching"]);
const FLOOR = 1e-4; // of probabilities, before logarithms
const MIN_TALL = 0.6; // line heights: higher strokes tell where a line runs
const NEIGHBOURS = 4; // of these, the nearest ones
const MIN_SIZE = 0.08; // line heights, before logarithms: the tap of a pen is a dot of any size
const MAX_SLANT = 2; // horizontal by vertical movement
/** Bounds of a group's place on the line, in the order of `placeOnLine`. */
const LOWEST = [-6, -6, -3, -3, -3, -2];
const HIGHEST = [2, 3, 3, 3, 3, 2];

/**
 * Fetch what reads marks.
 * @param {URL} folder that of the model
 * @param {Meta} meta that of the model
 * @throws {RecognizerError} if it is missing, altered or something else, or offline
 */
export async function loadMarkReader(folder, { files, nodes, marks }) {
  if (!nodes.marks || !marks?.files.includes(FILE)) {
    throw new RecognizerError("This model reads no marks: export it again.");
  }
  const fetched = await fetchFiles(folder, { [FILE]: files[FILE] });
  const parameters = JSON.parse(new TextDecoder().decode(fetched.get(FILE)));
  if (!WEIGHTS.every((name) => Number.isFinite(parameters.weights?.[name]))) {
    throw new RecognizerError(`${FILE} is not what the export wrote.`);
  }
  return new MarkReader(parameters);
}

/** Made by `loadMarkReader`. */
export class MarkReader {
  #parameters;

  /** @param {Parameters} parameters */
  constructor(parameters) {
    this.#parameters = parameters;
  }

  /**
   * Prepare to read the groups of one line.
   * @param {Drawing} drawing
   * @param {PredictedGroup[]} groups
   * @param {string} marks that are asked for
   */
  line(drawing, groups, marks) {
    const { weights } = this.#parameters;
    const line = lineOf(drawing);
    /** @type {(Chances | undefined)[]} */
    const chances = [];
    const chancesOf = (/** @type {number} */ index) => {
      const { strokes } = groups[index];
      return (chances[index] ??= this.#chances(
        inputsOf(groups[index], line), possible(marks, strokes.length, countBeside(strokes, line))));
    };
    const most = Math.max(...[...marks].map((mark) => weights[mark]));
    const markScore = (/** @type {number} */ index) => {
      const { shape, prediction } = groups[index];
      const outlined = ["spread", "nearness", "interruptions"].reduce((sum, name) =>
        sum + weights[name] * shape[SHAPE.indexOf(/** @type {"spread"} */ (name))], 0);
      if (!prediction) return outlined + most; // no less than with one
      const { score, neither } = chancesOf(index);
      return outlined + score + weights.neither * Math.log(1 - neither + FLOOR);
    };
    const digitScore = (/** @type {number} */ index, /** @type {number} */ score) => {
      if (!groups[index].prediction) return score;
      const { ofAny, neither } = chancesOf(index);
      return score + weights.digit * Math.log(1 - ofAny + FLOOR)
        + weights.digit_neither * Math.log(1 - neither + FLOOR);
    };
    return {
      /**
       * Score a group as what it is likelier, a digit or a mark; without a prediction, return an
       * upper bound.
       * @param {number} index
       * @param {number} asDigit its score without marks
       */
      score: (index, asDigit) => Math.max(digitScore(index, asDigit), markScore(index)),
      /**
       * Return the mark that a group is read as, if it is rather that than a digit.
       * @param {number} index
       * @param {number} asDigit
       * @returns {{ mark: string, markProbability: number } | null}
       */
      read(index, asDigit) {
        const { mark, ofMark } = chancesOf(index);
        const isPlain = groups[index].shape[SHAPE.indexOf("mark")] === 1; // it is no digit, anyway
        if (digitScore(index, asDigit) >= markScore(index) && !(isPlain && ofMark > 0.5)) return null;
        return { mark, markProbability: ofMark };
      },
    };
  }

  /**
   * @param {number[]} inputs
   * @param {string} marks
   * @returns {Chances}
   */
  #chances(inputs, marks) {
    const { labels, hidden, hidden_bias: shift, kernel, bias, weights } = this.#parameters;
    const logits = dense(dense(inputs, hidden, shift).map(Math.tanh), kernel, bias);
    const greatest = Math.max(...logits);
    const shares = logits.map((each) => Math.exp(each - greatest));
    const total = shares.reduce((sum, each) => sum + each, 0);
    const probabilities = shares.map((each) => each / total);
    const scores = [...labels].map((mark, k) =>
      (marks.includes(mark) ? weights[mark] + weights.probability * Math.log(probabilities[k] + FLOOR) : -Infinity));
    const score = Math.max(...scores);
    const best = scores.indexOf(score);
    return {
      mark: labels[best], ofMark: score > -Infinity ? probabilities[best] : 0, score,
      ofAny: probabilities.slice(0, labels.length).reduce((sum, each) => sum + each, 0),
      neither: probabilities[labels.length + 1],
    };
  }
}

/**
 * Return the marks that a group may be.
 * @param {string} marks
 * @param {number} strokes
 * @param {number[]} beside neighbours on the left and on the right
 */
function possible(marks, strokes, [left, right]) {
  const isPossible = (/** @type {string} */ mark) =>
    (left > 0 || !AFTER.includes(mark)) && (right > 0 || !BEFORE.includes(mark))
      && (strokes > 1 || !OF_SEVERAL_STROKES.includes(mark));
  return [...marks].filter(isPossible).join("");
}

/**
 * @param {number[]} inputs
 * @param {number[][]} kernel a row for each input
 * @param {number[]} bias
 */
function dense(inputs, kernel, bias) {
  return bias.map((each, k) => inputs.reduce((sum, value, n) => sum + value * kernel[n][k], each));
}

/**
 * Return what groups are told apart by: a row of numbers for each.
 * @param {Drawing} drawing
 * @param {PredictedGroup[]} groups with predictions
 */
export function markInputs(drawing, groups) {
  const line = lineOf(drawing);
  return groups.map((group) => inputsOf(group, line));
}

/**
 * @param {PredictedGroup} group with a prediction
 * @param {ReturnType<typeof lineOf>} line
 */
function inputsOf({ strokes, shape, prediction }, line) {
  const { probabilities, notADigit, marks } = /** @type {Prediction} */ (prediction);
  const score = Math.min(1 - FLOOR, Math.max(FLOOR, notADigit ?? 0));
  const place = placeOnLine(strokes, line);
  const known = (place ?? LOWEST.map(() => 0))
    .map((value, k) => Math.min(HIGHEST[k], Math.max(LOWEST[k], value)));
  return [
    ...Array.from(marks ?? [], (each) => Math.log(each + FLOOR)),
    Math.log(Math.max(FLOOR, ...probabilities)), Math.log(score / (1 - score)),
    ...known, ...known.map((value) => value ** 2), known[0] * known[1], known[0] * known[2],
    place ? 0 : 1, ...countBeside(strokes, line), strokes.length, hasPartner(strokes, line) ? 1 : 0,
    ...USED_SHAPE.map((name) => shape[SHAPE.indexOf(name)]),
    Math.min(3, shape[SHAPE.indexOf("interruptions")]), shape[SHAPE.indexOf("mark")],
  ];
}

/** @param {Drawing} drawing */
function lineOf(drawing) {
  const outlines = drawing.map(outline);
  const height = lineHeight(outlines);
  const tall = leftToRight(outlines)
    .filter((each) => outlines[each].bottom - outlines[each].top >= MIN_TALL * height);
  return { outlines, height, tall, slants: outlines.map(({ points }) => slantOf([points])) };
}

/**
 * Return how a group lies beside its nearest neighbours: height and width in octaves of theirs, its
 * middle, foot and top above theirs in their heights, how much more it slants.
 * @param {number[]} strokes
 * @param {ReturnType<typeof lineOf>} line
 * @returns {number[] | null} null without neighbours
 */
function placeOnLine(strokes, { outlines, height, tall, slants }) {
  const box = boundingBox(strokes, outlines);
  const middle = (box.left + box.right) / 2;
  const away = (/** @type {number} */ k) => Math.abs((outlines[k].left + outlines[k].right) / 2 - middle);
  const near = tall.filter((each) => !strokes.includes(each)).sort((a, b) => away(a) - away(b))
    .slice(0, NEIGHBOURS);
  if (near.length === 0) return null;
  const top = median(near.map((each) => outlines[each].top));
  const foot = median(near.map((each) => outlines[each].bottom));
  const unit = Math.max(foot - top, height / 3);
  const octaves = (/** @type {number} */ size) => Math.log2(Math.max(size / unit, MIN_SIZE));
  return [
    octaves(box.bottom - box.top), octaves(box.right - box.left),
    (box.top + box.bottom - top - foot) / 2 / unit, (box.bottom - foot) / unit, (box.top - top) / unit,
    slantOf(strokes.map((each) => outlines[each].points)) - median(near.map((each) => slants[each])),
  ];
}

/**
 * Return how many neighbours a group has on its left and on its right, up to NEIGHBOURS.
 * @param {number[]} strokes
 * @param {ReturnType<typeof lineOf>} line
 */
function countBeside(strokes, { outlines, tall }) {
  const middle = (/** @type {{ left: number, right: number }} */ { left, right }) => left + right;
  const own = middle(boundingBox(strokes, outlines));
  const others = tall.filter((each) => !strokes.includes(each)).map((each) => middle(outlines[each]));
  const left = others.filter((each) => each < own).length;
  return [left, others.length - left].map((count) => Math.min(NEIGHBOURS, count));
}

/**
 * Return whether a group is a dot that may be half of a colon.
 * @param {number[]} strokes
 * @param {ReturnType<typeof lineOf>} line
 */
function hasPartner(strokes, { outlines, height }) {
  const [own, ...more] = strokes;
  return more.length === 0
    && outlines.some((each, k) => k !== own && mayBeColon(outlines[own], each, height));
}

/**
 * Return how far lines go to the right while they go up, by least squares.
 * @param {Float64Array[]} lines x and y alternating
 */
function slantOf(lines) {
  const xs = lines.flatMap((points) => [...points].filter((_, k) => k % 2 === 0));
  const ys = lines.flatMap((points) => [...points].filter((_, k) => k % 2 === 1));
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const [x, y] = [mean(xs), mean(ys)];
  const together = mean(xs.map((each, k) => (each - x) * (ys[k] - y)));
  const variance = mean(ys.map((each) => (each - y) ** 2));
  return variance > 0 ? Math.min(MAX_SLANT, Math.max(-MAX_SLANT, -together / variance)) : 0;
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
