/**
 * Score the groups of strokes of one line as digits and as marks.
 *
 * @import { Drawing, PredictedGroup, Prediction } from "../types"
 * @import { Option } from "../recognition/ranking.js"
 * @import { Parameters, Pattern } from "./reader.js"
 * @typedef {{ marks: string, gate: number, inputs: number[] | null }} Place which marks a group may be
 *   by its size and place, how likely it is any, and what that was told by
 * @typedef {{ mark: string, ofMark: number, score: number, scoreOfAny: number, ofAny: number,
 *   neither: number, probabilities: number[] }} Chances the best of the marks asked for, its
 *   probability and its part of the score, and that of the best of all; probabilities of any mark, of
 *   neither mark nor digit, and of all classes
 */
import { SURELY_A_DIGIT } from "../recognition/scoring.js";
import { SHAPE } from "../segment.js";
import { FLOOR, inputsOf, logits, softmax } from "./chances.js";
import { measureLine, placementOf } from "./placement.js";

const OUTLINE = /** @type {const} */ (["spread", "nearness", "interruptions"]) // part of a mark's score
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

/** Made by `MarkReader`. */
export class MarkedLine {
  #parameters;
  #patterns;
  #groups;
  #marks;
  #line;
  #dots;
  /** @type {(Place | undefined)[]} */
  #places = [];
  /** @type {(Chances | undefined)[]} */
  #chances = [];

