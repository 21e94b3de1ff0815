/**
 * Cut strokes that hold several digits: propose places, and groups of the runs between them.
 *
 * Pure functions: no DOM, no model.
 *
 * @import { Box, CutGroup, Drawing, Piece, Stroke } from "../types"
 * @typedef {{ from: number, to: number, cost: number }} Cut one digit ends at the point `from`, the
 *   next begins at the point `to`; `cost` is -log of the probability that they do
 * @typedef {{ stroke: number, start: number, end: number, opens: boolean, closes: boolean,
 *   pieces: Piece[], cost: number }} Run the cells from `start` up to `end` of a stroke, which
 *   itself begins there if the run `opens` it and ends there if the run `closes` it
 */
import { bounds, clamp, symbolInk } from "../ink/render.js";
import { boundingBox, groupsOf, leftToRight, lineHeight, outline } from "../segment.js";

const MAX_STROKES = 60; // of a line: more are a scribble, which no cut makes a number
const MAX_CUT_STROKES = 12;
const MIN_CUTS = 2; // proposed for a stroke, and more the wider it is
const CUTS_PER_HEIGHT = 4; // for a line height of its width
const MAX_CUTS = 14;
const MAX_COST = 5; // of a cut
// Lengths below are in line heights.
const MAX_LENGTH = 40; // of a stroke
const REACH = 0.12; // of the tangents on both sides of a corner
const MIN_TURN = 0.4; // radians: a corner turns more
const MIN_DISTANCE = 0.1; // between corners, and from the stroke's ends
const MAX_DISTANCE = 0.2; // points of a long curve count as corners at this distance
const MAX_LIGATURE = 1.9;
const MIN_STRAIGHTNESS = 0.75; // of a ligature: its chord to its length
const MAX_GAP = 0.5; // between digits: wider ones count as this
const MAX_OVERLAP = 0.8; // of the ink before a cut with the ink after it
const MIN_DIGIT_HEIGHT = 0.35;
const MAX_DIGIT_WIDTH = 1.7;

/**
 * Cut strokes into cells; return groups of cells that may be symbols, among them every stroke.
 * @param {Drawing} drawing
 * @param {number[]} doubtful indices of strokes that may hold several digits
 * @returns {{ cells: Drawing, groups: CutGroup[] } | null} null if there is nothing to cut
 */
export function cutGroups(drawing, doubtful) {
  if (drawing.length > MAX_STROKES) return null;
  const boxes = drawing.map((stroke) => bounds([stroke]));
  // The width of several digits says nothing of their height.
  const height = lineHeight(boxes.map((box, k) => (doubtful.includes(k) ? { ...box, right: box.left } : box)));
  const cuts = drawing.map(() => /** @type {Cut[]} */ ([]));
  for (const k of doubtful.slice(0, MAX_CUT_STROKES)) cuts[k] = proposeCuts(drawing[k], height);
  if (cuts.every((each) => each.length === 0)) return null;
  /** @type {Drawing} */
  const cells = [];
  const runs = leftToRight(boxes).flatMap((stroke) => {
    const points = drawing[stroke];
    const between = runsOf(stroke, points.length - 1, cuts[stroke], cells.length);
    const middles = [0, ...cuts[stroke].map(({ from, to }) => (from + to) >> 1), points.length];
    for (let k = 1; k < middles.length; k++) cells.push(points.slice(middles[k - 1], middles[k] + 1));
    return between;
  });
  const outlines = runs.map((run) => outline(symbolInk(drawing, run)[0]));
  // A run is compared with other strokes, and with what is left of its own stroke on either side.
  const whole = [...runs.keys()].filter((k) => runs[k].opens && runs[k].closes);
  const rests = runs.map(({ stroke, start, end }) => [...runs.keys()].filter((k) => runs[k].stroke === stroke
    && ((runs[k].opens && runs[k].end === start) || (runs[k].closes && runs[k].start === end))));
  const others = (/** @type {number[]} */ members) => [
    ...whole.filter((k) => members.every((each) => runs[each].stroke !== runs[k].stroke)),
    ...members.flatMap((each) => rests[each]),
  ];
  const isDigitSized = (/** @type {number[]} */ members) => {
    const { left, top, right, bottom } = boundingBox(members, outlines);
    return bottom - top >= MIN_DIGIT_HEIGHT * height && right - left <= MAX_DIGIT_WIDTH * height;
  };
  const groups = groupsOf(outlines, height, { owners: runs.map(({ stroke }) => stroke), others })
    .map(({ strokes: members, shape }) => {
      const own = members.map((each) => runs[each]).sort((a, b) => a.stroke - b.stroke);
      return { members, shape, own };
    })
    .filter(({ members, own }) => own.every(({ opens, closes }) => opens && closes) || isDigitSized(members))
    .map(({ shape, own }) => ({
      cells: own.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, k) => start + k)),
      strokes: own.map(({ stroke }) => stroke),
      pieces: own.flatMap(({ pieces }) => pieces),
      shape: [...shape.slice(0, -1), own.reduce((sum, { cost }) => sum + cost, 0)],
    }));
  return { cells, groups };
}

/**
 * Return all runs of a stroke.
 * @param {number} stroke
 * @param {number} last index of its last point
 * @param {Cut[]} cuts
 * @param {number} first number of its first cell
 * @returns {Run[]}
 */
