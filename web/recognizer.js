/**
 * From ink to a reading: fetches a model folder that `python -m export` wrote and runs it.
 *
 *     const recognizer = await loadRecognizer(new URL("model/", import.meta.url));
 *     const { text, confidence, symbols } = await recognizer.read(drawing);
 *
 * @typedef {import("./ink.js").Drawing} Drawing
 * @typedef {import("./model-files.js").Meta} Meta
 * @typedef {import("./network.js").Answers} Answers
 *
 * @typedef {object} ReadSymbol one character of a reading
 * @property {number | null} digit null where it is refused, which the text shows as "?"
 * @property {number} confidence the greatest of its probabilities
 * @property {Float32Array} probabilities one for each digit, if it is one
 * @property {number | null} notADigit how surely it is no digit, in [0, 1]; null where the model
 *   does not say
 * @property {number[]} strokes indices of the drawing's strokes that make it up
 * @property {{ x: number, y: number, width: number, height: number }} box in the drawing's unit
 * @property {Float32Array} pixels the 28x28 field that the network saw
 * @property {boolean} [corrected] whether the digit is what its writer says it is
 *
 * @typedef {object} Sight what the network says of one field, and the field
 * @property {Float32Array} pixels
 * @property {Float32Array} probabilities
 * @property {number | null} notADigit
 *
 * @typedef {object} Candidate strokes that may be one symbol
 * @property {number[]} strokes their indices in the drawing
 * @property {number[]} features one number for each name in FEATURES
 * @property {Sight} sight
 *
 * @typedef {object} Reading
 * @property {string} text one character a symbol; "" when nothing is drawn
 * @property {number} confidence the product of the symbols' confidences; 1 when nothing is drawn
 * @property {ReadSymbol[]} symbols
 */

import { bounds, checkDrawing, render } from "./ink.js";
import { fetchModel, RecognizerError } from "./model-files.js";
import { startNetwork } from "./network.js";
import { divide, propose, SHAPE } from "./segment.js";

export { RecognizerError };

const REFUSED = "?";
/** What decides whether strokes are one symbol; meta.json has a weight for each. */
export const FEATURES = /** @type {const} */ ([...SHAPE, "reading", "doubt", "refused"]);
const LEAST = 1e-4; // of a probability, in logarithms: one symbol must not outweigh the line
// What was seen of groups of strokes: most of a drawing is the same after the next stroke.
const KEPT = 500;
// Groups of strokes to a run, and milliseconds of runs until the page may breathe: together well
// below the 50 ms at which people feel a page stick, on a processor four times slower too.
const GLANCE = 8;
const PATIENCE = 8;
// Images to a run: the widest layer of the network takes some 25 kB for each.
const BATCH = 100;

/**
 * Fetch a model and check it.
 * @param {string | URL} baseURL the model's folder
 * @param {{ onProgress?: (fraction: number) => void, model?: ReturnType<typeof fetchModel> }} [options]
 *   `onProgress` is told how much has arrived, in [0, 1]; `model` is on its way already
 * @returns {Promise<Recognizer>}
 * @throws {RecognizerError} files that are missing, altered or of another format; no connection
 */
