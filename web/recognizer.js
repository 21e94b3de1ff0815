/**
 * Read drawings: load a model's folder, as `python -m export` writes it, and run the network.
 *
 *     const recognizer = await loadRecognizer(new URL("model/", import.meta.url));
 *     const { text, confidence, symbols } = await recognizer.read(drawing);
 *
 * @import { Candidate, Drawing, Meta, PredictedGroup, Prediction, Predictions, Reading,
 *   ReadField } from "./types"
 * @import { Network } from "./recognition/network.js"
 * @import { Personalizer } from "./personal/adaptation.js"
 * @typedef {Promise<void> | void} Step a short one, or one to wait for
 */
import { checkDrawing, render, symbolInk, wholePieces } from "./ink.js";
import { fetchModel, RecognizerError } from "./recognition/model-files.js";
import { PredictionCache, startNetwork } from "./recognition/network.js";
import {
  FEATURES, classifyField, groupFeatures, groupScore, isCut, isLevel, mayBeSeveral, placed,
  readingOf, symbolScore,
} from "./recognition/scoring.js";
import { candidateGroups, createPartitioner, singleGroup } from "./segment.js";

export { FEATURES, RecognizerError };

const GROUPS_PER_RUN = 8; // keeps one run well under 50 ms on a slow phone
const YIELD_AFTER_MS = 8; // then the page handles events: delays under 50 ms go unnoticed
const MAX_LAZY_ROUNDS = 4; // numbers need two; with dense ink, predicting all groups is faster
const MAX_CUT_ROUNDS = 32; // joined numbers need a few; a scribble keeps its reading without cuts
const LATER_MS = 1000; // what the first reading does not need is fetched then
const BATCH_SIZE = 100; // fields: the widest layer takes 25 kB for each

/** @type {typeof import("./recognition/cuts.js") | null} */
let cuts = null;
/** @type {typeof import("./recognition/lines.js") | null} */
let lineModule = null;

/**
 * Fetch a model and check it.
 * @param {string | URL} [baseURL] the model's folder; the site's own by default
 * @param {{ onProgress?: (fraction: number) => void, model?: ReturnType<typeof fetchModel> }}
 *   [options] `onProgress` is called with the fraction that has arrived, in [0, 1]; `model` is a
 *   download already under way
 * @returns {Promise<Recognizer>}
 * @throws {RecognizerError} if files are missing, altered or of another format, or offline
 */
export async function loadRecognizer(
  baseURL = new URL("model/", import.meta.url),
  { onProgress, model } = {},
) {
  const { meta, files } = await (model ?? fetchModel(baseURL, onProgress));
  const network = await startNetwork(meta, files);
  network.warmUpSoon();
  setTimeout(() => Promise.all([loadCuts(), loadLines()]).catch(() => {}), LATER_MS);
  return new Recognizer(meta, network);
}

/** A loaded model. Made by `loadRecognizer`. */
export class Recognizer {
  #network;
  /** @type {Personalizer | null} */
  #personalizer = null;
  #cache = new PredictionCache();

  /**
   * @param {Meta} meta
   * @param {Network} network
   */
  constructor(meta, network) {
    /** The model's meta.json. */
    this.meta = meta;
    this.#network = network;
  }

  /**
   * Adapts predictions to one writer (see `createPersonalizer`); null for none.
   * @param {Personalizer | null} personalizer
   */
  set personalizer(personalizer) {
    this.#personalizer = personalizer;
    this.#cache.clear();
  }

  get personalizer() {
    return this.#personalizer;
  }

  /**
   * Read a drawing: lines from top to bottom, symbols from left to right.
   * @param {Drawing} drawing
   * @param {{ signal?: AbortSignal }} [options] `signal` cancels the reading
   * @returns {Promise<Reading>}
   * @throws {import("./ink.js").InkError} if the ink cannot be drawn
   */
  async read(drawing, { signal } = {}) {
    const steps = this.#segment(drawing);
    let began = performance.now();
    let step = steps.next();
    while (!step.done) {
      if (performance.now() - began > YIELD_AFTER_MS) {
        await new Promise((resolve) => setTimeout(resolve));
        signal?.throwIfAborted();
        began = performance.now();
      }
      if (step.value) await step.value;
      step = steps.next();
    }
    return readingOf(drawing, step.value, this.meta);
  }

