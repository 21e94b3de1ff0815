/**
 * Sort connected ink into lines of writing.
 *
 * Digits make lines; bars, flags, dots and dashes join the nearest one. What is neither is told:
 * nothing of a mark's size is dropped in silence.
 *
 * Pure functions: no DOM. Constants are lengths in heights of the writing, unless they say otherwise.
 *
 * @import { InkImage } from "./binarize.js"
 * @import { Component } from "./components.js"
 *
 * @typedef {object} Line
 * @property {Component[]} components from left to right, with parts above one another joined
 * @property {number} height of its digits, in pixels
 */
import {
  MIN_PIXELS, connectedComponents, heightOf, joined, penWidth, sizeOf, widthOf, writingHeight,
} from "./components.js";

const MIN_MARK_SIZE = 0.75; // pens: what is smaller is a speck, but for points at the foot
const MIN_POINT_SIZE = 0.45; // pens
const MIN_MARK_INK = 0.15; // squares of a pen
// What is both thinner and paler is what is left of a ruled line, or grain.
const MIN_THICKNESS = 0.4; // pens
const MIN_INK = 0.65; // of the writing's contrast
const MIN_DIGIT_HEIGHT = 0.4;
const MAX_SURROUNDINGS = 3; // pens: thicker ink at the picture's edge is no stroke
const MIN_BORDER = 0.8; // of its box's sides at the picture's edge, which a table or a shadow fills
const SOLID = 0.7; // of a box at the edge that is full of ink, which tells nothing of the pen
const MIN_STROKES = 0.05; // of all ink, to tell the pen's width from
const MAX_SHIFT = 0.5; // of neighbours' middles, in means of their heights
const MAX_SLOPE = Math.tan(Math.PI / 15); // 12 degrees
const SLOPES = 48; // to try on either side
const SLOPE_PENALTY = 0.5; // digits, for a slope of 45 degrees
const MIN_STEP = 0.3; // from a digit to one right of it
const MAX_STEPS = 12; // from each
const MAX_UNLEVEL = 0.2; // between the middles of digits of a line
const MAX_MARK_DISTANCE = 0.8; // from the digits of its line
const FOOT = 0.25; // around the foot of a digit
const MIN_SPECKS = 4; // far from any digit's foot
const SPECK_RATIO = 1.3;
const FAR_SPECK_RATIO = 2; // times that, where no point or comma stands: two specks that touch
const MAX_SPECK_SIZE = 0.15;
const MIN_MISSING_SIZE = 0.15; // of ink far from any line
const MIN_PART_OVERLAP = 0.5; // of the narrower one's width: parts of one symbol
const MAX_COMMA_HEIGHT = 0.55;
// Between the middles of a colon's dots, down and across; and of their sizes.
const [MIN_COLON_GAP, MAX_COLON_SHIFT, MAX_COLON_RATIO] = [0.2, 0.25, 1.8];
const MAX_POINT_SIZE = 0.3; // where marks are read: what is as small may be one
const MAX_LEVEL_OVERLAP = 0.5; // of the lower one's height: beyond it they stand side by side
const MAX_PIECE_HEIGHT = 0.7; // of a broken digit's smaller one
const MAX_PIECE_GAP = 0.15;
const MIN_PIECE_OVERLAP = 0.3; // of the narrower one's width
const MAX_WHOLE_HEIGHT = 1.2; // of both pieces
const MIN_UNDERLINE_LENGTH = 0.9;
const MAX_UNDERLINE_HEIGHT = 0.2; // of its length

/**
 * @param {InkImage} image without rules
 * @param {boolean} [withMarks] whether small ink below or above a digit may be a mark, not a part of it
 * @returns {{ lines: Line[], missing: boolean, pen: number }} lines from top to bottom, whether other
 *   ink may be writing too, and the width of the pen in pixels
 */