export async function loadRecognizer(baseURL, { onProgress, model } = {}) {
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
  /** @type {Map<string, Sight>} by the strokes' points, the latest last */
  #seen = new Map();

  /**
   * @param {Meta} meta
   * @param {import("./network.js").Network} network
   */
  constructor(meta, network) {
    /** What meta.json says of the model. */
    this.meta = meta;
    this.#network = network;
  }

  /**
   * Read a drawing: symbols from left to right on one line.
   * @param {Drawing} drawing
   * @returns {Promise<Reading>}
   * @throws {import("./ink.js").InkError} ink that cannot be drawn
   */
  async read(drawing) {
    const steps = this.#look(drawing);
    let began = performance.now();
    let step = steps.next();
    while (!step.done) {
      if (performance.now() - began > PATIENCE) {
        await new Promise((resolve) => setTimeout(resolve)); // the page can breathe
        began = performance.now();
      }
      step = steps.next();
    }
    return this.#decide(drawing, step.value);
  }

  /**
   * As `read`, at once: a millisecond for each group of strokes that is new.
   * @param {Drawing} drawing
   * @returns {Reading}
   */
  readNow(drawing) {
    return this.#decide(drawing, this.candidates(drawing));
  }

  /**
   * What strokes may be one symbol, and what speaks for it.
   * @param {Drawing} drawing
   * @returns {Candidate[]}
   */
  candidates(drawing) {
    const steps = this.#look(drawing);
    let step = steps.next();
    while (!step.done) step = steps.next();
    return step.value;
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
   * @returns {Promise<Answers>}
   */
  async assess(pixels) {
    const count = this.#network.count(pixels);
    const field = this.meta.ink.size ** 2;
    const labels = this.meta.labels.length;
    const probabilities = new Float32Array(count * labels);
    const notADigit = this.meta.nodes.not_a_digit ? new Float32Array(count) : null;
    for (let start = 0; start < count; start += BATCH) {
      if (start > 0) await new Promise((resolve) => setTimeout(resolve));
      const batch = this.#network.ask(pixels.subarray(start * field, (start + BATCH) * field));
      probabilities.set(batch.probabilities, start * labels);
      if (batch.notADigit) notADigit?.set(batch.notADigit, start);
    }
    return { probabilities, notADigit };
  }

  /**
   * As `classify`, at once, for a few fields.
   * @param {Float32Array} pixels
   * @returns {Float32Array}
   */
  classifyNow(pixels) {
    const count = this.#network.count(pixels);
    return count === 0 ? new Float32Array(0) : this.#network.ask(pixels).probabilities;
  }

  /**
   * An inner tensor of the network, by a name from `meta.nodes`, for a few fields.
   * @param {Float32Array} pixels
   * @param {string} node
   * @returns {{ shape: number[], values: Float32Array }}
   */
  inspect(pixels, node) {
    this.#network.count(pixels);
    return this.#network.run(pixels, [node])[0];
  }

  /** Give the model's memory back; it cannot be used any more. */
  dispose() {
    this.#network.dispose();
  }

  /**
   * Look at every group of strokes that may be a symbol, in pieces; those seen before are known.
   * @param {Drawing} drawing
   * @returns {Generator<void, Candidate[]>}
   */
  *#look(drawing) {
    if (Array.isArray(drawing) && drawing.length === 0) return [];
    checkDrawing(drawing);
    const groups = this.meta.segment ? propose(drawing) : [whole(drawing)];
    const names = drawing.map((stroke) => JSON.stringify(stroke));
    const keys = groups.map(({ strokes }) => strokes.map((each) => names[each]).join());
    const unseen = groups.flatMap((_, index) => (this.#seen.has(keys[index]) ? [] : [index]));
    /** @type {Map<string, Sight>} what this drawing needs, the newest last */
    const sights = new Map();
    for (const key of keys) {
      const sight = this.#seen.get(key);
      if (sight) sights.set(key, sight);
    }
    for (let start = 0; start < unseen.length; start += GLANCE) {
      if (start > 0) yield;
      const piece = unseen.slice(start, start + GLANCE);
      const found = this.#see(piece.map((index) => groups[index].strokes.map((k) => drawing[k])));
      piece.forEach((index, k) => sights.set(keys[index], found[k]));
    }
    for (const [key, sight] of sights) {
      this.#seen.delete(key);
      this.#seen.set(key, sight);
    }
    for (const key of this.#seen.keys()) {
      if (this.#seen.size <= Math.max(KEPT, sights.size)) break;
      this.#seen.delete(key);
    }
    return groups.map(({ strokes, shape }, index) => {
      const sight = /** @type {Sight} */ (sights.get(keys[index]));
      return { strokes, features: this.#features(shape, sight), sight };
    });
  }

  /**
   * @param {Drawing[]} drawings
   * @returns {Sight[]}
   */
  #see(drawings) {
    const field = this.meta.ink.size ** 2;
    const labels = this.meta.labels.length;
    const pixels = new Float32Array(drawings.length * field);
    drawings.forEach((each, k) => pixels.set(render(each, this.meta.ink.width), k * field));
    const { probabilities, notADigit } = this.#network.ask(pixels);
    return drawings.map((_, k) => ({
      pixels: pixels.slice(k * field, (k + 1) * field),
      probabilities: probabilities.slice(k * labels, (k + 1) * labels),
      notADigit: notADigit && notADigit[k],
    }));
  }

  /**
   * @param {number[]} shape
   * @param {Sight} sight
   * @returns {number[]} as FEATURES names them
   */
  #features(shape, { probabilities, notADigit }) {
    const isMark = shape[SHAPE.indexOf("mark")] === 1;
    const refused = this.#refuses(notADigit);
    const isDigit = !isMark && !refused;
    const reading = isDigit ? Math.log(Math.max(LEAST, ...probabilities)) : 0;
    const doubt = isDigit ? Math.log(Math.max(LEAST, 1 - (notADigit ?? 0))) : 0;
    return [...shape, reading, doubt, refused && !isMark ? 1 : 0];
  }

  /**
   * Choose among candidates, and put the reading together.
   * @param {Drawing} drawing
   * @param {Candidate[]} candidates
   * @returns {Reading}
   */
  #decide(drawing, candidates) {
    if (candidates.length === 0) return { text: "", confidence: 1, symbols: [] };
    const weights = FEATURES.map((name) => this.meta.segment?.weights[name] ?? 0);
    const scores = candidates.map(({ features }) =>
      features.reduce((sum, value, k) => sum + value * weights[k], 0),
    );
    const symbols = divide(candidates, scores, drawing).map((index) =>
      this.#symbol(drawing, candidates[index]),
    );
    return {
      text: symbols.map(({ digit }) => (digit === null ? REFUSED : this.meta.labels[digit])).join(""),
      confidence: symbols.reduce((product, symbol) => product * symbol.confidence, 1),
      symbols,
    };
  }

  /**
   * @param {Drawing} drawing
   * @param {Candidate} candidate
   * @returns {ReadSymbol}
   */
  #symbol(drawing, { strokes, features, sight }) {
    const { left, top, right, bottom } = bounds(strokes.map((each) => drawing[each]));
    const { pixels, probabilities, notADigit } = sight;
    const best = probabilities.indexOf(Math.max(...probabilities));
    // A dot has no shape to read, and what is a mark beside digits is none itself.
    const shapeless = left === right && top === bottom;
    const isMark = features[FEATURES.indexOf("mark")] === 1;
    return {
      digit: shapeless || isMark || this.#refuses(notADigit) ? null : best,
      confidence: probabilities[best],
      probabilities,
      notADigit,
      strokes,
      box: { x: left, y: top, width: right - left, height: bottom - top },
      pixels,
    };
  }

  /** @param {number | null} notADigit */
  #refuses(notADigit) {
    const { threshold = null } = this.meta;
    return notADigit !== null && threshold !== null && notADigit > threshold;
  }
}

/**
 * A drawing as one symbol, for a model that says nothing of numbers.
 * @param {Drawing} drawing
 */
function whole(drawing) {
  return { strokes: drawing.map((_, index) => index), shape: SHAPE.map(() => 0) };
}
