/**
 * Find candidates for the symbols of a line of writing: its ink in pieces, and 28x28 fields of them
 * as the network reads them.
 *
 * Pure functions: no DOM, no model. Lengths are in pixels of the picture, constants in heights of
 * the line.
 *
 * @import { Box } from "../types"
 * @import { InkImage } from "./binarize.js"
 * @import { Component } from "./components.js"
 * @import { Line } from "./lines.js"
 *
 * @typedef {object} Candidate ink that may be one symbol
 * @property {Box} box
 * @property {Float32Array} pixels the 28x28 field
 * @property {number} first
 * @property {number} end it is made of the parts first, first + 1, ... end - 1 of its block
 * @property {number} components of which it is made, or is a part
 * @property {number} gap empty width between its components, in heights of the line
 * @property {number} cuts through components at its ends
 * @property {number} heightDeficit how much lower than the line it is, in octaves
 * @property {boolean} isMark whether it is a dot, a comma or a dash
 * @property {boolean} hasPoint whether one of its components stands where a point or a comma does
 */
import { normalise } from "../ink/normalise.js";
import { BOX } from "../ink/render.js";
import { boxOf, heightOf, sizeOf, widthOf } from "./components.js";

const EDGE_THRESHOLD = 0.25; // of the ink's contrast: paler edges are paper
const MIN_CUT_WIDTH = 0.65; // wider components may be several symbols: a 4 and a 1 beside it
const MIN_SYMBOL_WIDTH = 0.16; // of a symbol that is cut off
const MIN_SYMBOL_INK = 0.02; // squares of the height, of a symbol that is cut off
const VALLEY = 0.08; // on either side of the best cuts, none goes through less ink
const CUTS_PER_WIDTH = 3; // through one component
const MAX_CUTS = 12;
const MAX_SEAM_INK = 0.4; // that a cut goes through
const SEAM_STEP = 0.02; // cost of a pixel of paper, and of a step aside, in pixels of ink
const MAX_PARTS = 6; // of a symbol
const MAX_SYMBOL_WIDTH = 1.5; // of a symbol with several components
const MAX_WHOLE_WIDTH = 2; // of a symbol of several parts of one component
const MAX_ASPECT = 1.1; // width to height of a field's ink
const MAX_CLUSTER_GAP = 0.3; // closer components may be parts of one symbol
const MIN_DIGIT_HEIGHT = 0.6; // of what stands on the line
const MAX_DOT_SIZE = 0.3;
const MAX_COMMA_SIZE = 0.5;
const MAX_COMMA_RISE = 0.25; // above the foot of the digits beside it
const [MAX_DASH_WIDTH, MAX_DASH_HEIGHT] = [0.8, 0.2];

/**
 * Find the candidates of a line.
 * @param {Line} line
 * @param {InkImage} image
 * @returns {Candidate[][]} those of each block of ink, from left to right
 */
export function lineCandidates({ components, height }, image) {
  const digits = components.filter(({ box }) => heightOf(box) > MIN_DIGIT_HEIGHT * height);
  const partOf = new Int16Array(image.mask.length); // 1 for the line's first part, 0 for paper
  let numbered = 0;
  return clusters(components, height).map((cluster) => {
    const before = numbered;
    const parts = cluster.flatMap((component, index) =>
      cutComponent(component, image.columns, height).map((part) => ({ ...part, component: index })),
    );
    for (const { cells } of parts) {
      numbered += 1;
      for (const cell of cells) partOf[cell] = numbered;
    }
    const foot = footNear(digits, (cluster[0].box.left + cluster[cluster.length - 1].box.right) / 2);
    const isOthers = (/** @type {number} */ cell, /** @type {number} */ first, /** @type {number} */ end) =>
      partOf[cell] > 0 && (partOf[cell] <= before + first || partOf[cell] > before + end);
    return candidates(parts, cluster, image, height, foot, isOthers);
  });
}

/**
 * Return where the digits nearest to a column end.
 * @param {Component[]} digits
 * @param {number} column
 */
function footNear(digits, column) {
  const near = digits.map(({ box }) => ({ box, away: Math.abs(box.left + box.right - 2 * column) }))
    .sort((a, b) => a.away - b.away).slice(0, 3).map(({ box }) => box.bottom).sort((a, b) => a - b);
  return near[near.length >> 1] ?? Infinity;
}

