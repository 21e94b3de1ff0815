/**
 * Read what only some drawings hold: several lines, several digits in one stroke, doubtful symbols,
 * marks, and texts of an expected form.
 *
 * @import { Candidate, Drawing, PredictedGroup, Prediction, ReadSymbol } from "../types"
 * @import { MarkReader } from "../marks/reader.js"
 * @import { Segmenter, Step } from "./segmenter.js"
 * @import { StrokeNetwork } from "./strokes.js"
 */
import { bounds, median, symbolInk } from "../ink/render.js";
import { SPACE } from "./model-files.js";
import {
  cuts, lines, loadCuts, loadLines, loadMarks, loadRanking, loadStrokes, marks as markModule, ranking,
  strokes,
} from "./optional.js";
import { createPartitioner } from "./partitions.js";
import {
  SURE_MARK, groupScore, isCut, isDoubtful, isLevel, isRefused, mayBeSeveral, textOfCandidates,
} from "./scoring.js";

const MAX_RANKED_GROUPS = 400; // a telephone number has about 100; all are classified
// Beside marks, groups that may score more are classified, too. Without this bound, validation writers'
// strings are read as well, and in 1.4 to 1.6 times the time.
const MIN_BOUND = -4;
const MAX_CUT_ROUNDS = 32; // joined numbers need a few; a scribble keeps its reading without cuts
const MIN_SPACE = 0.8; // line heights: narrower gaps are no spaces
const SPACE_BY_GAP = 2; // times the median of the line's other gaps
const USUAL_GAP = 0.5; // line heights, where there is no other

/** Refines the readings of a segmenter. */
export class Refinement {
  #segmenter;
  /** @type {StrokeNetwork | null} */
  #strokeNetwork = null;
  /** @type {Promise<void> | null} of that network */
  #loading = null;
  /** @type {MarkReader | null} */
  #markReader = null;
  /** @type {Promise<void> | null} of that reader */
  #loadingMarks = null;
  #isDisposed = false;

  /** @param {Segmenter} segmenter */
  constructor(segmenter) {
    this.#segmenter = segmenter;
  }

