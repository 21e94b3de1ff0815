/**
 * Compare rules, and find those that are the sides of boxes and squares.
 *
 * Pure functions: no DOM. Lengths are in pixels of the picture.
 *
 * @import { Rule } from "./removal.js"
 */
import { sizeOf } from "../components.js";

/** Of a rule's thickness. */
export const MAX_UNEVENNESS = 0.2;
/** Upright rules on squared paper, and sides of boxes in a row. */
export const MIN_PARALLEL = 3;
const MAX_DIFFERENCE = 0.5; // between the thicknesses of parallel ones
const MAX_ANGLE = 0.06; // between them, in radians: perspective
const MAX_JOINT = 2; // thicknesses of a rule, from its end to the side of the box that it meets
const MIN_SIDE_LENGTH = 0.8; // heights of the writing: where there are many, they count as writing at first
const MAX_SIDE_DIFFERENCE = 0.15; // lengths, between a side that is broken at a corner and others

/**
 * Return whether two rules are parallel and about as thick, unlike the stems of digits.
 * @param {Rule} rule
 * @param {Rule} other
 */
export function isAlike(rule, other) {
  return rule.upright === other.upright &&
    Math.abs(rule.thickness - other.thickness) <= 1 + MAX_DIFFERENCE * rule.thickness &&
    Math.abs(slopeOf(rule) - slopeOf(other)) <= MAX_ANGLE;
}

/**
 * @param {Rule} rule
 * @param {Rule} other
 */
export function isAsThick(rule, other) {
  return Math.abs(rule.thickness - other.thickness) <= 1 + MAX_UNEVENNESS * other.thickness;
}

/**
 * Return how far a rule moves across its direction for each pixel along it.
 * @param {Rule} rule
 */
function slopeOf({ upright, ends: [[x, y], [toX, toY]] }) {
  return upright ? (toX - x) / (toY - y) : (toY - y) / (toX - x);
}

/**
 * Return the sides of boxes and squares: straight lines that meet others, or the picture's edge, at
 * both ends.
 * @param {Rule[]} rules
 * @param {number} height of the writing
 * @param {Pick<import("../binarize.js").InkImage, "columns" | "rows">} image
 */
export function sidesOfBoxes(rules, height, { columns, rows }) {
  let sides = rules.filter(({ length }) => length >= MIN_SIDE_LENGTH * height);
  for (let count = Infinity; sides.length < count;) {
    count = sides.length;
    sides = sides.filter((side) => {
      const nearTo = (/** @type {number} */ thickness) => MAX_JOINT * Math.min(thickness, side.thickness) + 3;
      const across = sides.filter(({ upright, thickness }) =>
        upright !== side.upright && Math.max(thickness, side.thickness) < 2 * Math.min(thickness, side.thickness) + 2);
      const isAtEdge = (/** @type {[number, number]} */ [x, y]) =>
        (side.upright ? Math.min(y, rows - 1 - y) : Math.min(x, columns - 1 - x)) <= nearTo(side.thickness);
      const met = side.ends.filter((end) => across.some((other) => meets(end, other, nearTo(other.thickness))));
      return met.length === 2 || (across.length > 1 && side.ends.every((end) => met.includes(end) || isAtEdge(end)));
    });
  }
  return sides;
}

/**
 * Return whether a rule is the side of a box that is broken at a corner: it meets another rule at
 * one end, and is as long, as thick and as level as several.
 * @param {Rule} rule
 * @param {Rule[]} sides of boxes
 * @param {Rule[]} chosen rules to remove
 */
export function isBrokenSide(rule, sides, chosen) {
  const along = rule.upright ? 1 : 0;
  const isNear = (/** @type {number} */ a, /** @type {number} */ b) => Math.abs(a - b) <= MAX_SIDE_DIFFERENCE * rule.length;
  const alike = sides.filter((side) => isAlike(rule, side) &&
    isAsThick(rule, side) && isNear(rule.length, side.length) && rule.ends.every((end, k) => isNear(end[along], side.ends[k][along])));
  return alike.length >= MIN_PARALLEL && rule.ends.some((end) => chosen.some((other) =>
    other.upright !== rule.upright && meets(end, other, MAX_JOINT * other.thickness + 3)));
}

/**
 * Return whether ink is no more than what is left where rules cross.
 * @param {import("../../types").Box} box
 * @param {Set<Rule>} rules
 */
export function isJoint(box, rules) {
  const middle = /** @type {[number, number]} */ ([(box.left + box.right) / 2, (box.top + box.bottom) / 2]);
  return [...rules].some((rule) => sizeOf(box) <= MAX_JOINT * rule.thickness && meets(middle, rule, rule.thickness));
}

/**
 * Return whether a point lies on a rule.
 * @param {[number, number]} point
 * @param {Rule} rule
 * @param {number} near
 */
function meets([x, y], { ends: [from, to] }, near) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const part = Math.max(0, Math.min(1, ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - from[0] - part * dx, y - from[1] - part * dy) <= near;
}
