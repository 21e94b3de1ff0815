/**
 * Read drawings: load a model's folder, as `python -m export` writes it, and run the network.
 *
 * @import { Candidate, Drawing, Meta, PredictedGroup, Prediction, Predictions, Reading,
 *   ReadField } from "./types"
 * @import { Network } from "./recognition/network.js"
 * @import { StrokeNetwork } from "./recognition/strokes.js"
 * @import { Personalizer } from "./personal/adaptation.js"
 * @typedef {Promise<void> | void} Step a short one, or one to wait for
 */
import { checkDrawing, render, symbolInk, wholePieces } from "./ink.js";
import { RecognizerError, fetchModel, folderURL, ownModel } from "./recognition/model-files.js";
import { PredictionCache, startNetwork } from "./recognition/network.js";
import { cuts, lines, loadCuts, loadLines, loadStrokes, strokes } from "./recognition/optional.js";
import {
  FEATURES, classifyField, groupFeatures, groupScore, isCut, isDoubtful, isLevel, mayBeSeveral, placed,
  readingOf,
} from "./recognition/scoring.js";
import { candidateGroups, createPartitioner, singleGroup } from "./segment.js";

export { FEATURES, RecognizerError };

const GROUPS_PER_RUN = 8; // keeps one run well under 50 ms on a slow phone
const YIELD_AFTER_MS = 8; // then the page handles events: delays under 50 ms go unnoticed
const MAX_LAZY_ROUNDS = 4; // numbers need two; with dense ink, predicting all groups is faster
const MAX_CUT_ROUNDS = 32; // joined numbers need a few; a scribble keeps its reading without cuts
const LATER_MS = 1000; // what the first reading does not need is fetched then
const BATCH_SIZE = 100; // fields: the widest layer takes 25 kB for each

/**
 * Fetch a model and check it.
 * @param {string | URL} [baseURL] the model's folder; the site's own by default
 * @param {{ onProgress?: (fraction: number) => void, model?: ReturnType<typeof fetchModel> }}
 *   [options] `onProgress` is called with the fraction that has arrived, in [0, 1]; `model` is a
 *   download already under way
 * @returns {Promise<Recognizer>}
 * @throws {RecognizerError} if files are missing, altered or of another format, or offline
 */
export async function loadRecognizer(baseURL = ownModel(), { onProgress, model } = {}) {
  const { meta, files } = await (model ?? fetchModel(baseURL, onProgress));
  const network = await startNetwork(meta, files);
  network.warmUpSoon();
  const recognizer = new Recognizer(meta, network, folderURL(baseURL));
  setTimeout(() => recognizer.fetchAll().catch(() => {}), LATER_MS);
  return recognizer;
}

/** A loaded model. Made by `loadRecognizer`. */
export class Recognizer {
  #network;
  #folder;
  /** @type {StrokeNetwork | null} */
  #strokeNetwork = null;
  /** @type {Promise<void> | null} of that network */
  #loading = null;
  #isDisposed = false;
  /** @type {Personalizer | null} */
  #personalizer = null;
  #cache = new PredictionCache();

