/**
 * Find the symbols of a drawing: propose groups of strokes, ask the networks, choose among them.
 *
 * @import { Candidate, Drawing, Meta, PredictedGroup, Prediction } from "../types"
 * @import { Personalizer } from "../personal/adaptation.js"
 * @import { MarkReader } from "../marks/reader.js"
 * @import { Network } from "./network.js"
 * @import { StrokeNetwork } from "./strokes.js"
 * @typedef {Promise<void> | void} Step a short one, or one to wait for
 */
import { bounds, checkDrawing, render, symbolInk, wholePieces } from "../ink.js";
import { candidateGroups, singleGroup } from "../segment.js";
import { PredictionCache } from "./network.js";
import {
  cuts, lines, loadCuts, loadLines, loadMarks, loadRanking, loadStrokes, marks as markModule, ranking,
  strokes,
} from "./optional.js";
import { createPartitioner } from "./partitions.js";
import {
  SURE_MARK, groupFeatures, groupScore, isCut, isDoubtful, isLevel, isRefused, mayBeSeveral, placed, textOfCandidates,
} from "./scoring.js";

const GROUPS_PER_RUN = 8; // keeps one run well under 50 ms on a slow phone
const MAX_LAZY_ROUNDS = 16; // numbers need two; with dense ink, predicting all groups is faster
const MAX_RANKED_GROUPS = 400; // a telephone number has about 100; all are classified
const MAX_CUT_ROUNDS = 32; // joined numbers need a few; a scribble keeps its reading without cuts

/** Reads with one model. Made by `loadRecognizer`. */
export class Segmenter {
  #meta;
  #network;
  #folder;
  /** @type {StrokeNetwork | null} */
  #strokeNetwork = null;
  /** @type {Promise<void> | null} of that network */
  #loading = null;
  /** @type {MarkReader | null} */
  #markReader = null;
  /** @type {Promise<void> | null} of that reader */
  #loadingMarks = null;
  #isDisposed = false;
  /** @type {Personalizer | null} */
  #personalizer = null;
  #cache = new PredictionCache();

  /**
   * @param {Meta} meta
   * @param {Network} network
   * @param {URL} folder that of the model, for what is fetched later
   */
  constructor(meta, network, folder) {
    this.#meta = meta;
    this.#network = network;
    this.#folder = folder;
  }

  /** @param {Personalizer | null} personalizer */
  set personalizer(personalizer) {
    this.#personalizer = personalizer;
    this.#cache.clear();
  }

  get personalizer() {
    return this.#personalizer;
  }

