/**
 * One recogniser a model: every pad of a page shares it, and a load that failed may be tried again.
 *
 * @typedef {import("../recognizer.js").Recognizer} Recognizer
 * @typedef {(fraction: number) => void} Watcher told how much has come, in [0, 1]
 * @typedef {{ promise: Promise<Recognizer>, fraction: number, watchers: Set<Watcher> }} Load
 */

import { fetchModel } from "./model-files.js";

const LATE = 500; // milliseconds: hidden pages, and frames out of sight, are never painted

/** @type {Map<string, Load>} by the model's URL */
const loads = new Map();

/**
 * The recogniser of a model, loaded at the first call.
 * @param {string} url absolute, ending in a slash
 * @param {Watcher} [watcher] told of progress until it is there
 * @returns {Promise<Recognizer>}
 */
export function recognizerAt(url, watcher) {
  let load = loads.get(url);
  if (!load) {
    load = begin(url);
    loads.set(url, load);
  }
  if (watcher) {
    load.watchers.add(watcher);
    watcher(load.fraction);
  }
  return load.promise;
}

/**
 * @param {string} url
 * @returns {Load}
 */
function begin(url) {
  /** @type {Load} */
  const load = { promise: fetched(), fraction: 0, watchers: new Set() };
  return load;

  async function fetched() {
    try {
      // The model's files and the code travel side by side.
      const model = fetchModel(url, (fraction) => {
        load.fraction = fraction;
        for (const watcher of load.watchers) watcher(fraction);
      });
      model.catch(() => {}); // what fails is told below
      await painted();
      // Not a static import: a page whose runtime did not come can still be drawn on and says so.
      const { loadRecognizer } = await import("../recognizer.js");
      return await loadRecognizer(new URL(url), { model });
    } catch (error) {
      loads.delete(url); // the next call tries again
      throw error;
    } finally {
      load.watchers.clear();
    }
  }
}

/** When the page has been painted: to parse the runtime first would keep its reader waiting. */
function painted() {
  return new Promise((resolve) => {
    if (performance.getEntriesByName("first-contentful-paint").length > 0) resolve(undefined);
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, LATE);
  });
}
