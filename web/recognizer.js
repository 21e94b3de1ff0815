/**
 * From ink to a reading: fetches a model folder that `python -m export` wrote and runs it.
 *
 *     const recognizer = await loadRecognizer(new URL("model/", import.meta.url));
 *     const { text, confidence, symbols } = await recognizer.read(drawing);
 *
 * @typedef {import("./ink.js").Drawing} Drawing
 * @typedef {{ bytes: number, sha256: string }} FileFacts
 * @typedef {{ layer: string, node: string, shape: number[] }} Activation
 * @typedef {object} Meta what meta.json says of a model
 * @property {number} format
 * @property {string[]} labels
 * @property {{ size: number, box: number, width: number }} ink
 * @property {{ features: string, logits: string, probabilities: string, activations: Activation[] }} nodes
 * @property {Record<string, FileFacts>} files
 *
 * @typedef {object} ReadSymbol one character of a reading
 * @property {number | null} digit null where it is refused, which the text shows as "?"
 * @property {number} confidence the greatest of its probabilities
 * @property {Float32Array} probabilities one for each digit
 * @property {number[]} strokes indices of the drawing's strokes that make it up
 * @property {{ x: number, y: number, width: number, height: number }} box in the drawing's unit
 * @property {Float32Array} pixels the 28x28 field that the network saw
 *
 * @typedef {object} Reading
 * @property {string} text one character a symbol; "" when nothing is drawn
 * @property {number} confidence the product of the symbols' confidences; 1 when nothing is drawn
 * @property {ReadSymbol[]} symbols
 */

import { bounds, render } from "./ink.js";
import { GraphModel, setBackend, tensor, tidy } from "./vendor/tfjs.js";

/** The layout of meta.json that this file reads. */
export const FORMAT = 1;
const REFUSED = "?";
// Images to a run: the widest layer of the network takes some 25 kB for each.
const BATCH = 100;

/** A model that could not be loaded; `message` is for the reader of the page. */
export class RecognizerError extends Error {
  name = "RecognizerError";

  /**
   * @param {string} message
   * @param {unknown} [cause] what went wrong underneath
   */
  constructor(message, cause) {
    super(message);
    this.cause = cause;
  }
}

/**
 * Fetch, check and warm up a model.
 * @param {string | URL} baseURL the model's folder
 * @param {{ onprogress?: (progress: { loaded: number, total: number }) => void }} [options]
 *   `onprogress` hears of the bytes that have arrived
 * @returns {Promise<Recognizer>}
 * @throws {RecognizerError} files that are missing, altered or of another format; no connection
 */
export async function loadRecognizer(baseURL, { onprogress } = {}) {
  const base = new URL(baseURL, globalThis.document?.baseURI ?? import.meta.url);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  const meta = await fetchMeta(new URL("meta.json", base));
  const names = Object.keys(meta.files);
  const total = names.reduce((sum, name) => sum + meta.files[name].bytes, 0);
  let loaded = 0;
  onprogress?.({ loaded, total });
  const contents = await Promise.all(
    names.map(async (name) => {
      const content = await fetchFile(new URL(name, base), meta.files[name]);
      loaded += content.byteLength;
      onprogress?.({ loaded, total });
      return content;
    }),
  );
  try {
    await setBackend("cpu");
    const files = new Map(names.map((name, index) => [name, contents[index]]));
    const recognizer = new Recognizer(meta, buildModel(files));
    // The first run compiles the graph and is slower: it should not be the reader's first digit.
    recognizer.classifyNow(new Float32Array(meta.ink.size ** 2));
    return recognizer;
  } catch (error) {
    throw new RecognizerError("The model does not run in this browser.", error);
  }
}

/** A loaded model. Made by `loadRecognizer`. */
export class Recognizer {
  #model;

  /**
   * @param {Meta} meta
   * @param {GraphModel} model
   */
  constructor(meta, model) {
    /** What meta.json says of the model. */
    this.meta = meta;
    this.#model = model;
  }

  /**
   * Read a drawing as one symbol.
   * @param {Drawing} drawing
   * @returns {Promise<Reading>}
   * @throws {import("./ink.js").InkError} ink that cannot be drawn
   */
  async read(drawing) {
    return this.readNow(drawing);
  }

  /**
   * As `read`, at once: some ten milliseconds in which the page does nothing else.
   * @param {Drawing} drawing
   * @returns {Reading}
   */
  readNow(drawing) {
    if (Array.isArray(drawing) && drawing.length === 0) {
      return { text: "", confidence: 1, symbols: [] };
    }
    const pixels = render(drawing, this.meta.ink.width);
    const probabilities = this.classifyNow(pixels);
    const { left, top, right, bottom } = bounds(drawing);
    const best = probabilities.indexOf(Math.max(...probabilities));
    const confidence = probabilities[best];
    // A dot has no shape to read.
    const digit = right > left || bottom > top ? best : null;
    const symbol = {
      digit,
      confidence,
      probabilities,
      strokes: drawing.map((_, index) => index),
      box: { x: left, y: top, width: right - left, height: bottom - top },
      pixels,
    };
    const text = digit === null ? REFUSED : this.meta.labels[digit];
    return { text, confidence, symbols: [symbol] };
  }

