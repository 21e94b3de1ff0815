/**
 * Find the connected ink of one line of writing.
 *
 * Pure functions: no DOM. Lengths are in pixels of the picture, constants in heights of the line.
 *
 * @import { Box } from "../types"
 * @import { InkImage } from "./binarize.js"
 *
 * @typedef {object} Component connected ink
 * @property {number[]} cells indices of pixels, row by row
 * @property {Box} box first and last row and column
 */
import { MIN_PIXELS } from "./binarize.js";

const INK_THRESHOLD = 0.5; // of the ink's contrast: ruled lines and shadows are paler
const MIN_COMPONENT_SIZE = 0.25; // smaller components are specks
const MAX_NEIGHBOUR_GAP = 1.6; // between symbols of one line
const MAX_NEIGHBOUR_SHIFT = 0.6; // vertical distance of neighbours on a line
const MIN_PART_OVERLAP = 0.5; // of the narrower one's width: parts of one symbol
const MAX_CLUSTER_GAP = 0.3; // closer components may be parts of one symbol

/**
 * Find the line with the most ink.
 * @param {InkImage} image
 * @returns {{ line: Component[], height: number }} its components from left to right, with parts
 *   above one another merged, and the height of its digits
 */
export function findLine(image) {
  const { columns, rows } = image;
  const components = connectedComponents(image).filter(({ box }) => !isFrame(box, columns, rows));
  const height = lineHeight(components);
  const large = components.filter(({ box }) => sizeOf(box) >= MIN_COMPONENT_SIZE * height);
  return { line: mergeOverlapping(mainLine(large, height)), height };
}
/**
 * Return 8-connected components.
 * @param {InkImage} image
 * @returns {Component[]}
 */
function connectedComponents({ contrast, ink, columns, rows }) {
  const open = new Uint8Array(contrast.length);
  for (let k = 0; k < open.length; k++) open[k] = contrast[k] > INK_THRESHOLD * ink ? 1 : 0;
  /** @type {Component[]} */
  const components = [];
  for (let start = 0; start < open.length; start++) {
    if (!open[start]) continue;
    open[start] = 0;
    const cells = [start];
    for (let k = 0; k < cells.length; k++) {
      const [row, column] = [Math.floor(cells[k] / columns), cells[k] % columns];
      for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
          const next = y * columns + x;
          if (!open[next]) continue;
          open[next] = 0;
          cells.push(next);
        }
      }
    }
    if (cells.length >= MIN_PIXELS) components.push({ cells, box: boxOf(cells, columns) });
  }
  return components;
}

/**
 * Return the box around cells.
 * @param {number[]} cells
 * @param {number} columns
 * @returns {Box}
 */
export function boxOf(cells, columns) {
  const box = { left: Infinity, top: Infinity, right: -1, bottom: -1 };
  for (const cell of cells) {
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    box.left = Math.min(box.left, column);
    box.right = Math.max(box.right, column);
    box.top = Math.min(box.top, row);
    box.bottom = Math.max(box.bottom, row);
  }
  return box;
}

/** @param {Box} box */
export function widthOf({ left, right }) {
  return right - left + 1;
}

/** @param {Box} box */
export function heightOf({ top, bottom }) {
  return bottom - top + 1;
}

/** @param {Box} box */
export function sizeOf(box) {
  return Math.max(widthOf(box), heightOf(box));
}

/**
 * Return whether a box is a ruled line (long and flat) or the paper's surroundings (along the
 * picture's edge).
 * @param {Box} box
 * @param {number} columns
 * @param {number} rows
 */
function isFrame(box, columns, rows) {
  const [wide, high] = [widthOf(box), heightOf(box)];
  const atSide = box.left === 0 || box.right === columns - 1;
  const atEnd = box.top === 0 || box.bottom === rows - 1;
  if ((atSide && high > 0.5 * rows) || (atEnd && wide > 0.5 * columns)) return true;
  return (wide > 0.4 * columns && high < 0.1 * wide) || (high > 0.6 * rows && wide < 0.05 * high);
}

/**
 * Estimate the height of the digits: the upper quartile of components with much ink.
 * @param {Component[]} components
 */
function lineHeight(components) {
  const most = Math.max(0, ...components.map(({ cells }) => cells.length));
  const heights = components.filter(({ cells }) => cells.length > most / 8).map(({ box }) => heightOf(box));
  return heights.sort((a, b) => b - a)[heights.length >> 2] ?? 1;
}

/**
 * Return the line with the most ink: neighbours, and their neighbours.
 * @param {Component[]} components
 * @param {number} height
 */
function mainLine(components, height) {
  const left = new Set(components);
  /** @type {Component[]} */
  let longest = [];
  let most = 0;
  while (left.size > 0) {
    const [first] = left;
    left.delete(first);
    const line = [first];
    for (const component of line) {
      for (const other of left) {
        if (!areNeighbours(component.box, other.box, height)) continue;
        line.push(other);
        left.delete(other);
      }
    }
    const ink = line.reduce((sum, { cells }) => sum + cells.length, 0);
    if (ink > most) [longest, most] = [line, ink];
  }
  return longest;
}

/**
 * @param {Box} a
 * @param {Box} b
 * @param {number} height
 */
function areNeighbours(a, b, height) {
  const apart = Math.max(a.left, b.left) - Math.min(a.right, b.right);
  const shift = Math.abs(a.top + a.bottom - b.top - b.bottom) / 2;
  return apart < MAX_NEIGHBOUR_GAP * height && shift < MAX_NEIGHBOUR_SHIFT * height;
}

/**
 * Merge components that lie above one another; sort from left to right.
 * @param {Component[]} components
 * @returns {Component[]}
 */
function mergeOverlapping(components) {
  const found = [...components].sort((a, b) => a.box.left - b.box.left);
  for (let k = 0; k < found.length; k++) {
    for (let other = k + 1; other < found.length; other++) {
      const [a, b] = [found[k].box, found[other].box];
      const common = Math.min(a.right, b.right) - Math.max(a.left, b.left) + 1;
      if (common < MIN_PART_OVERLAP * Math.min(widthOf(a), widthOf(b))) continue;
      found[k] = {
        cells: found[k].cells.concat(found[other].cells),
        box: {
          left: Math.min(a.left, b.left),
          right: Math.max(a.right, b.right),
          top: Math.min(a.top, b.top),
          bottom: Math.max(a.bottom, b.bottom),
        },
      };
      found.splice(other, 1);
      other = k;
    }
  }
  return found;
}

/**
 * Group components that are close enough to be parts of one symbol, from left to right.
 * @param {Component[]} components from left to right
 * @param {number} height
 * @returns {Component[][]}
 */
export function clusters(components, height) {
  /** @type {Component[][]} */
  const found = [];
  for (const component of components) {
    const cluster = found.at(-1);
    const near = cluster && component.box.left - Math.max(...cluster.map(({ box }) => box.right)) < MAX_CLUSTER_GAP * height;
    if (near) cluster.push(component);
    else found.push([component]);
  }
  return found;
}
