/**
 * Split a drawing into lines of writing.
 *
 * Only strokes as high as digits count; bars, flags, dots and dashes join the nearest line. Two
 * lines are parted by a straight line with a slope of up to 15 degrees, and digits of one stand
 * above digits of the other. A row whose neighbours lie level along such a slope is one line.
 *
 * Pure functions: no DOM, no model.
 *
 * @import { Box, Drawing, Stroke } from "../types"
 * @typedef {{ top: number, bottom: number }} Interval the range of y - slope * x of a stroke
 * @typedef {Box & { index: number, height: number, along: Interval[] }} DigitStroke its index in
 *   the drawing, its box, and its interval along each of SLOPES
 * @typedef {{ above: DigitStroke[], below: DigitStroke[], gap: number }} Cut
 */
import { bounds } from "../ink/render.js";
import { LEVEL, MIN_DIGIT_HEIGHT } from "./scoring.js";

const MAX_SLOPE = Math.tan(Math.PI / 12); // 15 degrees
const SLOPES = Array.from({ length: 13 }, (_, k) => (MAX_SLOPE * (k - 6)) / 6);
// Heights below are shares of the digits' height. With these values none of UNIPEN's 17,570 digits
// and 455 numbers is split; circles of an 8 are up to 0.4 apart, flags of a 5 half as high as it.
const MAX_FLAG_LENGTH = 1.25; // diagonals of its box: flags are nearly straight, unlike a wide 7
const MIN_HEIGHT_RATIO = 0.45; // of two lines' highest strokes
const SLACK = 0.15; // at each end of a stroke: lines may interlock a little
const MIN_MEAN_GAP = 0.1; // between lines with several digits above others
// With only one digit above another there is less evidence.
const MIN_LONE_MEAN_GAP = 0.2;
const MIN_LONE_GAP = 0.1;
// Two strokes of one symbol, as in an 8 of two circles, make up a compact box.
const MAX_PART_GAP = 0.5;
const MAX_SLENDERNESS = 2.45; // height of the box in widths, plus the gap
const MIN_COMMON_WIDTH = 0.5; // of the narrower stroke's width
const ALONG_LINE = 0.5; // weight of the distance across: lines extend sideways
// Bars and flags are mostly drawn right after their digit: distance for each stroke in between.
const STROKE_DISTANCE = 0.05;
const MAX_STROKES_BETWEEN = 5;

/**
 * Return the lines of a drawing.
 * @param {Drawing} drawing valid and not empty
 * @returns {number[][]} lines from top to bottom: the indices of their strokes, ascending
 */
export function splitIntoLines(drawing) {
  const everything = drawing.map((_, index) => index);
  const boxes = drawing.map((stroke) => bounds([stroke]));
  const found = digitStrokes(drawing, boxes);
  if (shareLevel(found.map((index) => boxes[index]))) return [everything];
  const digits = found.map((index) => digitStroke(index, drawing[index], boxes[index]));
  const lines = split(digits);
  if (lines.length === 1) return [everything];
  const lineOf = new Map(lines.flatMap((line, k) => line.map(({ index }) => [index, k])));
  const places = boxes.map((box, index) => lineOf.get(index) ?? nearestLine(box, index, lines));
  return lines.map((_, k) => everything.filter((index) => places[index] === k));
}

/**
 * Return the indices of strokes that may be whole digits.
 * @param {Drawing} drawing
 * @param {Box[]} boxes
 */
function digitStrokes(drawing, boxes) {
  const heights = boxes.map(({ top, bottom }) => bottom - top);
  const height = [...heights].sort((a, b) => b - a)[Math.floor(heights.length / 4)];
  return drawing.flatMap((stroke, index) => {
    const isHigh = heights[index] > 0 && heights[index] >= MIN_DIGIT_HEIGHT * height;
    return isHigh && !isFlag(stroke, boxes[index]) ? [index] : [];
  });
}

/**
 * Return whether a stroke is nearly straight and wider than high.
 * @param {Stroke} stroke
 * @param {Box} box
 */
function isFlag(stroke, { left, top, right, bottom }) {
  if (right - left < bottom - top) return false;
  let length = 0;
  for (let k = 1; k < stroke.length; k++) {
    length += Math.hypot(stroke[k][0] - stroke[k - 1][0], stroke[k][1] - stroke[k - 1][1]);
  }
  return length <= MAX_FLAG_LENGTH * Math.hypot(right - left, bottom - top);
}

/**
 * Return whether intervals have so much in common that they are one line's.
 * @param {Interval[]} intervals
 */
function shareLevel(intervals) {
  let top = -Infinity;
  let bottom = Infinity;
  let height = Infinity;
  for (const each of intervals) {
    top = Math.max(top, each.top);
    bottom = Math.min(bottom, each.bottom);
    height = Math.min(height, each.bottom - each.top);
  }
  return intervals.length < 2 || bottom - top >= LEVEL * height;
}

/**
 * @param {number} index
 * @param {Stroke} stroke
 * @param {Box} box
 * @returns {DigitStroke}
 */
