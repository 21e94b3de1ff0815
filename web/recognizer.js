/**
 * From ink to a reading: fetches a model folder that `python -m export` wrote and runs it.
 *
 *     const recognizer = await loadRecognizer(new URL("model/", import.meta.url));
 *     const { text, confidence, symbols } = await recognizer.read(drawing);
 *
 * @typedef {import("./ink.js").Drawing} Drawing
 * @typedef {import("./recognition/model-files.js").Meta} Meta
 * @typedef {import("./recognition/network.js").Answers} Answers
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
 * @typedef {object} Sight what the network says of one field, and the field
 * @property {Float32Array} pixels
 * @property {Float32Array} probabilities
 * @property {number | null} notADigit
 *
 * @typedef {import("./segment.js").Group & { key: string, sight: Sight | null }} SeenGroup with the
 *   points of its strokes, and what the network says of it once it has looked
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
import { fetchModel, RecognizerError } from "./recognition/model-files.js";
import { startNetwork } from "./recognition/network.js";
import { divider, propose, SHAPE } from "./segment.js";

export { RecognizerError };

const REFUSED = "?";
/** What decides whether strokes are one symbol; meta.json has a weight for each. */
export const FEATURES = /** @type {const} */ ([...SHAPE, "reading", "doubt", "refused"]);
/** @type {Record<string, number>} weights of a model without any: pictures of numbers are read too */
const UNFITTED = { reading: 1, doubt: 1, refused: -2 };
const LEAST = 1e-4; // of a probability, in logarithms: one symbol must not outweigh the line
// What was seen of groups of strokes: most of a drawing is the same after the next stroke.
const KEPT = 500;
// Groups of strokes to a run, and milliseconds of runs until the page may breathe: together well
// below the 50 ms at which people feel a page stick, on a processor four times slower too.
const GLANCE = 8;
// Of looking at what the best way takes. Numbers need two; where ink lies thick there would be dozens,
// and to look at all groups costs less.
const ROUNDS = 4;
const PATIENCE = 8;
// Images to a run: the widest layer of the network takes some 25 kB for each.
const BATCH = 100;

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
  /** @type {import("./personal/adaptation.js").Hand | null} */
  #hand = null;
  /** @type {Map<string, Sight>} by the strokes' points, the latest last */
  #seen = new Map();

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
   * Whose hand drawings are read as: one that `handOf` made, or null for anybody's.
   * @param {import("./personal/adaptation.js").Hand | null} hand
   */
  set hand(hand) {
    this.#hand = hand;
    this.#seen.clear();
  }

  get hand() {
    return this.#hand;
  }

  /**
   * Read a drawing: symbols from left to right on one line.
   * @param {Drawing} drawing
   * @param {{ signal?: AbortSignal }} [options] `signal` ends a reading that nobody wants any more
   * @returns {Promise<Reading>}
   * @throws {import("./ink.js").InkError} ink that cannot be drawn
   */
  async read(drawing, { signal } = {}) {
    const steps = this.#choose(drawing);
    let began = performance.now();
    let step = steps.next();
    while (!step.done) {
      if (performance.now() - began > PATIENCE) {
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
    return this.#reading(drawing, finished(this.#choose(drawing)));
  }

  /**
   * What strokes may be one symbol, and what speaks for it: all that `read` chooses from.
   * @param {Drawing} drawing
   * @returns {Candidate[]}
   */
  candidates(drawing) {
    const groups = this.#groups(drawing);
    finished(this.#look(drawing, groups));
    this.#remember(groups);
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
   * What fields are, one symbol each: for symbols that were found elsewhere.
   * @param {Float32Array} pixels
   * @returns {Promise<ReadField[]>}
   */
  async readFields(pixels) {
    const { probabilities, notADigit } = await this.assess(pixels);
    const labels = this.meta.labels.length;
    return Array.from({ length: probabilities.length / labels }, (_, k) => {
      const each = probabilities.slice(k * labels, (k + 1) * labels);
      return this.#judged(each, notADigit && notADigit[k]);
    });
  }

  /**
   * What its reading says for a field's being one symbol, in the unit of the model's weights.
   * @param {Pick<Sight, "probabilities" | "notADigit">} sight
   * @returns {number}
   */
  worth(sight) {
    return weigh(this.#weights.slice(SHAPE.length), this.#said(sight));
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
   * The symbols of a drawing, in pieces between which the page can breathe.
   *
   * The network looks at no more groups of strokes than it takes: as long as it has not, a group's
   * score is the most that it can be, and where the best way to share out the strokes holds none of
   * those, no other way is better.
   * @param {Drawing} drawing
   * @returns {Generator<void, Candidate[]>} left to right
   */
  *#choose(drawing) {
    const groups = this.#groups(drawing);
    if (groups.length === 0) return [];
    const divide = divider(groups, drawing);
    const scores = groups.map((group) => this.#score(group));
    for (let round = 1; ; round++) {
      const chosen = divide(scores);
      const unseen = chosen.filter((index) => !groups[index].sight);
      if (unseen.length === 0) {
        this.#remember(groups);
        return chosen.map((index) => this.#candidate(groups[index]));
      }
      const wanted = round < ROUNDS ? unseen : [...groups.keys()];
      yield* this.#look(drawing, wanted.map((index) => groups[index]));
      for (const index of wanted) scores[index] = this.#score(groups[index]);
    }
  }

  /**
   * Groups of strokes that may be a symbol, with what is known of those seen before.
   * @param {Drawing} drawing
   * @returns {SeenGroup[]}
   */
  #groups(drawing) {
    if (Array.isArray(drawing) && drawing.length === 0) return [];
    checkDrawing(drawing);
    const names = drawing.map((stroke) => JSON.stringify(stroke));
    return (this.meta.segment ? propose(drawing) : [whole(drawing)]).map(({ strokes, shape }) => {
      const key = strokes.map((each) => names[each]).join();
      return { strokes, shape, key, sight: this.#seen.get(key) ?? null };
    });
  }

  /**
   * Have the network look at groups, a few at a time, and note what it says of them.
   * @param {Drawing} drawing
   * @param {SeenGroup[]} groups
   * @returns {Generator<void, void>}
   */
  *#look(drawing, groups) {
    const unseen = groups.filter(({ sight }) => !sight);
    for (let start = 0; start < unseen.length; start += GLANCE) {
      yield;
      const piece = unseen.slice(start, start + GLANCE);
      const found = this.#see(piece.map(({ strokes }) => strokes.map((each) => drawing[each])));
      piece.forEach((group, k) => (group.sight = found[k]));
    }
  }

  /**
   * Keep what the network said of groups for the next drawing, the latest last.
   * @param {SeenGroup[]} groups
   */
  #remember(groups) {
    for (const { key, sight } of groups) {
      if (!sight) continue;
      this.#seen.delete(key);
      this.#seen.set(key, sight);
    }
    for (const key of this.#seen.keys()) {
      if (this.#seen.size <= KEPT) break;
      this.#seen.delete(key);
    }
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
    return drawings.map((strokes, k) => {
      const said = probabilities.slice(k * labels, (k + 1) * labels);
      const doubt = notADigit && notADigit[k];
      return {
        pixels: pixels.slice(k * field, (k + 1) * field),
        ...(this.#hand?.(said, doubt, strokes) ?? { probabilities: said, notADigit: doubt }),
      };
    });
  }

  /**
   * @param {SeenGroup} group that the network has looked at
   * @returns {Candidate}
   */
  #candidate({ strokes, shape, sight: seen }) {
    const sight = /** @type {Sight} */ (seen);
    return { strokes, features: this.#features(shape, sight), sight };
  }

  /**
   * @param {number[]} shape
   * @param {Sight} sight
   * @returns {number[]} as FEATURES names them
   */
  #features(shape, sight) {
    return [...shape, ...(isMark(shape) ? [0, 0, 0] : this.#said(sight))];
  }

  /**
   * @param {Pick<Sight, "probabilities" | "notADigit">} sight
   * @returns {number[]} the features that are not of the shape
   */
  #said({ probabilities, notADigit }) {
    if (this.#refuses(notADigit)) return [0, 0, 1];
    const reading = Math.log(Math.max(LEAST, ...probabilities));
    const doubt = Math.log(Math.max(LEAST, 1 - (notADigit ?? 0)));
    return [reading, doubt, 0];
  }

  /**
   * What speaks for a group; the most that can, while the network has not looked at it.
   * @param {SeenGroup} group
   * @returns {number}
   */
  #score({ shape, sight }) {
    const weights = this.#weights;
    if (sight) return weigh(weights, this.#features(shape, sight));
    const outline = weigh(weights, shape);
    if (isMark(shape)) return outline;
    const [reading, doubt, refused] = weights.slice(SHAPE.length);
    const digit = [reading, doubt].reduce((sum, weight) => sum + Math.max(0, weight * Math.log(LEAST)), 0);
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
    const read = this.#judged(sight.probabilities, sight.notADigit);
    // A dot has no shape to read, and what is a mark beside digits is none itself.
    const shapeless = left === right && top === bottom;
    return {
      ...read,
      digit: shapeless || isMark(features) ? null : read.digit,
      strokes,
      box: { x: left, y: top, width: right - left, height: bottom - top },
      pixels: sight.pixels,
    };
  }

  /**
   * @param {Float32Array} probabilities of one field
   * @param {number | null} notADigit
   * @returns {ReadField}
   */
  #judged(probabilities, notADigit) {
    const best = probabilities.indexOf(Math.max(...probabilities));
    const digit = this.#refuses(notADigit) ? null : best;
    return { digit, confidence: probabilities[best], probabilities, notADigit };
  }

  /** One for each of FEATURES. */
  get #weights() {
    const weights = this.meta.segment?.weights ?? UNFITTED;
    return FEATURES.map((name) => weights[name] ?? 0);
  }

  /** @param {number | null} notADigit */
  #refuses(notADigit) {
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
function weigh(weights, features) {
  return features.reduce((sum, value, k) => sum + value * weights[k], 0);
}

/**
 * What a generator returns, without a pause.
 * @template T
 * @param {Generator<void, T>} steps
 * @returns {T}
 */
function finished(steps) {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/**
 * A drawing as one symbol, for a model that says nothing of numbers.
 * @param {Drawing} drawing
 */
function whole(drawing) {
  return { strokes: drawing.map((_, index) => index), shape: SHAPE.map(() => 0) };
}
