/**
 * Separate ink from paper by the local shade of the paper and the local strength of the ink.
 *
 * Pure functions: no DOM. Lengths are in pixels of the picture.
 *
 * @typedef {object} InkImage
 * @property {Float32Array} contrast of each pixel: 0 on paper, 1 at the ink's usual strength nearby
 * @property {Uint8Array} mask 1 for each pixel of ink
 * @property {number} columns
 * @property {number} rows
 */

import { MIN_PIXELS } from "./components.js";
import { TILES_PER_SIDE, interpolateTiles, paperShades, quantile } from "./paper.js";
import { removeRules } from "./rules/removal.js";

const MIN_CONTRAST = 0.06; // of the paper's shade: less is no ink
const MIN_SIGNAL = 5; // standard deviations of the paper's noise
const NOISE_DISTANCE = 3; // smoothing makes neighbours alike
const MIN_LEVEL = 0.6; // of the strongest ink's contrast: paler strokes are shadows or ruled lines
const RULE_LEVEL = 0.2; // of the strongest ink's contrast: ruled lines are pale
const SURE_INK = 0.5; // of the ink's level
const FAINT_INK = 0.35; // next to sure ink
const MIN_SEPARATION = 0.85; // of all variance; evenly falling light alone gives 0.75
const SMALL_SIDE = 160; // pixels are enough to tell ink from paper

/**
 * Find the ink.
 * @param {Uint8ClampedArray} shades one for each pixel, row by row, 0 black to 255 white
 * @param {number} columns
 * @param {number} rows
 * @param {boolean} [inverted] whether to take the paper for the ink
 * @returns {InkImage | null} null without ink
 */
export function findInk(shades, columns, rows, inverted = false) {
  const parting = partShades(shades, columns, rows);
  const dark = parting.dark !== inverted;
  const seen = dark ? shades : shades.map((shade) => 255 - shade);
  const threshold = dark ? parting.threshold : 255 - parting.threshold;
  const rough = parting.isClear ? seen.map((shade) => (shade <= threshold ? 1 : 0)) : roughInk(seen, columns, rows);
  const nearly = contrasts(seen, paperShades(seen, columns, rows, rough), columns, rows);
  const contrast = contrasts(seen, paperShades(seen, columns, rows, strongInk(nearly)), columns, rows);
  const least = noiseLevels(contrast, columns, rows).map((noise) => Math.max(MIN_CONTRAST, MIN_SIGNAL * noise));
  for (let k = 0; k < contrast.length; k++) if (contrast[k] < 0.5 * least[k]) contrast[k] = 0;
  const strongest = inkLevel(contrast.map((value, k) => (value > least[k] ? value : 0)));
  if (strongest === 0) return null;
  const ruled = { contrast, mask: maskOf(contrast, least, RULE_LEVEL * strongest), columns, rows };
  removeRules(ruled);
  const sure = maskOf(contrast, least, SURE_INK * MIN_LEVEL * strongest);
  const levels = inkLevels(contrast, sure, strongest, columns, rows);
  for (let k = 0; k < contrast.length; k++) contrast[k] /= levels[k];
  return { contrast, mask: hysteresis(contrast, sure, columns, rows), columns, rows };
}

/**
 * @param {Float32Array} contrast
 * @param {Float32Array} noise the least contrast of ink at each pixel
 * @param {number} least contrast of ink anywhere
 */
function maskOf(contrast, noise, least) {
  const mask = new Uint8Array(contrast.length); // a loop: `from` takes ten times as long
  for (let k = 0; k < mask.length; k++) mask[k] = contrast[k] > least && contrast[k] > noise[k] ? 1 : 0;
  return mask;
}

/**
 * Find ink by the local shade of the paper, where most of a tile is paper.
 * @param {Uint8ClampedArray} shades of dark ink
 * @param {number} columns
 * @param {number} rows
 */
function roughInk(shades, columns, rows) {
  const contrast = contrasts(shades, paperShades(shades, columns, rows, null), columns, rows);
  return strongInk(contrast);
}

/**
 * Return the mask of ink as strong as most.
 * @param {Float32Array} contrast
 */