function digitStroke(index, stroke, box) {
  const along = SLOPES.map((slope) => {
    let top = Infinity;
    let bottom = -Infinity;
    for (const point of stroke) {
      const level = point[1] - slope * point[0];
      if (level < top) top = level;
      if (level > bottom) bottom = level;
    }
    return { top, bottom };
  });
  return { ...box, index, height: box.bottom - box.top, along };
}

/**
 * Split at the widest gap, and split both parts further.
 * @param {DigitStroke[]} digits
 * @returns {DigitStroke[][]} from top to bottom
 */
function split(digits) {
  if (SLOPES.some((_, k) => shareLevel(digits.map(({ along }) => along[k])))) return [digits];
  /** @type {Cut | null} */
  let widest = null;
  for (let k = 0; k < SLOPES.length; k++) {
    const bands = bandsAlong(digits, k);
    for (let place = 1; place < bands.length; place++) {
      const gap = gapBetween(bands[place - 1], bands[place], k, widest?.gap);
      if (gap === null) continue;
      widest = { above: bands.slice(0, place).flat(), below: bands.slice(place).flat(), gap };
    }
  }
  return widest ? [...split(widest.above), ...split(widest.below)] : [digits];
}

/**
 * Group strokes whose intervals overlap along a slope by more than the slack.
 * @param {DigitStroke[]} digits
 * @param {number} k index of the slope
 * @returns {DigitStroke[][]} from top to bottom
 */
function bandsAlong(digits, k) {
  const intervals = digits.map((digit) => {
    const { top, bottom } = digit.along[k];
    return { digit, top: top + SLACK * digit.height, bottom: bottom - SLACK * digit.height };
  });
  intervals.sort((a, b) => a.top - b.top);
  /** @type {DigitStroke[][]} */
  const bands = [];
  let reached = -Infinity;
  for (const { digit, top, bottom } of intervals) {
    if (top > reached) bands.push([]);
    bands[bands.length - 1].push(digit);
    reached = Math.max(reached, bottom);
  }
  return bands;
}

/**
 * Return the gap between two bands in heights, negative if they interlock; null unless they belong
 * to two lines and it is wider than `known`.
 * @param {DigitStroke[]} upper
 * @param {DigitStroke[]} lower
 * @param {number} k index of the slope
 * @param {number} [known]
 */
function gapBetween(upper, lower, k, known = -Infinity) {
  const [above, below] = [upper, lower].map((band) => band.map(({ height }) => height));
  const [high, low] = [Math.max(...above), Math.max(...below)];
  if (Math.min(high, low) < MIN_HEIGHT_RATIO * Math.max(high, low)) return null;
  const height = (mean(above) + mean(below)) / 2;
  const bottoms = upper.map(({ along }) => along[k].bottom);
  const tops = lower.map(({ along }) => along[k].top);
  const gap = (Math.min(...tops) - Math.max(...bottoms)) / height;
  const meanGap = (mean(tops) - mean(bottoms)) / height;
  if (gap <= known || meanGap < MIN_MEAN_GAP) return null;
  const pairs = Math.min(
    upper.filter((a) => lower.some((b) => standsAbove(a, b))).length,
    lower.filter((b) => upper.some((a) => standsAbove(a, b))).length,
  );
  const isClear = pairs > 1 || (pairs === 1 && meanGap >= MIN_LONE_MEAN_GAP && gap >= MIN_LONE_GAP);
  return isClear ? gap : null;
}

/**
 * Return whether two strokes belong to two lines, one above the other, whatever their slope.
 * @param {DigitStroke} a
 * @param {DigitStroke} b the lower one
 */
function standsAbove(a, b) {
  const gaps = [a.along.length - 1, 0].map((k) => b.along[k].top - a.along[k].bottom);
  return Math.min(...gaps) > -LEVEL * Math.min(a.height, b.height) && !isOneSymbol(a, b);
}

/**
 * Return whether two strokes, one above the other, may be one symbol.
 * @param {DigitStroke} a
 * @param {DigitStroke} b the lower one
 */
function isOneSymbol(a, b) {
  const common = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  if (common < MIN_COMMON_WIDTH * Math.min(a.right - a.left, b.right - b.left)) return false;
  const width = Math.max(a.right, b.right) - Math.min(a.left, b.left);
  const height = Math.max(a.bottom, b.bottom) - Math.min(a.top, b.top);
  const gap = (2 * (b.top - a.bottom)) / (a.height + b.height);
  return gap < MAX_PART_GAP && height / width + gap < MAX_SLENDERNESS;
}

/**
 * Return the number of the line that a bar, a flag, a dot or a dash belongs to: that of the nearest
 * digit, and of the digit drawn next to it if several are about as near.
 * @param {Box} box
 * @param {number} index of the stroke
 * @param {DigitStroke[][]} lines
 */
function nearestLine(box, index, lines) {
  const distances = lines.map((line) => Math.min(...line.map((digit) => {
    const across = Math.max(0, digit.left - box.right, box.left - digit.right);
    const down = Math.max(0, digit.top - box.bottom, box.top - digit.bottom);
    const between = Math.min(MAX_STROKES_BETWEEN, Math.abs(index - digit.index));
    return Math.hypot(ALONG_LINE * across, down) / digit.height + STROKE_DISTANCE * between;
  })));
  return distances.indexOf(Math.min(...distances));
}

/** @param {number[]} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
