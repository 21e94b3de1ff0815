/**
 * Partition the strokes of a line into groups: find the partition with the highest score.
 *
 * Exact cover by dynamic programming over the leftmost uncovered stroke. The state is the position
 * of that stroke and a bit mask of later strokes that are covered already. Example: three strokes
 * a, b, c from left to right, groups {a}, {b}, {c} and {a, c}, that is masks 1, 1, 1 and 101.
 * Taking {a, c} first leads to the state (b, mask 10): b is uncovered, c is covered.
 *
 * Pure functions: no DOM, no model.
 *
 * @import { Drawing } from "../types"
 * @typedef {{ group: number, mask: number }[][]} GroupsByFirst groups by the position of their
 *   leftmost stroke; bit k of `mask` is the stroke k positions to the right of that
 * @typedef {{ score: number, group: number, rest: Plan | null }} Plan
 */
import { bounds } from "../ink/render.js";
import { boundingBox, leftToRight } from "../segment.js";

const MASK_BITS = 31;

/**
 * Return a function that finds the partition of all strokes into groups with the highest total
 * score.
 * @param {{ strokes: number[] }[]} groups such that every stroke is in some partition
 * @param {Drawing} drawing that the groups were proposed for
 * @param {number[]} [order] of the strokes, about from left to right
 * @returns {(scores: ArrayLike<number>) => number[]} takes one score per group, returns the indices
 *   of the chosen groups from left to right
 */
export function createPartitioner(groups, drawing, order) {
  const byFirst = groupsByFirst(groups, drawing, order);
  const inOrder = sorter(groups, drawing);
  return (scores) => inOrder(bestPartition(byFirst, scores));
}

/**
 * @param {{ strokes: number[] }[]} groups
 * @param {Drawing} drawing
 * @param {number[]} [order]
 * @returns {GroupsByFirst}
 */
export function groupsByFirst(groups, drawing, order) {
  const boxes = drawing.map((stroke) => bounds([stroke]));
  const place = new Map((order ?? leftToRight(boxes)).map((stroke, index) => [stroke, index]));
  /** @type {GroupsByFirst} */
  const found = drawing.map(() => []);
  groups.forEach(({ strokes }, group) => {
    const places = strokes.map((each) => /** @type {number} */ (place.get(each)));
    const first = Math.min(...places);
    if (Math.max(...places) - first >= MASK_BITS) return;
    found[first].push({ group, mask: places.reduce((bits, each) => bits | (1 << (each - first)), 0) });
  });
  return found;
}

/**
 * Return a function that sorts indices of groups by their middles, from left to right.
 * @param {{ strokes: number[] }[]} groups
 * @param {Drawing} drawing
 */
export function sorter(groups, drawing) {
  const boxes = drawing.map((stroke) => bounds([stroke]));
  const middles = groups.map(({ strokes }) => {
    const { left, right } = boundingBox(strokes, boxes);
    return left + right;
  });
  return (/** @type {number[]} */ chosen) => chosen.sort((a, b) => middles[a] - middles[b]);
}

/**
 * Return the groups of the best partition; see `createPartitioner`.
 * @param {GroupsByFirst} byFirst
 * @param {ArrayLike<number>} scores
 * @returns {number[]}
 */
function bestPartition(byFirst, scores) {
  const chosen = [];
  for (let step = createPlanner(byFirst, scores)(0, 0); step; step = step.rest) chosen.push(step.group);
  return chosen;
}

/**
 * Return a function that finds the best way to cover the strokes from a state on; null if all are.
 * @param {GroupsByFirst} byFirst
 * @param {ArrayLike<number>} scores
 */
export function createPlanner(byFirst, scores) {
  /** @type {Plan} */
  const DEAD_END = { score: -Infinity, group: -1, rest: null };
  /** @type {Map<number, Plan>[]} by the position of the leftmost uncovered stroke and `covered` */
  const plans = byFirst.map(() => new Map());
  return plan;

  /**
   * @param {number} from position from which strokes may be uncovered
   * @param {number} taken bit k is the stroke at position from + k
   * @returns {Plan | null}
   */
  function plan(from, taken) {
    const { first, covered } = leftmostUncovered(from, taken);
    if (first === byFirst.length) return null;
    const before = plans[first].get(covered);
    if (before !== undefined) return before;
    let found = DEAD_END;
    for (const { group, mask } of byFirst[first]) {
      if (mask & covered) continue;
      const rest = plan(first, mask | covered);
      const score = scores[group] + (rest?.score ?? 0);
      if (score > found.score) found = { score, group, rest };
    }
    plans[first].set(covered, found);
    return found;
  }
}

/**
 * Return a state as that of its leftmost uncovered stroke.
 * @param {number} first
 * @param {number} covered
 */
export function leftmostUncovered(first, covered) {
  while (covered & 1) {
    covered >>>= 1;
    first += 1;
  }
  return { first, covered };
}