  /**
   * Read a drawing synchronously; takes about a millisecond for each new symbol.
   * @param {Drawing} drawing
   * @returns {Reading}
   * @throws {RecognizerError} if it may have several lines and `canReadNow` is false
   */
  readNow(drawing) {
    if (!this.canReadNow(drawing)) throw new RecognizerError("The drawing cannot be read yet: await read().");
    return readingOf(drawing, runToEnd(this.#segment(drawing)), this.meta);
  }

  /**
   * Return whether all that `readNow` needs has been fetched.
   * @param {Drawing} drawing
   */
  canReadNow(drawing) {
    return lineModule !== null || !this.#mayHaveLines(drawing);
  }

  /** @param {Drawing} drawing */
  #mayHaveLines(drawing) {
    if (!this.meta.segment || !Array.isArray(drawing) || drawing.length === 0) return false;
    checkDrawing(drawing);
    return !isLevel(drawing);
  }

  /**
   * Return all groups of strokes that `read` chooses from, with their features.
   * @param {Drawing} drawing
   * @param {number[]} [cut] indices of strokes to cut
   * @returns {Promise<(Candidate & { cells: number[] })[]>} a partition holds each of the cells
   *   once: the strokes, or what strokes are cut into
   */
  async candidates(drawing, cut = []) {
    if (cut.length > 0) await loadCuts();
    if (!this.canReadNow(drawing)) await loadLines();
    let cells = 0;
    return this.#lines(drawing).flatMap((line) => {
      const strokes = line.map((index) => drawing[index]);
      const own = [...line.keys()].filter((place) => cut.includes(line[place]));
      const found = own.length > 0 ? cuts?.cutGroups(strokes, own) : null;
      const groups = found ? this.#cache.find(strokes, found.groups) : this.#groups(strokes);
      runToEnd(this.#predictGroups(strokes, groups));
      this.#cache.keep(groups);
      const first = cells;
      cells += found?.cells.length ?? line.length;
      return groups.map((group, k) => ({
        ...placed(this.#candidate(group), line),
        cells: (found?.groups[k].cells ?? group.strokes).map((cell) => first + cell),
      }));
    });
  }

  /**
   * Return probabilities of fields, yielding to the page between batches.
   * @param {Float32Array} pixels n fields of 784 pixels in [0, 1], row by row, ink high
   * @returns {Promise<Float32Array>} n rows of one probability for each label
   * @throws {TypeError | RangeError} if pixels are anything else
   */
  async classify(pixels) {
    return (await this.assess(pixels)).probabilities;
  }

  /**
   * Return probabilities and rejection scores of fields.
   * @param {Float32Array} pixels as for `classify`
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
   * Read fields of one symbol each, such as those found on a picture.
   * @param {Float32Array} pixels as for `classify`
   * @returns {Promise<ReadField[]>}
   */
  async readFields(pixels) {
    const { probabilities, notADigit } = await this.assess(pixels);
    const labels = this.meta.labels.length;
    return Array.from({ length: probabilities.length / labels }, (_, k) => {
      const each = probabilities.slice(k * labels, (k + 1) * labels);
      return classifyField(each, notADigit && notADigit[k], this.meta);
    });
  }

  /**
   * Score how likely a field is one symbol, in the unit of the model's weights.
   * @param {Pick<Prediction, "probabilities" | "notADigit">} prediction
   * @returns {number}
   */
  symbolScore(prediction) {
    return symbolScore(prediction, this.meta);
  }

  /**
   * Return probabilities of a few fields synchronously.
   * @param {Float32Array} pixels as for `classify`
   * @returns {Float32Array}
   */
  classifyNow(pixels) {
    const count = this.#network.validateFields(pixels);
    return count === 0 ? new Float32Array(0) : this.#network.predict(pixels).probabilities;
  }

  /**
   * Return an inner tensor of the network for a few fields.
   * @param {Float32Array} pixels as for `classify`
   * @param {string} node a name from `meta.nodes`
   * @returns {{ shape: number[], values: Float32Array }}
   */
  inspect(pixels, node) {
    this.#network.validateFields(pixels);
    return this.#network.run(pixels, [node])[0];
  }

  /** Free the model's memory. The recognizer cannot be used afterwards. */
  dispose() {
    this.#network.dispose();
  }

  /**
   * Find a drawing's symbols, line by line.
   * @param {Drawing} drawing
   * @returns {Generator<Step, Candidate[][]>} lines from top to bottom
   */
  *#segment(drawing) {
    if (!this.canReadNow(drawing)) yield loadLines();
    const lines = [];
    for (const line of this.#lines(drawing)) {
      const chosen = yield* this.#segmentLine(line.map((index) => drawing[index]));
      lines.push(chosen.map((candidate) => placed(candidate, line)));
    }
    return lines;
  }

