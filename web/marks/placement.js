/**
 * Measure where a group of strokes stands on its line, and how large it is there.
 *
 * Pure functions: no DOM, no model.
 *
 * @import { Box, Drawing, Group } from "../types"
 * @typedef {{ count: number, x: number, y: number, xy: number, yy: number }} Moments sums over points
 */
import { median } from "../ink/render.js";
import { SHAPE, boundingBox, leftToRight, lineHeight, mayBeColon, outline } from "../segment.js";

const MIN_TALL = 0.6; // line heights: higher strokes tell where a line runs
const MIN_DIGIT = 0.35; // line heights: beside high slashes and brackets, digits are low
const NEIGHBOURS = 4; // of these, the nearest ones
const MIN_SIZE = 0.08; // line heights, before logarithms: the tap of a pen is a dot of any size
const MAX_SLANT = 2; // horizontal by vertical movement
const MAX_INTERRUPTIONS = 3;
/** Bounds of a group's place on the line, in the order of `placeOnLine`. */
const LOWEST = [-6, -6, -3, -3, -3, -2, -2];
const HIGHEST = [2, 3, 3, 3, 3, 2, 2];
const USED_SHAPE = /** @type {const} */ (["spread", "nearness", "overlap", "raised", "touching"])
  .map((name) => SHAPE.indexOf(name));
const INTERRUPTIONS = SHAPE.indexOf("interruptions");
const MARK = SHAPE.indexOf("mark");

/**
 * Measure the strokes of a line.
 * @param {Drawing} drawing
 */
export function measureLine(drawing) {
  const outlines = drawing.map(outline);
  const height = lineHeight(outlines);
  const moments = outlines.map(({ points }) => momentsOf(points));
  const order = leftToRight(outlines);
  const higherThan = (/** @type {number} */ least) =>
    order.filter((each) => outlines[each].bottom - outlines[each].top >= least * height);
  return {
    outlines, height, moments,
    tall: higherThan(MIN_TALL), digits: higherThan(MIN_DIGIT),
    middles: outlines.map(({ left, right }) => (left + right) / 2),
    slants: moments.map((each) => slantOf([each])),
    steeps: outlines.map(({ points }) => steepParts(points)),
  };
}

/**
 * @typedef {ReturnType<typeof measureLine>} Line
 * @typedef {object} Neighbours what ink is compared with: strokes of a drawing, components of a picture
 * @property {Box[]} outlines
 * @property {number} height of the line
 * @property {number[]} middles between left and right
 * @property {number[]} slants horizontal by vertical movement
 * @property {{ up: number, right: number }[]} steeps how far the steep parts of each go
 */

/**
 * Measure a group of strokes: `inputs` are what the networks of marks take; `hasLeft` and `hasRight`
 * say whether strokes as high as digits stand on its left and right.
 * @param {Pick<Group, "strokes" | "shape">} group
 * @param {Line} line
 */
export function placementOf({ strokes, shape }, line) {
  const others = line.tall.filter((each) => !strokes.includes(each));
  const box = boundingBox(strokes, line.outlines);
  const middle = (box.left + box.right) / 2;
  const slant = slantOf(strokes.map((each) => line.moments[each]));
  const inputs = placeInputs(box, slant, others, line);
  inputs.push(strokes.length, hasPartner(strokes, line) ? 1 : 0);
  for (const index of USED_SHAPE) inputs.push(shape[index]);
  inputs.push(Math.min(MAX_INTERRUPTIONS, shape[INTERRUPTIONS]), shape[MARK]);
  let [hasLeft, hasRight] = [false, false];
  for (const each of line.digits) {
    if (strokes.includes(each)) continue;
    if (line.middles[each] < middle) hasLeft = true;
    else if (line.middles[each] > middle) hasRight = true;
  }
  return { inputs, hasLeft, hasRight };
}

/**
 * Return where ink stands on its line: how it lies beside its nearest neighbours, the squares of that,
 * whether it has none, and how many stand on its left and right.
 * @param {Box} box of the ink
 * @param {number} slant
 * @param {number[]} others high strokes, or components, that are not its own
 * @param {Neighbours} line
 */