/**
 * Group components that are close enough to be parts of one symbol.
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
 * Cut a wide component along the seams with the least ink.
 * @param {Component} component
 * @param {number} columns
 * @param {number} height
 * @returns {Component[]}
 */
function cutComponent(component, columns, height) {
  const seams = findSeams(component, columns, height);
  const { top } = component.box;
  /** @type {number[][]} */
  const scraps = Array.from({ length: seams.length + 1 }, () => []);
  for (const cell of component.cells) {
    const [row, column] = [Math.floor(cell / columns) - top, cell % columns];
    scraps[seams.filter((seam) => seam[row] <= column).length].push(cell);
  }
  /** @type {number[][]} */
  const parts = [];
  const isScrap = (/** @type {number[] | undefined} */ cells) => cells && cells.length < MIN_SYMBOL_INK * height ** 2;
  for (const cells of scraps) {
    if (parts.length > 0 && (isScrap(cells) || isScrap(parts.at(-1)))) parts.push([.../** @type {number[]} */ (parts.pop()), ...cells]);
    else parts.push(cells);
  }
  return parts.map((cells) => ({ cells, box: boxOf(cells, columns) }));
}

/**
 * Return the seams along which a component can be cut, as the column of each of its rows.
 *
 * A seam runs from top to bottom, a step aside for each step down at most, through the least ink
 * (as in S. Avidan and A. Shamir, "Seam carving", 2007).
 * @param {Component} component
 * @param {number} columns
 * @param {number} height
 * @returns {number[][]} from left to right
 */
function findSeams({ cells, box }, columns, height) {
  const [wide, high] = [widthOf(box), heightOf(box)];
  if (wide < MIN_CUT_WIDTH * height) return [];
  const cost = new Float32Array(wide * high).fill(SEAM_STEP);
  for (const cell of cells) cost[(Math.floor(cell / columns) - box.top) * wide + (cell % columns) - box.left] = 1;
  const [down, up] = [seamCosts(cost, wide, high, 1), seamCosts(cost, wide, high, -1)];
  const middle = high >> 1;
  const total = Array.from({ length: wide }, (_, column) => {
    const k = middle * wide + column;
    return down[k] + up[k] - cost[k];
  });
  const most = Math.min(MAX_CUTS, Math.ceil((CUTS_PER_WIDTH * wide) / height));
  const least = MIN_SYMBOL_WIDTH * height;
  /** @type {number[]} */
  const chosen = [];
  const byInk = (/** @type {number} */ a, /** @type {number} */ b) => total[a] - total[b];
  // Where strokes run on at the same width, as along the bar of a 7, a cut may be anywhere.
  const places = [...valleys(total, Math.round(VALLEY * height)).sort(byInk), ...[...total.keys()].sort(byInk)];
  for (const column of places) {
    if (chosen.length === most) break;
    if (total[column] > MAX_SEAM_INK * height) continue;
    if ([0, wide, ...chosen].every((edge) => Math.abs(edge - column) >= least)) chosen.push(column);
  }
  return chosen.sort((a, b) => a - b).map((column) => {
    const seam = new Array(high);
    for (const [costs, step] of /** @type {[Float32Array, number][]} */ ([[down, -1], [up, 1]])) {
      let at = column;
      for (let row = middle; row >= 0 && row < high; row += step) {
        seam[row] = box.left + at;
        const next = (row + step) * wide;
        const steps = [at, at - 1, at + 1].filter((place) => place >= 0 && place < wide);
        at = steps.reduce((a, b) => (costs[next + b] < costs[next + a] ? b : a));
      }
    }
    return seam;
  });
}

/**
 * Return the places of the least values nearby; of equal ones beside each other, the middle.
 * @param {number[]} values
 * @param {number} reach
 */
function valleys(values, reach) {
  const found = [];
  for (let first = 0, end; first < values.length; first = end) {
    for (end = first + 1; end < values.length && values[end] === values[first]; end++);
    const near = values.slice(Math.max(0, first - reach), end + reach);
    if (near.every((value) => value >= values[first])) found.push((first + end - 1) >> 1);
  }
  return found;
}

