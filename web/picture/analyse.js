/**
 * Find everything that may be read on a picture.
 *
 * Pure functions: no DOM, no model.
 *
 * @import { Candidate } from "./candidates.js"
 * @import { Picture } from "./shades.js"
 *
 * @typedef {object} Found
 * @property {{ blocks: Candidate[][], height: number }[]} lines from top to bottom
 * @property {boolean} missing whether there is ink in no line, too large for a speck
 */
import { findInk } from "./binarize.js";
import { lineCandidates } from "./candidates.js";
import { findLines } from "./lines.js";
import { shadesOf } from "./shades.js";
import { thinner } from "./thinning.js";

const MAX_PEN = 0.23; // heights of the line

/**
 * @param {Picture} picture
 * @param {boolean} [inverted] whether to take the ink for the paper
 * @returns {Found}
 */
export function analyse(picture, inverted = false) {
  const { columns, rows } = picture;
  const image = findInk(shadesOf(picture), columns, rows, inverted);
  return image ? linesOf(image) : { lines: [], missing: false };
}

/**
 * Find the lines of writing and what may be their symbols.
 * @param {import("./binarize.js").InkImage} image
 * @returns {Found}
 */
export function linesOf(image) {
  const { lines, missing, pen } = findLines(image);
  return {
    lines: lines.map((line) => {
      const excess = pen - MAX_PEN * line.height;
      const ink = excess > 2 ? thinner(image, excess / 2) : image;
      return { blocks: lineCandidates(line, ink), height: line.height };
    }),
    missing,
  };
}

/**
 * Turn a picture clockwise.
 * @param {Picture} picture
 * @param {number} turns quarter turns
 * @returns {Picture}
 */
export function turned({ data, columns, rows }, turns) {
  if (turns === 0) return { data, columns, rows };
  const pixels = new Uint32Array(data.buffer, data.byteOffset, columns * rows);
  const result = new Uint32Array(pixels.length); // of four bytes each
  for (let row = 0, k = 0; row < columns; row++) {
    for (let column = 0; column < rows; column++) result[k++] = pixels[(rows - 1 - column) * columns + row];
  }
  const once = { data: new Uint8ClampedArray(result.buffer), columns: rows, rows: columns };
  return turned(once, turns - 1);
}