  /**
   * Probabilities of fields; many are taken in batches, between which the page can breathe.
   * @param {Float32Array} pixels n fields of 784 pixels in [0, 1], row by row, ink high
   * @returns {Promise<Float32Array>} n rows of one probability a label
   * @throws {TypeError | RangeError} anything else
   */
  async classify(pixels) {
    const count = this.#check(pixels);
    const field = this.meta.ink.size ** 2;
    const probabilities = new Float32Array(count * this.meta.labels.length);
    for (let start = 0; start < count; start += BATCH) {
      if (start > 0) await new Promise((resolve) => setTimeout(resolve));
      const batch = pixels.subarray(start * field, (start + BATCH) * field);
      probabilities.set(this.#run(batch).values, start * this.meta.labels.length);
    }
    return probabilities;
  }

  /**
   * As `classify`, at once, for a few fields.
   * @param {Float32Array} pixels
   * @returns {Float32Array}
   */
  classifyNow(pixels) {
    const count = this.#check(pixels);
    return count === 0 ? new Float32Array(0) : this.#run(pixels).values;
  }

  /**
   * An inner tensor of the network, by a name from `meta.nodes`, for a few fields.
   * @param {Float32Array} pixels
   * @param {string} node
   * @returns {{ shape: number[], values: Float32Array }}
   */
  inspect(pixels, node) {
    this.#check(pixels);
    return this.#run(pixels, node);
  }

  /** Give the model's memory back; it cannot be used any more. */
  dispose() {
    this.#model.dispose();
  }

  /**
   * @param {Float32Array} pixels
   * @returns {number} how many fields they are
   */
  #check(pixels) {
    const field = this.meta.ink.size ** 2;
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
   * @param {Float32Array} pixels
   * @param {string} [node]
   */
  #run(pixels, node = this.meta.nodes.probabilities) {
    const { size } = this.meta.ink;
    return tidy(() => {
      const output = this.#model.execute(tensor(pixels, [pixels.length / size ** 2, size, size, 1]), node);
      return { shape: output.shape, values: output.dataSync() };
    });
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

/**
 * @param {URL} url
 * @returns {Promise<Meta>}
 */
async function fetchMeta(url) {
  // Always asked anew: it names the checksums that the cached rest must have.
  const response = await twice(() => fetch(url, { cache: "no-cache" }));
  if (response instanceof Error) throw unreachable(url, response);
  if (!response.ok) throw unreachable(url, `status ${response.status}`);
  /** @type {Meta} */
  let meta;
  try {
    meta = await response.json();
  } catch (error) {
    throw new RecognizerError(`${filename(url)} is not what the export wrote.`, error);
  }
  if (meta?.format !== FORMAT) {
    throw new RecognizerError(
      `The model has format ${meta?.format}, this page reads format ${FORMAT}: reload the page, `
        + "or export the model again.",
    );
  }
  return meta;
}

/**
 * Fetch a file and have the browser check its SHA-256, which it does on insecure addresses too.
 * @param {URL} url
 * @param {FileFacts} facts
 * @returns {Promise<ArrayBuffer>}
 */
async function fetchFile(url, { bytes, sha256 }) {
  const pairs = sha256.match(/../g) ?? [];
  const integrity = `sha256-${btoa(String.fromCharCode(...pairs.map((pair) => parseInt(pair, 16))))}`;
  const content = await twice(async (attempt) => {
    // A copy in the browser's cache may be of an older model: the second time, pass it by.
    const response = await fetch(url, { integrity, cache: attempt === 0 ? "default" : "reload" });
    return response.arrayBuffer();
  });
  if (!(content instanceof Error)) return content;
  // The browser does not say why it refused: look.
  const response = await fetch(url, { cache: "reload" }).catch((error) => unreachable(url, error));
  if (response instanceof Error) throw response;
  if (!response.ok) throw unreachable(url, `status ${response.status}`);
  const length = (await response.arrayBuffer()).byteLength;
  throw new RecognizerError(
    `${filename(url)} is not the file that meta.json describes (${length} bytes arrived, `
      + `${bytes} expected, or their checksum differs): export or copy the model again.`,
    content,
  );
}

/**
 * Try, and once more after a failure: connections hiccup.
 * @template T
 * @param {(attempt: number) => Promise<T>} attempt
 * @returns {Promise<T | Error>}
 */
async function twice(attempt) {
  return attempt(0).catch(() => attempt(1)).catch((error) => error);
}

/**
 * @param {URL} url
 * @param {unknown} cause
 */
function unreachable(url, cause) {
  return new RecognizerError(`${filename(url)} could not be fetched: check the connection.`, cause);
}

/** @param {URL} url */
function filename(url) {
  return url.pathname.split("/").pop();
}