export function findLines(image, withMarks = false) {
  const all = connectedComponents(image, 1);
  const pen = strokeWidth(all, image);
  const found = all.filter(({ cells }) => cells.length >= MIN_PIXELS);
  const ink = meanContrast(found.flatMap(({ cells }) => cells), image);
  const pieces = found.filter(({ box, cells }) =>
    sizeOf(box) >= MIN_POINT_SIZE * pen && cells.length >= MIN_MARK_INK * pen ** 2 &&
    !(cells.length < MIN_THICKNESS * pen * sizeOf(box) && meanContrast(cells, image) < MIN_INK * ink));
  const thick = pieces.filter((piece) => isThickAtEdge(piece, image, pen));
  const thin = pieces.filter((piece) => !thick.includes(piece));
  const components = joinPieces(thin, writingHeight(thin));
  const height = writingHeight(components);
  const digits = components.filter(({ box }) => heightOf(box) >= MIN_DIGIT_HEIGHT * height);
  const slope = slopeOf(digits, height);
  const foundRows = rowsOf(digits, slope);
  const commas = foundRows.filter((row) => isComma(row, digits, height)).flat();
  const rows = foundRows.filter((row) => !commas.includes(row[0]));
  const rest = [...commas, ...components.filter((component) =>
    !digits.includes(component) && !isUnderline(component, digits, height))];
  const placed = rest.map((mark) => {
    const distances = rows.map((row) => Math.min(...row.map((digit) => distance(mark, digit) / height)));
    const nearest = distances.indexOf(Math.min(...distances));
    return { mark, size: sizeOf(mark.box), row: distances[nearest] <= MAX_MARK_DISTANCE ? rows[nearest] : null };
  });
  // Where many specks lie far from the foot of any digit, those as small are specks there too.
  const hasFoot = (/** @type {Component} */ mark) => digits.some((digit) => isAtFoot(mark.box, digit.box));
  const tiny = all.filter(({ cells }) => cells.length < MIN_PIXELS);
  const far = [...tiny, ...placed.map(({ mark }) => mark)].filter((mark) => !hasFoot(mark))
    .map(({ box }) => sizeOf(box)).sort((a, b) => a - b);
  const largestSpeck = far.length >= MIN_SPECKS ? SPECK_RATIO * far[Math.floor(0.8 * far.length)] : 0;
  const isHalf = (/** @type {Component} */ mark) => withMarks && placed.some((other) => isColon(mark, other.mark, height));
  let missing = thick.some((piece) => !isSurroundings(piece, image));
  for (const { mark, size, row } of placed) {
    if (size <= Math.min(largestSpeck * (hasFoot(mark) ? 1 : FAR_SPECK_RATIO), MAX_SPECK_SIZE * height)) continue;
    if (size < MIN_MARK_SIZE * pen && !hasFoot(mark) && !isHalf(mark)) continue;
    if (row) row.push(mark);
    else if (size >= MIN_MISSING_SIZE * height) missing = true;
  }
  const lines = rows.map((row) => {
    const own = writingHeight(row);
    return { components: joinParts(row, own, withMarks), height: own };
  });
  const level = (/** @type {Line} */ { components }) =>
    centre(components[0].box)[1] - slope * centre(components[0].box)[0];
  return { lines: lines.sort((a, b) => level(a) - level(b)), missing, pen };
}

/**
 * Estimate the width of the pen, from ink that is no large spot at the picture's edge if there is any.
 * @param {Component[]} components
 * @param {InkImage} image
 */
function strokeWidth(components, image) {
  const { columns, rows } = image;
  const spots = components.filter(({ cells, box }) => edgesOf(box, columns, rows).some(Boolean) &&
    (cells.length > SOLID * widthOf(box) * heightOf(box) || isSurroundings({ cells, box }, image)));
  const count = (/** @type {Component[]} */ found) => found.reduce((sum, { cells }) => sum + cells.length, 0);
  const total = count(components);
  if (spots.length === 0 || total - count(spots) < MIN_STROKES * total) return penWidth(image);
  const mask = image.mask.slice();
  for (const { cells } of spots) for (const cell of cells) mask[cell] = 0;
  return penWidth({ mask, columns, rows });
}

/**
 * @param {number[]} cells
 * @param {InkImage} image
 */
function meanContrast(cells, { contrast }) {
  return cells.reduce((sum, cell) => sum + contrast[cell], 0) / cells.length;
}

/**
 * Return whether a mark stands where a point or a comma does.
 * @param {import("../types").Box} mark
 * @param {import("../types").Box} digit
 */
function isAtFoot(mark, digit) {
  const height = heightOf(digit);
  return mark.bottom > digit.bottom - FOOT * height && mark.top < digit.bottom + FOOT * height &&
    Math.max(mark.left - digit.right, digit.left - mark.right) < height;
}

/**
 * Return whether a row is a comma at the foot of a digit that is twice as high.
 * @param {Component[]} row
 * @param {Component[]} digits
 * @param {number} height
 */
function isComma([mark, ...others], digits, height) {
  return others.length === 0 && heightOf(mark.box) <= MAX_COMMA_HEIGHT * height && digits.some(({ box }) =>
    heightOf(box) >= 2 * heightOf(mark.box) && mark.box.top > box.bottom - FOOT * heightOf(box)
    && isAtFoot(mark.box, box));
}

