/**
 * From ink to a reading: fetches a model folder that `python -m export` wrote and runs it.
 *
 *     const recognizer = await loadRecognizer(new URL("model/", import.meta.url));
 *     const { text, confidence, symbols } = await recognizer.read(drawing);
 *
 * @typedef {import("./ink.js").Drawing} Drawing
 * @typedef {import("./recognition/model-files.js").Meta} Meta
 * @typedef {import("./recognition/network.js").Predictions} Predictions
 *
 * @typedef {object} ReadField what one field is
 * @property {number | null} digit null where it is refused, which a text shows as "?"
 * @property {number} confidence the greatest of its probabilities
 * @property {Float32Array} probabilities one for each digit, if it is one
 * @property {number | null} notADigit how surely it is no digit, in [0, 1]; null where the model
 *   does not say
 *
 * @typedef {object} InkOfSymbol
 * @property {number[]} strokes indices of the drawing's strokes that make it up
 * @property {{ x: number, y: number, width: number, height: number }} box in the drawing's unit
 * @property {Float32Array} pixels the 28x28 field that the network saw
 * @property {boolean} [corrected] whether the digit is what its writer says it is
 *
 * @typedef {ReadField & InkOfSymbol} ReadSymbol one character of a reading
 *
 * @typedef {object} Prediction what the network says of one field, and the field
 * @property {Float32Array} pixels
 * @property {Float32Array} probabilities
 * @property {number | null} notADigit
 *
 * @typedef {import("./segment.js").Group & { key: string, prediction: Prediction | null }} PredictedGroup with the
 *   points of its strokes, and what the network says of it once it has looked
 *
 * @typedef {object} Candidate strokes that may be one symbol
 * @property {number[]} strokes their indices in the drawing
 * @property {number[]} features one number for each name in FEATURES
 * @property {Prediction} prediction
 *
 * @typedef {object} Reading
 * @property {string} text one character a symbol; "" when nothing is drawn
 * @property {number} confidence the product of the symbols' confidences; 1 when nothing is drawn
 * @property {ReadSymbol[]} symbols
 */

import { bounds, checkDrawing, render } from "./ink.js";
import { fetchModel, RecognizerError } from "./recognition/model-files.js";
import { startNetwork } from "./recognition/network.js";
import { createPartitioner, candidateGroups, SHAPE } from "./segment.js";

export { RecognizerError };

const REJECTED = "?";
/** What decides whether strokes are one symbol; meta.json has a weight for each. */
export const FEATURES = /** @type {const} */ ([...SHAPE, "reading", "doubt", "refused"]);
/** @type {Record<string, number>} weights of a model without any: pictures of numbers are read too */
const DEFAULT_WEIGHTS = { reading: 1, doubt: 1, refused: -2 };
const MIN_PROBABILITY = 1e-4; // of a probability, in logarithms: one symbol must not outweigh the line
// What was seen of groups of strokes: most of a drawing is the same after the next stroke.
const CACHE_SIZE = 500;
// Groups of strokes to a run, and milliseconds of runs until the page may breathe: together well
// below the 50 ms at which people feel a page stick, on a processor four times slower too.
const GROUPS_PER_RUN = 8;
// Of looking at what the best way takes. Numbers need two; where ink lies thick there would be dozens,
// and to look at all groups costs less.
const MAX_LAZY_ROUNDS = 4;
const YIELD_AFTER_MS = 8;
// Images to a run: the widest layer of the network takes some 25 kB for each.
const BATCH_SIZE = 100;

/**
 * Fetch a model and check it.
 * @param {string | URL} [baseURL] the model's folder; the site's own, if none is given
 * @param {{ onProgress?: (fraction: number) => void, model?: ReturnType<typeof fetchModel> }} [options]
 *   `onProgress` is told how much has arrived, in [0, 1]; `model` is on its way already
 * @returns {Promise<Recognizer>}
 * @throws {RecognizerError} files that are missing, altered or of another format; no connection
 */
export async function loadRecognizer(
  baseURL = new URL("model/", import.meta.url),
  { onProgress, model } = {},
) {
  const { meta, files } = await (model ?? fetchModel(baseURL, onProgress));
  const network = await startNetwork(meta, files);
  // The first run is slower than others. A drawing that waits is read before any timer and is that
  // run; else it should not be the reader's first digit.
  setTimeout(() => network.warmUp());
  return new Recognizer(meta, network);
}