function strongInk(contrast) {
  const level = inkLevel(contrast);
  const mask = new Uint8ClampedArray(contrast.length);
  for (let k = 0; k < mask.length; k++) mask[k] = contrast[k] > SURE_INK * MIN_LEVEL * level ? 1 : 0;
  return mask;
}

/**
 * Return which shades are ink.
 *
 * Where there are two shades and little between, as on a scan, the one that reaches less of the
 * picture's edge is ink. Otherwise ink is what deviates most from the usual shade nearby.
 * @param {Uint8ClampedArray} shades
 * @param {number} columns
 * @param {number} rows
 * @returns {{ dark: boolean, isClear: boolean, threshold: number }} whether ink is darker than
 *   paper, whether one threshold parts them, and which
 */
function partShades(shades, columns, rows) {
  const small = shrink(shades, columns, rows);
  const { threshold, separation } = otsu(small.shades);
  const isClear = separation > MIN_SEPARATION;
  if (!isClear) {
    const usual = paperShades(small.shades, small.columns, small.rows, null, 0.5);
    const skew = usual.reduce((sum, shade, k) => sum + (small.shades[k] - shade) ** 3, 0);
    return { dark: skew < 0, isClear, threshold };
  }
  const edge = small.shades.filter((_, k) => {
    const [row, column] = [Math.floor(k / small.columns), k % small.columns];
    return row === 0 || column === 0 || row === small.rows - 1 || column === small.columns - 1;
  });
  const darkEdge = edge.reduce((count, shade) => count + (shade <= threshold ? 1 : 0), 0);
  return { dark: darkEdge < edge.length / 2, isClear, threshold };
}

/**
 * Return a small copy of a picture, each pixel the mean of a square.
 * @param {Uint8ClampedArray} shades
 * @param {number} columns
 * @param {number} rows
 */
function shrink(shades, columns, rows) {
  const step = Math.max(1, Math.floor(Math.min(columns, rows) / SMALL_SIDE));
  const [across, down] = [Math.floor(columns / step), Math.floor(rows / step)];
  const small = new Uint8ClampedArray(across * down);
  for (let k = 0; k < small.length; k++) {
    const [left, top] = [step * (k % across), step * Math.floor(k / across)];
    let sum = 0;
    for (let row = top; row < top + step; row++) {
      for (let column = left; column < left + step; column++) sum += shades[row * columns + column];
    }
    small[k] = sum / step ** 2;
  }
  return { shades: small, columns: across, rows: down };
}

/**
 * Return the shade that parts dark from light with the least variance within both, and the share of
 * all variance that lies between them (N. Otsu, 1979).
 * @param {Uint8ClampedArray} shades
 */
function otsu(shades) {
  const counts = new Uint32Array(256);
  for (const shade of shades) counts[shade] += 1;
  const total = counts.reduce((sum, count, shade) => sum + count * shade, 0);
  const mean = total / shades.length;
  const variance = counts.reduce((sum, count, shade) => sum + count * (shade - mean) ** 2, 0) / shades.length;
  let [best, threshold, below, sum] = [0, 0, 0, 0];
  for (let shade = 0; shade < 255; shade++) {
    below += counts[shade];
    sum += counts[shade] * shade;
    const above = shades.length - below;
    if (below === 0 || above === 0) continue;
    const between = below * above * (sum / below - (total - sum) / above) ** 2;
    if (between > best) [best, threshold] = [between, shade];
  }
  return { threshold, separation: variance > 0 ? best / shades.length ** 2 / variance : 0 };
}

/**
 * Return the contrast of each pixel: about 0 on paper, 1 for black on white.
 * @param {Uint8ClampedArray} shades of dark ink
 * @param {Float32Array} paper
 * @param {number} columns
 * @param {number} rows
 */
function contrasts(shades, paper, columns, rows) {
  const away = new Float32Array(shades.length);
  for (let k = 0; k < away.length; k++) {
    away[k] = (paper[k] - shades[k]) / Math.max(32, paper[k]);
  }
  return smooth(away, columns, rows);
}

/**
 * Smooth with 1-2-1 in both directions, which halves a camera's noise and keeps lines.
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
 * Return the typical contrast of the strongest ink, or 0 without ink.
 * @param {Float32Array} contrast
 */
