/**
 * Load one recognizer per model, shared by all pads of a page, and read a pad's drawings with it.
 *
 * @import { Drawing, Reading } from "../types"
 * @import { Recognizer } from "../recognizer.js"
 * @typedef {(fraction: number) => void} ProgressListener called with the fraction loaded, in [0, 1]
 * @typedef {{ promise: Promise<Recognizer>, fraction: number, listeners: Set<ProgressListener> }}
 *   Load
 */

import { MARKS, SPACE, fetchModel } from "./model-files.js";

const PAINT_TIMEOUT_MS = 500; // hidden pages, and frames out of sight, are never painted

const LONG_READING_MS = 8; // longer readings get a task of their own, after the stroke's events

/** @type {Map<string, Load>} by the model's URL */
const loads = new Map();

/**
 * Return the recognizer of a model; load it on the first call, and again after a failure.
 * @param {string} url absolute, ending in a slash
 * @param {ProgressListener} [listener] called until the model has loaded
 * @returns {Promise<Recognizer>}
 */
export function sharedRecognizer(url, listener) {
  let load = loads.get(url);
  if (!load) {
    load = startLoading(url);
    loads.set(url, load);
  }
  if (listener) {
    load.listeners.add(listener);
    listener(load.fraction);
  }
  return load.promise;
}

/**
 * @param {string} url
 * @returns {Load}
 */
function startLoading(url) {
  /** @type {Load} */
  const load = { promise: loadModel(), fraction: 0, listeners: new Set() };
  return load;

  async function loadModel() {
    try {
      // Fetch the model's files in parallel with the code.
      const model = fetchModel(url, (fraction) => {
        load.fraction = fraction;
        for (const listener of load.listeners) listener(fraction);
      });
      model.catch(() => {}); // a failure is thrown below
      await firstPaint();
      // A dynamic import, so that the page can be drawn on even if the runtime fails to load.
      const { loadRecognizer } = await import("../recognizer.js");
      return await loadRecognizer(new URL(url), { model });
    } catch (error) {
      loads.delete(url); // the next call tries again
      throw error;
    } finally {
      load.listeners.clear();
    }
  }
}

/** Wait until the page is painted: parsing the runtime earlier would delay that. */
function firstPaint() {
  return new Promise((resolve) => {
    if (performance.getEntriesByName("first-contentful-paint").length > 0) resolve(undefined);
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, PAINT_TIMEOUT_MS);
  });
}

/** Reads one drawing at a time: a new one cancels the reading before it. */
export class DrawingReader {
  /** Duration of the last reading in milliseconds, without loading the model. */
  milliseconds = 0;
  #owner;
  /** @type {{ url: string, recognizer: Recognizer } | null} once it has loaded */
  #loaded = null;
  #abort = new AbortController();

  /**
   * @param {{ url: () => string, marks: () => string,
   *   expectation: () => ((text: string) => boolean) | null, onProgress: ProgressListener,
   *   onLoad: () => void, onReading: (reading: Reading) => void,
   *   onError: (error: unknown) => void }} owner `url` is that of the model, `marks` are those to
   *   read, and `expectation` says what fits; all may change
   */
  constructor(owner) {
    this.#owner = owner;
  }

  /** Promise of the loaded recognizer; after a failure, of another attempt. */
  get recognizer() {
    return sharedRecognizer(this.#owner.url());
  }

  /** Load the model. */
  async load() {
    const url = this.#owner.url();
    try {
      const recognizer = await sharedRecognizer(url, this.#owner.onProgress);
      if (url !== this.#owner.url()) return;
      this.#loaded = { url, recognizer };
    } catch (error) {
      if (url === this.#owner.url()) this.#owner.onError(error);
      return;
    }
    this.#owner.onLoad();
  }

  get #options() {
    const marks = [...this.#owner.marks()].filter((each) => each === SPACE || MARKS.includes(each)).join("");
    return { marks, fits: this.#owner.expectation() };
  }

  /** Drop the current reading. */
  cancel() {
    this.#abort.abort();
  }

  /**
   * Read a drawing as soon as the model has loaded.
   * @param {Drawing} drawing
   */
  async read(drawing) {
    this.cancel();
    const { signal } = (this.#abort = new AbortController());
    try {
      // Otherwise the browser's work after a stroke and the reading would be one long task.
      if (this.milliseconds > LONG_READING_MS) await new Promise((resolve) => setTimeout(resolve));
      const recognizer = await this.recognizer;
      if (signal.aborted) return;
      const since = performance.now();
      const reading = await recognizer.read(drawing, { signal, ...this.#options });
      if (!signal.aborted) this.#finish(reading, since);
    } catch (error) {
      if (!signal.aborted) this.#owner.onError(error);
    }
  }

  /**
   * Read a drawing synchronously, if all that it needs has loaded.
   * @param {Drawing} drawing
   */
  readNow(drawing) {
    if (this.#loaded?.url !== this.#owner.url()) return;
    try {
      const since = performance.now();
      const reading = this.#loaded.recognizer.readNow(drawing, this.#options);
      if (!reading) return;
      this.cancel();
      this.#finish(reading, since);
    } catch (error) {
      this.#owner.onError(error);
    }
  }

  /**
   * @param {Reading} reading
   * @param {number} since start of the reading
   */
  #finish(reading, since) {
    this.milliseconds = performance.now() - since;
    this.#owner.onReading(reading);
  }
}
