/**
 * Take ruled lines, squares and boxes out of the ink, and leave the strokes that cross them whole.
 *
 * A rule is followed column by column along runs of ink as thin as a pen, across the strokes in its
 * way, like the staff lines of music. Vertical rules are found on the transposed mask.
 *
 * Pure functions: no DOM. Lengths are in pixels of the picture.
 *
 * @import { InkImage } from "../binarize.js"
 *
 * @typedef {object} Run ink without interruption in one column
 * @property {number} column
 * @property {number} top
 * @property {number} bottom
 *
 * @typedef {object} Rule a straight line
 * @property {boolean} upright
 * @property {Run[]} runs along it, where nothing crosses; of an upright one, transposed
 * @property {[number, number][]} ends x and y of both
 * @property {number} length
 * @property {number} thickness
 */
import { MAX_UNEVENNESS, MIN_PARALLEL, isAlike, isAsThick, isBrokenSide, isJoint, sidesOfBoxes } from "./boxes.js";
import { connectedComponents, heightOf, penWidth, sizeOf, widthOf, writingHeight } from "../components.js";

// Lengths in pens.
const MAX_THICKNESS = 1.7; // of a rule
const MAX_THIN = 0.5; // of a rule that no pen has drawn
const MIN_EVEN = 0.75; // of a rule's runs
const MAX_SWELL = 1.5; // of a rule's usual thickness
const MIN_LENGTH = 5; // of what is looked at
const MAX_BREAK = 0.5; // in a faint rule, and a few pixels
const MAX_BEND = 0.7; // root of the mean squared distance from a straight line
// The same of lines as thick as a pen: the feet of digits that touch bend by a quarter.
const MAX_PEN_BEND = 0.1;
const MAX_WARP = 0.002; // more, in lengths of the line: paper is not quite flat
const MAX_EMPTY = 0.1; // of its length
const MIN_SUPPORT = 0.5; // of a rule's length on which nothing crosses
const MAX_OFFSET = 1; // thicknesses of a rule, across it to what continues it
const MAX_TURN = 0.005; // of its length: paper is not quite flat
// Lengths in heights of the writing.
const MIN_LEVEL_LENGTH = 2.2; // the bar of a wide 7 is up to 1.8 long
const MIN_UPRIGHT_LENGTH = 3; // beside what is left without it: the bar of a 7, if it is its stem
const MIN_PARALLEL_LENGTH = 1.3; // of one of several: longer than the 1s of a number
const MIN_HAIRLINE_LENGTH = 1.2; // of lines much thinner than the pen
const MAX_CROSSING = 0.6; // of the mask's columns: strokes in the way
const LONG = 0.5; // of the picture's side: rules, until the height of the writing is known
const MIN_LONG = 0.25; // of its longer side
const MAX_SLOPE = 0.2;
const HAIRLINE = 0.35; // pens

/**
 * Remove rules from the mask and from the contrast.
 * @param {InkImage} image changed in place
 */
export function removeRules(image) {
  const pen = penWidth(image);
  const rules = [...findRules(image.mask, image.columns, image.rows, pen, false), ...findRules(
    transpose(image.mask, image.columns, image.rows), image.rows, image.columns, pen, true)];
  if (rules.length === 0) return;
  const longest = Math.max(image.columns, image.rows);
  const long = rules.filter(({ upright, length }) =>
    length >= Math.max(LONG * (upright ? image.rows : image.columns), MIN_LONG * longest));
  const parallel = new Set(long.filter((rule) => long.filter((other) => isAlike(rule, other)).length >= MIN_PARALLEL));
  const rest = { ...image, mask: without(long.filter((rule) => !rule.upright || parallel.has(rule)), image) };
  const components = connectedComponents(rest);
  const most = Math.max(0, ...components.map(({ cells }) => cells.length));
  const large = components.filter(({ cells }) => cells.length > most / 8);
  const whole = connectedComponents(image);
  const height = median(large.map(({ box }) => heightOf(box))) || writingHeight(whole);
  const size = Math.max(height, median(large.map(({ box }) => sizeOf(box))));
  const heightAt = heights(whole);
  const squares = [...parallel];
  for (const rule of rules) { // strokes in the way break some
    if (squares.filter((other) => isAlike(rule, other) && isAsThick(rule, other)).length >= MIN_PARALLEL) parallel.add(rule);
  }
  const tall = whole.filter(({ cells }) => cells.length > most / 8);
  const chosen = new Set(rules.filter((rule) => {
    const cell = cellOf(rule, image.columns);
    const own = Math.max(height, heightAt.get(cell) ?? 0);
    const beside = Math.max(height, ...tall.filter(({ box }) => !contains(box, cell, image.columns)).map(({ box }) => heightOf(box)));
    const least = rule.upright ? MIN_UPRIGHT_LENGTH * size : MIN_LEVEL_LENGTH * own;
    return rule.length >= least || (parallel.has(rule) && rule.length > MIN_PARALLEL_LENGTH * size) ||
      (rule.thickness < HAIRLINE * pen && rule.length > MIN_HAIRLINE_LENGTH * (rule.upright ? beside : height));
  }));
  const sides = sidesOfBoxes(rules, height, image);
  for (const side of sides) chosen.add(side);
  for (const rule of rules) if ([...chosen].some((other) => isContinued(rule, other))) chosen.add(rule);
  for (const rule of rules) if (isBrokenSide(rule, sides, [...chosen])) chosen.add(rule);
  if (chosen.size === 0) return;
  const mask = without([...chosen], image);
  const left = connectedComponents({ ...image, mask });
  const thickness = median([...chosen].map((rule) => rule.thickness));
  const isThin = thickness < MAX_THIN * penWidth({ ...image, mask });
  for (const { cells, box } of left) {
    const isRest = isThin && Math.min(widthOf(box), heightOf(box)) <= MAX_SWELL * thickness + 1;
    if (isRest || isJoint(box, chosen)) for (const cell of cells) mask[cell] = 0;
  }
  if (left.every(({ cells }) => !mask[cells[0]])) return; // it was the writing
  clearContrast(image, mask);
  image.mask.set(mask);
}

