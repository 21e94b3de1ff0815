/**
 * Why a field is read as it is: what each layer of the network makes of it, and which ink speaks
 * for which answer.
 *
 * Ink is taken away in patches; what the answer loses by it, the ink spoke for (occlusion: M. Zeiler,
 * R. Fergus, "Visualizing and Understanding Convolutional Networks", 2014).
 *
 * @typedef {object} Layer
 * @property {number} rows of each map
 * @property {number} columns
 * @property {number} count of maps
 * @property {Float32Array} values row by row, the maps' values at one place beside each other
 *
 * @typedef {object} Answer
 * @property {string} label a digit, or "?" for no digit at all
 * @property {number} probability in [0, 1], as the network alone says
 * @property {Float32Array} votes of each pixel: the log-odds that the answer loses without it, below
 *   0 where it wins
 */

const PATCH = 5; // pixels of a side: a stroke is half as wide
const PIECE = 10; // fields to a run, after which the page may breathe
const LEAST = 1e-12; // of a probability, in logarithms

/**
 * What each layer makes of a field.
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
 * Which ink speaks for which answer.
 * @param {import("../recognizer.js").Recognizer} recognizer
 * @param {Float32Array} pixels
 * @returns {Promise<Answer[]>} the likeliest first
 */
export async function answersOf(recognizer, pixels) {
  const { size } = recognizer.meta.ink;
  const patches = patchesOf(pixels, size);
  const [whole] = await oddsOf(recognizer, [pixels]);
  const without = await oddsOf(recognizer, patches.map((patch) => erased(pixels, patch)));
  const labels = [...recognizer.meta.labels, "?"];
  const answers = whole.map((odds, answer) => {
    const votes = new Float32Array(pixels.length);
    const times = new Float32Array(pixels.length);
    patches.forEach((patch, k) => {
      for (const place of patch) {
        votes[place] += odds - without[k][answer];
        times[place] += 1;
      }
    });
    const mean = votes.map((vote, place) => (pixels[place] > 0 ? vote / times[place] : 0));
    return { label: labels[answer], probability: 1 / (1 + Math.exp(-odds)), votes: mean };
  });
  return answers.sort((a, b) => b.probability - a.probability);
}

/**
 * Places of each patch that holds ink.
 * @param {Float32Array} pixels
 * @param {number} size
 */
function patchesOf(pixels, size) {
  const found = [];
  for (let top = 1 - PATCH; top < size; top++) {
    for (let left = 1 - PATCH; left < size; left++) {
      const patch = [];
      for (let row = Math.max(0, top); row < Math.min(size, top + PATCH); row++) {
        for (let column = Math.max(0, left); column < Math.min(size, left + PATCH); column++) {
          patch.push(row * size + column);
        }
      }
      if (patch.some((place) => pixels[place] > 0)) found.push(patch);
    }
  }
  return found;
}

/**
 * @param {Float32Array} pixels
 * @param {number[]} patch
 */
function erased(pixels, patch) {
  const left = pixels.slice();
  for (const place of patch) left[place] = 0;
  return left;
}

/**
 * Log-odds of each answer, for each field.
 * @param {import("../recognizer.js").Recognizer} recognizer
 * @param {Float32Array[]} fields
 */
async function oddsOf(recognizer, fields) {
  const labels = recognizer.meta.labels.length;
  /** @type {number[][]} */
  const found = [];
  for (let start = 0; start < fields.length; start += PIECE) {
    await new Promise((resolve) => setTimeout(resolve));
    const piece = fields.slice(start, start + PIECE);
    const pixels = new Float32Array(piece.length * piece[0].length);
    piece.forEach((field, k) => pixels.set(field, k * field.length));
    const { probabilities, notADigit } = await recognizer.assess(pixels);
    piece.forEach((_, k) => {
      const each = probabilities.subarray(k * labels, (k + 1) * labels);
      const odds = Array.from(each, (p, digit) => {
        const others = each.reduce((sum, other, index) => (index === digit ? sum : sum + other), 0);
        return logarithm(p) - logarithm(others);
      });
      if (notADigit) odds.push(logarithm(notADigit[k]) - logarithm(1 - notADigit[k]));
      found.push(odds);
    });
  }
  return found;
}

/** @param {number} p */
function logarithm(p) {
  return Math.log(Math.max(LEAST, p));
}
