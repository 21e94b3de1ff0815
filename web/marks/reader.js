/**
 * Fetch what reads marks between digits: the point of an amount, the dashes of a telephone number.
 *
 * The network tells what a group of strokes looks like in a box of its own; how large it is and
 * where it stands beside the digits of its line tells a dot from a nought. Both go into one
 * small network, which `python -m export.marks` fits. Another one, the gate, knows size and place
 * alone: it bounds what a group may score as a mark, before its image is classified.
 *
 * @import { Drawing, Meta, PredictedGroup } from "../types"
 * @import { Layers } from "./chances.js"
 * @typedef {Layers & { labels: string, gate: Layers,
 *   weights: Record<string, number>, patterns?: Record<string, number> }} Parameters content of the
 *   file: the network's layers, its classes being the labels, a digit, and neither; the gate, whose
 *   classes are no mark and a mark; what a text's score gains for each match of a pattern
 * @typedef {{ pattern: RegExp, weight: number }} Pattern of texts
 */
import { MARKS, RecognizerError, fetchFiles } from "../recognition/model-files.js";
import { MarkedLine } from "./line.js";

export { markInputs } from "./chances.js";

const FILE = "marks.json";
/** What the score of a mark is the weighted sum of, and what a digit's score loses. */
const WEIGHTS = /** @type {const} */ ([
  ...MARKS, // 1 for that mark
  "probability", // its logarithm
  "neither", // logarithm of the probability that it is a mark or a digit
  "spread", "nearness", "interruptions", // as in SHAPE
  "digit", // of a digit: logarithm of the probability that it is no mark
  "digit_neither", // of a digit: as `neither`
]);

/**
 * Fetch what reads marks.
 * @param {URL} folder that of the model
 * @param {Meta} meta that of the model
 * @throws {RecognizerError} if it is missing, altered or something else, or offline
 */
export async function loadMarkReader(folder, meta) {
  return new MarkReader(await loadParameters(folder, meta, FILE, WEIGHTS, "marks"));
}

/**
 * Fetch what was fitted to read marks.
 * @param {URL} folder of the model
 * @param {Meta} meta
 * @param {string} file
 * @param {readonly string[]} weights that it has
 * @param {string} what it reads
 * @throws {RecognizerError} if it is missing, altered or something else, or offline
 */
export async function loadParameters(folder, { files, nodes, marks }, file, weights, what) {
  if (!nodes.marks || !marks?.files.includes(file)) {
    throw new RecognizerError(`This model reads no ${what}: export it again.`);
  }
  const fetched = await fetchFiles(folder, { [file]: files[file] });
  const parameters = JSON.parse(new TextDecoder().decode(fetched.get(file)));
  if (!weights.every((name) => Number.isFinite(parameters.weights?.[name]))) {
    throw new RecognizerError(`${file} is not what the export wrote.`);
  }
  return parameters;
}

/** Made by `loadMarkReader`. */
export class MarkReader {
  #parameters;
  #patterns;

  /** @param {Parameters} parameters */
  constructor(parameters) {
    this.#parameters = parameters;
    this.#patterns = Object.entries(parameters.patterns ?? {})
      .map(([pattern, weight]) => ({ pattern: new RegExp(pattern, "g"), weight }));
  }

  /**
   * Prepare to read the groups of one line.
   * @param {Drawing} drawing
   * @param {PredictedGroup[]} groups
   * @param {string} marks that are asked for
   */
  line(drawing, groups, marks) {
    return new MarkedLine(this.#parameters, this.#patterns, drawing, groups, marks);
  }
}
