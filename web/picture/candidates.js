/**
 * From a picture of a handwritten number to what may be its symbols: paper from ink by their local
 * shades, connected ink, one line of it, and 28x28 fields as the network reads them.
 *
 * Pure functions: no DOM, no model. Lengths are in pixels of the picture.
 *
 * @typedef {import("../types").Box} Box
 *
 * @typedef {object} InkImage
 * @property {Float32Array} contrast of each pixel: 0 on paper, 1 in black on white
 * @property {number} ink the contrast that ink mostly has
 * @property {number} columns
 * @property {number} rows
 *
 * @typedef {object} Component ink that hangs together
 * @property {number[]} cells places in the picture, row by row
 * @property {Box} box first and last row and column
 *
 * @typedef {object} Candidate ink that may be one symbol
 * @property {Box} box
 * @property {Float32Array} pixels the 28x28 field
 * @property {number} first
 * @property {number} end it is made of the parts first, first + 1, ... end - 1 of its block
 * @property {number} gapsCrossed gaps between components of ink that it reaches across
 * @property {number} heightDeficit how far it falls short of the line's height, in octaves
 */

import { BOX, normalise } from "../ink.js";

const TILES_PER_SIDE = 14; // tiles along the longer side, each of one shade of paper
const MIN_CONTRAST = 0.15; // of the paper's shade: what differs less is no ink
const INK_THRESHOLD = 0.5; // of the ink's contrast: ruled lines and shadows are paler, and count as paper
const EDGE_THRESHOLD = 0.25; // of the ink's contrast: at its edges, what is paler is paper
const MIN_COMPONENT_SIZE = 0.25; // of the line's height: what is smaller in both directions
const MIN_PIXELS = 12; // pixels of ink
const MAX_NEIGHBOUR_GAP = 1.6; // how far apart, in heights, two symbols of one line may be
const MAX_NEIGHBOUR_SHIFT = 0.6; // how far, in heights, neighbours on a line may be above one another
const MIN_PART_OVERLAP = 0.5; // of the narrower one's width: parts of one symbol overlap by that much
const MIN_CUT_WIDTH = 0.9; // of the line's height: what is wider may be several symbols
const MIN_SYMBOL_WIDTH = 0.2; // of the line's height: a symbol's width where one is cut from another
const MAX_CUTS = 3; // through one component
const MAX_CLUSTER_GAP = 0.3; // of the line's height: components nearer than that may be one symbol's
const MAX_PARTS = 4; // parts of a symbol
const MAX_SYMBOL_WIDTH = 1.5; // of the line's height: no symbol of several parts is wider

/**
 * Find the symbols of a number.
 * @param {Uint8ClampedArray} shades one for each pixel, row by row, 0 black to 255 white
 * @param {number} columns
 * @param {number} rows
 * @returns {Candidate[][]} blocks of ink from left to right, and for each what it may be made of;
 *   empty where nothing is written
 */
export function findSymbols(shades, columns, rows) {
  const contrast = contrasts(shades, columns, rows);
  const ink = inkLevel(contrast);
  if (ink === 0) return [];
  const image = { contrast, ink, columns, rows };
  const components = connectedComponents(image).filter(
    (component) => !isFrame(component.box, columns, rows),
  );
  const height = lineHeight(components);
  const line = mergeOverlapping(mainLine(components.filter(({ box }) => sizeOf(box) >= MIN_COMPONENT_SIZE * height), height));
  return clusters(line, height).map((cluster) => {
    const parts = cluster.flatMap((component, index) =>
      cutComponent(component, columns, height).map((part) => ({ ...part, component: index })),
    );
    return candidates(parts, image, height);
  });
}

/**
 * How far each pixel is from the paper towards the ink: 0 on paper, 1 in black on white.
 * @param {Uint8ClampedArray} shades
 * @param {number} columns
 * @param {number} rows
 */
function contrasts(shades, columns, rows) {
  const paper = paperShades(shades, columns, rows);
  const away = new Float32Array(shades.length);
  let skew = 0;
  for (let k = 0; k < away.length; k++) {
    away[k] = (shades[k] - paper[k]) / 255;
    skew += away[k] ** 3;
  }
  // There is less ink than paper, and it is further from the paper's shade than paper itself is.
  const dark = skew < 0;
  for (let k = 0; k < away.length; k++) {
    const room = dark ? paper[k] : 255 - paper[k];
    away[k] = Math.max(0, (255 * (dark ? -away[k] : away[k])) / Math.max(32, room));
  }
  return smooth(away, columns, rows);
}

/**
 * The shade of the paper at every pixel: medians of tiles, and of the tiles around them.
 * @param {Uint8ClampedArray} shades
 * @param {number} columns
 * @param {number} rows
 */