export function placeInputs(box, slant, others, line) {
  const place = placeOnLine(box, slant, others, line);
  const known = LOWEST.map((least, k) => (place ? Math.min(HIGHEST[k], Math.max(least, place[k])) : 0));
  const squares = known.map((value) => value ** 2);
  return known.concat(
    squares, known[0] * known[1], known[0] * known[2],
    place ? 0 : 1, countBeside((box.left + box.right) / 2, others, line));
}

/**
 * Return how ink lies beside its nearest neighbours: height and width in octaves of theirs, its middle,
 * foot and top above theirs in their heights, how much more it slants than they, and than the steep
 * parts of the others do.
 * @param {Box} box of the ink
 * @param {number} slant
 * @param {number[]} others
 * @param {Neighbours} line
 * @returns {number[] | null} null without neighbours
 */
function placeOnLine(box, slant, others, { outlines, height, middles, slants, steeps }) {
  const middle = (box.left + box.right) / 2;
  const away = (/** @type {number} */ k) => Math.abs(middles[k] - middle);
  const near = [...others].sort((a, b) => away(a) - away(b)).slice(0, NEIGHBOURS);
  if (near.length === 0) return null;
  const top = median(near.map((each) => outlines[each].top));
  const foot = median(near.map((each) => outlines[each].bottom));
  const unit = Math.max(foot - top, height / 3);
  const octaves = (/** @type {number} */ size) => Math.log2(Math.max(size / unit, MIN_SIZE));
  let [up, right] = [0, 0];
  for (const each of others) {
    up += steeps[each].up;
    right += steeps[each].right;
  }
  return [
    octaves(box.bottom - box.top), octaves(box.right - box.left),
    (box.top + box.bottom - top - foot) / 2 / unit, (box.bottom - foot) / unit, (box.top - top) / unit,
    slant - median(near.map((each) => slants[each])), slant - (up > 0 ? right / up : 0),
  ];
}

/**
 * @param {number} middle of the ink
 * @param {number[]} others
 * @param {Pick<Neighbours, "middles">} line
 */
function countBeside(middle, others, { middles }) {
  const before = others.filter((each) => middles[each] < middle).length;
  return [before, others.length - before].map((count) => Math.min(NEIGHBOURS, count));
}

/**
 * Return whether a group is a dot that may be half of a colon.
 * @param {number[]} strokes
 * @param {Line} line
 */
function hasPartner(strokes, { outlines, height }) {
  const [own, ...more] = strokes;
  return more.length === 0
    && outlines.some((each, k) => k !== own && mayBeColon(outlines[own], each, height));
}

/**
 * @param {Float64Array} points x and y alternating
 * @returns {Moments}
 */
function momentsOf(points) {
  const sums = { count: points.length / 2, x: 0, y: 0, xy: 0, yy: 0 };
  for (let k = 0; k < points.length; k += 2) {
    sums.x += points[k];
    sums.y += points[k + 1];
    sums.xy += points[k] * points[k + 1];
    sums.yy += points[k + 1] ** 2;
  }
  return sums;
}

/**
 * Return how far strokes go to the right while they go up, by least squares.
 * @param {Moments[]} strokes
 */
export function slantOf(strokes) {
  const total = (/** @type {keyof Moments} */ name) => strokes.reduce((sum, each) => sum + each[name], 0);
  const count = total("count");
  const [x, y] = [total("x") / count, total("y") / count];
  const together = total("xy") / count - x * y;
  const variance = total("yy") / count - y ** 2;
  const isFlat = variance < 1e-12 * y ** 2 || variance <= 0;
  return isFlat ? 0 : Math.min(MAX_SLANT, Math.max(-MAX_SLANT, -together / variance));
}

/**
 * Return how far the parts of a line that are steeper than half a right angle go up, whichever way
 * they were drawn, and to the right meanwhile.
 * @param {Float64Array} points x and y alternating
 */
function steepParts(points) {
  let [up, right] = [0, 0];
  for (let k = 2; k < points.length; k += 2) {
    const x = points[k] - points[k - 2];
    const y = points[k - 1] - points[k + 1];
    if (Math.abs(y) <= Math.abs(x)) continue;
    up += Math.abs(y);
    right += x * Math.sign(y);
  }
  return { up, right };
}
