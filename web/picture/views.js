/**
 * Look at a field in other ways: a sure reading does not change with the pen or with a small slant.
 *
 * Pure functions: no DOM, no model. A field has 28x28 pixels in [0, 1], row by row, ink high.
 */
import { SIZE } from "../ink/render.js";

const SWELLING = 0.6; // of a pixel's ink, on the pixels beside it
const SLANT = 0.16; // radians: 9 degrees

/**
 * Return a field as a wider pen writes it.
 * @param {Float32Array} field
 */
export function bolder(field) {
  return field.map((value, k) => {
    const column = k % SIZE;
    const beside = Math.max(
      column > 0 ? field[k - 1] : 0, column < SIZE - 1 ? field[k + 1] : 0, field[k - SIZE] ?? 0, field[k + SIZE] ?? 0);
    return Math.max(value, SWELLING * beside);
  });
}

/**
 * Return a field turned by a few degrees about its middle (bilinear interpolation).
 * @param {Float32Array} field
 * @param {1 | -1} way clockwise or anticlockwise
 */
export function slanted(field, way) {
  const [cos, sin, middle] = [Math.cos(SLANT), way * Math.sin(SLANT), (SIZE - 1) / 2];
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    x >= 0 && y >= 0 && x < SIZE && y < SIZE ? field[y * SIZE + x] : 0;
  return field.map((_, k) => {
    const [across, down] = [(k % SIZE) - middle, Math.floor(k / SIZE) - middle];
    const [x, y] = [middle + cos * across + sin * down, middle - sin * across + cos * down];
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const above = at(left, top) + (x - left) * (at(left + 1, top) - at(left, top));
    const below = at(left, top + 1) + (x - left) * (at(left + 1, top + 1) - at(left, top + 1));
    return above + (y - top) * (below - above);
  });
}

/**
 * Return a field upside down.
 * @param {Float32Array} field
 */
export function upsideDown(field) {
  return field.slice().reverse();
}
