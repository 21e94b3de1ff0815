/**
 * Ask a second network about doubtful symbols: it reads the path of the pen, where the first one
 * reads the image of the ink.
 *
 * Mirrors `train/strokes/`: the same features of the path, the same way of combining predictions.
 *
 * @import { Drawing, Meta, Prediction, StrokeMeta } from "../types"
 * @import { GraphModel } from "../vendor/tfjs.js"
 */
import { bounds } from "../ink/render.js";
import { tensor, tidy } from "../vendor/tfjs.js";
import { fetchFiles, RecognizerError } from "./model-files.js";
import { buildModel } from "./network.js";

const GRAPH = "strokes.json";
const POINTS = 48; // on the path, at equal distances
const CHANNELS = 7; // x, y, pen down, direction (cosine, sine), turn (cosine, sine)
const WEIGHTS = /** @type {const} */ (["image", "path", "image_score", "path_score", "bias"]);
const EPSILON = 1e-6; // keeps directions of points at one place finite
const FLOOR = 1e-3; // added to the probabilities of digits, so that neither network decides alone
const SCORE_FLOOR = 1e-4;

/** The second network. Made by `loadStrokeNetwork`. */
export class StrokeNetwork {
  #model;
  #meta;

  /**
   * @param {GraphModel} model
   * @param {StrokeMeta} meta
   */
  constructor(model, meta) {
    this.#model = model;
    this.#meta = meta;
  }

  /**
   * Combine predictions with what this network makes of the same symbols.
   * @param {Prediction[]} predictions
   * @param {Drawing[]} symbols the strokes of each
   * @returns {Prediction[]}
   */
  combine(predictions, symbols) {
    const classes = this.classify(symbols);
    const size = classes.length / symbols.length;
    return predictions.map((each, k) => ({
      ...each,
      ...combinePredictions(each, classes.subarray(k * size, (k + 1) * size), this.#meta.weights),
    }));
  }

  /**
   * Return this network's probabilities for some symbols.
   * @param {Drawing[]} symbols the strokes of each
   * @returns {Float32Array} a row for each: one for each digit, and one for a non-digit
   */
  classify(symbols) {
    const paths = new Float32Array(symbols.length * POINTS * CHANNELS);
    symbols.forEach((strokes, k) => paths.set(pathFeatures(strokes), k * POINTS * CHANNELS));
    return tidy(() => {
      const input = tensor(paths, [symbols.length, POINTS, 1, CHANNELS]);
      return [this.#model.execute(input, [this.#meta.node])].flat()[0].dataSync().slice();
    });
  }

  /** Free the memory. */
  dispose() {
    this.#model.dispose();
  }
}

/**
 * Fetch the second network.
 * @param {URL} folder that of the model
 * @param {Meta} meta that of the model
 * @param {StrokeMeta} strokes
 * @throws {Error} if files are missing, altered or no graph that runs, or offline
 */
export async function loadStrokeNetwork(folder, { files }, strokes) {
  if (!WEIGHTS.every((name) => Number.isFinite(strokes.weights?.[name]))) {
    throw new RecognizerError("meta.json is not what the export wrote.");
  }
  const fetched = await fetchFiles(
    folder, Object.fromEntries(strokes.files.map((name) => [name, files[name]])));
  const network = new StrokeNetwork(buildModel(fetched, GRAPH), strokes);
  network.classify([[[[0, 0], [1, 1]]]]); // a graph that does not run is never asked
  return network;
}

/**
 * Return the features of a symbol's path: points at equal distances along all strokes and the
 * movements between them, in a box from -1 to 1.
 * @param {Drawing} strokes
 * @returns {Float32Array} POINTS rows of CHANNELS
 */
export function pathFeatures(strokes) {
  const { left, top, right, bottom } = bounds(strokes);
  const unit = Math.max(right - left, bottom - top) / 2;
  if (!(unit > 0)) return new Float32Array(POINTS * CHANNELS); // a dot has no path
  /** @type {{ x: number, y: number, pen: number, at: number }[]} */
  const path = [];
  for (const stroke of strokes) {
    stroke.forEach(([px, py], k) => {
      const x = (px - (left + right) / 2) / unit;
      const y = (py - (top + bottom) / 2) / unit;
      const last = path.at(-1);
      const at = last ? last.at + Math.hypot(x - last.x, y - last.y) : 0;
      path.push({ x, y, pen: k > 0 ? 1 : 0, at });
    });
  }
  const points = samplePath(path);
  const features = new Float32Array(POINTS * CHANNELS);
  let before = [1, 0];
  points.forEach(([x, y, pen], k) => {
    const [next, from] = k + 1 < POINTS ? [points[k + 1], points[k]] : [points[k], points[k - 1]];
    const dx = next[0] - from[0];
    const dy = next[1] - from[1];
    const length = Math.hypot(dx, dy) + EPSILON;
    const direction = [dx / length, dy / length];
    const turn = k > 0
      ? [before[0] * direction[0] + before[1] * direction[1], before[0] * direction[1] - before[1] * direction[0]]
      : [0, 0];
    features.set([x, y, pen, ...direction, ...turn], k * CHANNELS);
    before = direction;
  });
  return features;
}

/**
 * @param {{ x: number, y: number, pen: number, at: number }[]} path `at`: the distance from its start
 * @returns {number[][]} POINTS times x, y, and whether the pen is down
 */
function samplePath(path) {
  const end = path[path.length - 1].at;
  let next = 1;
  return Array.from({ length: POINTS }, (_, k) => {
    const at = (end * k) / (POINTS - 1);
    while (next < path.length - 1 && path[next].at < at) next++;
    const [from, to] = [path[next - 1], path[next]];
    const share = to.at > from.at ? Math.min(1, (at - from.at) / (to.at - from.at)) : 0;
    return [from.x + share * (to.x - from.x), from.y + share * (to.y - from.y), to.pen];
  });
}

/**
 * Combine what both networks make of one symbol: weighted sums of logarithms.
 * @param {Pick<Prediction, "probabilities" | "notADigit">} image
 * @param {Float32Array} path probabilities of the digits, and of a non-digit
 * @param {StrokeMeta["weights"]} weights
 */
export function combinePredictions({ probabilities, notADigit }, path, weights) {
  const last = path.length - 1;
  const isDigit = path.slice(0, last).reduce((sum, each) => sum + each, 0);
  const scores = probabilities.map((each, k) =>
    weights.image * Math.log(each + FLOOR)
      + weights.path * Math.log(path[k] / (isDigit + EPSILON) + FLOOR));
  const greatest = Math.max(...scores);
  const shares = scores.map((score) => Math.exp(score - greatest));
  const sum = shares.reduce((total, each) => total + each, 0);
  const score = weights.image_score * logit(notADigit ?? 0) + weights.path_score * logit(path[last])
    + weights.bias;
  return {
    probabilities: shares.map((each) => each / sum),
    notADigit: notADigit === null ? null : 1 / (1 + Math.exp(-score)),
  };
}

/** @param {number} probability */
function logit(probability) {
  return Math.log(probability + SCORE_FLOOR) - Math.log(1 - probability + SCORE_FLOOR);
}