/**
 * Return the least cost of a seam from the first row to each pixel.
 * @param {Float32Array} cost of each pixel
 * @param {number} wide
 * @param {number} high
 * @param {1 | -1} step downwards, or upwards from the last row
 */
function seamCosts(cost, wide, high, step) {
  const costs = cost.slice();
  for (let row = step > 0 ? 1 : high - 2; row >= 0 && row < high; row += step) {
    const before = (row - step) * wide;
    for (let column = 0; column < wide; column++) {
      let least = costs[before + column];
      if (column > 0) least = Math.min(least, costs[before + column - 1] + SEAM_STEP);
      if (column < wide - 1) least = Math.min(least, costs[before + column + 1] + SEAM_STEP);
      costs[row * wide + column] += least;
    }
  }
  return costs;
}

/**
 * Return a candidate for each part, and for each run of neighbouring parts.
 * @param {(Component & { component: number })[]} parts of one cluster
 * @param {Component[]} cluster
 * @param {InkImage} image
 * @param {number} height
 * @param {number} foot of the digits nearby
 * @param {(cell: number, first: number, end: number) => boolean} isOthers whether ink is that of
 *   other parts than first to end - 1
 * @returns {Candidate[]}
 */
function candidates(parts, cluster, image, height, foot, isOthers) {
  const found = [];
  for (let first = 0; first < parts.length; first++) {
    for (let end = first + 1; end <= Math.min(parts.length, first + MAX_PARTS); end++) {
      const run = parts.slice(first, end);
      const cells = run.flatMap((part) => part.cells);
      const box = boxOf(cells, image.columns);
      const [from, to] = [run[0].component, run[run.length - 1].component];
      if (end > first + 1 && widthOf(box) > (from === to ? MAX_WHOLE_WIDTH : MAX_SYMBOL_WIDTH) * height) break;
      const cuts = Number(parts[first - 1]?.component === from) + Number(parts[end]?.component === to);
      found.push({
        box,
        pixels: renderField(cells, box, (cell) => isOthers(cell, first, end), image),
        first,
        end,
        cuts,
        components: to - from + 1,
        gap: gapsBetween(cluster.slice(from, to + 1)) / height,
        heightDeficit: Math.max(0, Math.log2(height / sizeOf(box))),
        isMark: end === first + 1 && cuts === 0 && isMark(box, foot, height),
        hasPoint: end > first + 1 && run.some((part) => isPoint(part.box, foot, height) && part.box === cluster[part.component].box),
      });
    }
  }
  return found;
}

/**
 * Return the empty width between components.
 * @param {Component[]} components from left to right
 */
function gapsBetween(components) {
  let [gaps, right] = [0, Infinity];
  for (const { box } of components) {
    gaps += Math.max(0, box.left - right - 1);
    right = Math.max(box.right, right === Infinity ? box.right : right);
  }
  return gaps;
}

/**
 * Return whether a box is that of a dot, a comma or a dash.
 * @param {Box} box
 * @param {number} foot of the digits nearby
 * @param {number} height
 */
function isMark(box, foot, height) {
  if (sizeOf(box) <= MAX_DOT_SIZE * height || isPoint(box, foot, height)) return true;
  return widthOf(box) <= MAX_DASH_WIDTH * height && heightOf(box) <= MAX_DASH_HEIGHT * height;
}

/**
 * Return whether a box is that of a point or a comma, at the foot of the digits.
 * @param {Box} box
 * @param {number} foot of the digits nearby
 * @param {number} height
 */
function isPoint(box, foot, height) {
  return sizeOf(box) <= MAX_COMMA_SIZE * height && box.top > foot - MAX_COMMA_RISE * height;
}

/**
 * Render ink as a field, with its soft edges and without its neighbours' ink.
 * @param {number[]} cells
 * @param {Box} box
 * @param {(cell: number) => boolean} isOthers whether ink is its neighbours'
 * @param {InkImage} image
 */
