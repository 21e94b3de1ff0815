/**
 * Read marks between digits: the point of an amount, the dashes of a telephone number.
 *
 * The network tells what a group of strokes looks like in a box of its own; how large it is and
 * where it stands beside the digits of its line tells a dot from a nought. Both go into one
 * small network, which `python -m export.marks` fits. Another one, the gate, knows size and place
 * alone: it bounds what a group may score as a mark, before its image is classified.
 *
 * @import { Drawing, Meta, PredictedGroup, Prediction } from "../types"
 * @typedef {{ hidden: number[][], hidden_bias: number[], kernel: number[][], bias: number[] }} Layers
 * @typedef {Layers & { labels: string, gate: Layers,
 *   weights: Record<string, number>, patterns?: Record<string, number> }} Parameters content of the
 *   file: the network's layers, its classes being the labels, a digit, and neither; the gate, whose
 *   classes are no mark and a mark; what a text's score gains for each match of a pattern
 * @typedef {import("../recognition/ranking.js").Option} Option
 * @typedef {{ marks: string, gate: number, inputs: number[] | null }} Place which marks a group may be
 *   by its size and place, how likely it is any, and what that was told by
 * @typedef {{ mark: string, ofMark: number, score: number, scoreOfAny: number, ofAny: number,
 *   neither: number, probabilities: number[] }} Chances the best of the marks asked for, its
 *   probability and its part of the score, and that of the best of all; probabilities of any mark, of
 *   neither mark nor digit, and of all classes
 */
import { MARKS, RecognizerError, fetchFiles } from "../recognition/model-files.js";
import { SURELY_A_DIGIT } from "../recognition/scoring.js";
import { SHAPE } from "../segment.js";
import { measureLine, placementOf } from "./placement.js";

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
const OUTLINE = /** @type {const} */ (["spread", "nearness", "interruptions"]) // of these
  .map((name) => ({ name, index: SHAPE.indexOf(name) }));
const WIDTH = SHAPE.indexOf("width");
const MARK = SHAPE.indexOf("mark");
/** Marks that stand behind a digit, and marks that stand before one. */
const AFTER = "/:),%";
const BEFORE = "/:(+#$";
// In UNIPEN, 94% of these have two strokes or more; in one stroke, joined noughts are likelier.
const OF_SEVERAL_STROKES = ":#%";
// Two high strokes are none of these: one would be lost. Low ones may be traces of a pen that bounced.
const OF_ONE_STROKE = ".,-/()";
/** @type {Chances} */
const SURE_DIGIT = {
  mark: "", ofMark: 0, score: -Infinity, scoreOfAny: -Infinity, ofAny: 0, neither: 0, probabilities: [],
};
// The image alone decides above this probability that it is no mark, and below that rejection score.
// Of 120 composed numbers of validation writers, 107 read right while all marks are read and 110 while
// none is; without this rule, 105.
const SURELY_NO_MARK = 0.9;
const MAX_STROKES = 4; // as # has; of UNIPEN's 5,595 marks of training and validation writers two have more
const MAX_WIDTH = 1.9; // line heights; of UNIPEN's marks of several strokes, fewer than 1% are wider
// How many times likelier than by its size and place the image of a group is taken to make a mark,
// before it is classified. With 10 instead, 10.5 groups of eight digits are classified while all marks
// are read, not 8.0; four more of 1,400 composed strings of validation writers, and no more of what
// people wrote, were read right.
const BY_IMAGE = 3;
// Where more marks are asked for than one text has, digits alone are likelier than texts with marks that
// are not of a usual form, such as 48/0. Of 504 numbers of training and validation writers 493 were then
// read right, before fractions were usual, and 494 without marks.
const MANY_MARKS = 6;
const DIGITS_ALONE = 4;
const USUAL = 2.5; // dates' and telephone numbers' patterns add more
// Usual, too: of training and validation writers' strings seven more are then read, and no number fewer.
const FRACTION = "0/0";
const FLOOR = 1e-4; // of probabilities, before logarithms

/**
 * Fetch what reads marks.
 * @param {URL} folder that of the model
 * @param {Meta} meta that of the model
 * @throws {RecognizerError} if it is missing, altered or something else, or offline
 */