/**
 * Follow the straight lines of a mask from left to right.
 * @param {Uint8Array} mask
 * @param {number} columns
 * @param {number} rows
 * @param {number} pen
 * @param {boolean} upright whether the mask is transposed
 * @returns {Rule[]}
 */
function findRules(mask, columns, rows, pen, upright) {
  const thickest = MAX_THICKNESS * pen + 1;
  /** @type {Run[][]} */
  const runs = Array.from({ length: columns }, () => []);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      if (!mask[row * columns + column]) continue;
      let end = row;
      while (end < rows && mask[end * columns + column]) end += 1;
      if (end - row <= thickest) runs[column].push({ column, top: row, bottom: end - 1 });
      row = end;
    }
  }
  const used = new Set();
  /** @type {Rule[]} */
  const rules = [];
  for (const first of runs.flat()) {
    if (used.has(first)) continue;
    const { found: followed, empty } = follow(first, runs, used, mask, columns, rows, pen);
    const found = alike(followed);
    const length = found[found.length - 1].column - found[0].column + 1;
    if (length < MIN_LENGTH * pen || found.length < MIN_SUPPORT * length || empty > MAX_EMPTY * length) continue;
    if (!isEven(followed, pen)) continue;
    const thickness = found.reduce((sum, { top, bottom }) => sum + bottom - top + 1, 0) / found.length;
    const straight = lineThrough(found);
    const most = thickness > MAX_THIN * pen ? MAX_PEN_BEND * pen + MAX_WARP * length : MAX_BEND * pen;
    if (straight.bend > Math.max(1, most) || Math.abs(straight.slope) > MAX_SLOPE) continue;
    for (const run of found) used.add(run);
    const ends = [found[0], found[found.length - 1]].map((run) => {
      const across = middle(run);
      return /** @type {[number, number]} */ (upright ? [across, run.column] : [run.column, across]);
    });
    rules.push({ upright, runs: found, ends, length, thickness });
  }
  return rules;
}

/**
 * Return the runs as thick as most: thicker ones belong to strokes in the way.
 * @param {Run[]} runs
 */
function alike(runs) {
  const thickness = median(runs.map(({ top, bottom }) => bottom - top + 1));
  return runs.filter(({ top, bottom }) => bottom - top < MAX_SWELL * thickness + 1);
}

/**
 * Return whether runs are thin, or as even as a line drawn with a ruler.
 * @param {Run[]} runs
 * @param {number} pen
 */
function isEven(runs, pen) {
  const thicknesses = runs.map(({ top, bottom }) => bottom - top + 1);
  const usual = median(thicknesses);
  const even = thicknesses.filter((each) => Math.abs(each - usual) <= 1 + MAX_UNEVENNESS * usual);
  return usual <= MAX_THIN * pen || even.length >= MIN_EVEN * runs.length;
}

/**
 * Follow a line from its first run.
 * @param {Run} first
 * @param {Run[][]} runs thin ones by column
 * @param {Set<Run>} used
 * @param {Uint8Array} mask
 * @param {number} columns
 * @param {number} rows
 * @param {number} pen
 */
