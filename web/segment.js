/**
 * From strokes to symbols, left to right on one line: which strokes could belong together, what
 * speaks for and against it, and the best way to share all of them out.
 *
 * Pure functions: no DOM, no model. What the network says of a group is the caller's to add.
 *
 * @typedef {import("./ink.js").Drawing} Drawing
 * @typedef {import("./ink.js").Stroke} Stroke
 * @typedef {import("./ink.js").Box} Box
 *
 * @typedef {object} Group strokes that may be one symbol
 * @property {number[]} strokes their indices in the drawing, ascending
 * @property {number[]} shape one number for each name in SHAPE
 *
 * @typedef {Box & { points: Float64Array, length: number, count: number }} Outline a stroke's box, x
 *   and y of points along it, its length, and how many points it was given in
 */

import { bounds, clamp } from "./ink.js";

/** What is measured of a group; lengths are fractions of the line's height. */
export const SHAPE = /** @type {const} */ ([
  "symbol", // 1: what every symbol costs
  "spread", // the widest gap between strokes that it would bridge
  "width",
  "lowness", // how far it falls short of the line's height, in octaves
  "mark", // 1 where it is a dot, a comma or a dash
  "nearness", // how close the strokes that it leaves out come to it
  "overlap", // share of the narrower one's width by which it stands above another symbol's stroke
  "interruptions", // strokes drawn between its own
]);

/** Strokes further apart than this belong to two symbols. */
const MAX_STROKE_GAP = 0.45;
/** What is lower and narrower than this, and hardly more than a point or a line, is a mark. */
const MAX_MARK_SIZE = 0.35;
const MAX_MARK_POINTS = 8; // points
const MAX_MARK_LENGTH = 1.5; // of a line, in the diagonal of its box
const MAX_STROKES_PER_SYMBOL = 5; // strokes to a symbol
const LOOKAHEAD = 12; // how many strokes further to the right a symbol may have one of its own
const MAX_GROUPS_PER_STROKE = 24; // groups that begin with one and the same stroke
const POINTS_PER_STROKE = 24; // points along a stroke, for distances

/**
 * Groups of strokes that may be symbols; every stroke is one of them alone.
 * @param {Drawing} drawing checked and not empty
 * @returns {Group[]}
 */
export function candidateGroups(drawing) {
  const outlines = drawing.map(outline);
  const height = lineHeight(outlines);
  const order = leftToRight(outlines);
  const distances = strokeDistances(outlines, MAX_STROKE_GAP * height);
  const groups = order.flatMap((first, place) =>
    connectedSets(first, order.slice(place + 1, place + 1 + LOOKAHEAD), distances, MAX_STROKE_GAP * height));
  return groups.map((strokes) => ({ strokes, shape: shapeFeatures(strokes, outlines, distances, height) }));
}

/**
 * How to share all strokes out so that the scores add up to the most.
 * @param {{ strokes: number[] }[]} groups every stroke among them alone
 * @param {Drawing} drawing that they were proposed for
 * @returns {(scores: ArrayLike<number>) => number[]} from one score for each group to the indices
 *   of the chosen ones, left to right
 */
export function createPartitioner(groups, drawing) {
  const boxes = drawing.map((stroke) => bounds([stroke]));
  const order = leftToRight(boxes);
  const place = new Map(order.map((stroke, index) => [stroke, index]));
  /** @type {{ group: number, mask: number }[][]} by the place of the leftmost stroke, from which the
   *   mask counts: bit k stands for the stroke k places further on */
  const groupsByFirst = order.map(() => []);
  groups.forEach(({ strokes }, group) => {
    const places = strokes.map((each) => /** @type {number} */ (place.get(each)));
    const first = Math.min(...places);
    groupsByFirst[first].push({ group, mask: places.reduce((bits, each) => bits | (1 << (each - first)), 0) });
  });
  const middles = groups.map(({ strokes }) => {
    const { left, right } = boundingBox(strokes, boxes);
    return left + right;
  });
  return (scores) => bestPartition(groupsByFirst, scores).sort((a, b) => middles[a] - middles[b]);
}

/**
 * @param {{ group: number, mask: number }[][]} groupsByFirst as `createPartitioner` has it
 * @param {ArrayLike<number>} scores
 * @returns {number[]}
 */
