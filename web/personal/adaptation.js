/**
 * A reading that takes to its user's hand: ink that runs as an example of theirs does speaks for
 * what the example is, whatever it looks like to the network.
 *
 * People draw a digit the same way each time: where they begin, which way round, in which order.
 * The network sees none of that. No example speaks louder than another, so that one that is labelled
 * wrong does little harm.
 *
 * @typedef {{ digit: number, path: number[][] }} StrokeExample
 *
 * @typedef {(probabilities: Float32Array, notADigit: number | null, strokes: Drawing)
 *   => { probabilities: Float32Array, notADigit: number | null }} Personalizer
 *
 * @typedef {import("../types").Drawing} Drawing
 */
import { bounds } from "../ink.js";

/** How many single digits it takes. */
export const MIN_EXAMPLES = 5;
const MAX_EXAMPLES = 200; // of them are read by: older ones may be of another pen
const POINTS_PER_PATH = 16; // of a path
// Chosen on UNIPEN's validation writers, ten examples of each drawn at random, right and with one
// of them labelled wrong; half as much again of any changes little there.
const DIRECTION_WEIGHT = 0.25; // what a right angle between two paths is, about, in sides of the ink's box
const DIGIT_LOG_ODDS = 10; // log-odds that an example of the very same path speaks for its digit
const DIGIT_SCALE = 0.14; // mean distance, in sides of the ink's box, at which it speaks 1/e of that
const IS_DIGIT_LOG_ODDS = 5; // log-odds that it speaks for being a digit at all
const IS_DIGIT_SCALE = 0.18; // distance for that; nearer to twice of it the same hand's letters are
const MIN_PROBABILITY = 1e-12; // of a probability, in logarithms

/**
 * What examples make of a reading, the latest of them; null where they are too few.
 * @param {import("./store.js").Example[]} examples
 * @returns {Personalizer | null}
 */
export function createPersonalizer(examples) {
  const examplePaths = examples
    .filter(({ label }) => label.length === 1)
    .slice(-MAX_EXAMPLES)
    .map(({ label, strokes }) => ({ digit: Number(label), path: pathOf(strokes) }));
  if (examplePaths.length < MIN_EXAMPLES) return null;
  return (probabilities, notADigit, strokes) => adjusted(examplePaths, probabilities, notADigit, pathOf(strokes));
}

/**
 * @param {StrokeExample[]} examplePaths
 * @param {Float32Array} probabilities
 * @param {number | null} notADigit
 * @param {number[][]} path
 */
function adjusted(examplePaths, probabilities, notADigit, path) {
  const nearest = Array.from(probabilities, () => Infinity);
  for (const each of examplePaths) {
    nearest[each.digit] = Math.min(nearest[each.digit], meanDistance(each.path, path));
  }
  const logits = Array.from(
    probabilities,
    (p, digit) => Math.log(Math.max(MIN_PROBABILITY, p)) + DIGIT_LOG_ODDS * similarity(nearest[digit], DIGIT_SCALE),
  );
  const most = Math.max(...logits);
  const shares = logits.map((each) => Math.exp(each - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  const trust = IS_DIGIT_LOG_ODDS * similarity(Math.min(...nearest), IS_DIGIT_SCALE);
  return {
    probabilities: Float32Array.from(shares, (share) => share / sum),
    notADigit: notADigit === null ? null : sigmoid(logit(notADigit) - trust),
  };
}

/**
 * How the pen went: points evenly along all strokes, pen up or down, and its direction there.
 * @param {Drawing} strokes
 * @returns {number[][]} POINTS_PER_PATH rows of x and y, in sides of the ink's box from its middle, and of the
 *   direction's two parts
 */
function pathOf(strokes) {
  const { left, top, right, bottom } = bounds(strokes);
  const side = Math.max(right - left, bottom - top) || 1;
  const points = strokes.flat().map(([x, y]) => [(x - (left + right) / 2) / side, (y - (top + bottom) / 2) / side]);
  const lengths = [0];
  for (let k = 1; k < points.length; k++) {
    lengths.push(lengths[k - 1] + Math.hypot(points[k][0] - points[k - 1][0], points[k][1] - points[k - 1][1]));
  }
  let next = 1;
  const even = Array.from({ length: POINTS_PER_PATH }, (_, k) => {
    const at = (k / (POINTS_PER_PATH - 1)) * lengths[lengths.length - 1];
    while (next < points.length - 1 && lengths[next] < at) next += 1;
    const [from, to] = [points[next - 1], points[next] ?? points[next - 1]];
    const part = (at - lengths[next - 1]) / (lengths[next] - lengths[next - 1] || 1) || 0;
    return [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])];
  });
  return even.map(([x, y], k) => {
    const [before, after] = [even[Math.max(0, k - 1)], even[Math.min(POINTS_PER_PATH - 1, k + 1)]];
    const [dx, dy] = [after[0] - before[0], after[1] - before[1]];
    const turn = DIRECTION_WEIGHT / (Math.hypot(dx, dy) || 1);
    return [x, y, turn * dx, turn * dy];
  });
}

/**
 * How far two paths are apart, on average.
 * @param {number[][]} a
 * @param {number[][]} b
 */
function meanDistance(a, b) {
  return a.reduce((sum, point, k) => sum + Math.hypot(...point.map((value, axis) => value - b[k][axis])), 0) / POINTS_PER_PATH;
}

/**
 * From 1 where two paths are the same to 0.
 * @param {number} apart
 * @param {number} near
 */
function similarity(apart, near) {
  return Math.exp(-((apart / near) ** 2));
}

/** @param {number} p */
function logit(p) {
  const inside = Math.min(1 - MIN_PROBABILITY, Math.max(MIN_PROBABILITY, p));
  return Math.log(inside / (1 - inside));
}

/** @param {number} x */
function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}
