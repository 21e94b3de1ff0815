/**
 * Render ink into the 28x28 field that the network reads.
 *
 * The same as `train/ink.py`, which explains the constants; shared test vectors compare the two.
 * Pure functions: no DOM, no model.
 *
 * @import { Box, Drawing, Piece, Point } from "../types"
 */

export const SIZE = 28;
export const BOX = 20;
const MAX_COORDINATE = 1e12;
const MAX_POINTS = 100_000;
export const MAX_STROKES = 300;

/** Ink that cannot be rendered; the message says which stroke and why. */
export class InkError extends Error {
  name = "InkError";
}

/**
 * Render strokes into the field.
 * @param {Drawing} drawing
 * @param {number} width the pen in field units, above 0 and below 20
 * @returns {Float32Array} 784 pixels in [0, 1], row by row, ink high
 * @throws {InkError} if the drawing is empty, too large, or has a number that is not finite
 */
export function render(drawing, width) {
  if (!(width > 0 && width < BOX)) {
    throw new InkError(`the pen's width must lie between 0 and ${BOX}, not ${width}`);
  }
  const { starts, ends } = segments(drawing);
  const box = bounds(drawing);
  const across = box.right - box.left;
  const down = box.bottom - box.top;
  // Divide before multiplying, because the scale would overflow for tiny drawings. Halve after
  // dividing, because the smallest numbers cannot be halved.
  const unit = Math.max(across, down) || 1;
  const low = [box.left, box.top];
  const middle = [across / unit / 2, down / unit / 2];
  const scaled = BOX - width;
  for (const points of [starts, ends]) {
    for (let k = 0; k < points.length; k++) {
      points[k] = ((points[k] - low[k % 2]) / unit - middle[k % 2]) * scaled + SIZE / 2;
    }
  }
  const mass = centreOfMass(stamp(starts, ends, width));
  const shift = [across, down].map((side, axis) => {
    const room = Math.max(SIZE / 2 - (((side / unit) * scaled) / 2 + width / 2), 0);
    return clamp(SIZE / 2 - mass[axis], -room, room);
  });
  for (const points of [starts, ends]) {
    for (let k = 0; k < points.length; k++) points[k] += shift[k % 2];
  }
  return new Float32Array(stamp(starts, ends, width));
}

/**
 * Return the smallest box around a drawing's points.
 * @param {Drawing} drawing not empty
 * @returns {Box}
 */