function runsOf(stroke, last, cuts, first) {
  const runs = [];
  for (let start = 0; start <= cuts.length; start++) {
    for (let end = start + 1; end <= cuts.length + 1; end++) {
      const [before, after] = [cuts[start - 1], cuts[end - 1]];
      const [from, to] = [before?.to ?? 0, after?.from ?? last];
      if (before && after && from >= to) continue; // two choices of the same cut
      /** @type {Piece[]} */
      const pieces = [{ stroke, from, to }];
      if (after && after.to > to) pieces.push({ stroke, from: to, to: after.to, connection: true });
      runs.push({
        stroke, start: first + start, end: first + end, opens: !before, closes: !after, pieces,
        cost: ((before?.cost ?? 0) + (after?.cost ?? 0)) / 2,
      });
    }
  }
  return runs;
}

/**
 * Propose places where a stroke goes on from one digit to the next: the likeliest few.
 * @param {Stroke} stroke
 * @param {number} height of the line
 * @returns {Cut[]} in the order of writing
 */
export function proposeCuts(stroke, height) {
  const { reached, turns } = bends(stroke, REACH * height);
  if (reached[stroke.length - 1] > MAX_LENGTH * height) return [];
  const corners = cornersOf(reached, turns, height);
  const rightmost = running(stroke, Math.max);
  const leftmost = running([...stroke].reverse(), Math.min).reverse();
  /** @type {Cut[]} */
  const cuts = [];
  corners.forEach((from, k) => {
    for (const to of corners.slice(k)) {
      const length = (reached[to] - reached[from]) / height;
      if (length > MAX_LIGATURE) break;
      const across = (stroke[to][0] - stroke[from][0]) / height;
      const down = (stroke[to][1] - stroke[from][1]) / height;
      const bend = length > 0 ? 1 - Math.hypot(across, down) / length : 0;
      const overlap = Math.max(-MAX_GAP, (rightmost[from] - leftmost[to]) / height);
      if (bend > 1 - MIN_STRAIGHTNESS || overlap > MAX_OVERLAP) continue;
      // A logistic regression on joined digits of UNIPEN's training writers.
      const logit = -5.1 - (overlap > 0 ? 17 : -3.5) * overlap - 5.3 * bend - 2 * down
        + 1.3 * (Math.min(2, turns[from]) + Math.min(2, turns[to])) - (from === to ? 2.7 : 0);
      const cost = Math.log1p(Math.exp(-logit));
      if (cost < MAX_COST) cuts.push({ from, to, cost });
    }
  });
  cuts.sort((a, b) => a.cost - b.cost);
  const width = (rightmost[stroke.length - 1] - leftmost[0]) / height;
  return cuts.slice(0, Math.min(MAX_CUTS, Math.ceil(MIN_CUTS + CUTS_PER_HEIGHT * width))).sort((a, b) => a.from + a.to - b.from - b.to);
}

/**
 * Return the length of a stroke up to each point, and the angle by which it turns there.
 * @param {Stroke} stroke
 * @param {number} reach length of the tangents that the angle, in radians, lies between
 */
function bends(stroke, reach) {
  const reached = [0];
  for (let k = 1; k < stroke.length; k++) {
    reached.push(reached[k - 1] + Math.hypot(stroke[k][0] - stroke[k - 1][0], stroke[k][1] - stroke[k - 1][1]));
  }
  const before = walker(stroke, reached);
  const after = walker(stroke, reached);
  const turns = stroke.map(([x, y], k) => {
    const [start, end] = [before(reached[k] - reach), after(reached[k] + reach)];
    const [ux, uy, vx, vy] = [x - start[0], y - start[1], end[0] - x, end[1] - y];
    return Math.abs(Math.atan2(ux * vy - uy * vx, ux * vx + uy * vy));
  });
  return { reached, turns };
}

/**
 * Return a function that finds points along a stroke, at lengths that increase from call to call.
 * @param {Stroke} stroke
 * @param {number[]} reached length of the stroke up to each point
 */
function walker(stroke, reached) {
  const last = stroke.length - 1;
  let k = 0;
  return (/** @type {number} */ length) => {
    while (k < last - 1 && reached[k + 1] < length) k++;
    const [start, end] = [stroke[k], stroke[Math.min(k + 1, last)]];
    const part = clamp((length - reached[k]) / (reached[Math.min(k + 1, last)] - reached[k] || 1), 0, 1);
    return [start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])];
  };
}

/**
 * Return the sharpest corners of a stroke, and points of the curves between them.
 * @param {number[]} reached
 * @param {number[]} turns
 * @param {number} height
 * @returns {number[]} indices, ascending
 */
function cornersOf(reached, turns, height) {
  const near = MIN_DISTANCE * height;
  const length = reached[reached.length - 1];
  const inside = [...reached.keys()].filter((k) => reached[k] > near && length - reached[k] > near);
  /** @type {number[]} */
  const corners = [];
  const add = (/** @type {number} */ k, /** @type {number} */ distance) => {
    if (corners.every((each) => Math.abs(reached[each] - reached[k]) >= distance)) corners.push(k);
  };
  const sharp = inside.filter((k) => turns[k] > MIN_TURN).sort((a, b) => turns[b] - turns[a]);
  for (const k of sharp) add(k, near);
  for (const k of inside) add(k, MAX_DISTANCE * height);
  return corners.sort((a, b) => a - b);
}

/**
 * Return the greatest or least x so far.
 * @param {Stroke} stroke
 * @param {(a: number, b: number) => number} choose
 */
function running(stroke, choose) {
  let chosen = stroke[0][0];
  return stroke.map(([x]) => (chosen = choose(chosen, x)));
}
