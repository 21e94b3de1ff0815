/**
 * Find the best reading of a line that fits what is expected: a date, an amount, four digits.
 *
 * Partitions and what their groups are read as are tried from the highest score on (best-first
 * search with the exact score of the best rest as its bound), until a text fits.
 *
 * @import { Candidate, Drawing, Meta, PredictedGroup, Prediction } from "../types"
 * @import { MarkedLine } from "../marks/line.js"
 * @import { GroupsByFirst } from "./partitions.js"
 * @typedef {{ score: number, text: string, read: Partial<Candidate> }} Option what a group may be
 *   read as; `read` is what that changes about the candidate
 * @typedef {{ score: number, bound: number, first: number, covered: number, group: number,
 *   option: Option | null, before: Node | null }} Node of the search; `score` is that of its groups,
 *   `bound` that of the best reading with them
 */
import { createPlanner, groupsByFirst, leftmostUncovered, sorter } from "./partitions.js";
import {
  FEATURES, MIN_PROBABILITY, NON_DIGIT, SURE_MARK, featureWeights, groupFeatures, groupScore, isRefused,
} from "./scoring.js";

const MAX_STEPS = 4000; // of the search: a few milliseconds
/** The score that a reading may lie below the best one: further below, it is not what was written. */
const MAX_LOSS = 22;
/** As far below the best one, and as many, readings with marks are compared by their texts, as in `export/marks/`. */
const MAX_TEXT_LOSS = 10;
const MAX_TEXTS = 48;
const MIN_OPTION = 0.02; // probability: less likely ones are not what was written

/**
 * Return the best reading of a line whose text fits, or null.
 *
 * What was refused, or surely a mark, is not read as a digit, and is no part of one: then the writing is
 * something else than what is expected.
 * @param {Drawing} drawing
 * @param {Candidate[]} first the best reading of all
 * @param {PredictedGroup[]} groups with predictions
 * @param {(text: string) => boolean} fits
 * @param {Meta} meta
 * @param {MarkedLine | null} marks
 * @returns {{ group: number, read: Partial<Candidate> }[] | null} left to right
 */
export function bestFitting(drawing, first, groups, fits, meta, marks) {
  const noDigits = new Set(first.flatMap(({ strokes, features, mark, markProbability = 0 }) =>
    ((mark ? markProbability > SURE_MARK : isRefused(features)) ? strokes : [])));
  const inMarks = new Set(first.flatMap(({ strokes, mark }) => (mark ? strokes : [])));
  const options = groups.map((group, k) => {
    const { strokes } = group;
    const mayBeDigit = !strokes.some((each) => noDigits.has(each) || (strokes.length > 1 && inMarks.has(each)));
    const digits = digitOptions(group, meta, mayBeDigit);
    return (marks?.options(k, digits) ?? digits)
      .filter(({ read }) => (read.markProbability ?? 1) >= MIN_OPTION)
      .sort((a, b) => b.score - a.score);
  });
  const inOrder = sorter(groups, drawing);
  for (const chosen of readings(groupsByFirst(groups, drawing), options)) {
    const order = inOrder([...chosen.keys()]);
    const read = order.map((group) => /** @type {Option} */ (chosen.get(group)));
    if (fits(read.map(({ text }) => text).join(""))) {
      return order.map((group, k) => ({ group, read: read[k].read }));
    }
  }
  return null;
}

/**
 * Return the likeliest reading of a line with marks: by the score of its groups, and by its text.
 * @param {Drawing} drawing
 * @param {number[]} chosen groups of the reading with the highest score
 * @param {PredictedGroup[]} groups chosen from among those with predictions
 * @param {Meta} meta
 * @param {MarkedLine} marks
 * @returns {{ group: number, read: Partial<Candidate> }[] | null} left to right; null if each of those
 *   chosen is one thing only
 */