  get #meta() {
    return this.#segmenter.meta;
  }

  /** Fetch what only some drawings need: doubtful ones, and those of several lines. */
  async fetchAll() {
    await Promise.all([loadCuts(), loadLines(), this.#loadStrokeNetwork()]);
  }

  /** Predict marks, too, from now on. */
  async predictMarks() {
    await loadMarks();
    if (this.#segmenter.network.addMarks()) this.#segmenter.cache.clear();
  }

  dispose() {
    this.#isDisposed = true;
    this.#strokeNetwork?.dispose();
  }

  /**
   * Find a drawing's symbols, line by line.
   * @param {Drawing} drawing valid and not empty
   * @param {string} marks that are read, too, among them the space
   * @param {((text: string) => boolean) | null} fits whether a line's text is what is expected
   * @returns {Generator<Step, Candidate[][]>} lines from top to bottom
   */
  *segment(drawing, marks, fits) {
    const visible = marks.replaceAll(SPACE, "");
    if (visible && !this.#markReader) yield this.#loadMarkReader();
    const chosen = [];
    for (const line of yield* this.#lines(drawing)) {
      const strokes = line.map((index) => drawing[index]);
      let symbols = yield* this.#segmentLine(strokes, visible);
      if (fits && !fits(textOfCandidates(symbols, this.#meta))) {
        symbols = (yield* this.#segmentAs(fits, symbols, strokes, visible)) ?? symbols;
      }
      const found = symbols.map((candidate) => placed(candidate, line));
      chosen.push(marks.includes(SPACE) ? withSpacesBefore(found, drawing) : found);
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
    const groups = this.#segmenter.groups(drawing, marks !== "");
    if (groups.length > MAX_RANKED_GROUPS) return null;
    yield* this.#segmenter.predictGroups(drawing, groups);
    const reader = marks ? this.#markReader?.line(drawing, groups, marks) ?? null : null;
    const found = ranking?.bestFitting(drawing, first, groups, fits, this.#meta, reader);
    return found?.map(({ group, read }) => ({ ...this.#segmenter.candidate(groups[group]), ...read })) ?? null;
  }

  /**
   * Return all groups of strokes that a drawing's symbols are chosen from, with their features.
   * @param {Drawing} drawing
   * @param {number[]} cut indices of strokes to cut
   * @param {boolean} [withMarks] whether those of marks are among them, with what marks are told by
   * @returns {(Candidate & { cells: number[] })[]}
   */
  candidates(drawing, cut, withMarks = false) {
    const segmenter = this.#segmenter;
    let cells = 0;
    return runToEnd(this.#lines(drawing)).flatMap((line) => {
      const strokes = line.map((index) => drawing[index]);
      const own = [...line.keys()].filter((place) => cut.includes(line[place]));
      const found = own.length > 0 ? cuts?.cutGroups(strokes, own) : null;
      const groups = found ? segmenter.cache.find(strokes, found.groups) : segmenter.groups(strokes, withMarks);
      runToEnd(segmenter.predictGroups(strokes, groups));
      segmenter.cache.keep(groups);
      const first = cells;
      cells += found?.cells.length ?? line.length;
      const inputs = withMarks ? markModule?.markInputs(strokes, groups) : null;
      return groups.map((group, k) => ({
        ...placed(segmenter.candidate(group), line),
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
    const found = marks
      ? yield* this.#chooseWithMarks(drawing, marks)
      : yield* this.#segmenter.chooseWhole(drawing);
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
   * Choose among groups of whole strokes, some of them marks.
   * @param {Drawing} drawing
   * @param {string} marks
   * @returns {Generator<Step, Candidate[]>} left to right
   */
  *#chooseWithMarks(drawing, marks) {
    const groups = this.#segmenter.groups(drawing, true);
    const reader = this.#markReader?.line(drawing, groups, marks);
    const asDigit = (/** @type {number} */ k) => groupScore(groups[k], this.#meta);
    const score = (/** @type {number} */ k) => reader?.score(k, asDigit(k)) ?? asDigit(k);
    const partition = createPartitioner(groups, drawing);
    const chosen = yield* this.#segmenter.choose(drawing, groups, partition, score);
    const hasMarks = chosen.some((k) => reader?.read(k, asDigit(k))?.mark);
    if (hasMarks && groups.length <= MAX_RANKED_GROUPS) { // another partition may make more sense
      const likely = groups.filter((_, k) => score(k) > MIN_BOUND);
      yield* this.#segmenter.predictGroups(drawing, likely);
      this.#segmenter.cache.keep(groups);
    }
    const found = reader ? ranking?.likeliest(drawing, chosen, groups, this.#meta, reader) : null;
    return (found ?? chosen.map((k) => ({ group: k, read: reader?.read(k, asDigit(k)) })))
      .map(({ group, read }) => ({ ...this.#segmenter.candidate(groups[group]), ...read }));
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
    const groups = this.#segmenter.cache.find(drawing, cut.groups);
    const chosen = yield* this.#segmenter.choose(
      drawing, groups, partition, (k) => groupScore(groups[k], this.#meta, true), MAX_CUT_ROUNDS);
    const parts = chosen.map((k) => this.#segmenter.candidate(groups[k]));
    return parts.some(({ features }) => isCut(features)) ? parts : null;
  }

  /**
   * Ask the second network about doubtful predictions; without it, they stay as they are.
   * @param {Drawing[]} symbols
   * @param {Prediction[]} predictions
   * @returns {Generator<Step, Prediction[]>}
   */
  *askTwice(symbols, predictions) {
    const doubtful = [...symbols.keys()].filter((k) => isDoubtful(predictions[k]));
    if (!this.#strokeNetwork) yield this.#loadStrokeNetwork();
    const combined = this.#strokeNetwork?.combine(
      doubtful.map((k) => predictions[k]), doubtful.map((k) => symbols[k]));
    return predictions.map((each, k) => combined?.[doubtful.indexOf(k)] ?? each);
  }

  /** Fails with a RecognizerError if what reads marks is missing, altered, or offline. */
  #loadMarkReader() {
    return (this.#loadingMarks ??= this.#fetchMarkReader().finally(() => (this.#loadingMarks = null)));
  }

  async #fetchMarkReader() {
    await this.predictMarks();
    this.#markReader = await markModule?.loadMarkReader(this.#segmenter.folder, this.#meta) ?? null;
  }

  #loadStrokeNetwork() {
    return (this.#loading ??= this.#fetchStrokeNetwork().finally(() => (this.#loading = null)));
  }

  async #fetchStrokeNetwork() {
    const meta = this.#meta;
    if (!meta.strokes || this.#strokeNetwork || this.#isDisposed) return;
    await loadStrokes();
    this.#strokeNetwork = await strokes?.loadStrokeNetwork(this.#segmenter.folder, meta, meta.strokes)
      .catch(() => null) ?? null;
    if (this.#isDisposed) this.#strokeNetwork?.dispose();
  }
}

/**
 * Return a candidate of a line as one of the drawing.
 * @param {Candidate} candidate
 * @param {number[]} line indices of its strokes in the drawing
 * @returns {Candidate}
 */
function placed(candidate, line) {
  return {
    ...candidate,
    strokes: candidate.strokes.map((index) => line[index]),
    pieces: candidate.pieces.map((piece) => ({ ...piece, stroke: line[piece.stroke] })),
  };
}

/**
 * Say of symbols that have a wide gap before them that they have.
 * @param {Candidate[]} line from left to right
 * @param {Drawing} drawing
 */
function withSpacesBefore(line, drawing) {
  const boxes = line.map((candidate) => bounds(symbolInk(drawing, candidate)));
  const height = median(boxes.map(({ top, bottom }) => bottom - top).filter((each) => each > 0));
  const gaps = boxes.slice(1).map(({ left }, k) => left - boxes[k].right);
  return line.map((symbol, k) => {
    const others = gaps.filter((_, n) => n !== k - 1);
    const usual = others.length > 0 ? median(others) : USUAL_GAP * height;
    const isWide = k > 0 && gaps[k - 1] >= Math.max(MIN_SPACE * height, SPACE_BY_GAP * usual);
    return isWide ? { ...symbol, spaced: true } : symbol;
  });
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
