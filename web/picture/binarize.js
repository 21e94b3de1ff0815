/**
 * Separate ink from paper on a picture, by the local shade of the paper.
 *
 * Pure functions: no DOM.
 *
 * @typedef {object} InkImage
 * @property {Float32Array} contrast of each pixel: 0 on paper, 1 for black on white
 * @property {number} ink the typical contrast of ink
 * @property {number} columns
 * @property {number} rows
 */

const TILES_PER_SIDE = 14; // on the longer side: the paper has one shade within a tile
const MIN_CONTRAST = 0.15; // of the paper's shade: less is no ink
/** Pixels of ink in the smallest component. */
export const MIN_PIXELS = 12;

/**
 * Return the contrast of each pixel: 0 on paper, 1 for black on white; or reversed, for chalk.
 * @param {Uint8ClampedArray} shades
 * @param {number} columns
 * @param {number} rows
 */
export function contrasts(shades, columns, rows) {
  const paper = paperShades(shades, columns, rows);
  const away = new Float32Array(shades.length);
  let skew = 0;
  for (let k = 0; k < away.length; k++) {
    away[k] = (shades[k] - paper[k]) / 255;
    skew += away[k] ** 3;
  }
  // There is less ink than paper, but it deviates more: the skew tells which side it is on.
  const dark = skew < 0;
  for (let k = 0; k < away.length; k++) {
    const room = dark ? paper[k] : 255 - paper[k];
    away[k] = Math.max(0, (255 * (dark ? -away[k] : away[k])) / Math.max(32, room));
  }
  return smooth(away, columns, rows);
}

/**
 * Estimate the paper's shade at every pixel: medians of tiles, smoothed and interpolated.
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
 * Return the shade below which `wanted` pixels lie.
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
 * Return the typical contrast of ink, or 0 without ink.
 * @param {Float32Array} contrast
 */
export function inkLevel(contrast) {
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
