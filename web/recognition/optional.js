/** Modules that only some drawings need, fetched when the first one does. */

/** @type {typeof import("./cuts.js") | null} */
export let cuts = null;
/** @type {typeof import("./lines.js") | null} */
export let lines = null;
/** @type {typeof import("./strokes.js") | null} */
export let strokes = null;
/** @type {typeof import("../marks/reader.js") | null} */
export let marks = null;
/** @type {typeof import("./ranking.js") | null} */
export let ranking = null;

/** Fetch what cuts strokes; without it, they stay whole. The next doubtful reading tries again. */
export async function loadCuts() {
  cuts = await import("./cuts.js").catch(() => null);
}

/** Fetch what parts lines; nothing is read without it where there may be several. */
export async function loadLines() {
  lines = await import("./lines.js");
}

/** Fetch what asks the second network; without it, the first one decides alone. */
export async function loadStrokes() {
  strokes = await import("./strokes.js").catch(() => null);
}

/** Fetch what reads marks; nothing is read without it where they are asked for. */
export async function loadMarks() {
  [marks] = await Promise.all([import("../marks/reader.js"), loadRanking()]);
}

/** Fetch what finds a reading that fits; without it, the best one stays. */
export async function loadRanking() {
  ranking = await import("./ranking.js").catch(() => null);
}
