/**
 * Segment a drawing into symbols on one line: propose groups of strokes, and measure their shape.
 *
 * Pure functions: no DOM, no model.
 *
 * @import { Box, Drawing, Group, Stroke } from "./types"
 * @typedef {Box & { points: Float64Array, length: number, count: number }} Outline a stroke's box,
 *   evenly spaced points along it (x and y alternating), its length, its number of given points
 */

import { bounds, clamp } from "./ink/render.js";

/** Features of a group's shape; lengths are fractions of the line's height. */
export const SHAPE = /** @type {const} */ ([
  "symbol", // 1: the cost of every symbol
  "spread", // the widest gap between its strokes
  "width",
  "lowness", // height deficit: how much lower than the line, in octaves
  "mark", // 1 for a dot, a comma or a dash
  "nearness", // crowding: how close other strokes are
  "overlap", // with another stroke, as a share of the narrower one's width
  "raised", // how far it ends above the foot of another stroke nearby
  "touching", // of a mark: how close the nearest stroke is
  "interruptions", // strokes of others drawn between its own
  "cut", // -log of how likely the cuts at its ends are, half for each; 0 without any
]);

const MAX_STROKE_GAP = 0.45; // line heights: strokes further apart belong to two symbols
const MAX_STACKED_GAP = 0.9; // line heights: of strokes above one another, as a 5 and its flag
const MIN_STACKED_OVERLAP = 0.5; // of the narrower one's width
const MAX_COLON_DOT = 0.45; // line heights
const MAX_DOT_SHIFT = 0.5; // line heights: between the middles of the two dots of a colon
const TOUCHING_GAP = 0.15; // line heights: a mark that is closer may be a part of a digit
// A mark (dot, comma, dash) is small, and hardly more than a point or a straight line.
const MAX_MARK_SIZE = 0.35; // line heights
const MAX_MARK_POINTS = 8; // points
const MAX_MARK_LENGTH = 1.5; // diagonals of its box
const MAX_STROKES_PER_SYMBOL = 5;
const LOOKAHEAD = 12; // strokes to the right among which a symbol's other strokes are
const MAX_GROUPS_PER_STROKE = 24; // groups with the same leftmost stroke
const POINTS_PER_STROKE = 24; // for distances between strokes

/**
 * Return groups of strokes that may be symbols, among them every stroke alone.
 * @param {Drawing} drawing valid and not empty
 * @param {boolean} [withMarks] whether they may be marks: two dots may be a colon
 * @returns {Group[]}
 */
export function candidateGroups(drawing, withMarks = false) {
  const outlines = drawing.map(outline);
  return groupsOf(outlines, lineHeight(outlines), { withMarks });
}

/**
 * Return the whole drawing as one group, for models without weights for groups.
 * @param {Drawing} drawing
 */
export function singleGroup(drawing) {
  return { strokes: drawing.map((_, index) => index), shape: SHAPE.map(() => 0) };
}

/**
 * Return groups of strokes, or of runs of strokes that were cut.
 * @param {Outline[]} outlines
 * @param {number} height of the line
 * @param {{ owners?: number[], others?: (group: number[]) => number[], withMarks?: boolean }} [options]
 *   `owners`: the stroke that each is of, no group holding two of one; `others` returns those with
 *   which a group's shape is compared, by default all
 * @returns {Group[]}
 */
export function groupsOf(outlines, height, { owners = [...outlines.keys()], others, withMarks } = {}) {
  const order = leftToRight(outlines);
  const distances = strokeDistances(outlines, height, owners, withMarks);
  const groups = order.flatMap((first, place) => {
    const later = order.slice(place + 1).filter((each) => owners[each] !== owners[first]);
    return connectedSets(first, later.slice(0, LOOKAHEAD), distances, owners);
  });
  return groups.map((strokes) => {
    const compared = others?.(strokes) ?? [...outlines.keys()];
    const shape = shapeFeatures(strokes, outlines, compared, distances, height);
    return { strokes, shape: [...shape, interruptions(strokes.map((each) => owners[each])), 0] };
  });
}

/**
 * @param {Stroke} stroke
 * @returns {Outline}
 */
export function outline(stroke) {
  const reached = [0];
  for (let k = 1; k < stroke.length; k++) {
    const step = Math.hypot(stroke[k][0] - stroke[k - 1][0], stroke[k][1] - stroke[k - 1][1]);
    reached.push(reached[k - 1] + step);
  }
  const length = reached[stroke.length - 1];
  return { ...bounds([stroke]), points: resampled(stroke, reached), length, count: stroke.length };
}

/**
 * Return points evenly spaced along a stroke.
 * @param {Stroke} stroke
 * @param {number[]} reached length of the stroke up to each point
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
 * Estimate the height of the line's digits: most strokes are whole digits, others bars and dots.
 * @param {Box[]} boxes
 */
export function lineHeight(boxes) {
  const sizes = boxes.map(({ left, right, top, bottom }) => Math.max(bottom - top, (right - left) / 2));
  sizes.sort((a, b) => b - a);
  return sizes[Math.floor(sizes.length / 4)] || 1;
}

/**
 * Return indices of boxes, ordered by their left edges.
 * @param {Box[]} boxes
 */
