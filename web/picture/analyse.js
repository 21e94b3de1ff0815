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

const MAX_PEN = 0.23; // heights of the line

/**
 * @param {Picture} picture
 * @param {boolean} [inverted] whether to take the ink for the paper
 * @param {boolean} [withMarks] whether small ink may be marks
 * @returns {Found}
 */
export function analyse(picture, inverted = false, withMarks = false) {
  const { columns, rows } = picture;
  const image = findInk(shadesOf(picture), columns, rows, inverted);
  return image ? linesOf(image, withMarks) : { lines: [], missing: false };
}

/**
 * Find the lines of writing and what may be their symbols.
 * @param {import("./binarize.js").InkImage} image
 * @param {boolean} withMarks
 * @returns {Found}
 */
function linesOf(image, withMarks) {
  const { lines, missing, pen } = findLines(image, withMarks);
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
 * Take ink off both sides of every stroke: the network knows pens up to a sixth of a digit's height.
 * @param {import("./binarize.js").InkImage} image
 * @param {number} depth to take off each side
 * @returns {import("./binarize.js").InkImage} a copy
 */
function thinner(image, depth) {
  const { mask, columns, rows } = image;
  const distance = Int32Array.from(mask, (value) => (value ? 1 << 20 : 0));
  // Chamfer distances in two passes, with steps of 3 and 4 (G. Borgefors, 1986).
  for (const step of [1, -1]) {
    for (let n = 0; n < distance.length; n++) {
      const k = step > 0 ? n : distance.length - 1 - n;
      if (distance[k] === 0) continue;
      const column = k % columns;
      const [hasSide, hasOther] = step > 0 ? [column > 0, column < columns - 1] : [column < columns - 1, column > 0];
      const above = k - step * columns;
      const hasAbove = above >= 0 && above < distance.length;
      const near = [
        hasSide ? distance[k - step] + 3 : 3,
        hasAbove ? distance[above] + 3 : 3,
        hasAbove && hasSide ? distance[above - step] + 4 : 4,
        hasAbove && hasOther ? distance[above + step] + 4 : 4,
      ];
      distance[k] = Math.min(distance[k], ...near);
    }
  }
  const contrast = image.contrast.map((value, k) =>
    value * Math.max(0, Math.min(1, distance[k] / 3 - depth + 0.5)));
  return { ...image, contrast };
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