export async function loadMarkReader(folder, meta) {
  return new MarkReader(await loadParameters(folder, meta, FILE, WEIGHTS, "marks"));
}

/**
 * Fetch what was fitted to read marks.
 * @param {URL} folder of the model
 * @param {Meta} meta
 * @param {string} file
 * @param {readonly string[]} weights that it has
 * @param {string} what it reads
 * @throws {RecognizerError} if it is missing, altered or something else, or offline
 */
export async function loadParameters(folder, { files, nodes, marks }, file, weights, what) {
  if (!nodes.marks || !marks?.files.includes(file)) {
    throw new RecognizerError(`This model reads no ${what}: export it again.`);
  }
  const fetched = await fetchFiles(folder, { [file]: files[file] });
  const parameters = JSON.parse(new TextDecoder().decode(fetched.get(file)));
  if (!weights.every((name) => Number.isFinite(parameters.weights?.[name]))) {
    throw new RecognizerError(`${file} is not what the export wrote.`);
  }
  return parameters;
}

/** Made by `loadMarkReader`. */
export class MarkReader {
  #parameters;
  #patterns;

  /** @param {Parameters} parameters */
  constructor(parameters) {
    this.#parameters = parameters;
    this.#patterns = Object.entries(parameters.patterns ?? {})
      .map(([pattern, weight]) => ({ pattern: new RegExp(pattern, "g"), weight }));
  }