function paperShades(shades, columns, rows) {
  const side = Math.max(4, Math.ceil(Math.max(columns, rows) / TILES_PER_SIDE));
  const [across, down] = [Math.ceil(columns / side), Math.ceil(rows / side)];
  const tiles = new Float32Array(across * down);
  for (let tile = 0; tile < tiles.length; tile++) {
    const [left, top] = [side * (tile % across), side * Math.floor(tile / across)];
    const counts = new Uint32Array(256);
    let total = 0;
    for (let row = top; row < Math.min(rows, top + side); row++) {
      for (let column = left; column < Math.min(columns, left + side); column++) {
        counts[shades[row * columns + column]] += 1;
        total += 1;
      }
    }
    tiles[tile] = quantile(counts, total / 2);
  }
  const calm = tiles.map((_, tile) => {
    const near = [];
    for (let row = -2; row <= 2; row++) {
      for (let column = -2; column <= 2; column++) {
        const [x, y] = [(tile % across) + column, Math.floor(tile / across) + row];
        if (x >= 0 && x < across && y >= 0 && y < down) near.push(tiles[y * across + x]);
      }
    }
    return near.sort((a, b) => a - b)[near.length >> 1];
  });
  const paper = new Float32Array(shades.length);
  for (let row = 0; row < rows; row++) {
    const y = Math.min(down - 1, Math.max(0, (row + 0.5) / side - 0.5));
    const [upper, low] = [Math.floor(y), Math.min(down - 1, Math.floor(y) + 1)];
    for (let column = 0; column < columns; column++) {
      const x = Math.min(across - 1, Math.max(0, (column + 0.5) / side - 0.5));
      const [left, right] = [Math.floor(x), Math.min(across - 1, Math.floor(x) + 1)];
      const above = interpolate(calm[upper * across + left], calm[upper * across + right], x - left);
      const below = interpolate(calm[low * across + left], calm[low * across + right], x - left);
      paper[row * columns + column] = interpolate(above, below, y - upper);
    }
  }
  return paper;
}

/**
 * The shade up to which so many pixels lie.
 * @param {Uint32Array} counts
 * @param {number} wanted
 */
function quantile(counts, wanted) {
  let [shade, sum] = [0, counts[0]];
  while (sum < wanted) sum += counts[++shade];
  return shade;
}

/**
 * @param {number} a
 * @param {number} b
 * @param {number} part of b
 */
function interpolate(a, b, part) {
  return a + part * (b - a);
}

/**
 * Each pixel with its neighbours, 1-2-1 in both directions: a camera's noise is halved, lines stay.
 * @param {Float32Array} values
 * @param {number} columns
 * @param {number} rows
 */
function smooth(values, columns, rows) {
  const across = new Float32Array(values.length);
  for (let k = 0; k < values.length; k++) {
    const column = k % columns;
    const left = column > 0 ? values[k - 1] : values[k];
    const right = column < columns - 1 ? values[k + 1] : values[k];
    across[k] = (left + 2 * values[k] + right) / 4;
  }
  return values.map((_, k) => {
    const above = k >= columns ? across[k - columns] : across[k];
    const below = k < columns * (rows - 1) ? across[k + columns] : across[k];
    return (above + 2 * across[k] + below) / 4;
  });
}

/**
 * The contrast that ink mostly has, 0 where there is none.
 * @param {Float32Array} contrast
 */
function inkLevel(contrast) {
  const counts = new Uint32Array(256);
  for (const value of contrast) counts[Math.min(255, Math.floor(255 * value))] += 1;
  let [strongest, above] = [255, counts[255]];
  while (strongest > 0 && above < Math.max(MIN_PIXELS, contrast.length / 10_000)) above += counts[--strongest];
  if (strongest / 255 < MIN_CONTRAST) return 0;
  let [sum, weight] = [0, 0];
  for (let shade = Math.ceil(0.6 * strongest); shade < 256; shade++) {
    sum += counts[shade];
    weight += counts[shade] * shade;
  }
  return weight / sum / 255;
}

/**
 * Ink that hangs together, along edges and corners.
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
 * @param {number[]} cells
 * @param {number} columns
 * @returns {Box}
 */
function boxOf(cells, columns) {
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
function widthOf({ left, right }) {
  return right - left + 1;
}

/** @param {Box} box */
function heightOf({ top, bottom }) {
  return bottom - top + 1;
}

/** @param {Box} box */
function sizeOf(box) {
  return Math.max(widthOf(box), heightOf(box));
}

/**
 * Whether it is a ruled line, or the table beside the paper: long and flat, or a long part of the
 * picture's edge.
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
 * How high the digits are: as the highest quarter of the ink that is not much less than the most.
 * @param {Component[]} components
 */
function lineHeight(components) {
  const most = Math.max(0, ...components.map(({ cells }) => cells.length));
  const heights = components.filter(({ cells }) => cells.length > most / 8).map(({ box }) => heightOf(box));
  return heights.sort((a, b) => b - a)[heights.length >> 2] ?? 1;
}

/**
 * The line with the most ink: neighbours, and their neighbours.
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
 * Parts of one symbol put together: those that lie above one another. From left to right.
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
 * Pieces that stand so close that they may be one symbol's, left to right.
 * @param {Component[]} components from left to right
 * @param {number} height
 * @returns {Component[][]}
 */
function clusters(components, height) {
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

/**
 * A wide component in parts, cut where it has least ink above one another.
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
 * Columns between which a symbol could end and another begin.
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
 * What parts beside each other may be: each a symbol, or several together one.
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
 * Ink as the network reads it, with its soft edges and without what else is in its box.
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
 * The best way to make up a block.
 * @param {Candidate[]} block
 * @param {number[]} scores one for each candidate
 * @returns {number[]} indices of the chosen ones, left to right
 */
export function bestCandidates(block, scores) {
  const parts = Math.max(...block.map(({ end }) => end));
  /** @type {{ score: number, chosen: number[] }[]} by how many parts are made up */
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
