/**
 * Find candidates for the symbols of a number on a picture: ink, its connected components, one line
 * of them, and 28x28 fields as the network reads them.
 *
 * Pure functions: no DOM, no model. Lengths are in pixels of the picture.
 *
 * @import { Box } from "../types"
 * @import { InkImage } from "./binarize.js"
 * @import { Component } from "./components.js"
 *
 * @typedef {object} Candidate ink that may be one symbol
 * @property {Box} box
 * @property {Float32Array} pixels the 28x28 field
 * @property {number} first
 * @property {number} end it is made of the parts first, first + 1, ... end - 1 of its block
 * @property {number} gapsCrossed gaps between its components
 * @property {number} heightDeficit how much lower than the line it is, in octaves
 */
import { BOX, normalise } from "../ink.js";
import { contrasts, inkLevel } from "./binarize.js";
import { boxOf, clusters, findLine, heightOf, sizeOf, widthOf } from "./components.js";

// Lengths in heights of the line.
const EDGE_THRESHOLD = 0.25; // of the ink's contrast: paler edges are paper
const MIN_CUT_WIDTH = 0.9; // wider components may be several symbols
const MIN_SYMBOL_WIDTH = 0.2; // of a symbol that is cut off
const MAX_CUTS = 3; // through one component
const MAX_PARTS = 4; // of a symbol
const MAX_SYMBOL_WIDTH = 1.5; // of a symbol with several parts

/**
 * Find candidates for the symbols of a number.
 * @param {Uint8ClampedArray} shades one for each pixel, row by row, 0 black to 255 white
 * @param {number} columns
 * @param {number} rows
 * @returns {Candidate[][]} the candidates of each block of ink, from left to right; empty without
 *   ink
 */
export function findSymbols(shades, columns, rows) {
  const contrast = contrasts(shades, columns, rows);
  const ink = inkLevel(contrast);
  if (ink === 0) return [];
  const image = { contrast, ink, columns, rows };
  const { line, height } = findLine(image);
  return clusters(line, height).map((cluster) => {
    const parts = cluster.flatMap((component, index) =>
      cutComponent(component, columns, height).map((part) => ({ ...part, component: index })),
    );
    return candidates(parts, image, height);
  });
}

/**
 * Cut a wide component at the columns with the least ink.
 * @param {Component} component
 * @param {number} columns
 * @param {number} height
 * @returns {Component[]}
 */
function cutComponent(component, columns, height) {
  const { left, right } = component.box;
  const edges = [left, ...cutColumns(component, columns, height), right + 1];
  return edges.slice(1).map((edge, k) => {
    const cells = component.cells.filter((cell) => cell % columns >= edges[k] && cell % columns < edge);
    return { cells, box: boxOf(cells, columns) };
  });
}

/**
 * Return the columns at which a component can be cut.
 * @param {Component} component
 * @param {number} columns
 * @param {number} height
 */
function cutColumns({ cells, box }, columns, height) {
  if (widthOf(box) < MIN_CUT_WIDTH * height) return [];
  const ink = new Array(widthOf(box)).fill(0);
  for (const cell of cells) ink[(cell % columns) - box.left] += 1;
  const least = MIN_SYMBOL_WIDTH * height;
  /** @type {number[]} */
  const chosen = [];
  const order = ink.map((_, column) => column).sort((a, b) => ink[a] - ink[b]);
  for (const column of order) {
    if (chosen.length === MAX_CUTS || ink[column] > height / 3) break;
    const edges = [0, ink.length, ...chosen];
    if (edges.every((edge) => Math.abs(edge - column) >= least)) chosen.push(column);
  }
  return chosen.sort((a, b) => a - b).map((column) => box.left + column);
}

/**
 * Return a candidate for each part, and for each run of neighbouring parts.
 * @param {(Component & { component: number })[]} parts of one cluster
 * @param {InkImage} image
 * @param {number} height
 * @returns {Candidate[]}
 */
function candidates(parts, image, height) {
  const found = [];
  for (let first = 0; first < parts.length; first++) {
    for (let end = first + 1; end <= Math.min(parts.length, first + MAX_PARTS); end++) {
      const run = parts.slice(first, end);
      const cells = run.flatMap((part) => part.cells);
      const box = boxOf(cells, image.columns);
      if (end > first + 1 && widthOf(box) > MAX_SYMBOL_WIDTH * height) break;
      const others = parts.filter((part) => !run.includes(part)).flatMap((part) => part.cells);
      found.push({
        box,
        pixels: renderField(cells, box, new Set(others), image),
        first,
        end,
        gapsCrossed: run[run.length - 1].component - run[0].component,
        heightDeficit: Math.max(0, Math.log2(height / sizeOf(box))),
      });
    }
  }
  return found;
}

/**
 * Render ink as a field, with its soft edges and without its neighbours' ink.
 * @param {number[]} cells
 * @param {Box} box
 * @param {Set<number>} others ink of its neighbours
 * @param {InkImage} image
 */
function renderField(cells, box, others, { contrast, ink, columns, rows }) {
  const edge = 1 + Math.round(sizeOf(box) / BOX); // of the field's pixel
  const margin = edge + 1;
  const [wide, high] = [widthOf(box) + 2 * margin, heightOf(box) + 2 * margin];
  const [left, top] = [box.left - margin, box.top - margin];
  const near = new Uint8Array(wide * high);
  for (const cell of cells) {
    const [y, x] = [Math.floor(cell / columns) - top, (cell % columns) - left];
    for (let row = y - edge; row <= y + edge; row++) near.fill(1, row * wide + x - edge, row * wide + x + edge + 1);
  }
  const crop = new Float32Array(wide * high);
  for (let k = 0; k < crop.length; k++) {
    const [row, column] = [top + Math.floor(k / wide), left + (k % wide)];
    const place = row * columns + column;
    const inside = row >= 0 && row < rows && column >= 0 && column < columns;
    if (!near[k] || !inside || others.has(place)) continue;
    crop[k] = Math.min(1, Math.max(0, (contrast[place] / ink - EDGE_THRESHOLD) / (1 - EDGE_THRESHOLD)));
  }
  return normalise(crop, wide, high);
}

/**
 * Return the candidates that cover a block with the highest total score (dynamic programming).
 * @param {Candidate[]} block
 * @param {number[]} scores one for each candidate
 * @returns {number[]} indices of the chosen ones, left to right
 */
export function bestCandidates(block, scores) {
  const parts = Math.max(...block.map(({ end }) => end));
  /** @type {{ score: number, chosen: number[] }[]} by the number of parts covered */
  const best = [{ score: 0, chosen: [] }];
  for (let end = 1; end <= parts; end++) {
    const options = block.flatMap((candidate, index) => {
      if (candidate.end !== end) return [];
      const before = best[candidate.first];
      return [{ score: before.score + scores[index], chosen: [...before.chosen, index] }];
    });
    best.push(options.reduce((a, b) => (b.score > a.score ? b : a)));
  }
  return best[parts].chosen;
}