export function leftToRight(boxes) {
  return boxes.map((_, index) => index).sort((a, b) => boxes[a].left - boxes[b].left || a - b);
}

/**
 * Return the distance between any two strokes; Infinity if they cannot be of one symbol.
 * @param {Outline[]} outlines
 * @param {number} height of the line
 * @param {number[]} owners two of one stroke are not compared
 * @param {boolean} [withMarks]
 */
function strokeDistances(outlines, height, owners, withMarks = false) {
  const distances = outlines.map(() => new Float64Array(outlines.length).fill(Infinity));
  outlines.forEach((a, i) => {
    for (let j = 0; j < i; j++) {
      const b = outlines[j];
      const across = Math.max(a.left - b.right, b.left - a.right);
      const down = Math.max(a.top - b.bottom, b.top - a.bottom);
      const isStacked = horizontalOverlap(a, b) >= MIN_STACKED_OVERLAP || (withMarks && mayBeColon(a, b, height));
      const furthest = isStacked ? MAX_STACKED_GAP : MAX_STROKE_GAP;
      if (Math.max(across, down) > furthest * height || owners[i] === owners[j]) continue;
      const distance = Math.min(nearest(a.points, b.points), nearest(b.points, a.points));
      if (distance <= furthest * height) distances[i][j] = distances[j][i] = distance;
    }
  });
  return distances;
}

/**
 * Return whether two strokes are as small as dots, one above the other.
 * @param {Box} a
 * @param {Box} b
 * @param {number} height of the line
 */
export function mayBeColon(a, b, height) {
  const isDot = (/** @type {Box} */ { left, right, top, bottom }) =>
    Math.max(right - left, bottom - top) < MAX_COLON_DOT * height;
  if (!isDot(a) || !isDot(b)) return false;
  return Math.abs(a.left + a.right - b.left - b.right) / 2 < MAX_DOT_SHIFT * height;
}

/**
 * Return the least distance from points to a polyline.
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
 * Return sets of nearby strokes that contain the first one, small sets first.
 * @param {number} first
 * @param {number[]} later
 * @param {Float64Array[]} distances
 * @param {number[]} owners no set holds two of one stroke
 * @returns {number[][]} indices, ascending
 */
function connectedSets(first, later, distances, owners) {
  const found = [[first]];
  const seen = new Set([String(first)]);
  for (let k = 0; k < found.length && found.length < MAX_GROUPS_PER_STROKE; k++) {
    if (found[k].length === MAX_STROKES_PER_SYMBOL) break;
    for (const stroke of later) {
      if (!found[k].some((each) => distances[each][stroke] < Infinity) || found[k].includes(stroke)) continue;
      if (found[k].some((each) => owners[each] === owners[stroke])) continue;
      const grown = [...found[k], stroke].sort((a, b) => a - b);
      const name = grown.join();
      if (!seen.has(name)) found.push(grown);
      seen.add(name);
    }
  }
  return found.slice(0, MAX_GROUPS_PER_STROKE);
}

/**
 * Measure a group.
 * @param {number[]} strokes
 * @param {Outline[]} outlines
 * @param {number[]} others with which it is compared
 * @param {Float64Array[]} distances
 * @param {number} height of the line
 * @returns {number[]} in the order of SHAPE, without the last two
 */
function shapeFeatures(strokes, outlines, others, distances, height) {
  const box = boundingBox(strokes, outlines);
  const across = (box.right - box.left) / height;
  const down = (box.bottom - box.top) / height;
  let crowding = 0;
  let overlap = 0;
  let raised = 0;
  let nearest = Infinity;
  for (const other of others) {
    if (strokes.includes(other)) continue;
    let distance = Infinity;
    for (const stroke of strokes) distance = Math.min(distance, distances[stroke][other]);
    nearest = Math.min(nearest, distance);
    crowding += Math.max(0, 1 - distance / height / MAX_STROKE_GAP);
    if (distance < Infinity) raised = Math.max(raised, (outlines[other].bottom - box.bottom) / height);
    overlap = Math.max(overlap, horizontalOverlap(box, outlines[other]));
  }
  const mark = across < MAX_MARK_SIZE && down < MAX_MARK_SIZE && isPlain(strokes, outlines, box);
  return [
    1, widestGap(strokes, distances) / height, across,
    Math.min(3, Math.max(0, -Math.log2(Math.max(down, across / 2)))),
    mark ? 1 : 0, crowding, overlap, Math.min(1, raised),
    mark ? Math.max(0, 1 - nearest / height / TOUCHING_GAP) : 0,
  ];
}

/** @param {number[]} strokes indices */
function interruptions(strokes) {
  return Math.max(...strokes) - Math.min(...strokes) - (strokes.length - 1);
}

/**
 * Return whether strokes are hardly more than a point or a straight line.
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
 * Return the longest edge of the strokes' minimum spanning tree (Prim's algorithm).
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
 * Return the share of the narrower box's width that lies above or below the other box.
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
 * Return the box around some boxes.
 * @param {number[]} strokes indices of boxes
 * @param {Box[]} boxes
 * @returns {Box}
 */
export function boundingBox(strokes, boxes) {
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