function inkLevel(contrast) {
  const counts = new Uint32Array(256);
  for (const value of contrast) counts[Math.max(0, Math.min(255, Math.floor(255 * value)))] += 1;
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
 * Return the noise's standard deviation at every pixel: how far most are from the mean of two nearby.
 * @param {Float32Array} contrast
 * @param {number} columns
 * @param {number} rows
 */
function noiseLevels(contrast, columns, rows) {
  const side = Math.max(8, Math.ceil(Math.max(columns, rows) / TILES_PER_SIDE));
  const [across, down] = [Math.ceil(columns / side), Math.ceil(rows / side)];
  const counts = Array.from({ length: across * down }, () => new Uint32Array(1024));
  const totals = new Uint32Array(across * down);
  for (let row = 0; row < rows; row++) {
    for (let column = NOISE_DISTANCE; column < columns - NOISE_DISTANCE; column++) {
      const k = row * columns + column;
      const near = (contrast[k - NOISE_DISTANCE] + contrast[k + NOISE_DISTANCE]) / 2;
      const tile = Math.floor(row / side) * across + Math.floor(column / side);
      counts[tile][Math.min(1023, Math.floor(1024 * Math.abs(contrast[k] - near)))] += 1;
      totals[tile] += 1;
    }
  }
  const tiles = Float32Array.from(counts, (each, tile) => quantile(each, totals[tile] / 2) / 1024);
  return interpolateTiles(tiles.map((value) => value / (0.674 * Math.sqrt(1.5))), side, columns, rows);
}

/**
 * Return the ink's level at every pixel: its strength in the tiles nearby.
 * @param {Float32Array} contrast
 * @param {Uint8Array} sure the mask of sure ink
 * @param {number} strongest the strongest ink's contrast
 * @param {number} columns
 * @param {number} rows
 */
function inkLevels(contrast, sure, strongest, columns, rows) {
  const side = Math.max(8, Math.ceil(Math.max(columns, rows) / TILES_PER_SIDE));
  const [across, down] = [Math.ceil(columns / side), Math.ceil(rows / side)];
  const [sums, weights] = [new Float32Array(across * down), new Float32Array(across * down)];
  for (let k = 0; k < contrast.length; k++) {
    if (!sure[k]) continue;
    const tile = Math.floor(Math.floor(k / columns) / side) * across + Math.floor((k % columns) / side);
    const weight = contrast[k] ** 4; // the inside of strokes, not their soft edges
    sums[tile] += weight * contrast[k];
    weights[tile] += weight;
  }
  const levels = sums.map((_, tile) => {
    let [sum, weight] = [0, 0];
    for (let row = -1; row <= 1; row++) {
      for (let column = -1; column <= 1; column++) {
        const [x, y] = [(tile % across) + column, Math.floor(tile / across) + row];
        if (x < 0 || x >= across || y < 0 || y >= down) continue;
        const near = row === 0 && column === 0 ? 4 : 1;
        sum += near * sums[y * across + x];
        weight += near * weights[y * across + x];
      }
    }
    return weight > 0 ? Math.max(MIN_LEVEL * strongest, sum / weight) : strongest;
  });
  const least = MIN_LEVEL * strongest;
  return interpolateTiles(levels, side, columns, rows).map((level) => Math.max(least, level));
}

/**
 * Return sure ink, and faint ink that touches it.
 * @param {Float32Array} contrast
 * @param {Uint8Array} sure the mask of what is sure if it is as strong as the ink nearby
 * @param {number} columns
 * @param {number} rows
 */
function hysteresis(contrast, sure, columns, rows) {
  const mask = new Uint8Array(contrast.length);
  /** @type {number[]} */
  const grown = [];
  for (let k = 0; k < contrast.length; k++) if (sure[k] && contrast[k] > SURE_INK) [mask[k], grown[grown.length]] = [1, k];
  for (const cell of grown) {
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
        const next = y * columns + x;
        if (mask[next] || contrast[next] <= FAINT_INK) continue;
        mask[next] = 1;
        grown.push(next);
      }
    }
  }
  return mask;
}