export function likeliest(drawing, chosen, groups, meta, marks) {
  /** @type {Option[][]} */
  const optionsOfAll = [];
  const optionsOf = (/** @type {number} */ k) => (optionsOfAll[k] ??=
    withoutUnlikely(marks.alternatives(k, groupScore(groups[k], meta))));
  if (chosen.every((k) => optionsOf(k).length === 1)) return null;
  const indices = [...groups.keys()].filter((k) => groups[k].prediction);
  const known = indices.map((k) => groups[k]);
  const options = indices.map(optionsOf);
  const inOrder = sorter(known, drawing);
  const found = [];
  for (const each of readings(groupsByFirst(known, drawing), options, MAX_TEXT_LOSS)) {
    const read = inOrder([...each.keys()])
      .map((k) => ({ group: indices[k], .../** @type {Option} */ (each.get(k)) }));
    const text = read.map(({ text: own }) => own).join("");
    const textScore = marks.textScore(text);
    const score = read.reduce((sum, { score: own }) => sum + own, textScore);
    found.push({ read, text, textScore, score, symbols: read.map(({ group }) => group).join() });
    if (found.length === MAX_TEXTS) break;
  }
  if (found.length === 0) return null;
  const best = found.reduce((a, b) => (b.score > a.score ? b : a));
  const lead = marks.digitsAlone(best.text, best.textScore);
  const alone = found.find(({ text, symbols, score }) =>
    /^0+$/.test(text) && symbols === best.symbols && score >= best.score - lead);
  const isDigit = (/** @type {{ group: number }} */ { group }) =>
    !isRefused(groupFeatures(groups[group].shape, /** @type {Prediction} */ (groups[group].prediction), meta));
  if (!alone?.read.every(isDigit)) return best.read;
  const certainty = 1 / (1 + Math.exp(best.score - alone.score - lead));
  return alone.read.map((each, k) =>
    (best.read[k].text === each.text ? each : { ...each, read: { ...each.read, certainty } }));
}

/**
 * Return options, the best first, without those far below it.
 * @param {Option[]} options not empty
 */
function withoutUnlikely(options) {
  if (options.length === 1) return options;
  const least = Math.max(...options.map(({ score }) => score)) - MAX_TEXT_LOSS;
  return options.filter(({ score }) => score >= least).sort((a, b) => b.score - a.score);
}

/**
 * Return what a group may be, other than a mark: each digit, or none if it is refused.
 * @param {PredictedGroup} group with a prediction
 * @param {Meta} meta
 * @param {boolean} mayBeDigit
 * @returns {Option[]}
 */
function digitOptions({ shape, prediction }, meta, mayBeDigit) {
  const { probabilities } = /** @type {Prediction} */ (prediction);
  const score = groupScore({ shape, prediction }, meta);
  if (!mayBeDigit || isRefused(groupFeatures(shape, /** @type {Prediction} */ (prediction), meta))) {
    return [{ score, text: NON_DIGIT, read: {} }];
  }
  const weight = featureWeights(meta)[FEATURES.indexOf("reading")];
  const logarithm = (/** @type {number} */ each) => Math.log(Math.max(each, MIN_PROBABILITY));
  const most = logarithm(Math.max(...probabilities));
  const likely = [...probabilities.keys()].filter((digit) => probabilities[digit] >= MIN_OPTION);
  return likely.map((digit) =>
    ({ score: score - weight * (most - logarithm(probabilities[digit])), text: String(digit), read: { digit } }));
}

/**
 * Yield readings from the highest score on, each as the option of each group that it has.
 * @param {GroupsByFirst} byFirst
 * @param {Option[][]} options of each group, best first
 * @param {number} [maxLoss] that a score may lie below the highest one
 * @returns {Generator<Map<number, Option>>}
 */
export function* readings(byFirst, options, maxLoss = MAX_LOSS) {
  const plan = createPlanner(byFirst, options.map(([best]) => best.score));
  const rest = (/** @type {number} */ first, /** @type {number} */ covered) => plan(first, covered)?.score ?? 0;
  /** @type {Node[]} by bound, the highest last */
  const open = [];
  const start = { score: 0, bound: rest(0, 0), first: 0, covered: 0, group: -1, option: null, before: null };
  const least = start.bound - maxLoss;
  insert(open, start);
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const node = open.pop();
    if (!node) return;
    const { first, covered } = leftmostUncovered(node.first, node.covered);
    if (first === byFirst.length) {
      yield chosenBy(node);
      continue;
    }
    for (const { group, mask } of byFirst[first]) {
      if (mask & covered) continue;
      const after = rest(first, mask | covered);
      for (const option of options[group]) {
        const score = node.score + option.score;
        const bound = score + after;
        if (bound < least) break;
        insert(open, { score, bound, first, covered: mask | covered, group, option, before: node });
      }
    }
  }
}

/**
 * @param {Node[]} nodes by bound, the highest last
 * @param {Node} node
 */
function insert(nodes, node) {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (nodes[middle].bound < node.bound) low = middle + 1;
    else high = middle;
  }
  nodes.splice(low, 0, node);
}

/** @param {Node} last */
function chosenBy(last) {
  /** @type {Map<number, Option>} */
  const chosen = new Map();
  for (let node = last; node.option && node.before; node = node.before) chosen.set(node.group, node.option);
  return chosen;
}