/**
 * Return whether two marks are the dots of a colon: of about one size, one above the other.
 * @param {Component} dot
 * @param {Component} other
 * @param {number} height
 */
function isColon({ box: dot }, { box: other }, height) {
  const apart = Math.abs(dot.top + dot.bottom - other.top - other.bottom) / 2;
  const aside = Math.abs(dot.left + dot.right - other.left - other.right) / 2;
  const [small, large] = [sizeOf(dot), sizeOf(other)].sort((a, b) => a - b);
  return apart > MIN_COLON_GAP * height && apart < height && aside < MAX_COLON_SHIFT * height
    && large <= MAX_POINT_SIZE * height && large <= MAX_COLON_RATIO * small;
}

/**
 * Return whether ink is thicker than a pen where it goes on beyond the picture's edge.
 * @param {Component} component
 * @param {InkImage} image
 * @param {number} pen
 */
function isThickAtEdge({ cells, box }, { columns, rows, mask }, pen) {
  if (!edgesOf(box, columns, rows).some(Boolean)) return false;
  const inside = cells.filter((cell) => {
    const reach = Math.round((MAX_SURROUNDINGS * pen) / 2);
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    const outside = [column - reach < 0, column + reach >= columns, row - reach < 0, row + reach >= rows];
    const near = [cell - reach, cell + reach, cell - reach * columns, cell + reach * columns];
    return near.every((place, k) => outside[k] || mask[place]) && outside.filter(Boolean).length < 2;
  });
  return inside.length > 0.2 * cells.length;
}

/**
 * Return whether ink is the paper's surroundings: it fills a corner of the picture. What lies at one
 * edge alone may be writing.
 * @param {Component} component
 * @param {InkImage} image
 */
function isSurroundings({ box }, { columns, rows, mask }) {
  const [wide, high] = [widthOf(box), heightOf(box)];
  const isFilled = (/** @type {number} */ first, /** @type {number} */ step, /** @type {number} */ count) => {
    let filled = 0;
    for (let k = 0; k < count; k++) filled += mask[first + k * step];
    return filled >= MIN_BORDER * count;
  };
  const [left, right, top, bottom] = edgesOf(box, columns, rows);
  const upright = (left && isFilled(box.top * columns, columns, high)) ||
    (right && isFilled(box.top * columns + box.right, columns, high));
  return upright && ((top && isFilled(box.left, 1, wide)) ||
    (bottom && isFilled(box.bottom * columns + box.left, 1, wide)));
}

/**
 * Return which edges of the picture a box touches: left, right, top, bottom.
 * @param {import("../types").Box} box
 * @param {number} columns
 * @param {number} rows
 */
function edgesOf({ left, right, top, bottom }, columns, rows) {
  return [left === 0, right === columns - 1, top === 0, bottom === rows - 1];
}

/**
 * Estimate the slope of the lines: that along which most digits lie level with those right of them.
 * @param {Component[]} digits
 * @param {number} height
 */
function slopeOf(digits, height) {
  const sorted = digits.map(({ box }) => centre(box)).sort((a, b) => a[0] - b[0]);
  const steps = sorted.flatMap(([x, y], k) => sorted.slice(k + 1)
    .map(([toX, toY]) => [(toX - x) / height, (toY - y) / height])
    .filter(([dx, dy]) => dx > MIN_STEP && Math.abs(dy) < MAX_SLOPE * dx + MAX_UNLEVEL)
    .slice(0, MAX_STEPS));
  if (steps.length < 3) return 0;
  let [best, most] = [0, -Infinity];
  for (let k = -SLOPES; k <= SLOPES; k++) {
    const slope = (k / SLOPES) * MAX_SLOPE;
    const level = steps.reduce((sum, [dx, dy]) => sum + Math.exp(-(((dy - slope * dx) / MAX_UNLEVEL) ** 2)), 0);
    const score = level - SLOPE_PENALTY * Math.abs(slope);
    if (score > most) [best, most] = [slope, score];
  }
  return best;
}

/**
 * Sort digits into rows: neighbours, and their neighbours.
 * @param {Component[]} digits
 * @param {number} slope
 * @returns {Component[][]}
 */
function rowsOf(digits, slope) {
  const left = new Set(digits);
  const rows = [];
  for (const first of digits) {
    if (!left.delete(first)) continue;
    const row = [first];
    for (const digit of row) {
      for (const other of left) {
        if (!areNeighbours(digit, other, slope)) continue;
        row.push(other);
        left.delete(other);
      }
    }
    rows.push(row);
  }
  return rows;
}