  /**
   * Return the lines of a drawing: the indices of their strokes.
   * @param {Drawing} drawing
   * @returns {number[][]}
   */
  #lines(drawing) {
    if (Array.isArray(drawing) && drawing.length === 0) return [];
    checkDrawing(drawing);
    return this.#mayHaveLines(drawing) && lineModule ? lineModule.splitIntoLines(drawing) : [[...drawing.keys()]];
  }

  /**
   * Find the symbols of one line; each step is short, so that the caller can yield to the page.
   *
   * Strokes are cut only where the reading without cuts is doubtful.
   * @param {Drawing} drawing
   * @returns {Generator<Step, Candidate[]>} left to right
   */
  *#segmentLine(drawing) {
    const groups = this.#groups(drawing);
    const whole = /** @type {Candidate[]} */ (
      yield* this.#choose(drawing, groups, createPartitioner(groups, drawing)));
    const doubtful = whole.filter(({ features }) => mayBeSeveral(features, this.meta));
    if (doubtful.length === 0) return whole;
    if (!cuts) yield loadCuts();
    const cut = cuts?.cutGroups(drawing, doubtful.flatMap(({ strokes }) => strokes));
    if (!cut) return whole;
    const partition = createPartitioner(
      cut.groups.map(({ cells }) => ({ strokes: cells })), cut.cells, [...cut.cells.keys()]);
    const parts = yield* this.#choose(drawing, this.#cache.find(drawing, cut.groups), partition, true);
    return parts?.some(({ features }) => isCut(features)) ? parts : whole;
  }

  /**
   * Choose the groups of the best partition.
   *
   * Classify groups lazily. An unclassified group gets an upper bound as its score, so once the
   * best partition contains only classified groups, it is optimal.
   * @param {Drawing} drawing
   * @param {PredictedGroup[]} groups
   * @param {ReturnType<typeof createPartitioner>} partition
   * @param {boolean} [cutting] whether strokes are cut: there are so many groups that the best
   *   partition is given up, with null, if a few rounds do not find it
   * @returns {Generator<void, Candidate[] | null>} left to right
   */
  *#choose(drawing, groups, partition, cutting = false) {
    const scores = groups.map((group) => groupScore(group, this.meta, cutting));
    for (let round = 1; ; round++) {
      const chosen = partition(scores);
      const unclassified = chosen.filter((index) => !groups[index].prediction);
      if (unclassified.length === 0) {
        this.#cache.keep(groups);
        return chosen.map((index) => this.#candidate(groups[index]));
      }
      if (cutting && round > MAX_CUT_ROUNDS) return null;
      const wanted = cutting || round < MAX_LAZY_ROUNDS ? unclassified : [...groups.keys()];
      yield* this.#predictGroups(drawing, wanted.map((index) => groups[index]));
      for (const index of wanted) scores[index] = groupScore(groups[index], this.meta, cutting);
    }
  }

  /**
   * Return the groups of strokes that may be symbols, with their cached predictions.
   * @param {Drawing} drawing
   * @returns {PredictedGroup[]}
   */
  #groups(drawing) {
    const groups = this.meta.segment ? candidateGroups(drawing) : [singleGroup(drawing)];
    return this.#cache.find(
      drawing, groups.map((group) => ({ ...group, pieces: wholePieces(drawing, group.strokes) })));
  }

  /**
   * Fill in missing predictions, a few groups per step.
   * @param {Drawing} drawing
   * @param {PredictedGroup[]} groups
   * @returns {Generator<void, void>}
   */
  *#predictGroups(drawing, groups) {
    const unclassified = groups.filter(({ prediction }) => !prediction);
    if (unclassified.length > 0) this.#network.cancelWarmUp();
    for (let start = 0; start < unclassified.length; start += GROUPS_PER_RUN) {
      yield;
      const batch = unclassified.slice(start, start + GROUPS_PER_RUN);
      const predictions = this.#predict(batch.map((group) => symbolInk(drawing, group)));
      batch.forEach((group, k) => (group.prediction = predictions[k]));
    }
  }

  /**
   * @param {Drawing[]} drawings one symbol each
   * @returns {Prediction[]}
   */
  #predict(drawings) {
    const field = this.meta.ink.size ** 2;
    const labels = this.meta.labels.length;
    const pixels = new Float32Array(drawings.length * field);
    drawings.forEach((each, k) => pixels.set(render(each, this.meta.ink.width), k * field));
    const batch = this.#network.predict(pixels);
    return drawings.map((strokes, k) => {
      const probabilities = batch.probabilities.slice(k * labels, (k + 1) * labels);
      const notADigit = batch.notADigit && batch.notADigit[k];
      return {
        pixels: pixels.slice(k * field, (k + 1) * field),
        ...(this.#personalizer?.(probabilities, notADigit, strokes) ?? { probabilities, notADigit }),
      };
    });
  }

  /**
   * @param {PredictedGroup} group with a prediction
   * @returns {Candidate}
   */
  #candidate(group) {
    const { strokes, pieces, shape } = group;
    const prediction = /** @type {Prediction} */ (group.prediction);
    return { strokes, pieces, features: groupFeatures(shape, prediction, this.meta), prediction };
  }
}

/** Fetch what cuts strokes; without it, they stay whole. */
async function loadCuts() {
  try {
    cuts = await import("./recognition/cuts.js");
  } catch {
    // The next doubtful reading tries again.
  }
}

/** Fetch what parts lines. */
async function loadLines() {
  lineModule = await import("./recognition/lines.js");
}

/**
 * Run a generator without pausing and return its result.
 * @template T
 * @param {Generator<Step, T>} steps
 * @returns {T}
 */
function runToEnd(steps) {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