/** A loaded model. Made by `loadRecognizer`. */
export class Recognizer {
  #network;
  /** @type {import("./personal/adaptation.js").Personalizer | null} */
  #personalizer = null;
  /** @type {Map<string, Prediction>} by the strokes' points, the latest last */
  #cache = new Map();

  /**
   * @param {Meta} meta
   * @param {import("./recognition/network.js").Network} network
   */
  constructor(meta, network) {
    /** What meta.json says of the model. */
    this.meta = meta;
    this.#network = network;
  }

  /**
   * Whose hand drawings are read as: one that `createPersonalizer` made, or null for anybody's.
   * @param {import("./personal/adaptation.js").Personalizer | null} personalizer
   */
  set personalizer(personalizer) {
    this.#personalizer = personalizer;
    this.#cache.clear();
  }

  get personalizer() {
    return this.#personalizer;
  }

  /**
   * Read a drawing: symbols from left to right on one line.
   * @param {Drawing} drawing
   * @param {{ signal?: AbortSignal }} [options] `signal` ends a reading that nobody wants any more
   * @returns {Promise<Reading>}
   * @throws {import("./ink.js").InkError} ink that cannot be drawn
   */
  async read(drawing, { signal } = {}) {
    const steps = this.#segment(drawing);
    let began = performance.now();
    let step = steps.next();
    while (!step.done) {
      if (performance.now() - began > YIELD_AFTER_MS) {
        await new Promise((resolve) => setTimeout(resolve)); // the page can breathe
        signal?.throwIfAborted();
        began = performance.now();
      }
      step = steps.next();
    }
    return this.#reading(drawing, step.value);
  }

  /**
   * As `read`, at once: a millisecond for each symbol that is new.
   * @param {Drawing} drawing
   * @returns {Reading}
   */
  readNow(drawing) {
    return this.#reading(drawing, runToEnd(this.#segment(drawing)));
  }

