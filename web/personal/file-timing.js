/**
 * Worker that tells by their timing whether the page's own files lie in memory, as in Chromium's
 * private windows: there, another process carries out each write, and there is nothing to flush.
 * Otherwise writes go to a file at once, and to flush them takes longer than to write them.
 */
const OPERATIONS = 200; // browsers tell time in steps of 0.1 ms
const ROUNDS = 5; // other work on the machine only adds time, so the quickest counts
// Of a write by another process: 0.5 ms in the quickest of eight rounds, where writes to a file took
// 0.01 ms (Chromium 156 on a busy machine with two cores).
const MIN_WRITE_MS = 0.02;
const MAX_FLUSH = 1 / 20; // in memory, of the time to write; a disk takes more than 1

isInMemory().catch(() => false).then((answer) => postMessage(answer));

async function isInMemory() {
  const folder = await navigator.storage.getDirectory();
  const name = `digitpad ${crypto.randomUUID()}`; // other tabs have theirs
  /** @type {any} */
  const handle = await folder.getFileHandle(name, { create: true });
  try {
    const file = await handle.createSyncAccessHandle();
    try {
      return rounds(file);
    } finally {
      file.close();
    }
  } finally {
    await folder.removeEntry(name);
  }
}

/** @param {{ write: Function, flush: Function }} file */
function rounds(file) {
  const byte = new Uint8Array(1);
  let [writing, flushing] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    writing = Math.min(writing, time(() => file.write(byte, { at: 0 }), Infinity));
    if (writing < OPERATIONS * MIN_WRITE_MS) return false;
    flushing = Math.min(flushing, time(() => file.flush(), writing * MAX_FLUSH));
  }
  return flushing <= writing * MAX_FLUSH;
}

/**
 * @param {() => void} operation repeated, but not beyond the limit
 * @param {number} limit in milliseconds
 * @returns {number} milliseconds that it took
 */
function time(operation, limit) {
  const start = performance.now();
  for (let k = 0; k < OPERATIONS && performance.now() - start <= limit; k++) operation();
  return performance.now() - start;
}