  /**
   * @param {Parameters} parameters
   * @param {Pattern[]} patterns
   * @param {Drawing} drawing
   * @param {PredictedGroup[]} groups
   * @param {string} marks that are asked for
   */
  constructor(parameters, patterns, drawing, groups, marks) {
    this.#parameters = parameters;
    this.#patterns = patterns;
    this.#groups = groups;
    this.#marks = marks;
    this.#line = measureLine(drawing);
    this.#dots = new Set(groups.filter(({ shape }) => shape[MARK] === 1)
      .flatMap(({ strokes }) => (strokes.length === 1 ? strokes : [])));
  }

  /**
   * Score a group as what it is likelier, a digit or a mark; without a prediction, return an
   * upper bound.
   * @param {number} index
   * @param {number} asDigit its score without marks
   */
  score(index, asDigit) {
    return Math.max(this.#digitScore(index, asDigit), this.#markScore(index));
  }

  /**
   * Return the mark that a group is read as, if it is rather that than a digit.
   * @param {number} index of a group with a prediction
   * @param {number} asDigit
   * @returns null for a digit; `digit` is null for a mark that is not asked for
   */
  read(index, asDigit) {
    const { mark, ofMark } = this.#chancesOf(index);
    const [digit, asMark] = [this.#digitScore(index, asDigit), this.#markScore(index)];
    if (this.#isPlain(index) && digit > asMark && ofMark <= 0.5) return { digit: null };
    if (!this.#isPlain(index) && digit >= asMark) return null;
    return { mark, markProbability: ofMark };
  }

  /**
   * Return what a group may be, given what it may be besides marks.
   * @param {number} index of a group with a prediction
   * @param {Option[]} digits
   * @returns {Option[]}
   */
  options(index, digits) {
    const { labels } = this.#parameters;
    const { probabilities, score: best } = this.#chancesOf(index);
    const asked = best > -Infinity ? this.#placeOf(index).marks : "";
    const rest = this.#markScore(index) - best;
    return [
      ...digits.map((each) => ({ ...each, score: this.#digitScore(index, each.score) })),
      ...[...asked].map((mark) => {
        const k = labels.indexOf(mark);
        const read = { mark, markProbability: probabilities[k] };
        return { score: rest + this.#partOfScore(k, probabilities), text: mark, read };
      }),
    ];
  }

  /**
   * Return what a group may be: 0, whichever digit that is, or a mark. A dot that is one of the
   * marks asked for is nothing else.
   * @param {number} index of a group with a prediction
   * @param {number} asDigit
   */
  alternatives(index, asDigit) {
    const isSure = this.#chancesOf(index) === SURE_DIGIT && !this.#isPlain(index);
    if (isSure) return [{ score: this.#digitScore(index, asDigit), text: "0", read: {} }];
    const first = this.read(index, asDigit);
    const isDot = this.#isPlain(index) && first?.mark !== undefined;
    const besides = { score: asDigit, text: "0", read: first?.mark === undefined ? first ?? {} : {} };
    return this.options(index, isDot ? [] : [besides]);
  }

  /**
   * Return what a text adds to a reading's score: how usual it is, whatever it looks like.
   * @param {string} text 0 for any digit
   */
  textScore(text) {
    return this.#patterns.reduce((sum, { pattern, weight }) =>
      sum + weight * (text.match(pattern)?.length ?? 0), 0);
  }

  /**
   * Return what the same symbols, if all are digits, may score less than with marks among them.
   * @param {string} text with marks, 0 for any digit
   * @param {number} textScore
   */
  digitsAlone(text, textScore) {
    const isUsual = textScore >= USUAL || text === FRACTION;
    return this.#marks.length > MANY_MARKS && !isUsual ? DIGITS_ALONE : 0;
  }

  /**
   * Score a group as a mark; without a prediction, return about the most that it may be with one.
   * @param {number} index
   */
  #markScore(index) {
    const { prediction } = this.#groups[index];
    if (prediction && isSureDigit(prediction)) return -Infinity;
    const { marks, gate } = this.#placeOf(index);
    if (marks === "") return -Infinity;
    if (prediction) return this.#withOutline(index, this.#chancesOf(index).score);
    const { weights } = this.#parameters;
    const most = Math.max(...[...marks].map((mark) => weights[mark]));
    return this.#outlined(index) + most + weights.probability * Math.log(Math.min(1, BY_IMAGE * gate));
  }

  /**
   * Return the score of a group as a mark, given what is that mark's own.
   * @param {number} index of a group with a prediction
   * @param {number} part
   */
  #withOutline(index, part) {
    const { neither } = this.#chancesOf(index);
    return this.#outlined(index) + part + this.#parameters.weights.neither * Math.log(1 - neither + FLOOR);
  }

  /**
   * @param {number} index
   * @param {number} score without marks
   */
  #digitScore(index, score) {
    const { prediction } = this.#groups[index];
    if (!prediction) return score;
    const { weights } = this.#parameters;
    const { ofAny, neither, scoreOfAny } = this.#chancesOf(index);
    const whole = score + weights.digit * Math.log(1 - ofAny + FLOOR)
      + weights.digit_neither * Math.log(1 - neither + FLOOR);
    if (!this.#isPlain(index) || isSureDigit(prediction)) return whole;
    // A dot is no part of a digit because it is none of the marks that are asked for.
    return Math.max(whole, this.#withOutline(index, scoreOfAny));
  }

  /**
   * Return whether a group is a mark, if not one of those asked for: all its strokes are dots or dashes.
   * @param {number} index
   */
  #isPlain(index) {
    return this.#groups[index].strokes.every((each) => this.#dots.has(each));
  }

  /** @param {number} index */
  #outlined(index) {
    return OUTLINE.reduce((sum, each) =>
      sum + this.#parameters.weights[each.name] * this.#groups[index].shape[each.index], 0);
  }

  /** @param {number} index */
  #placeOf(index) {
    return (this.#places[index] ??= this.#findPlace(this.#groups[index]));
  }

  /**
   * Return which marks a group may be by its size and place, and how likely it is any.
   * @param {PredictedGroup} group
   * @returns {Place}
   */
  #findPlace(group) {
    const count = group.strokes.length;
    const isLarge = count > MAX_STROKES || (count > 1 && group.shape[WIDTH] > MAX_WIDTH);
    if (isLarge) return { marks: "", gate: 0, inputs: null };
    const { inputs, hasLeft, hasRight } = placementOf(group, this.#line);
    const gate = softmax(logits(inputs, this.#parameters.gate))[1];
    const tall = group.strokes.filter((each) => this.#line.tall.includes(each)).length;
    return { marks: possible(this.#marks, count, hasLeft, hasRight, tall), gate, inputs };
  }

  /** @param {number} index of a group with a prediction */
  #chancesOf(index) {
    return (this.#chances[index] ??= this.#findChances(index));
  }

  /**
   * @param {number} index
   * @returns {Chances}
   */
  #findChances(index) {
    const group = this.#groups[index];
    if (isSureDigit(/** @type {Prediction} */ (group.prediction))) return SURE_DIGIT;
    const { labels } = this.#parameters;
    const { inputs, marks } = this.#placeOf(index);
    const placed = inputs ?? placementOf(group, this.#line).inputs;
    const probabilities = softmax(logits(inputsOf(group, placed), this.#parameters));
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
 * @param {Prediction} prediction
 */
function isSureDigit({ marks, notADigit }) {
  return (marks?.at(-1) ?? 0) > SURELY_NO_MARK && (notADigit ?? 0) < SURELY_A_DIGIT;
}

/**
 * Return the marks that a group may be.
 * @param {string} marks
 * @param {number} strokes
 * @param {boolean} hasLeft whether digits stand on its left
 * @param {boolean} hasRight
 * @param {number} [tall] how many of the strokes are high
 */
export function possible(marks, strokes, hasLeft, hasRight, tall = 0) {
  const isPossible = (/** @type {string} */ mark) =>
    (hasLeft || !AFTER.includes(mark)) && (hasRight || !BEFORE.includes(mark))
      && (strokes > 1 || !OF_SEVERAL_STROKES.includes(mark)) && (tall < 2 || !OF_ONE_STROKE.includes(mark));
  return [...marks].filter(isPossible).join("");
}