  /** Fetch what only some drawings need: doubtful ones, and those of several lines. */
  async fetchAll() {
    await Promise.all([loadCuts(), loadLines(), this.#loadStrokeNetwork()]);
  }

  /** Predict marks, too, from now on. */
  async predictMarks() {
    await loadMarks();
    if (this.#network.addMarks()) this.#cache.clear();
  }

  dispose() {
    this.#isDisposed = true;
    this.#strokeNetwork?.dispose();
  }

  /**
   * Find a drawing's symbols, line by line.
   * @param {Drawing} drawing
   * @param {string} [marks] that are read, too
   * @param {((text: string) => boolean) | null} [fits] whether a line's text is what is expected
   * @returns {Generator<Step, Candidate[][]>} lines from top to bottom
   */
  *segment(drawing, marks = "", fits = null) {
    if (marks && !this.#markReader) yield this.#loadMarkReader();
    const chosen = [];
    for (const line of yield* this.#lines(drawing)) {
      const strokes = line.map((index) => drawing[index]);
      let symbols = yield* this.#segmentLine(strokes, marks);
      if (fits && !fits(textOfCandidates(symbols, this.#meta))) {
        symbols = (yield* this.#segmentAs(fits, symbols, strokes, marks)) ?? symbols;
      }
      chosen.push(symbols.map((candidate) => placed(candidate, line)));
    }
    return chosen;
  }

  /**
   * Find the symbols of one line whose text is what is expected.
   * @param {(text: string) => boolean} fits
   * @param {Candidate[]} first the best reading of all
   * @param {Drawing} drawing
   * @param {string} marks
   * @returns {Generator<Step, Candidate[] | null>} left to right; null if it has to be something else
   */
  *#segmentAs(fits, first, drawing, marks) {
    if (!ranking) yield loadRanking();
    const groups = this.#groups(drawing, marks !== "");
    if (groups.length > MAX_RANKED_GROUPS) return null;
    yield* this.#predictGroups(drawing, groups);
    const reader = marks ? this.#markReader?.line(drawing, groups, marks) ?? null : null;
    const found = ranking?.bestFitting(drawing, first, groups, fits, this.#meta, reader);
    return found?.map(({ group, read }) => ({ ...this.#candidate(groups[group]), ...read })) ?? null;
  }

  /**
   * Return all groups of strokes that a drawing's symbols are chosen from, with their features.
   * @param {Drawing} drawing
   * @param {number[]} cut indices of strokes to cut
   * @param {boolean} [withMarks] whether those of marks are among them, with what marks are told by
   * @returns {(Candidate & { cells: number[] })[]}
   */
  candidates(drawing, cut, withMarks = false) {
    let cells = 0;
    return runToEnd(this.#lines(drawing)).flatMap((line) => {
      const strokes = line.map((index) => drawing[index]);
      const own = [...line.keys()].filter((place) => cut.includes(line[place]));
      const found = own.length > 0 ? cuts?.cutGroups(strokes, own) : null;
      const groups = found ? this.#cache.find(strokes, found.groups) : this.#groups(strokes, withMarks);
      runToEnd(this.#predictGroups(strokes, groups));
      this.#cache.keep(groups);
      const first = cells;
      cells += found?.cells.length ?? line.length;
      const inputs = withMarks ? markModule?.markInputs(strokes, groups) : null;
      return groups.map((group, k) => ({
        ...placed(this.#candidate(group), line),
        cells: (found?.groups[k].cells ?? group.strokes).map((cell) => first + cell),
        ...(inputs && { markInputs: inputs[k] }),
      }));
    });
  }

  /**
   * Return the lines of a drawing: the indices of their strokes.
   * @param {Drawing} drawing
   * @returns {Generator<Step, number[][]>}
   */
  *#lines(drawing) {
    if (Array.isArray(drawing) && drawing.length === 0) return [];
    checkDrawing(drawing);
    if (!this.#meta.segment || isLevel(drawing)) return [[...drawing.keys()]];
    if (!lines) yield loadLines();
    return lines?.splitIntoLines(drawing) ?? [[...drawing.keys()]];
  }

  /**
   * Find the symbols of one line; each step is short, so that the caller can yield to the page.
   *
   * Strokes are cut only where the reading without cuts is doubtful.
   * @param {Drawing} drawing
   * @param {string} marks
   * @returns {Generator<Step, Candidate[]>} left to right
   */
  *#segmentLine(drawing, marks) {
    const found = yield* this.#chooseWhole(drawing, marks);
    const isSureMark = (/** @type {Candidate} */ { markProbability = 0 }) => markProbability > SURE_MARK;
    const marked = found.filter(isSureMark);
    const others = found.filter((each) => !isSureMark(each));
    const doubtful = others.filter(({ features }) => mayBeSeveral(features, this.#meta));
    if (doubtful.length === 0) return found;
    const rest = others.flatMap(({ strokes }) => strokes).sort((a, b) => a - b);
    const cut = yield* this.#cut(
      rest.map((index) => drawing[index]),
      doubtful.flatMap(({ strokes }) => strokes.map((index) => rest.indexOf(index))));
    const isUnsure = others.some(({ mark }) => mark);
    if (!cut || (isUnsure && cut.some(({ features }) => isRefused(features)))) return found;
    const parts = cut.map((each) => placed(each, rest));
    if (marked.length === 0) return parts;
    const middle = (/** @type {Candidate} */ each) => {
      const { left, right } = bounds(symbolInk(drawing, each));
      return left + right;
    };
    return [...marked, ...parts].sort((a, b) => middle(a) - middle(b));
  }

  /**
   * Choose among groups of whole strokes.
   * @param {Drawing} drawing
   * @param {string} marks
   * @returns {Generator<Step, Candidate[]>} left to right
   */
  *#chooseWhole(drawing, marks) {
    const groups = this.#groups(drawing, marks !== "");
    const reader = marks ? this.#markReader?.line(drawing, groups, marks) : null;
    const asDigit = (/** @type {number} */ k) => groupScore(groups[k], this.#meta);
    const score = (/** @type {number} */ k) => reader?.score(k, asDigit(k)) ?? asDigit(k);
    const chosen = yield* this.#choose(drawing, groups, createPartitioner(groups, drawing), score);
    return chosen.map((k) => ({ ...this.#candidate(groups[k]), ...reader?.read(k, asDigit(k)) }));
  }

  /**
   * Read strokes of a line, some of them cut.
   * @param {Drawing} drawing
   * @param {number[]} doubtful indices of the strokes to cut
   * @returns {Generator<Step, Candidate[] | null>} left to right; null if no cut is worth it
   */
  *#cut(drawing, doubtful) {
    if (!cuts) yield loadCuts();
    const cut = cuts?.cutGroups(drawing, doubtful);
    if (!cut) return null;
    const partition = createPartitioner(
      cut.groups.map(({ cells }) => ({ strokes: cells })), cut.cells, [...cut.cells.keys()]);
    const groups = this.#cache.find(drawing, cut.groups);
    const chosen = yield* this.#choose(
      drawing, groups, partition, (k) => groupScore(groups[k], this.#meta, true), MAX_CUT_ROUNDS);
    const parts = chosen.map((k) => this.#candidate(groups[k]));
    return parts.some(({ features }) => isCut(features)) ? parts : null;
  }

  /**
   * Choose the groups of the best partition.
   *
   * Classify groups lazily. An unclassified group gets an upper bound as its score, so once the
   * best partition contains only classified groups, it is optimal.
   * @param {Drawing} drawing
   * @param {PredictedGroup[]} groups
   * @param {ReturnType<typeof createPartitioner>} partition
   * @param {(index: number) => number} score of a group; without a prediction, an upper bound
   * @param {number} [most] rounds, where there are so many groups that not all can be classified
   * @returns {Generator<Step, number[]>} left to right; none if that many rounds do not find it
   */
  *#choose(drawing, groups, partition, score, most) {
    const scores = groups.map((_, index) => score(index));
    for (let round = 1; ; round++) {
      const chosen = partition(scores);
      const unclassified = chosen.filter((index) => !groups[index].prediction);
      if (unclassified.length === 0) {
        this.#cache.keep(groups);
        return chosen;
      }
      if (most && round > most) return [];
      const wanted = most || round < MAX_LAZY_ROUNDS ? unclassified : [...groups.keys()];
      yield* this.#predictGroups(drawing, wanted.map((index) => groups[index]));
      for (const index of wanted) scores[index] = score(index);
    }
  }

  /**
   * Return the groups of strokes that may be symbols, with their cached predictions.
   * @param {Drawing} drawing
   * @param {boolean} withMarks
   * @returns {PredictedGroup[]}
   */
  #groups(drawing, withMarks) {
    const groups = this.#meta.segment ? candidateGroups(drawing, withMarks) : [singleGroup(drawing)];
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
    if (doubtful.length === 0 || !this.#meta.strokes) return predictions;
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
    const field = this.#meta.ink.size ** 2;
    const labels = this.#meta.labels.length;
    const pixels = new Float32Array(symbols.length * field);
    symbols.forEach((each, k) => pixels.set(render(each, this.#meta.ink.width), k * field));
    const { probabilities, notADigit, marks } = this.#network.predict(pixels);
    const classes = (marks?.length ?? 0) / symbols.length;
    return symbols.map((_, k) => ({
      pixels: pixels.slice(k * field, (k + 1) * field),
      probabilities: probabilities.slice(k * labels, (k + 1) * labels),
      notADigit: notADigit && notADigit[k],
      marks: marks && marks.slice(k * classes, (k + 1) * classes),
    }));
  }

  /** Fails with a RecognizerError if what reads marks is missing, altered, or offline. */
  #loadMarkReader() {
    return (this.#loadingMarks ??= this.#fetchMarkReader().finally(() => (this.#loadingMarks = null)));
  }

  async #fetchMarkReader() {
    await this.predictMarks();
    this.#markReader = await markModule?.loadMarkReader(this.#folder, this.#meta) ?? null;
  }

  #loadStrokeNetwork() {
    return (this.#loading ??= this.#fetchStrokeNetwork().finally(() => (this.#loading = null)));
  }

  async #fetchStrokeNetwork() {
    const meta = this.#meta;
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
    return { strokes, pieces, features: groupFeatures(shape, prediction, this.#meta), prediction };
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