function bestPartition(groupsByFirst, scores) {
  /** @typedef {{ score: number, group: number, rest: Plan } | null} Plan */
  /** @type {Map<number, Plan>[]} by the first stroke that is free, and by what is taken after it */
  const known = groupsByFirst.map(() => new Map());
  /**
   * @param {number} first place of the first stroke that is not taken
   * @param {number} taken bit k stands for the stroke at place first + k
   * @returns {Plan}
   */
  const plan = (first, taken) => {
    while (taken & 1) {
      taken >>>= 1;
      first += 1;
    }
    if (first === groupsByFirst.length) return null;
    const before = known[first].get(taken);
    if (before !== undefined) return before;
    /** @type {Plan} */
    let found = null;
    for (const { group, mask } of groupsByFirst[first]) {
      if (mask & taken) continue;
      const rest = plan(first, mask | taken);
      const score = scores[group] + (rest?.score ?? 0);
      if (!found || score > found.score) found = { score, group, rest };
    }
    known[first].set(taken, found);
    return found;
  };
  /** @type {number[]} */
  const chosen = [];
  for (let step = plan(0, 0); step; step = step.rest) chosen.push(step.group);
  return chosen;
}

/**
 * @param {Stroke} stroke
 * @returns {Outline}
 */
function outline(stroke) {
  const reached = [0];
  for (let k = 1; k < stroke.length; k++) {
    const step = Math.hypot(stroke[k][0] - stroke[k - 1][0], stroke[k][1] - stroke[k - 1][1]);
    reached.push(reached[k - 1] + step);
  }
  const length = reached[stroke.length - 1];
  return { ...bounds([stroke]), points: resampled(stroke, reached), length, count: stroke.length };
}

/**
 * Points evenly spaced along a stroke.
 * @param {Stroke} stroke
 * @param {number[]} reached its length up to each point
 * @returns {Float64Array} x and y alternating
 */
function resampled(stroke, reached) {
  const length = reached[stroke.length - 1];
  const count = length > 0 ? POINTS_PER_STROKE : 1;
  const points = new Float64Array(2 * count);
  for (let k = 0, at = 0; k < count; k++) {
    const target = (length * k) / Math.max(1, count - 1);
    while (at < stroke.length - 2 && reached[at + 1] < target) at += 1;
    const start = stroke[at];
    const end = stroke[Math.min(at + 1, stroke.length - 1)];
    const part = Math.min(1, (target - reached[at]) / (reached[at + 1] - reached[at] || 1));
    points[2 * k] = start[0] + part * (end[0] - start[0]);
    points[2 * k + 1] = start[1] + part * (end[1] - start[1]);
  }
  return points;
}

/**
 * How high the line's digits are: most strokes are whole digits, the others bars and dots.
 * @param {Box[]} boxes
 */
function lineHeight(boxes) {
  const sizes = boxes.map(({ left, right, top, bottom }) => Math.max(bottom - top, (right - left) / 2));
  sizes.sort((a, b) => b - a);
  return sizes[Math.floor(sizes.length / 4)] || 1;
}

/**
 * Indices of boxes by their left edges.
 * @param {Box[]} boxes
 */
function leftToRight(boxes) {
  return boxes.map((_, index) => index).sort((a, b) => boxes[a].left - boxes[b].left || a - b);
}

/**
 * The least distance between any two strokes; Infinity where it exceeds `limit`.
 * @param {Outline[]} outlines
 * @param {number} limit
 */
function strokeDistances(outlines, limit) {
  const distances = outlines.map(() => new Float64Array(outlines.length).fill(Infinity));
  outlines.forEach((a, i) => {
    for (let j = 0; j < i; j++) {
      const b = outlines[j];
      const across = Math.max(a.left - b.right, b.left - a.right);
      const down = Math.max(a.top - b.bottom, b.top - a.bottom);
      if (across > limit || down > limit) continue;
      const distance = Math.min(nearest(a.points, b.points), nearest(b.points, a.points));
      if (distance <= limit) distances[i][j] = distances[j][i] = distance;
    }
  });
  return distances;
}

/**
 * The least distance from points to a line.
 * @param {Float64Array} points
 * @param {Float64Array} line
 */
function nearest(points, line) {
  let least = Infinity;
  for (let k = 0; k < line.length; k += 2) {
    const next = Math.min(k + 2, line.length - 2);
    const dx = line[next] - line[k];
    const dy = line[next + 1] - line[k + 1];
    const squared = dx * dx + dy * dy || 1;
    for (let n = 0; n < points.length; n += 2) {
      const px = points[n] - line[k];
      const py = points[n + 1] - line[k + 1];
      const along = clamp((px * dx + py * dy) / squared, 0, 1);
      const x = px - along * dx;
      const y = py - along * dy;
      const distance = x * x + y * y;
      if (distance < least) least = distance;
    }
  }
  return Math.sqrt(least);
}