  /**
   * @param {Meta} meta
   * @param {Network} network
   * @param {URL} folder that of the model, for what it fetches later
   */
  constructor(meta, network, folder) {
    /** The model's meta.json. */
    this.meta = meta;
    this.#network = network;
    this.#folder = folder;
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
   * @returns {Reading | null} null if that takes files that have not been fetched: await `read`
   */
  readNow(drawing) {
    const steps = this.#segment(drawing);
    let step = steps.next();
    while (!step.done && !step.value) step = steps.next();
    return step.done ? readingOf(drawing, step.value, this.meta) : null;
  }

  /** Fetch what only some drawings need: doubtful ones, and those of several lines. */
  async fetchAll() {
    await Promise.all([loadCuts(), loadLines(), this.#loadStrokeNetwork()]);
  }

  /**
   * Return all groups of strokes that `read` chooses from, with their features.
   * @param {Drawing} drawing
   * @param {number[]} [cut] indices of strokes to cut
   * @returns {Promise<(Candidate & { cells: number[] })[]>} a partition holds each of the cells
   *   once: the strokes, or what strokes are cut into
   */
  async candidates(drawing, cut = []) {
    await this.fetchAll();
    let cells = 0;
    return runToEnd(this.#lines(drawing)).flatMap((line) => {
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
    this.#isDisposed = true;
    this.#network.dispose();
    this.#strokeNetwork?.dispose();
  }

  /**
   * Find a drawing's symbols, line by line.
   * @param {Drawing} drawing
   * @returns {Generator<Step, Candidate[][]>} lines from top to bottom
   */
  *#segment(drawing) {
    const chosen = [];
    for (const line of yield* this.#lines(drawing)) {
      const symbols = yield* this.#segmentLine(line.map((index) => drawing[index]));
      chosen.push(symbols.map((candidate) => placed(candidate, line)));
    }
    return chosen;
  }

  /**
   * Return the lines of a drawing: the indices of their strokes.
   * @param {Drawing} drawing
   * @returns {Generator<Step, number[][]>}
   */
  *#lines(drawing) {
    if (Array.isArray(drawing) && drawing.length === 0) return [];
    checkDrawing(drawing);
    if (!this.meta.segment || isLevel(drawing)) return [[...drawing.keys()]];
    if (!lines) yield loadLines();
    return lines?.splitIntoLines(drawing) ?? [[...drawing.keys()]];
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
   * @returns {Generator<Step, Candidate[] | null>} left to right
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
   * @returns {Generator<Step, void>}
   */
  *#predictGroups(drawing, groups) {
    const unclassified = groups.filter(({ prediction }) => !prediction);
    if (unclassified.length > 0) this.#network.cancelWarmUp();
    for (let start = 0; start < unclassified.length; start += GROUPS_PER_RUN) {
      yield;
      const batch = unclassified.slice(start, start + GROUPS_PER_RUN);
      const symbols = batch.map((group) => symbolInk(drawing, group));
      const predictions = yield* this.#askTwice(symbols, this.#predict(symbols));
      predictions.forEach((each, k) => {
        const { probabilities, notADigit } = each;
        batch[k].prediction = { ...each, ...this.#personalizer?.(probabilities, notADigit, symbols[k]) };
      });
    }
  }

  /**
   * Ask the second network about doubtful predictions; without it, they stay as they are.
   * @param {Drawing[]} symbols
   * @param {Prediction[]} predictions
   * @returns {Generator<Step, Prediction[]>}
   */
  *#askTwice(symbols, predictions) {
    const doubtful = [...symbols.keys()].filter((k) => isDoubtful(predictions[k]));
    if (doubtful.length === 0 || !this.meta.strokes) return predictions;
    if (!this.#strokeNetwork) yield this.#loadStrokeNetwork();
    const combined = this.#strokeNetwork?.combine(
      doubtful.map((k) => predictions[k]), doubtful.map((k) => symbols[k]));
    return predictions.map((each, k) => combined?.[doubtful.indexOf(k)] ?? each);
  }

  /**
   * @param {Drawing[]} symbols
   * @returns {Prediction[]} of the first network
   */
  #predict(symbols) {
    const field = this.meta.ink.size ** 2;
    const labels = this.meta.labels.length;
    const pixels = new Float32Array(symbols.length * field);
    symbols.forEach((each, k) => pixels.set(render(each, this.meta.ink.width), k * field));
    const { probabilities, notADigit } = this.#network.predict(pixels);
    return symbols.map((_, k) => ({
      pixels: pixels.slice(k * field, (k + 1) * field),
      probabilities: probabilities.slice(k * labels, (k + 1) * labels),
      notADigit: notADigit && notADigit[k],
    }));
  }

  #loadStrokeNetwork() {
    return (this.#loading ??= this.#fetchStrokeNetwork().finally(() => (this.#loading = null)));
  }

  async #fetchStrokeNetwork() {
    const { meta } = this;
    if (!meta.strokes || this.#strokeNetwork || this.#isDisposed) return;
    await loadStrokes();
    this.#strokeNetwork = await strokes?.loadStrokeNetwork(this.#folder, meta, meta.strokes)
      .catch(() => null) ?? null;
    if (this.#isDisposed) this.#strokeNetwork?.dispose();
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