export function bounds(drawing) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const stroke of drawing) {
    for (const point of stroke) {
      const x = point[0];
      const y = point[1];
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return { left, top, right, bottom };
}

/**
 * Return whole strokes as pieces.
 * @param {Drawing} drawing
 * @param {number[]} strokes indices
 * @returns {Piece[]}
 */
export function wholePieces(drawing, strokes) {
  return strokes.map((stroke) => ({ stroke, from: 0, to: drawing[stroke].length - 1 }));
}

/**
 * Return the ink that a symbol was read from: its pieces, without lines that join it to others.
 * @param {Drawing} drawing
 * @param {{ pieces: Piece[] }} symbol
 * @returns {Drawing}
 */
export function symbolInk(drawing, { pieces }) {
  return pieces.filter(({ connection }) => !connection).map(({ stroke, from, to }) => {
    const points = drawing[stroke];
    return to - from === points.length - 1 ? points : points.slice(from, to + 1);
  });
}

/**
 * Return both ends of every segment, x and y alternating; a lone point is a segment of length 0.
 * @param {Drawing} drawing
 */
function segments(drawing) {
  checkDrawing(drawing);
  const count = drawing.reduce((sum, stroke) => sum + Math.max(1, stroke.length - 1), 0);
  const starts = new Float64Array(2 * count);
  const ends = new Float64Array(2 * count);
  let k = 0;
  for (const stroke of drawing) {
    for (let n = 0; n < Math.max(1, stroke.length - 1); n++, k += 2) {
      const end = stroke[Math.min(n + 1, stroke.length - 1)];
      starts[k] = stroke[n][0];
      starts[k + 1] = stroke[n][1];
      ends[k] = end[0];
      ends[k + 1] = end[1];
    }
  }
  return { starts, ends };
}

/**
 * Check a drawing.
 * @param {Drawing} drawing
 * @throws {InkError} that says which stroke is wrong and why
 */
export function checkDrawing(drawing) {
  if (!Array.isArray(drawing) || drawing.length === 0) {
    throw new InkError("the drawing has no strokes");
  }
  if (drawing.length > MAX_STROKES) {
    throw new InkError(`the drawing has more than ${MAX_STROKES} strokes`);
  }
  let points = 0;
  drawing.forEach((stroke, index) => {
    if (!Array.isArray(stroke) || stroke.length === 0) {
      throw new InkError(`stroke ${index + 1} has no points`);
    }
    points += stroke.length;
    for (const point of stroke) checkPoint(point, index + 1);
  });
  if (points > MAX_POINTS) throw new InkError(`the drawing has more than ${MAX_POINTS} points`);
}

/**
 * @param {Point} point
 * @param {number} number of its stroke, for the message
 */
function checkPoint(point, number) {
  if (!Array.isArray(point) || point.length < 2) {
    throw new InkError(`stroke ${number} has a point that is not [x, y]`);
  }
  for (let axis = 0; axis < 2; axis++) {
    const coordinate = point[axis];
    if (!Number.isFinite(coordinate)) {
      throw new InkError(`stroke ${number} has a coordinate that is not a finite number`);
    }
    if (Math.abs(coordinate) > MAX_COORDINATE) {
      throw new InkError(`stroke ${number} has a coordinate beyond 1e+12`);
    }
  }
}

/**
 * Return pixel values clamp(width/2 - d + 1/2, 0, 1), where d is the distance to the nearest
 * segment. Only pixels within the pen's reach of a segment's box are visited.
 * @param {Float64Array} starts
 * @param {Float64Array} ends
 * @param {number} width
 * @returns {Float64Array} 784 pixels
 */
function stamp(starts, ends, width) {
  const nearest = new Float64Array(SIZE * SIZE).fill(Infinity);
  const reach = width / 2 + 0.5;
  for (let k = 0; k < starts.length; k += 2) {
    const x0 = starts[k], y0 = starts[k + 1], x1 = ends[k], y1 = ends[k + 1];
    const dx = x1 - x0;
    const dy = y1 - y0;
    const squared = dx * dx + dy * dy || 1;
    const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach - 0.5));
    const right = Math.min(SIZE - 1, Math.floor(Math.max(x0, x1) + reach - 0.5));
    const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach - 0.5));
    const bottom = Math.min(SIZE - 1, Math.floor(Math.max(y0, y1) + reach - 0.5));
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const px = column + 0.5 - x0;
        const py = row + 0.5 - y0;
        const along = clamp((px * dx + py * dy) / squared, 0, 1);
        const ex = px - along * dx;
        const ey = py - along * dy;
        const distance = ex * ex + ey * ey;
        const pixel = row * SIZE + column;
        if (distance < nearest[pixel]) nearest[pixel] = distance;
      }
    }
  }
  const far = reach * reach;
  for (let pixel = 0; pixel < nearest.length; pixel++) {
    const squared = nearest[pixel];
    nearest[pixel] = squared < far ? Math.min(1, reach - Math.sqrt(squared)) : 0;
  }
  return nearest;
}

/**
 * @param {Float64Array} field 784 pixels
 * @returns {[number, number]} x and y of its centre of mass
 */
function centreOfMass(field) {
  let [mass, x, y] = [0, 0, 0];
  for (let row = 0, pixel = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++, pixel++) {
      const value = field[pixel];
      mass += value;
      x += value * (column + 0.5);
      y += value * (row + 0.5);
    }
  }
  return [x / mass, y / mass];
}

/** @param {ArrayLike<number>} values */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clamp(value, low, high) {
  return value < low ? low : value > high ? high : value;
}