function renderField(cells, box, isOthers, { contrast, columns, rows }) {
  const edge = 1 + Math.round(sizeOf(box) / BOX); // of the field's pixel
  const margin = edge + 1;
  const [wide, high] = [widthOf(box) + 2 * margin, heightOf(box) + 2 * margin];
  const [left, top] = [box.left - margin, box.top - margin];
  const own = new Uint8Array(wide * high);
  for (const cell of cells) own[(Math.floor(cell / columns) - top) * wide + (cell % columns) - left] = 1;
  const near = spread(spread(own, wide, 1, edge), high, wide, edge);
  const crop = new Float32Array(wide * high);
  for (let k = 0; k < crop.length; k++) {
    const [row, column] = [top + Math.floor(k / wide), left + (k % wide)];
    const place = row * columns + column;
    const inside = row >= 0 && row < rows && column >= 0 && column < columns;
    if (!near[k] || !inside || isOthers(place)) continue;
    crop[k] = Math.min(1, Math.max(0, (contrast[place] - EDGE_THRESHOLD) / (1 - EDGE_THRESHOLD)));
  }
  if (crop.every((value) => value === 0)) { // a scrap that thinning took away
    for (const cell of cells) crop[(Math.floor(cell / columns) - top) * wide + (cell % columns) - left] = 1;
  }
  const most = Math.round(MAX_ASPECT * heightOf(box)) + 2 * margin;
  return wide > most ? normalise(squeezed(crop, wide, high, most), most, high) : normalise(crop, wide, high);
}

/**
 * Spread marks along lines, by a few places to either side.
 * @param {Uint8Array} marks of a rectangle
 * @param {number} length of a line
 * @param {number} step from one place of a line to the next: 1 for rows, a row's length for columns
 * @param {number} reach
 */
function spread(marks, length, step, reach) {
  const found = new Uint8Array(marks.length);
  for (let line = 0; line < marks.length / length; line++) {
    const start = step === 1 ? line * length : line;
    let within = 0;
    for (let place = -reach; place < length; place++) {
      if (place + reach < length) within += marks[start + (place + reach) * step];
      if (place > reach) within -= marks[start + (place - reach - 1) * step];
      if (place >= 0 && within > 0) found[start + place * step] = 1;
    }
  }
  return found;
}

/**
 * Return an image made narrower: the network knows no digits much wider than high.
 * @param {Float32Array} image
 * @param {number} columns
 * @param {number} rows
 * @param {number} width
 */
function squeezed(image, columns, rows, width) {
  const narrow = new Float32Array(width * rows);
  for (let column = 0; column < width; column++) {
    const [from, to] = [(column * columns) / width, ((column + 1) * columns) / width];
    for (let source = Math.floor(from); source < Math.min(columns, Math.ceil(to)); source++) {
      const part = (Math.min(to, source + 1) - Math.max(from, source)) / (to - from);
      for (let row = 0; row < rows; row++) narrow[row * width + column] += part * image[row * columns + source];
    }
  }
  return narrow;
}

/**
 * Return the candidates that cover a block with the highest total score (dynamic programming).
 * @template {{ score: number, text: string }} Option what a candidate may be read as
 * @param {Candidate[]} block
 * @param {Option[][]} options of each, the best first
 * @returns {{ chosen: { candidate: Candidate, option: Option, options: Option[] }[], margin: number }} the
 *   chosen ones, left to right, and by how much they outscore those that read best as another text
 */
export function bestCandidates(block, options) {
  const parts = Math.max(...block.map(({ end }) => end));
  /** @type {{ score: number, chosen: number[], text: string }[][]} by the number of parts covered */
  const best = [[{ score: 0, chosen: [], text: "" }]];
  for (let end = 1; end <= parts; end++) {
    const ways = block.flatMap((candidate, index) => candidate.end !== end ? [] :
      best[candidate.first].map(({ score, chosen, text }) =>
        ({ score: score + options[index][0].score, chosen: [...chosen, index], text: text + options[index][0].text })));
    ways.sort((a, b) => b.score - a.score);
    const other = ways.find(({ text }) => text !== ways[0].text);
    best.push(other ? [ways[0], other] : [ways[0]]);
  }
  const [first, other] = best[parts];
  return {
    chosen: first.chosen.map((k) => ({ candidate: block[k], option: options[k][0], options: options[k] })),
    margin: other ? first.score - other.score : Infinity,
  };
}