  /**
   * Prepare to read the groups of one line.
   * @param {Drawing} drawing
   * @param {PredictedGroup[]} groups
   * @param {string} marks that are asked for
   */
  line(drawing, groups, marks) {
    const { labels, weights } = this.#parameters;
    const partOf = (/** @type {number} */ index) => chancesOf(index).score;
    const line = measureLine(drawing);
    /** @type {(Place | undefined)[]} */
    const places = [];
    const placeOf = (/** @type {number} */ index) => (places[index] ??= this.#place(groups[index], line, marks));
    /** @type {(Chances | undefined)[]} */
    const chances = [];
    const chancesOf = (/** @type {number} */ index) => (chances[index] ??=
      isSureDigit(groups[index]) ? SURE_DIGIT : this.#chances(
        inputsOf(groups[index], placeOf(index).inputs ?? placementOf(groups[index], line).inputs),
        placeOf(index).marks));
    const dots = new Set(groups.filter(({ shape }) => shape[MARK] === 1)
      .flatMap(({ strokes }) => (strokes.length === 1 ? strokes : [])));
    /** Whether it is a mark, if not one of those asked for: all its strokes are dots or dashes. */
    const isPlain = (/** @type {number} */ index) => groups[index].strokes.every((each) => dots.has(each));
    const outlined = (/** @type {number} */ index) => OUTLINE.reduce((sum, each) =>
      sum + weights[each.name] * groups[index].shape[each.index], 0);
    const greatest = Math.max(...[...marks].map((mark) => weights[mark]));
    const markScore = (/** @type {number} */ index, /** @type {string | null} */ wanted = null, part = partOf) => {
      const { prediction } = groups[index];
      if (prediction && isSureDigit(groups[index])) return -Infinity;
      const asked = wanted ?? placeOf(index).marks;
      if (asked === "") return -Infinity;
      if (!prediction) { // about the most that it may be with one
        const most = Math.max(...[...asked].map((mark) => weights[mark]));
        const likely = Math.min(1, BY_IMAGE * placeOf(index).gate);
        return outlined(index) + most + weights.probability * Math.log(likely);
      }
      const { neither } = chancesOf(index);
      return outlined(index) + part(index) + weights.neither * Math.log(1 - neither + FLOOR);
    };
    const digitScore = (/** @type {number} */ index, /** @type {number} */ score) => {
      if (!groups[index].prediction) return score;
      const { ofAny, neither } = chancesOf(index);
      const whole = score + weights.digit * Math.log(1 - ofAny + FLOOR)
        + weights.digit_neither * Math.log(1 - neither + FLOOR);
      // A dot is no part of a digit because it is none of the marks that are asked for.
      return isPlain(index) ? Math.max(whole, markScore(index, labels, (k) => chancesOf(k).scoreOfAny)) : whole;
    };
    const read = (/** @type {number} */ index, /** @type {number} */ asDigit) => {
      const { mark, ofMark } = chancesOf(index);
      const [digit, asMark] = [digitScore(index, asDigit), markScore(index)];
      if (isPlain(index) && digit > asMark && ofMark <= 0.5) return { digit: null };
      if (!isPlain(index) && digit >= asMark) return null;
      return { mark, markProbability: ofMark };
    };
    const options = (/** @type {number} */ index, /** @type {Option[]} */ digits) => {
      const { probabilities, score: best } = chancesOf(index);
      const asked = best > -Infinity ? placeOf(index).marks : "";
      const rest = markScore(index) - best;
      return [
        ...digits.map((each) => ({ ...each, score: digitScore(index, each.score) })),
        ...[...asked].map((mark) => {
          const k = labels.indexOf(mark);
          const found = { mark, markProbability: probabilities[k] };
          return { score: rest + this.#partOfScore(k, probabilities), text: mark, read: found };
        }),
      ];
    };
    return {
      /**
       * Score a group as what it is likelier, a digit or a mark; without a prediction, return an
       * upper bound.
       * @param {number} index
       * @param {number} asDigit its score without marks
       */
      score(index, asDigit) {
        const isDigit = !groups[index].prediction && outlined(index) + greatest <= asDigit; // wherever it stands
        return isDigit ? asDigit : Math.max(digitScore(index, asDigit), markScore(index));
      },
      /**
       * Return the mark that a group is read as, if it is rather that than a digit.
       * @param {number} index
       * @param {number} asDigit
       * @returns null for a digit; `digit` is null for a mark that is not asked for
       */
      read,
      /**
       * Return what a group may be, given what it may be besides marks.
       * @param {number} index
       * @param {Option[]} digits
       */
      options,
      /**
       * Return what a group may be: 0, whichever digit that is, or a mark. A dot that is one of the
       * marks asked for is nothing else.
       * @param {number} index
       * @param {number} asDigit
       */
      alternatives(index, asDigit) {
        const isSure = chancesOf(index) === SURE_DIGIT && !isPlain(index);
        if (isSure) return [{ score: digitScore(index, asDigit), text: "0", read: {} }];
        const first = read(index, asDigit);
        const isDot = isPlain(index) && first?.mark !== undefined;
        const besides = { score: asDigit, text: "0", read: first?.mark === undefined ? first ?? {} : {} };
        return options(index, isDot ? [] : [besides]);
      },
      /**
       * Return what a text adds to a reading's score: how usual it is, whatever it looks like.
       * @param {string} text 0 for any digit
       */
      textScore: (/** @type {string} */ text) => this.#patterns.reduce((sum, { pattern, weight }) =>
        sum + weight * (text.match(pattern)?.length ?? 0), 0),
      /**
       * Return what the same symbols, if all are digits, may score less than with marks among them.
       * @param {string} text with marks, 0 for any digit
       * @param {number} textScore
       */
      digitsAlone: (text, textScore) =>
        (marks.length > MANY_MARKS && textScore < USUAL && text !== FRACTION ? DIGITS_ALONE : 0),
    };
  }

