/**
 * Scale and centre the image of one symbol into the 28x28 field that the network reads.
 *
 * The same as `train/ink.py`, which explains the constants; shared test vectors compare the two.
 * Pure functions: no DOM, no model.
 *
 * @import { Box } from "../types"
 */
import { BOX, InkError, SIZE, clamp, median } from "./render.js";

const NOISE = 0.1;
const SOLID = 0.7;

/**
 * Scale and centre an image of one symbol as in MNIST.
 * @param {ArrayLike<number>} image grey values in any range, row by row; dark on light or the
 *   reverse
 * @param {number} columns
 * @param {number} rows
 * @returns {Float32Array} 784 pixels in [0, 1], row by row, ink high
 * @throws {InkError} if the size is wrong, a value is not finite, or there is no ink
 */
export function normalise(image, columns, rows) {
  const ink = separate(image, columns, rows);
  const { left, right, top, bottom } = inkBox(ink, columns, rows);
  const width = right - left + 1;
  const height = bottom - top + 1;
  const [acrossMass, downMass] = [new Float64Array(width), new Float64Array(height)];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = ink[(top + row) * columns + left + column];
      acrossMass[column] += value;
      downMass[row] += value;
    }
  }
  const scale = BOX / Math.max(width, height);
  const across = placement(acrossMass, scale);
  const down = placement(downMass, scale);
  const field = new Float64Array(SIZE * SIZE);
  for (const [row, i, high] of down) {
    for (const [column, j, wide] of across) {
      field[i * SIZE + j] += high * wide * ink[(top + row) * columns + left + column];
    }
  }
  let [mass, squares] = [0, 0];
  for (const value of field) {
    mass += value;
    squares += value * value;
  }
  const strength = Math.max(1, SOLID / (squares / mass));
  return Float32Array.from(field, (value) => clamp(value * strength, 0, 1));
}

/**
 * Return the ink of a grey image: 0 on paper, 1 at the strongest ink.
 * @param {ArrayLike<number>} image
 * @param {number} columns
 * @param {number} rows
 * @returns {Float64Array}
 */
function separate(image, columns, rows) {
  if (!(columns >= 1 && rows >= 1 && image.length === columns * rows)) {
    throw new InkError(`a picture has rows and columns of grey values, not ${columns} x ${rows}`);
  }
  const away = Float64Array.from(image);
  if (!away.every(Number.isFinite)) {
    throw new InkError("the picture has a value that is not a finite number");
  }
  const paper = median(border(away, columns, rows));
  let [low, high] = [Infinity, -Infinity];
  for (let k = 0; k < away.length; k++) {
    away[k] -= paper;
    low = Math.min(low, away[k]);
    high = Math.max(high, away[k]);
  }
  const strongest = high > -low ? high : low;
  if (!Number.isFinite(strongest)) {
    throw new InkError("the picture has shades too far apart to be told from each other");
  }
  if (strongest === 0) {
    throw new InkError("there is no ink on the picture: every pixel has the same shade");
  }
  return away.map((value) => (value / strongest > NOISE ? value / strongest : 0));
}

/**
 * @param {Float64Array} image
 * @param {number} columns
 * @param {number} rows
 */
function border(image, columns, rows) {
  const values = [...image.subarray(0, columns), ...image.subarray((rows - 1) * columns)];
  for (let row = 1; row < rows - 1; row++) {
    values.push(image[row * columns], image[row * columns + columns - 1]);
  }
  return Float64Array.from(values);
}

/**
 * @param {Float64Array} ink
 * @param {number} columns
 * @param {number} rows
 * @returns {Box} first and last row and column that hold ink
 */
function inkBox(ink, columns, rows) {
  const box = { left: columns, top: rows, right: -1, bottom: -1 };
  for (let k = 0; k < ink.length; k++) {
    if (ink[k] === 0) continue;
    const column = k % columns;
    const row = Math.floor(k / columns);
    box.left = Math.min(box.left, column);
    box.right = Math.max(box.right, column);
    box.top = Math.min(box.top, row);
    box.bottom = Math.max(box.bottom, row);
  }
  return box;
}

/**
 * Map scaled source pixels to one axis of the field, with their centre of mass in the middle.
 * @param {Float64Array} mass ink in each source row or column
 * @param {number} scale field units to a source pixel
 * @returns {[number, number, number][]} source pixel, field pixel, length of their overlap
 */
function placement(mass, scale) {
  let [total, moment] = [0, 0];
  mass.forEach((value, k) => {
    total += value;
    moment += value * (k + 0.5);
  });
  const centre = (moment / total) * scale;
  const origin = Math.min(Math.max(SIZE / 2 - centre, 0), SIZE - mass.length * scale);
  /** @type {[number, number, number][]} */
  const overlaps = [];
  for (let k = 0; k < mass.length; k++) {
    const [start, end] = [origin + k * scale, origin + (k + 1) * scale];
    const last = Math.min(SIZE - 1, Math.ceil(end));
    for (let pixel = Math.max(0, Math.floor(start) - 1); pixel <= last; pixel++) {
      const length = Math.min(end, pixel + 1) - Math.max(start, pixel);
      if (length > 0) overlaps.push([k, pixel, length]);
    }
  }
  return overlaps;
}
