/**
 * Explain a reading by occlusion: remove ink in patches and measure how each answer's log-odds
 * change (M. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", 2014).
 *
 * @typedef {object} Layer
 * @property {number} rows of each map
 * @property {number} columns
 * @property {number} count of maps
 * @property {Float32Array} values row by row, map index last
 *
 * @typedef {object} Answer
 * @property {string} label a digit, or "?" for a non-digit
 * @property {number} probability in [0, 1], of the network alone
 * @property {Float32Array} attribution for each pixel: the answer's log-odds with it minus those
 *   without it
 */

const PATCH_SIZE = 5; // pixels: twice the width of a stroke
const FIELDS_PER_RUN = 10; // then yield to the page
const MIN_PROBABILITY = 1e-12; // bounds the logarithms

/**
 * Return each layer's activations.
 * @param {import("../recognizer.js").Recognizer} recognizer
 * @param {Float32Array} pixels
 * @returns {Layer[]} the first layer first
 */
export function layersOf(recognizer, pixels) {
  return recognizer.meta.nodes.activations.map(({ node }) => {
    const { shape, values } = recognizer.inspect(pixels, node);
    const [rows, columns, count] = shape.length === 4 ? shape.slice(1) : [1, 1, values.length];
    return { rows, columns, count, values };
  });
}

/**
 * Return the attribution map of each answer.
 * @param {import("../recognizer.js").Recognizer} recognizer
 * @param {Float32Array} pixels
 * @returns {Promise<Answer[]>} the likeliest first
 */
export async function occlusionMaps(recognizer, pixels) {
  const { size } = recognizer.meta.ink;
  const patches = patchesOf(pixels, size);
  const [whole] = await logOdds(recognizer, [pixels]);
  const without = await logOdds(recognizer, patches.map((patch) => occlude(pixels, patch)));
  const labels = [...recognizer.meta.labels, "?"];
  const answers = whole.map((odds, answer) => {
    const attribution = new Float32Array(pixels.length);
    const times = new Float32Array(pixels.length);
    patches.forEach((patch, k) => {
      for (const place of patch) {
        attribution[place] += odds - without[k][answer];
        times[place] += 1;
      }
    });
    const mean = attribution.map((value, place) => (pixels[place] > 0 ? value / times[place] : 0));
    return { label: labels[answer], probability: 1 / (1 + Math.exp(-odds)), attribution: mean };
  });
  return answers.sort((a, b) => b.probability - a.probability);
}

/**
 * Return the pixels of each patch that contains ink.
 * @param {Float32Array} pixels
 * @param {number} size
 */
function patchesOf(pixels, size) {
  const found = [];
  for (let top = 1 - PATCH_SIZE; top < size; top++) {
    for (let left = 1 - PATCH_SIZE; left < size; left++) {
      const patch = [];
      for (let row = Math.max(0, top); row < Math.min(size, top + PATCH_SIZE); row++) {
        for (let column = Math.max(0, left); column < Math.min(size, left + PATCH_SIZE); column++) {
          patch.push(row * size + column);
        }
      }
      if (patch.some((place) => pixels[place] > 0)) found.push(patch);
    }
  }
  return found;
}

/**
 * Return a copy of the field without the ink of a patch.
 * @param {Float32Array} pixels
 * @param {number[]} patch
 */
function occlude(pixels, patch) {
  const left = pixels.slice();
  for (const place of patch) left[place] = 0;
  return left;
}

/**
 * Return the log-odds of each answer, for each field.
 * @param {import("../recognizer.js").Recognizer} recognizer
 * @param {Float32Array[]} fields
 */
async function logOdds(recognizer, fields) {
  const labels = recognizer.meta.labels.length;
  /** @type {number[][]} */
  const found = [];
  for (let start = 0; start < fields.length; start += FIELDS_PER_RUN) {
    await new Promise((resolve) => setTimeout(resolve));
    const batch = fields.slice(start, start + FIELDS_PER_RUN);
    const pixels = new Float32Array(batch.length * batch[0].length);
    batch.forEach((field, k) => pixels.set(field, k * field.length));
    const { probabilities, notADigit } = await recognizer.assess(pixels);
    batch.forEach((_, k) => {
      const each = probabilities.subarray(k * labels, (k + 1) * labels);
      const odds = Array.from(each, (p, digit) => {
        const others = each.reduce((sum, other, index) => (index === digit ? sum : sum + other), 0);
        return safeLog(p) - safeLog(others);
      });
      if (notADigit) odds.push(safeLog(notADigit[k]) - safeLog(1 - notADigit[k]));
      found.push(odds);
    });
  }
  return found;
}

/** @param {number} p */
function safeLog(p) {
  return Math.log(Math.max(MIN_PROBABILITY, p));
}