  /**
   * Return which marks a group may be by its size and place, and how likely it is any.
   * @param {PredictedGroup} group
   * @param {import("./placement.js").Line} line
   * @param {string} asked marks
   * @returns {Place}
   */
  #place(group, line, asked) {
    const count = group.strokes.length;
    const isLarge = count > MAX_STROKES || (count > 1 && group.shape[WIDTH] > MAX_WIDTH);
    if (isLarge) return { marks: "", gate: 0, inputs: null };
    const { inputs, hasLeft, hasRight } = placementOf(group, line);
    const gate = softmax(logits(inputs, this.#parameters.gate))[1];
    const tall = group.strokes.filter((each) => line.tall.includes(each)).length;
    const marks = possible(asked, count, hasLeft, hasRight, tall);
    return { marks, gate, inputs };
  }

  /**
   * @param {number[]} inputs
   * @param {string} marks
   * @returns {Chances}
   */
  #chances(inputs, marks) {
    const { labels } = this.#parameters;
    const probabilities = softmax(logits(inputs, this.#parameters));
    const found = { ...SURE_DIGIT, neither: probabilities[labels.length + 1], probabilities };
    for (let k = 0; k < labels.length; k++) {
      found.ofAny += probabilities[k];
      const score = this.#partOfScore(k, probabilities);
      found.scoreOfAny = Math.max(found.scoreOfAny, score);
      if (!marks.includes(labels[k])) continue;
      if (score > found.score) Object.assign(found, { mark: labels[k], ofMark: probabilities[k], score });
    }
    return found;
  }

  /**
   * Return the part of a mark's score that is its own.
   * @param {number} k its index
   * @param {number[]} probabilities
   */
  #partOfScore(k, probabilities) {
    const { labels, weights } = this.#parameters;
    return weights[labels[k]] + weights.probability * Math.log(probabilities[k] + FLOOR);
  }
}

/**
 * Return whether the image alone says that a group is a digit.
 * @param {PredictedGroup} group with a prediction
 */
function isSureDigit({ prediction }) {
  const { marks, notADigit } = /** @type {Prediction} */ (prediction);
  return (marks?.at(-1) ?? 0) > SURELY_NO_MARK && (notADigit ?? 0) < SURELY_A_DIGIT;
}

/**
 * Return the marks that a group may be.
 * @param {string} marks
 * @param {number} strokes
 * @param {boolean} hasLeft whether digits stand on its left
 * @param {boolean} hasRight
 */
export function possible(marks, strokes, hasLeft, hasRight, tall = 0) {
  const isPossible = (/** @type {string} */ mark) =>
    (hasLeft || !AFTER.includes(mark)) && (hasRight || !BEFORE.includes(mark))
      && (strokes > 1 || !OF_SEVERAL_STROKES.includes(mark)) && (tall < 2 || !OF_ONE_STROKE.includes(mark));
  return [...marks].filter(isPossible).join("");
}

/**
 * @param {number[]} inputs
 * @param {Layers} layers
 */
export function logits(inputs, { hidden, hidden_bias: shift, kernel, bias }) {
  return dense(dense(inputs, hidden, shift).map(Math.tanh), kernel, bias);
}

/** @param {number[]} values */
export function softmax(values) {
  const greatest = Math.max(...values);
  const shares = values.map((each) => Math.exp(each - greatest));
  const total = shares.reduce((sum, each) => sum + each, 0);
  return shares.map((each) => each / total);
}

/**
 * @param {number[]} inputs
 * @param {number[][]} kernel a row for each input
 * @param {number[]} bias
 */
function dense(inputs, kernel, bias) {
  const outputs = [...bias];
  for (let n = 0; n < inputs.length; n++) {
    const value = inputs[n];
    const row = kernel[n];
    for (let k = 0; k < outputs.length; k++) outputs[k] += value * row[k];
  }
  return outputs;
}

/**
 * Return what groups are told apart by: a row of numbers for each.
 * @param {Drawing} drawing
 * @param {PredictedGroup[]} groups with predictions
 */
export function markInputs(drawing, groups) {
  const line = measureLine(drawing);
  return groups.map((group) => inputsOf(group, placementOf(group, line).inputs));
}

/**
 * Return what a group is told by: what its image says, and where it stands.
 * @param {PredictedGroup} group with a prediction
 * @param {number[]} placed
 */
function inputsOf({ prediction }, placed) {
  const { probabilities, notADigit, marks } = /** @type {Prediction} */ (prediction);
  const score = Math.min(1 - FLOOR, Math.max(FLOOR, notADigit ?? 0));
  const inputs = [];
  if (marks) for (let k = 0; k < marks.length; k++) inputs.push(Math.log(marks[k] + FLOOR));
  let best = FLOOR;
  for (let k = 0; k < probabilities.length; k++) best = Math.max(best, probabilities[k]);
  inputs.push(Math.log(best), Math.log(score / (1 - score)));
  return inputs.concat(placed);
}
