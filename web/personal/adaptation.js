/**
 * Personalise predictions with the user's own drawings: strokes drawn like an example raise the
 * probability of the example's digit.
 *
 * People draw a digit the same way each time: where they start, in which direction and order. The
 * network sees none of that. Only the nearest example of each digit counts, so a wrongly labelled
 * one does little harm.
 *
 * @typedef {{ digit: number, path: number[][] }} StrokeExample
 *
 * @typedef {(probabilities: Float32Array, notADigit: number | null, strokes: Drawing)
 *   => { probabilities: Float32Array, notADigit: number | null }} Personalizer
 *
 * @typedef {import("../types").Drawing} Drawing
 */
import { bounds } from "../ink/render.js";

/** Number of single digits needed. */
export const MIN_EXAMPLES = 5;
const MAX_EXAMPLES = 200; // the latest: older ones may be from another pen
const POINTS_PER_PATH = 16; // of a path
// Chosen on UNIPEN's validation writers with ten random examples each, once correct and once with
// one wrong label. Increasing any value by half changes little there.
const DIRECTION_WEIGHT = 0.25; // weight of a right angle, in sides of the ink's box
const DIGIT_LOG_ODDS = 10; // added to a digit's log-odds by an identical path
const DIGIT_SCALE = 0.14; // mean distance, in sides of the ink's box, at which 1/e of it is added
const IS_DIGIT_LOG_ODDS = 5; // added to the log-odds of being a digit at all
const IS_DIGIT_SCALE = 0.18; // its distance; the same writer's letters are almost twice as far away
const MIN_PROBABILITY = 1e-12; // bounds the logarithms

/**
 * Return a function that personalises predictions with the latest examples; null for too few.
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
 * Return the pen's path: evenly spaced points along all strokes and the gaps between them.
 * @param {Drawing} strokes
 * @returns {number[][]} POINTS_PER_PATH rows of x, y (in sides of the ink's box, from its centre)
 *   and the weighted direction's x, y
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
 * Return the mean distance of two paths.
 * @param {number[][]} a
 * @param {number[][]} b
 */
function meanDistance(a, b) {
  return a.reduce((sum, point, k) => sum + Math.hypot(...point.map((value, axis) => value - b[k][axis])), 0) / POINTS_PER_PATH;
}

/**
 * Return the similarity of two paths: 1 if they are the same, towards 0 with distance.
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
