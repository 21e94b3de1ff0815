/**
 * One recogniser a model: every pad of a page shares it, and a load that failed may be tried again.
 *
 * @typedef {import("../recognizer.js").Recognizer} Recognizer
 * @typedef {(fraction: number) => void} ProgressListener told how much has come, in [0, 1]
 * @typedef {{ promise: Promise<Recognizer>, fraction: number, listeners: Set<ProgressListener> }} Load
 */

import { fetchModel } from "./model-files.js";

const PAINT_TIMEOUT_MS = 500; // milliseconds: hidden pages, and frames out of sight, are never painted

/** @type {Map<string, Load>} by the model's URL */
const loads = new Map();

/**
 * The recogniser of a model, loaded at the first call.
 * @param {string} url absolute, ending in a slash
 * @param {ProgressListener} [listener] told of progress until it is there
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
      // The model's files and the code travel side by side.
      const model = fetchModel(url, (fraction) => {
        load.fraction = fraction;
        for (const listener of load.listeners) listener(fraction);
      });
      model.catch(() => {}); // what fails is told below
      await firstPaint();
      // Not a static import: a page whose runtime did not come can still be drawn on and says so.
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

/** When the page has been painted: to parse the runtime first would keep its reader waiting. */
function firstPaint() {
  return new Promise((resolve) => {
    if (performance.getEntriesByName("first-contentful-paint").length > 0) resolve(undefined);
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, PAINT_TIMEOUT_MS);
  });
}