  /**
   * What strokes may be one symbol, and what speaks for it: all that `read` chooses from.
   * @param {Drawing} drawing
   * @returns {Candidate[]}
   */
  candidates(drawing) {
    const groups = this.#groups(drawing);
    runToEnd(this.#predictGroups(drawing, groups));
    this.#cacheResults(groups);
    return groups.map((group) => this.#candidate(group));
  }

  /**
   * Probabilities of fields; many are taken in batches, between which the page can breathe.
   * @param {Float32Array} pixels n fields of 784 pixels in [0, 1], row by row, ink high
   * @returns {Promise<Float32Array>} n rows of one probability a label
   * @throws {TypeError | RangeError} anything else
   */
  async classify(pixels) {
    return (await this.assess(pixels)).probabilities;
  }

  /**
   * As `classify`, and how surely each field is no digit.
   * @param {Float32Array} pixels
   * @returns {Promise<Predictions>}
   */
  async assess(pixels) {
    const count = this.#network.validateFields(pixels);
    const field = this.meta.ink.size ** 2;
    const labels = this.meta.labels.length;
    const probabilities = new Float32Array(count * labels);
    const notADigit = this.meta.nodes.not_a_digit ? new Float32Array(count) : null;
    for (let start = 0; start < count; start += BATCH_SIZE) {
      if (start > 0) await new Promise((resolve) => setTimeout(resolve));
      const batch = this.#network.predict(pixels.subarray(start * field, (start + BATCH_SIZE) * field));
      probabilities.set(batch.probabilities, start * labels);
      if (batch.notADigit) notADigit?.set(batch.notADigit, start);
    }
    return { probabilities, notADigit };
  }

  /**
   * What fields are, one symbol each: for symbols that were found elsewhere.
   * @param {Float32Array} pixels
   * @returns {Promise<ReadField[]>}
   */
  async readFields(pixels) {
    const { probabilities, notADigit } = await this.assess(pixels);
    const labels = this.meta.labels.length;
    return Array.from({ length: probabilities.length / labels }, (_, k) => {
      const each = probabilities.slice(k * labels, (k + 1) * labels);
      return this.#classify(each, notADigit && notADigit[k]);
    });
  }

  /**
   * What its reading says for a field's being one symbol, in the unit of the model's weights.
   * @param {Pick<Prediction, "probabilities" | "notADigit">} prediction
   * @returns {number}
   */
  symbolScore(prediction) {
    return weightedSum(this.#weights.slice(SHAPE.length), this.#readingFeatures(prediction));
  }

  /**
   * As `classify`, at once, for a few fields.
   * @param {Float32Array} pixels
   * @returns {Float32Array}
   */
  classifyNow(pixels) {
    const count = this.#network.validateFields(pixels);
    return count === 0 ? new Float32Array(0) : this.#network.predict(pixels).probabilities;
  }

  /**
   * An inner tensor of the network, by a name from `meta.nodes`, for a few fields.
   * @param {Float32Array} pixels
   * @param {string} node
   * @returns {{ shape: number[], values: Float32Array }}
   */
  inspect(pixels, node) {
    this.#network.validateFields(pixels);
    return this.#network.run(pixels, [node])[0];
  }

  /** Give the model's memory back; it cannot be used any more. */
  dispose() {
    this.#network.dispose();
  }

  /**
   * The symbols of a drawing, in pieces between which the page can breathe.
   *
   * The network looks at no more groups of strokes than it takes: as long as it has not, a group's
   * score is the most that it can be, and where the best way to share out the strokes holds none of
   * those, no other way is better.
   * @param {Drawing} drawing
   * @returns {Generator<void, Candidate[]>} left to right
   */
  *#segment(drawing) {
    const groups = this.#groups(drawing);
    if (groups.length === 0) return [];
    const partition = createPartitioner(groups, drawing);
    const scores = groups.map((group) => this.#score(group));
    for (let round = 1; ; round++) {
      const chosen = partition(scores);
      const unpredicted = chosen.filter((index) => !groups[index].prediction);
      if (unpredicted.length === 0) {
        this.#cacheResults(groups);
        return chosen.map((index) => this.#candidate(groups[index]));
      }
      const wanted = round < MAX_LAZY_ROUNDS ? unpredicted : [...groups.keys()];
      yield* this.#predictGroups(drawing, wanted.map((index) => groups[index]));
      for (const index of wanted) scores[index] = this.#score(groups[index]);
    }
  }

  /**
   * Groups of strokes that may be a symbol, with what is known of those seen before.
   * @param {Drawing} drawing
   * @returns {PredictedGroup[]}
   */
  #groups(drawing) {
    if (Array.isArray(drawing) && drawing.length === 0) return [];
    checkDrawing(drawing);
    const names = drawing.map((stroke) => JSON.stringify(stroke));
    return (this.meta.segment ? candidateGroups(drawing) : [oneGroup(drawing)]).map(({ strokes, shape }) => {
      const key = strokes.map((each) => names[each]).join();
      return { strokes, shape, key, prediction: this.#cache.get(key) ?? null };
    });
  }

  /**
   * Have the network look at groups, a few at a time, and note what it says of them.
   * @param {Drawing} drawing
   * @param {PredictedGroup[]} groups
   * @returns {Generator<void, void>}
   */
  *#predictGroups(drawing, groups) {
    const unpredicted = groups.filter(({ prediction }) => !prediction);
    for (let start = 0; start < unpredicted.length; start += GROUPS_PER_RUN) {
      yield;
      const piece = unpredicted.slice(start, start + GROUPS_PER_RUN);
      const found = this.#predict(piece.map(({ strokes }) => strokes.map((each) => drawing[each])));
      piece.forEach((group, k) => (group.prediction = found[k]));
    }
  }

  /**
   * Keep what the network said of groups for the next drawing, the latest last.
   * @param {PredictedGroup[]} groups
   */
  #cacheResults(groups) {
    for (const { key, prediction } of groups) {
      if (!prediction) continue;
      this.#cache.delete(key);
      this.#cache.set(key, prediction);
    }
    for (const key of this.#cache.keys()) {
      if (this.#cache.size <= CACHE_SIZE) break;
      this.#cache.delete(key);
    }
  }

  /**
   * @param {Drawing[]} drawings
   * @returns {Prediction[]}
   */
  #predict(drawings) {
    const field = this.meta.ink.size ** 2;
    const labels = this.meta.labels.length;
    const pixels = new Float32Array(drawings.length * field);
    drawings.forEach((each, k) => pixels.set(render(each, this.meta.ink.width), k * field));
    const { probabilities, notADigit } = this.#network.predict(pixels);
    return drawings.map((strokes, k) => {
      const said = probabilities.slice(k * labels, (k + 1) * labels);
      const doubt = notADigit && notADigit[k];
      return {
        pixels: pixels.slice(k * field, (k + 1) * field),
        ...(this.#personalizer?.(said, doubt, strokes) ?? { probabilities: said, notADigit: doubt }),
      };
    });
  }

  /**
   * @param {PredictedGroup} group that the network has looked at
   * @returns {Candidate}
   */
  #candidate({ strokes, shape, prediction: seen }) {
    const prediction = /** @type {Prediction} */ (seen);
    return { strokes, features: this.#features(shape, prediction), prediction };
  }

  /**
   * @param {number[]} shape
   * @param {Prediction} prediction
   * @returns {number[]} as FEATURES names them
   */
  #features(shape, prediction) {
    return [...shape, ...(isMark(shape) ? [0, 0, 0] : this.#readingFeatures(prediction))];
  }

  /**
   * @param {Pick<Prediction, "probabilities" | "notADigit">} prediction
   * @returns {number[]} the features that are not of the shape
   */
  #readingFeatures({ probabilities, notADigit }) {
    if (this.#isRejected(notADigit)) return [0, 0, 1];
    const reading = Math.log(Math.max(MIN_PROBABILITY, ...probabilities));
    const doubt = Math.log(Math.max(MIN_PROBABILITY, 1 - (notADigit ?? 0)));
    return [reading, doubt, 0];
  }

  /**
   * What speaks for a group; the most that can, while the network has not looked at it.
   * @param {PredictedGroup} group
   * @returns {number}
   */
  #score({ shape, prediction }) {
    const weights = this.#weights;
    if (prediction) return weightedSum(weights, this.#features(shape, prediction));
    const outline = weightedSum(weights, shape);
    if (isMark(shape)) return outline;
    const [reading, doubt, refused] = weights.slice(SHAPE.length);
    const digit = [reading, doubt].reduce((sum, weight) => sum + Math.max(0, weight * Math.log(MIN_PROBABILITY)), 0);
    return outline + Math.max(digit, refused);
  }

  /**
   * Put the reading together.
   * @param {Drawing} drawing
   * @param {Candidate[]} chosen
   * @returns {Reading}
   */
  #reading(drawing, chosen) {
    const symbols = chosen.map((candidate) => this.#symbol(drawing, candidate));
    return {
      text: symbols.map(({ digit }) => (digit === null ? REJECTED : this.meta.labels[digit])).join(""),
      confidence: symbols.reduce((product, symbol) => product * symbol.confidence, 1),
      symbols,
    };
  }

  /**
   * @param {Drawing} drawing
   * @param {Candidate} candidate
   * @returns {ReadSymbol}
   */
  #symbol(drawing, { strokes, features, prediction }) {
    const { left, top, right, bottom } = bounds(strokes.map((each) => drawing[each]));
    const read = this.#classify(prediction.probabilities, prediction.notADigit);
    // A dot has no shape to read, and what is a mark beside digits is none itself.
    const shapeless = left === right && top === bottom;
    return {
      ...read,
      digit: shapeless || isMark(features) ? null : read.digit,
      strokes,
      box: { x: left, y: top, width: right - left, height: bottom - top },
      pixels: prediction.pixels,
    };
  }

  /**
   * @param {Float32Array} probabilities of one field
   * @param {number | null} notADigit
   * @returns {ReadField}
   */
  #classify(probabilities, notADigit) {
    const best = probabilities.indexOf(Math.max(...probabilities));
    const digit = this.#isRejected(notADigit) ? null : best;
    return { digit, confidence: probabilities[best], probabilities, notADigit };
  }

  /** One for each of FEATURES. */
  get #weights() {
    const weights = this.meta.segment?.weights ?? DEFAULT_WEIGHTS;
    return FEATURES.map((name) => weights[name] ?? 0);
  }

  /** @param {number | null} notADigit */
  #isRejected(notADigit) {
    const { threshold = null } = this.meta;
    return notADigit !== null && threshold !== null && notADigit > threshold;
  }
}

/**
 * Whether a group is a dot, a comma or a dash beside digits.
 * @param {number[]} features at least those of SHAPE
 */
function isMark(features) {
  return features[SHAPE.indexOf("mark")] === 1;
}

/**
 * @param {number[]} weights of FEATURES
 * @param {number[]} features the first of them, or all
 */
function weightedSum(weights, features) {
  return features.reduce((sum, value, k) => sum + value * weights[k], 0);
}

/**
 * What a generator returns, without a pause.
 * @template T
 * @param {Generator<void, T>} steps
 * @returns {T}
 */
function runToEnd(steps) {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/**
 * A drawing as one symbol, for a model that says nothing of numbers.
 * @param {Drawing} drawing
 */
function oneGroup(drawing) {
  return { strokes: drawing.map((_, index) => index), shape: SHAPE.map(() => 0) };
}
