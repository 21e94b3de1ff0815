/**
 * Guess whether this is a private window, which forgets what is stored when it is closed.
 *
 * No browser says so; docs/browsers.md has what this rests on. In doubt, the answer is no.
 */
import "../app/trusted-types.js";

const TIMEOUT_MS = 10_000; // ends a worker that waits for a disk

/** @type {Promise<boolean> | null} one guess per visit */
let guess = null;

/** @returns {Promise<boolean>} whether this looks like a private window; never fails */
export function looksPrivate() {
  guess ??= find().catch(() => false);
  return guess;
}

async function find() {
  if (!navigator.storage?.getDirectory) return false; // before Safari 15.2, Firefox 111, Chrome 86
  const isChromium = "userAgentData" in navigator;
  // Private windows of Firefox and Safari have databases, but no files.
  const hasFiles = await navigator.storage.getDirectory().then(() => true, () => false);
  return isChromium ? hasFiles && (await areInMemory()) : !hasFiles;
}

/** @returns {Promise<boolean>} whether the page's own files lie in memory */
async function areInMemory() {
  const worker = new Worker(new URL("file-timing.js", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data === true);
      worker.onerror = () => resolve(false);
      setTimeout(() => resolve(false), TIMEOUT_MS);
    });
  } finally {
    worker.terminate();
  }
}