/**
 * Sets of strokes that hang together and hold the first one, small ones first.
 * @param {number} first
 * @param {number[]} later
 * @param {Float64Array[]} distances
 * @param {number} reach how far apart strokes of a symbol may be
 * @returns {number[][]} indices, ascending
 */
function connectedSets(first, later, distances, reach) {
  const found = [[first]];
  const seen = new Set([String(first)]);
  for (let k = 0; k < found.length && found.length < MAX_GROUPS_PER_STROKE; k++) {
    if (found[k].length === MAX_STROKES_PER_SYMBOL) break;
    for (const stroke of later) {
      if (!found[k].some((each) => distances[each][stroke] < reach) || found[k].includes(stroke)) continue;
      const grown = [...found[k], stroke].sort((a, b) => a - b);
      const name = grown.join();
      if (!seen.has(name)) found.push(grown);
      seen.add(name);
    }
  }
  return found.slice(0, MAX_GROUPS_PER_STROKE);
}

/**
 * @param {number[]} strokes
 * @param {Outline[]} outlines
 * @param {Float64Array[]} distances
 * @param {number} height
 * @returns {number[]} as SHAPE names them
 */
function shapeFeatures(strokes, outlines, distances, height) {
  const box = boundingBox(strokes, outlines);
  const across = (box.right - box.left) / height;
  const down = (box.bottom - box.top) / height;
  let crowding = 0;
  let overlap = 0;
  for (let other = 0; other < outlines.length; other++) {
    if (strokes.includes(other)) continue;
    let distance = Infinity;
    for (const stroke of strokes) distance = Math.min(distance, distances[stroke][other]);
    crowding += Math.max(0, 1 - distance / height / MAX_STROKE_GAP);
    overlap = Math.max(overlap, horizontalOverlap(box, outlines[other]));
  }
  const small = across < MAX_MARK_SIZE && down < MAX_MARK_SIZE;
  return [
    1,
    widestGap(strokes, distances) / height,
    across,
    Math.min(3, Math.max(0, -Math.log2(Math.max(down, across / 2)))),
    small && isPlain(strokes, outlines, box) ? 1 : 0,
    crowding,
    overlap,
    strokes[strokes.length - 1] - strokes[0] - (strokes.length - 1),
  ];
}

/**
 * Whether strokes are hardly more than a point or a line.
 * @param {number[]} strokes
 * @param {Outline[]} outlines
 * @param {Box} box
 */
function isPlain(strokes, outlines, { left, top, right, bottom }) {
  const length = strokes.reduce((sum, stroke) => sum + outlines[stroke].length, 0);
  const count = strokes.reduce((sum, stroke) => sum + outlines[stroke].count, 0);
  return count <= MAX_MARK_POINTS || length <= MAX_MARK_LENGTH * Math.hypot(right - left, bottom - top);
}

/**
 * The longest of the least distances that hold strokes together (Prim's minimum spanning tree).
 * @param {number[]} strokes
 * @param {Float64Array[]} distances
 */
function widestGap(strokes, distances) {
  const inside = [strokes[0]];
  const outside = strokes.slice(1);
  let longest = 0;
  while (outside.length > 0) {
    const distance = outside.map((stroke) => Math.min(...inside.map((each) => distances[each][stroke])));
    const next = distance.indexOf(Math.min(...distance));
    longest = Math.max(longest, distance[next]);
    inside.push(...outside.splice(next, 1));
  }
  return longest;
}

/**
 * How much of the narrower box's width lies above or below the other.
 * @param {Box} a
 * @param {Box} b
 */
function horizontalOverlap(a, b) {
  const common = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const narrower = Math.min(a.right - a.left, b.right - b.left);
  if (common < 0) return 0;
  return narrower > 0 ? common / narrower : 1;
}

/**
 * @param {number[]} strokes
 * @param {Box[]} boxes
 * @returns {Box}
 */
function boundingBox(strokes, boxes) {
  let { left, top, right, bottom } = boxes[strokes[0]];
  for (const each of strokes) {
    const box = boxes[each];
    left = Math.min(left, box.left);
    top = Math.min(top, box.top);
    right = Math.max(right, box.right);
    bottom = Math.max(bottom, box.bottom);
  }
  return { left, top, right, bottom };
}
