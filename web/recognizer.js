/**
 * Read drawings: load a model's folder, as `python -m export` writes it, and run the network.
 *
 * @import { Candidate, Drawing, Meta, Predictions, Reading, ReadField } from "./types"
 * @import { Network } from "./recognition/network.js"
 * @import { Personalizer } from "./personal/adaptation.js"
 */
import { MARKS, RecognizerError, SPACE, fetchModel, folderURL, ownModel } from "./recognition/model-files.js";
import { startNetwork } from "./recognition/network.js";
import { FEATURES, classifyField, readingOf } from "./recognition/scoring.js";
import { Segmenter } from "./recognition/segmenter.js";

export { FEATURES, MARKS, RecognizerError };

const YIELD_AFTER_MS = 8; // then the page handles events: delays under 50 ms go unnoticed
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
  #segmenter;

  /**
   * @param {Meta} meta
   * @param {Network} network
   * @param {URL} folder that of the model, for what it fetches later
   */
  constructor(meta, network, folder) {
    /** The model's meta.json. */
    this.meta = meta;
    this.folder = folder;
    this.#network = network;
    this.#segmenter = new Segmenter(meta, network, folder);
  }

  /**
   * Adapts predictions to one writer (see `createPersonalizer`); null for none.
   * @param {Personalizer | null} personalizer
   */
  set personalizer(personalizer) {
    this.#segmenter.personalizer = personalizer;
  }

  get personalizer() {
    return this.#segmenter.personalizer;
  }

  /**
   * Read a drawing: lines from top to bottom, symbols from left to right.
   * @param {Drawing} drawing
   * @param {{ signal?: AbortSignal, marks?: string, fits?: ((text: string) => boolean) | null }}
   *   [options] `signal` cancels the reading; `marks` are read, too, some of `. , - + / : ( ) # % $`
   *   and the space: others are "?"; `fits` says whether a line's text is what is expected: if the
   *   best reading does not fit, the best one that does is taken, if it is not much worse
   * @returns {Promise<Reading>}
   * @throws {import("./ink/render.js").InkError} if the ink cannot be drawn
   * @throws {RangeError} for other marks
   * @throws {RecognizerError} if what reads marks cannot be fetched, or the model has none
   */
  async read(drawing, { signal, marks, fits } = {}) {
    const steps = this.#segment(drawing, marks, fits);
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
    return step.value;
  }

  /**
   * Read a drawing synchronously; takes about a millisecond for each new symbol.
   * @param {Drawing} drawing
   * @param {{ marks?: string, fits?: ((text: string) => boolean) | null }} [options] as for `read`
   * @returns {Reading | null} null if that takes files that have not been fetched: await `read`
   */
  readNow(drawing, { marks, fits } = {}) {
    const steps = this.#segment(drawing, marks, fits);
    let step = steps.next();
    while (!step.done && !step.value) step = steps.next();
    if (step.done) return step.value;
    step.value?.catch(() => {}); // `read` says what failed
    return null;
  }

  /**
   * @param {Drawing} drawing
   * @param {string} [marks]
   * @param {((text: string) => boolean) | null} [fits]
   */
  *#segment(drawing, marks = "", fits = null) {
    checkMarks(marks);
    const lines = yield* this.#segmenter.segment(drawing, marks, fits);
    return readingOf(drawing, lines, this.meta);
  }

  /** Fetch what only some drawings need: doubtful ones, and those of several lines. */
  async fetchAll() {
    await (await this.#segmenter.refinement()).fetchAll();
  }

  /**
   * Return all groups of strokes that `read` chooses from, with their features.
   * @param {Drawing} drawing
   * @param {number[]} [cut] indices of strokes to cut
   * @param {boolean} [withMarks] whether groups that may be marks are among them
   * @returns {Promise<(Candidate & { cells: number[] })[]>} a partition holds each of the cells
   *   once: the strokes, or what strokes are cut into
   */
  async candidates(drawing, cut = [], withMarks = false) {
    await this.fetchAll();
    const refinement = await this.#segmenter.refinement();
    if (withMarks) await refinement.predictMarks();
    return refinement.candidates(drawing, cut, withMarks);
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
    this.#network.dispose();
    this.#segmenter.dispose();
  }

}

/**
 * @param {string} marks
 * @throws {RangeError} for marks that are never read
 */
function checkMarks(marks) {
  const other = [...marks].find((mark) => mark !== SPACE && !MARKS.includes(mark));
  if (other === undefined) return;
  throw new RangeError(`"${other}" is no mark that can be read: those are ${[...MARKS].join(" ")} and the space`);
}
