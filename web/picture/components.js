/**
 * Find connected ink.
 *
 * Pure functions: no DOM. Lengths are in pixels of the picture.
 *
 * @import { Box } from "../types"
 * @import { InkImage } from "./binarize.js"
 *
 * @typedef {object} Component connected ink
 * @property {number[]} cells indices of pixels, row by row
 * @property {Box} box first and last row and column
 */
/** Pixels of ink in the smallest component. */
export const MIN_PIXELS = 12;

/**
 * Return 8-connected components.
 * @param {Pick<InkImage, "mask" | "columns" | "rows">} image
 * @param {number} [least] pixels of one
 * @returns {Component[]}
 */
export function connectedComponents({ mask, columns, rows }, least = MIN_PIXELS) {
  const open = mask.slice();
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
    if (cells.length >= least) components.push({ cells, box: boxOf(cells, columns) });
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
 * Estimate the height of the writing: the upper quartile of components with much ink; 0 without any.
 * @param {Component[]} components
 */
export function writingHeight(components) {
  const most = Math.max(0, ...components.map(({ cells }) => cells.length));
  const heights = components.filter(({ cells }) => cells.length > most / 8).map(({ box }) => heightOf(box));
  return heights.sort((a, b) => b - a)[heights.length >> 2] ?? 0;
}

/**
 * Return components as one.
 * @param {Component[]} components at least one
 * @returns {Component}
 */
export function joined(components) {
  return {
    cells: components.flatMap(({ cells }) => cells),
    box: {
      left: Math.min(...components.map(({ box }) => box.left)),
      top: Math.min(...components.map(({ box }) => box.top)),
      right: Math.max(...components.map(({ box }) => box.right)),
      bottom: Math.max(...components.map(({ box }) => box.bottom)),
    },
  };
}

/**
 * Estimate the width of the pen: the median over the ink of the shorter of both runs through it.
 * @param {Pick<InkImage, "mask" | "columns" | "rows">} image
 */
export function penWidth({ mask, columns, rows }) {
  const across = new Uint16Array(mask.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const start = row * columns + column;
      if (!mask[start]) continue;
      let end = column;
      while (end < columns && mask[row * columns + end]) end += 1;
      across.fill(end - column, start, row * columns + end);
      column = end;
    }
  }
  const counts = new Uint32Array(Math.max(columns, rows) + 1);
  let total = 0;
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      if (!mask[row * columns + column]) continue;
      let end = row;
      while (end < rows && mask[end * columns + column]) end += 1;
      for (let k = row; k < end; k++) counts[Math.min(end - row, across[k * columns + column])] += 1;
      total += end - row;
      row = end;
    }
  }
  let [width, sum] = [0, 0];
  while (width < counts.length - 1 && sum < total / 2) sum += counts[++width];
  return Math.max(1, width);
}
