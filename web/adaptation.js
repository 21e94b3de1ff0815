/**
 * A reading that takes to its user's hand: what the network got wrong of a few examples corrects
 * what it says of ink that it sees alike.
 *
 * One step of gradient descent on the examples' loss, in the space of functions over the network's
 * features (kernel gradient descent): an example that is read right and surely changes nothing.
 *
 * @typedef {object} Known an example as the network sees it
 * @property {number} digit
 * @property {Float32Array} probabilities
 * @property {number} notADigit
 * @property {Float32Array} features of length 1
 *
 * @typedef {(probabilities: Float32Array, notADigit: number | null, features: Float32Array)
 *   => { probabilities: Float32Array, notADigit: number | null }} Hand
 */
/** How many single digits it takes. */
export const NEEDED = 5;
const MOST = 200; // of them are read by: older ones may be of another pen
const PATIENCE = 8; // milliseconds until the page may breathe
// Chosen on UNIPEN's validation writers (python -m export.adapt); a quarter more or less of either
// changes nothing there.
const STEP = 12;
const NEAR = 0.6; // squared distance of features at which an example counts 1/e
const LEAST = 1e-12; // of a probability, in logarithms

/** @type {WeakMap<object, Known>} by the example */
const seen = new WeakMap();

/**
 * What a recogniser makes of examples, the latest; null where they are too few.
 * @param {import("./recognizer.js").Recognizer} recognizer
 * @param {import("./handwriting.js").Example[]} examples
 * @returns {Promise<Hand | null>}
 */
export async function handOf(recognizer, examples) {
  const digits = examples.filter(({ label }) => label.length === 1).slice(-MOST);
  if (digits.length < NEEDED) return null;
  /** @type {Known[]} */
  const known = [];
  let began = performance.now();
  for (const example of digits) {
    if (performance.now() - began > PATIENCE) {
      await new Promise((resolve) => setTimeout(resolve)); // the page can breathe
      began = performance.now();
    }
    const each = seen.get(example) ?? knownOf(recognizer, example);
    seen.set(example, each);
    known.push(each);
  }
  return (probabilities, notADigit, features) => corrected(known, probabilities, notADigit, unit(features));
}

/**
 * @param {import("./recognizer.js").Recognizer} recognizer
 * @param {import("./handwriting.js").Example} example
 * @returns {Known}
 */
function knownOf(recognizer, { label, strokes }) {
  const { probabilities, features, notADigit } = recognizer.look(strokes);
  return { digit: Number(label), probabilities, notADigit: notADigit ?? 0, features: unit(features) };
}

/**
 * @param {Known[]} known
 * @param {Float32Array} probabilities
 * @param {number | null} notADigit
 * @param {Float32Array} features
 */
function corrected(known, probabilities, notADigit, features) {
  const logits = Array.from(probabilities, (p) => Math.log(Math.max(LEAST, p)));
  let doubt = 0;
  for (const each of known) {
    const apart = features.reduce((sum, value, k) => sum + (value - each.features[k]) ** 2, 0);
    const weight = STEP * Math.exp(-apart / NEAR);
    for (let digit = 0; digit < logits.length; digit++) {
      logits[digit] += weight * ((digit === each.digit ? 1 : 0) - each.probabilities[digit]);
    }
    doubt -= weight * each.notADigit;
  }
  const most = Math.max(...logits);
  const shares = logits.map((logit) => Math.exp(logit - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  return {
    probabilities: Float32Array.from(shares, (share) => share / sum),
    notADigit: notADigit === null ? null : sigmoid(logit(notADigit) + doubt),
  };
}

/** @param {number} p */
function logit(p) {
  const inside = Math.min(1 - LEAST, Math.max(LEAST, p));
  return Math.log(inside / (1 - inside));
}

/** @param {number} x */
function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

/** @param {Float32Array} vector */
function unit(vector) {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}
