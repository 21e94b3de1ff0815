/**
 * Run the network: fields of 28x28 pixels in, probabilities and rejection scores out. Keep its
 * predictions for groups of strokes: after the next stroke, most groups are still the same.
 *
 * @import { Drawing, Group, Meta, Piece, PredictedGroup, Prediction, Predictions,
 *   Stroke } from "../types"
 */
import { render } from "../ink/render.js";
import { RecognizerError } from "./model-files.js";
import { GraphModel, record, setBackend, tensor, tidy } from "../vendor/tfjs.js";

const CANNOT_RUN = "The model does not run in this browser.";
const CACHE_SIZE = 500; // predictions, and strokes

/**
 * Build a network from a model's files.
 * @param {Meta} meta
 * @param {Map<string, ArrayBuffer>} files model.json and the weights that it names
 * @returns {Promise<Network>}
 * @throws {RecognizerError} if the files are not a graph
 */
export async function startNetwork(meta, files) {
  try {
    await setBackend("cpu");
    return new Network(meta, buildModel(files, "model.json"));
  } catch (error) {
    throw new RecognizerError(CANNOT_RUN, error);
  }
}

/** A network that is ready to run. */
export class Network {
  #meta;
  #model;
  /** @type {((pixels: Float32Array) => Float32Array[]) | undefined} set by the first run */
  #replay;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #warmUp;
  #withMarks = false;

  /**
   * @param {Meta} meta
   * @param {GraphModel} model
   */
  constructor(meta, model) {
    this.#meta = meta;
    this.#model = model;
  }

  /**
   * Check pixels and return their number of fields.
   * @param {Float32Array} pixels
   * @throws {TypeError | RangeError} if they are not a whole number of fields in [0, 1]
   */
  validateFields(pixels) {
    const field = this.#meta.ink.size ** 2;
    if (!(pixels instanceof Float32Array)) throw new TypeError("pixels must be a Float32Array");
    if (pixels.length % field !== 0) {
      throw new RangeError(`a field has ${field} pixels: ${pixels.length} are no whole number of fields`);
    }
    const wrong = pixels.findIndex((value) => !(value >= 0 && value <= 1));
    if (wrong >= 0) {
      throw new RangeError(`pixel ${wrong % field} of field ${Math.floor(wrong / field)} is `
        + `${pixels[wrong]}: it must lie between 0 and 1`);
    }
    return pixels.length / field;
  }

  /**
   * Return probabilities and rejection scores of a few fields, from one run.
   * @param {Float32Array} pixels
   * @returns {Predictions}
   */
  predict(pixels) {
    this.#replay ??= this.#record();
    const [probabilities, ...others] = this.#replay(pixels);
    const notADigit = this.#meta.nodes.not_a_digit ? others.shift() ?? null : null;
    return { probabilities, notADigit, marks: others[0] ?? null };
  }

  /**
   * Return a prediction for the ink of each symbol.
   * @param {Drawing[]} symbols
   * @returns {Prediction[]}
   */
  predictInk(symbols) {
    const { ink: { size, width }, labels } = this.#meta;
    const pixels = new Float32Array(symbols.length * size ** 2);
    symbols.forEach((each, k) => pixels.set(render(each, width), k * size ** 2));
    const { probabilities, notADigit, marks } = this.predict(pixels);
    const classes = (marks?.length ?? 0) / symbols.length;
    return symbols.map((_, k) => ({
      pixels: pixels.slice(k * size ** 2, (k + 1) * size ** 2),
      probabilities: probabilities.slice(k * labels.length, (k + 1) * labels.length),
      notADigit: notADigit && notADigit[k],
      marks: marks && marks.slice(k * classes, (k + 1) * classes),
    }));
  }

  /** Predict marks, too, from now on. Return whether it did not before. */
  addMarks() {
    if (this.#withMarks) return false;
    this.#withMarks = true;
    this.#replay = undefined;
    return true;
  }

  /**
   * Return the tensors of some nodes for a few fields.
   * @param {Float32Array} pixels
   * @param {string[]} nodes
   * @throws {RecognizerError} if the runtime cannot run the graph
   */
  run(pixels, nodes) {
    const { size } = this.#meta.ink;
    try {
      return tidy(() => {
        const input = tensor(pixels, [pixels.length / size ** 2, size, size, 1]);
        const outputs = [this.#model.execute(input, nodes)].flat();
        // Copy, because the runtime reuses this memory for its next tensors.
        return outputs.map((output) => ({ shape: output.shape, values: output.dataSync().slice() }));
      });
    } catch (error) {
      throw new RecognizerError(CANNOT_RUN, error);
    }
  }

  /** Run on an empty field before the first digit is drawn, because the first run is slow. */
  warmUpSoon() {
    this.#warmUp = setTimeout(() => {
      if (this.#replay) return;
      try {
        this.predict(new Float32Array(this.#meta.ink.size ** 2));
      } catch {
        // The next reading fails with the same error and reports it.
      }
    });
  }

  /** Skip that run: a drawing waited for the model, and its reading is the first run. */
  cancelWarmUp() {
    clearTimeout(this.#warmUp);
  }

  /** Free the memory. The network cannot be used afterwards. */
  dispose() {
    this.#replay = undefined;
    this.#model.dispose();
  }

  /** Return a function that replays one recorded run; or, if none can be recorded, runs the graph. */
  #record() {
    const { size } = this.#meta.ink;
    const { probabilities, not_a_digit: score, marks } = this.#meta.nodes;
    const nodes = [probabilities, ...(score ? [score] : []), ...(marks && this.#withMarks ? [marks] : [])];
    try {
      return record(this.#model, [size, size, 1], nodes)
        ?? ((/** @type {Float32Array} */ pixels) => this.run(pixels, nodes).map(({ values }) => values));
    } catch (error) {
      throw new RecognizerError(CANNOT_RUN, error);
    }
  }
}

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
 * Build a model.
 * @param {Map<string, ArrayBuffer>} files the graph and the weights that it names
 * @param {string} graph name of the graph's file
 * @returns {GraphModel}
 */
export function buildModel(files, graph) {
  /** @param {string} name */
  const content = (name) => {
    const found = files.get(name);
    if (!found) throw new Error(`meta.json does not list ${name}`);
    return found;
  };
  const { modelTopology, signature, weightsManifest } = JSON.parse(
    new TextDecoder().decode(content(graph)),
  );
  /** @type {{ paths: string[], weights: object[] }[]} */
  const groups = weightsManifest;
  const weightData = join(groups.flatMap(({ paths }) => paths.map(content)));
  const weightSpecs = groups.flatMap(({ weights }) => weights);
  const model = new GraphModel({
    load: () => ({ modelTopology, signature, weightSpecs, weightData }),
  });
  model.load();
  return model;
}

/** @param {ArrayBuffer[]} buffers */
function join(buffers) {
  const joined = new Uint8Array(buffers.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const buffer of buffers) {
    joined.set(new Uint8Array(buffer), offset);
    offset += buffer.byteLength;
  }
  return joined.buffer;
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