function follow(first, runs, used, mask, columns, rows, pen) {
  const found = [first];
  let [breaks, crossed, empty] = [0, 0, 0];
  for (let column = first.column + 1; column < columns; column++) {
    const last = found[found.length - 1];
    const from = found[Math.max(0, found.length - 1 - Math.round(8 * pen))];
    const steep = last === from ? 0 : (middle(last) - middle(from)) / (last.column - from.column);
    const slope = found.length < 3 * pen ? 0 : Math.max(-MAX_SLOPE, Math.min(MAX_SLOPE, steep));
    const expected = middle(last) + slope * (column - last.column);
    const reach = 1 + 0.3 * pen + 0.05 * (column - last.column);
    let next = null;
    for (const run of runs[column]) {
      const distance = Math.abs(middle(run) - expected);
      if (distance <= reach && !used.has(run) && (!next || distance < Math.abs(middle(next) - expected))) next = run;
    }
    if (next) {
      found.push(next);
      empty += breaks;
      [breaks, crossed] = [0, 0];
      continue;
    }
    const row = Math.round(expected);
    if (row < 0 || row >= rows) break;
    if (mask[row * columns + column]) crossed += 1;
    else breaks += 1;
    if (breaks > 3 + MAX_BREAK * pen || crossed > MAX_CROSSING * columns) break;
  }
  return { found, empty };
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;
}

/** @param {Run} run */
function middle({ top, bottom }) {
  return (top + bottom) / 2;
}

/**
 * Fit a straight line (least squares).
 * @param {Run[]} runs
 */
function lineThrough(runs) {
  const [x, y] = [0, 0].map((_, axis) => runs.reduce((sum, run) => sum + (axis ? middle(run) : run.column), 0) / runs.length);
  let [xx, xy, yy] = [0, 0, 0];
  for (const run of runs) {
    const [dx, dy] = [run.column - x, middle(run) - y];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  const slope = xx > 0 ? xy / xx : 0;
  return { slope, bend: Math.sqrt(Math.max(0, yy - slope * xy) / runs.length) };
}

/**
 * Return whether a rule lies along another, beyond what interrupts them.
 * @param {Rule} rule
 * @param {Rule} other
 */
function isContinued(rule, other) {
  const [[x, y], [endX, endY]] = other.ends;
  const length = Math.hypot(endX - x, endY - y);
  const near = MAX_OFFSET * other.thickness + 1 + MAX_TURN * length;
  return rule.upright === other.upright &&
    isAsThick(rule, other) &&
    rule.ends.every(([toX, toY]) => Math.abs((endX - x) * (toY - y) - (endY - y) * (toX - x)) <= near * length);
}

/**
 * Return the height of the component that each cell belongs to.
 * @param {import("../components.js").Component[]} components
 */
function heights(components) {
  const found = new Map();
  for (const { cells, box } of components) for (const cell of cells) found.set(cell, heightOf(box));
  return found;
}

/**
 * Return a cell of a rule.
 * @param {Rule} rule
 * @param {number} columns
 */
function cellOf({ upright, runs: [{ column, top }] }, columns) {
  return upright ? column * columns + top : top * columns + column;
}

/**
 * Return whether a cell lies in a box.
 * @param {import("../../types").Box} box
 * @param {number} cell
 * @param {number} columns
 */
function contains({ left, top, right, bottom }, cell, columns) {
  const [row, column] = [Math.floor(cell / columns), cell % columns];
  return row >= top && row <= bottom && column >= left && column <= right;
}

/**
 * Return the mask without the runs of rules.
 * @param {Rule[]} rules
 * @param {InkImage} image
 */
function without(rules, { mask, columns }) {
  const rest = mask.slice();
  for (const { upright, runs } of rules) {
    for (const { column, top, bottom } of runs) {
      for (let row = top; row <= bottom; row++) rest[upright ? column * columns + row : row * columns + column] = 0;
    }
  }
  return rest;
}

/**
 * Clear the contrast of removed ink, and of its soft edges.
 * @param {InkImage} image
 * @param {Uint8Array} rest the mask without what is removed
 */
function clearContrast({ contrast, mask, columns, rows }, rest) {
  for (let k = 0; k < mask.length; k++) {
    if (!mask[k] || rest[k]) continue;
    const [row, column] = [Math.floor(k / columns), k % columns];
    for (let y = Math.max(0, row - 2); y <= Math.min(rows - 1, row + 2); y++) {
      for (let x = Math.max(0, column - 2); x <= Math.min(columns - 1, column + 2); x++) {
        if (!rest[y * columns + x]) contrast[y * columns + x] = 0;
      }
    }
  }
}

/**
 * @param {Uint8Array} mask
 * @param {number} columns
 * @param {number} rows
 */
function transpose(mask, columns, rows) {
  const turned = new Uint8Array(mask.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = mask[row * columns + column];
  }
  return turned;
}
