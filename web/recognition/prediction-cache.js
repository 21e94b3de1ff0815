/**
 * Keep the network's predictions for groups of strokes: after the next stroke, most groups are
 * still the same.
 *
 * @import { Drawing, Group, Piece, PredictedGroup, Prediction, Stroke } from "../types"
 */

const CACHE_SIZE = 500; // predictions, and strokes

/** The latest predictions. */
export class PredictionCache {
  /** @type {Map<string, Prediction>} by the group's ink, the latest last */
  #predictions = new Map();
  /** @type {Map<string, string>} short names of strokes by their points, the latest last */
  #names = new Map();
  #named = 0;

  /** Forget all predictions. */
  clear() {
    this.#predictions.clear();
  }

  /**
   * Add cached predictions to groups.
   * @param {Drawing} drawing
   * @param {(Group & { pieces: Piece[] })[]} groups
   * @returns {PredictedGroup[]}
   */
  find(drawing, groups) {
    const names = drawing.map((stroke) => this.#nameOf(stroke));
    return groups.map(({ strokes, pieces, shape }) => {
      const key = pieces.filter(({ connection }) => !connection).map(({ stroke, from, to }) =>
        to - from === drawing[stroke].length - 1 ? names[stroke] : `${names[stroke]}:${from}-${to}`).join();
      return { strokes, pieces, shape, key, prediction: this.#predictions.get(key) ?? null };
    });
  }

  /**
   * Keep the predictions of groups for the next drawing.
   * @param {PredictedGroup[]} groups
   */
  keep(groups) {
    for (const { key, prediction } of groups) {
      if (prediction) putLast(this.#predictions, key, prediction);
    }
    dropOldest(this.#predictions);
  }

  /** @param {Stroke} stroke */
  #nameOf(stroke) {
    const points = JSON.stringify(stroke);
    const name = this.#names.get(points) ?? String(this.#named++);
    putLast(this.#names, points, name);
    dropOldest(this.#names);
    return name;
  }
}

/**
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key
 * @param {T} value
 */
function putLast(map, key, value) {
  map.delete(key);
  map.set(key, value);
}

/** @param {Map<string, unknown>} map */
function dropOldest(map) {
  for (const key of map.keys()) {
    if (map.size <= CACHE_SIZE) break;
    map.delete(key);
  }
}
