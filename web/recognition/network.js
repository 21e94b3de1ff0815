/**
 * The network alone: fields of 28x28 pixels in, what it says of them out.
 *
 * @typedef {import("./model-files.js").Meta} Meta
 *
 * @typedef {object} Predictions what the network says of n fields
 * @property {Float32Array} probabilities n rows of one for each label
 * @property {Float32Array | null} notADigit n scores in [0, 1], null where the model has none
 */
import { RecognizerError } from "./model-files.js";
import { GraphModel, record, setBackend, tensor, tidy } from "../vendor/tfjs.js";

const CANNOT_RUN = "The model does not run in this browser.";

/**
 * Make a network of a model's files.
 * @param {Meta} meta
 * @param {Map<string, ArrayBuffer>} files model.json and the weights that it names
 * @returns {Promise<Network>}
 * @throws {RecognizerError} files that are no graph
 */
export async function startNetwork(meta, files) {
  try {
    await setBackend("cpu");
    return new Network(meta, buildModel(files));
  } catch (error) {
    throw new RecognizerError(CANNOT_RUN, error);
  }
}

/** A network that runs. */
export class Network {
  #meta;
  #model;
  /** @type {((pixels: Float32Array) => Float32Array[]) | undefined} both answers, once it has run */
  #replay;

  /**
   * @param {Meta} meta
   * @param {GraphModel} model
   */
  constructor(meta, model) {
    this.#meta = meta;
    this.#model = model;
  }

  /**
   * How many fields pixels are.
   * @param {Float32Array} pixels
   * @throws {TypeError | RangeError} what is no whole number of fields in [0, 1]
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
   * Both answers of a few fields, from one run.
   * @param {Float32Array} pixels
   * @returns {Predictions}
   */
  predict(pixels) {
    this.#replay ??= this.#record();
    const [probabilities, notADigit = null] = this.#replay(pixels);
    return { probabilities, notADigit };
  }

  /**
   * The tensors of some nodes for a few fields.
   * @param {Float32Array} pixels
   * @param {string[]} nodes
   * @throws {RecognizerError} a graph that the runtime cannot carry out
   */
  run(pixels, nodes) {
    const { size } = this.#meta.ink;
    try {
      return tidy(() => {
        const input = tensor(pixels, [pixels.length / size ** 2, size, size, 1]);
        const outputs = [this.#model.execute(input, nodes)].flat();
        // A copy: the runtime writes its next tensors where these were.
        return outputs.map((output) => ({ shape: output.shape, values: output.dataSync().slice() }));
      });
    } catch (error) {
      throw new RecognizerError(CANNOT_RUN, error);
    }
  }

  /** Run once on nothing, if it has not run yet. */
  warmUp() {
    if (this.#replay) return;
    try {
      this.predict(new Float32Array(this.#meta.ink.size ** 2));
    } catch {
      // Whoever wants a reading is told.
    }
  }

  /** Give the memory back; it cannot be used any more. */
  dispose() {
    this.#replay = undefined;
    this.#model.dispose();
  }

  /** Run once: what is noted there, or where it cannot be, the graph, answers from then on. */
  #record() {
    const { size } = this.#meta.ink;
    const { probabilities, not_a_digit: score } = this.#meta.nodes;
    const nodes = score ? [probabilities, score] : [probabilities];
    try {
      return record(this.#model, [size, size, 1], nodes)
        ?? ((/** @type {Float32Array} */ pixels) => this.run(pixels, nodes).map(({ values }) => values));
    } catch (error) {
      throw new RecognizerError(CANNOT_RUN, error);
    }
  }
}

/**
 * @param {Map<string, ArrayBuffer>} files model.json and the weights that it names
 * @returns {GraphModel}
 */
function buildModel(files) {
  /** @param {string} name */
  const content = (name) => {
    const found = files.get(name);
    if (!found) throw new Error(`meta.json does not list ${name}`);
    return found;
  };
  const { modelTopology, signature, weightsManifest } = JSON.parse(
    new TextDecoder().decode(content("model.json")),
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
