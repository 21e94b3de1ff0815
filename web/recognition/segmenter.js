/**
 * Find the symbols of a drawing: propose groups of strokes, ask the network, choose among them.
 *
 * What only some drawings need is in refinement.js, which is fetched when the first one does.
 *
 * @import { Candidate, Drawing, Group, Meta, PredictedGroup, Prediction } from "../types"
 * @import { Personalizer } from "../personal/adaptation.js"
 * @import { Network } from "./network.js"
 * @import { Refinement } from "./refinement.js"
 * @typedef {Promise<void> | void} Step a short one, or one to wait for
 */
import { checkDrawing, symbolInk, wholePieces } from "../ink/render.js";
import { candidateGroups, singleGroup } from "../segment.js";
import { RecognizerError } from "./model-files.js";
import { PredictionCache } from "./network.js";
import { createPartitioner } from "./partitions.js";
import {
  groupFeatures, groupScore, isDoubtful, isLevel, mayBeSeveral, textOfCandidates,
} from "./scoring.js";

const GROUPS_PER_RUN = 8; // keeps one run well under 50 ms on a slow phone
const MAX_LAZY_ROUNDS = 16; // numbers need two; with dense ink, predicting all groups is faster

/** Reads with one model. Made by `loadRecognizer`. */
export class Segmenter {
  /** @type {Refinement | null} */
  #refinement = null;
  /** @type {Promise<void> | null} of that */
  #loading = null;
  #isDisposed = false;
  /** @type {Personalizer | null} */
  #personalizer = null;

  /**
   * @param {Meta} meta
   * @param {Network} network
   * @param {URL} folder that of the model, for what is fetched later
   */
  constructor(meta, network, folder) {
    this.meta = meta;
    this.network = network;
    this.folder = folder;
    this.cache = new PredictionCache();
  }

  /** @param {Personalizer | null} personalizer */
  set personalizer(personalizer) {
    this.#personalizer = personalizer;
    this.cache.clear();
  }

  get personalizer() {
    return this.#personalizer;
  }

  dispose() {
    this.#isDisposed = true;
    this.#refinement?.dispose();
  }

  /**
   * Return what only some drawings need.
   * @throws {RecognizerError} if it cannot be fetched
   */
  async refinement() {
    await this.#loadRefinement();
    if (!this.#refinement) throw unreachable();
    return this.#refinement;
  }

  /**
   * Find a drawing's symbols, line by line.
   * @param {Drawing} drawing
   * @param {string} [marks] that are read, too
   * @param {((text: string) => boolean) | null} [fits] whether a line's text is what is expected
   * @returns {Generator<Step, Candidate[][]>} lines from top to bottom
   */
  *segment(drawing, marks = "", fits = null) {
    if (Array.isArray(drawing) && drawing.length === 0) return [];
    checkDrawing(drawing);
    const isOneLine = !this.meta.segment || isLevel(drawing);
    const found = isOneLine && !marks ? yield* this.chooseWhole(drawing) : null;
    const isSure = found && !found.some(({ features }) => mayBeSeveral(features, this.meta));
    if (isSure && (!fits || fits(textOfCandidates(found, this.meta)))) return [found];
    if (!this.#refinement) yield this.#loadRefinement();
    if (this.#refinement) return yield* this.#refinement.segment(drawing, marks, fits);
    if (!found) throw unreachable();
    return [found];
  }

  /**
   * Choose among groups of whole strokes.
   * @param {Drawing} drawing
   * @returns {Generator<Step, Candidate[]>} left to right
   */
  *chooseWhole(drawing) {
    const groups = this.groups(drawing);
    const partition = createPartitioner(groups, drawing);
    const chosen = yield* this.choose(drawing, groups, partition, (k) => groupScore(groups[k], this.meta));
    return chosen.map((k) => this.candidate(groups[k]));
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
  *choose(drawing, groups, partition, score, most) {
    const scores = groups.map((_, index) => score(index));
    for (let round = 1; ; round++) {
      const chosen = partition(scores);
      const unclassified = chosen.filter((index) => !groups[index].prediction);
      if (unclassified.length === 0) {
        this.cache.keep(groups);
        return chosen;
      }
      if (most && round > most) return [];
      const wanted = most || round < MAX_LAZY_ROUNDS ? unclassified : [...groups.keys()];
      yield* this.predictGroups(drawing, wanted.map((index) => groups[index]));
      for (const index of wanted) scores[index] = score(index);
    }
  }

  /**
   * Return the groups of strokes that may be symbols, with their cached predictions.
   * @param {Drawing} drawing
   * @param {boolean} [withMarks]
   * @returns {PredictedGroup[]}
   */
  groups(drawing, withMarks) {
    const groups = this.meta.segment ? candidateGroups(drawing, withMarks) : [singleGroup(drawing)];
    return this.cache.find(
      drawing, groups.map((group) => ({ ...group, pieces: wholePieces(drawing, group.strokes) })));
  }

  /**
   * Fill in missing predictions, a few groups per step.
   * @param {Drawing} drawing
   * @param {PredictedGroup[]} groups
   * @returns {Generator<Step, void>}
   */
  *predictGroups(drawing, groups) {
    const unclassified = groups.filter(({ prediction }) => !prediction);
    if (unclassified.length > 0) this.network.cancelWarmUp();
    for (let start = 0; start < unclassified.length; start += GROUPS_PER_RUN) {
      yield;
      const batch = unclassified.slice(start, start + GROUPS_PER_RUN);
      const symbols = batch.map((group) => symbolInk(drawing, group));
      let predictions = this.network.predictInk(symbols);
      if (this.meta.strokes && predictions.some(isDoubtful)) {
        if (!this.#refinement) yield this.#loadRefinement();
        if (this.#refinement) predictions = yield* this.#refinement.askTwice(symbols, predictions);
      }
      predictions.forEach((each, k) => {
        const { probabilities, notADigit } = each;
        batch[k].prediction = { ...each, ...this.#personalizer?.(probabilities, notADigit, symbols[k]) };
      });
    }
  }

  /**
   * @param {PredictedGroup} group with a prediction
   * @returns {Candidate}
   */
  candidate({ strokes, pieces, shape, prediction }) {
    const known = /** @type {Prediction} */ (prediction);
    return { strokes, pieces, features: groupFeatures(shape, known, this.meta), prediction: known };
  }

  /** Fetch what only some drawings need; after a failure, the next one tries again. */
  #loadRefinement() {
    return (this.#loading ??= this.#fetchRefinement().finally(() => (this.#loading = null)));
  }

  async #fetchRefinement() {
    if (this.#refinement) return;
    const module = await import("./refinement.js").catch(() => null);
    if (module && !this.#isDisposed) this.#refinement ??= new module.Refinement(this);
  }
}

function unreachable() {
  return new RecognizerError("recognition/refinement.js could not be fetched: check the connection.");
}