/**
 * @param {Component} a
 * @param {Component} b
 * @param {number} slope
 */
function areNeighbours({ box: a }, { box: b }, slope) {
  const height = (heightOf(a) + heightOf(b)) / 2;
  const [dx, dy] = [centre(a)[0] - centre(b)[0], centre(a)[1] - centre(b)[1]];
  return Math.abs(dy - slope * dx) < MAX_SHIFT * height;
}

/**
 * @param {import("../types").Box} box
 * @returns {[number, number]}
 */
function centre({ left, top, right, bottom }) {
  return [(left + right) / 2, (top + bottom) / 2];
}

/**
 * @param {Component} a
 * @param {Component} b
 */
function distance({ box: a }, { box: b }) {
  const across = Math.max(0, a.left - b.right, b.left - a.right);
  const down = Math.max(0, a.top - b.bottom, b.top - a.bottom);
  return Math.hypot(across, down);
}

/**
 * Return whether ink is a line drawn below digits.
 * @param {Component} component
 * @param {Component[]} digits
 * @param {number} height
 */
function isUnderline({ box }, digits, height) {
  if (widthOf(box) < MIN_UNDERLINE_LENGTH * height || heightOf(box) > MAX_UNDERLINE_HEIGHT * widthOf(box)) return false;
  return digits.some(({ box: digit }) => {
    const common = Math.min(digit.right, box.right) - Math.max(digit.left, box.left);
    const below = box.top - digit.bottom;
    return common > 0.5 * widthOf(digit) && below > -0.15 * height && below < height;
  });
}

/**
 * Join the pieces of digits that are broken into an upper and a lower one: each would make a line.
 * @param {Component[]} components
 * @param {number} height
 * @returns {Component[]}
 */
function joinPieces(components, height) {
  const found = [...components];
  for (const upper of components) {
    for (const lower of components) {
      if (!found.includes(upper) || !found.includes(lower)) continue;
      const low = Math.min(heightOf(upper.box), heightOf(lower.box));
      if (low < MIN_DIGIT_HEIGHT * height || low > MAX_PIECE_HEIGHT * height) continue;
      const common = Math.min(upper.box.right, lower.box.right) - Math.max(upper.box.left, lower.box.left) + 1;
      const gap = lower.box.top - upper.box.bottom;
      const isBelow = lower.box.top > upper.box.top && lower.box.bottom > upper.box.bottom;
      if (!isBelow || common < MIN_PIECE_OVERLAP * Math.min(widthOf(upper.box), widthOf(lower.box))) continue;
      const whole = joined([upper, lower]);
      if (gap > MAX_PIECE_GAP * height || heightOf(whole.box) > MAX_WHOLE_HEIGHT * height) continue;
      found.splice(found.indexOf(upper), 1, whole);
      found.splice(found.indexOf(lower), 1);
    }
  }
  return found;
}

/**
 * Join components that lie above one another; sort from left to right.
 * @param {Component[]} components
 * @param {number} height
 * @param {boolean} withMarks
 * @returns {Component[]}
 */
function joinParts(components, height, withMarks) {
  const found = [...components].sort((a, b) => a.box.left - b.box.left);
  for (let k = 0; k < found.length; k++) {
    for (let other = k + 1; other < found.length; other++) {
      const [a, b] = [found[k].box, found[other].box];
      if (!areParts(a, b, height) || (withMarks && isOnePoint(a, b, height))) continue;
      found[k] = joined([found[k], found[other]]);
      found.splice(other, 1);
      other = k;
    }
  }
  return found;
}

/**
 * Return whether one of two boxes is as small as a point, the other as large as a digit.
 * @param {import("../types").Box} a
 * @param {import("../types").Box} b
 * @param {number} height
 */
function isOnePoint(a, b, height) {
  return Math.min(sizeOf(a), sizeOf(b)) <= MAX_POINT_SIZE * height
    && Math.max(heightOf(a), heightOf(b)) >= MIN_DIGIT_HEIGHT * height;
}

/**
 * Return whether two boxes lie above one another, not side by side as two digits.
 * @param {import("../types").Box} a
 * @param {import("../types").Box} b
 * @param {number} height
 */
function areParts(a, b, height) {
  const common = Math.min(a.right, b.right) - Math.max(a.left, b.left) + 1;
  if (common < MIN_PART_OVERLAP * Math.min(widthOf(a), widthOf(b))) return false;
  const level = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) + 1;
  const low = Math.min(heightOf(a), heightOf(b));
  return low < MIN_DIGIT_HEIGHT * height || level < MAX_LEVEL_OVERLAP * low;
}
