/**
 * Estimate the shade of paper in uneven light, also beneath ink.
 *
 * Pure functions: no DOM. Lengths are in pixels of the picture.
 */

export const TILES_PER_SIDE = 14; // on the longer side: the paper has one shade within a tile
const MIN_PLANE = 6; // tiles to tell from how the paper's shade goes on
const PAPER_QUANTILE = 0.7; // more than half of a tile may be ink

/**
 * Estimate the paper's shade at every pixel: a quantile or a mean of tiles, smoothed and
 * interpolated.
 * @param {Uint8ClampedArray} shades of dark ink
 * @param {number} columns
 * @param {number} rows
 * @param {Uint8ClampedArray | null} ink not 0 on pixels of ink, where it is known already
 * @param {number} [part] which quantile is paper
 */
export function paperShades(shades, columns, rows, ink, part = PAPER_QUANTILE) {
  const side = Math.max(4, Math.ceil(Math.max(columns, rows) / TILES_PER_SIDE));
  const [across, down] = [Math.ceil(columns / side), Math.ceil(rows / side)];
  const tiles = new Float32Array(across * down).fill(NaN);
  for (let tile = 0; tile < tiles.length; tile++) {
    const [left, top] = [side * (tile % across), side * Math.floor(tile / across)];
    const counts = new Uint32Array(256);
    let [seen, total] = [0, 0];
    for (let row = top; row < Math.min(rows, top + side); row++) {
      for (let column = left; column < Math.min(columns, left + side); column++) {
        seen += 1;
        if (ink?.[row * columns + column]) continue;
        counts[shades[row * columns + column]] += 1;
        total += 1;
      }
    }
    if (total > 0.2 * seen) tiles[tile] = quantile(counts, (ink ? 0.5 : part) * total);
  }
  const calm = tiles.map((own, tile) => {
    if (ink && !Number.isNaN(own)) return own;
    for (let reach = 2; ; reach *= 2) {
      const known = [];
      for (let row = -reach; row <= reach; row++) {
        for (let column = -reach; column <= reach; column++) {
          const [x, y] = [(tile % across) + column, Math.floor(tile / across) + row];
          const shade = x >= 0 && x < across && y >= 0 && y < down ? tiles[y * across + x] : NaN;
          if (!Number.isNaN(shade)) known.push({ column, row, shade });
        }
      }
      if (ink && known.length >= MIN_PLANE) return Math.max(1, planeAt(known));
      const sorted = known.map(({ shade }) => shade).sort((a, b) => a - b);
      if (sorted.length > 0 && !(ink && reach < TILES_PER_SIDE)) return sorted[sorted.length >> 1];
      if (reach > TILES_PER_SIDE) return 255;
    }
  });
  return interpolateTiles(calm, side, columns, rows);
}

/**
 * Return the shade at the origin of the plane through shades of tiles (least squares); of tiles in a
 * line, their mean.
 * @param {{ column: number, row: number, shade: number }[]} tiles
 */
function planeAt(tiles) {
  const mean = (/** @type {(tile: typeof tiles[0]) => number} */ of) =>
    tiles.reduce((sum, tile) => sum + of(tile), 0) / tiles.length;
  const x = mean(({ column }) => column);
  const y = mean(({ row }) => row);
  const z = mean(({ shade }) => shade);
  const xx = mean(({ column }) => (column - x) ** 2);
  const xy = mean(({ column, row }) => (column - x) * (row - y));
  const yy = mean(({ row }) => (row - y) ** 2);
  const xz = mean(({ column, shade }) => (column - x) * (shade - z));
  const yz = mean(({ row, shade }) => (row - y) * (shade - z));
  const determinant = xx * yy - xy ** 2;
  if (determinant < 1e-6 * (xx + yy) ** 2) return z;
  return z - (x * (xz * yy - yz * xy) + y * (yz * xx - xz * xy)) / determinant;
}

/**
 * Interpolate values of square tiles for every pixel, and go on along the same slope at the edges.
 * @param {Float32Array} tiles
 * @param {number} side
 * @param {number} columns
 * @param {number} rows
 */
export function interpolateTiles(tiles, side, columns, rows) {
  const [across, down] = [Math.ceil(columns / side), Math.ceil(rows / side)];
  const values = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const y = (row + 0.5) / side - 0.5;
    const upper = Math.max(0, Math.min(down - 2, Math.floor(y)));
    const low = Math.min(down - 1, upper + 1);
    for (let column = 0; column < columns; column++) {
      const x = (column + 0.5) / side - 0.5;
      const left = Math.max(0, Math.min(across - 2, Math.floor(x)));
      const right = Math.min(across - 1, left + 1);
      const above = interpolate(tiles[upper * across + left], tiles[upper * across + right], x - left);
      const below = interpolate(tiles[low * across + left], tiles[low * across + right], x - left);
      values[row * columns + column] = interpolate(above, below, y - upper);
    }
  }
  return values;
}

/**
 * Return the shade below which `wanted` pixels lie.
 * @param {Uint32Array} counts
 * @param {number} wanted
 */
export function quantile(counts, wanted) {
  let [shade, sum] = [0, counts[0]];
  while (sum < wanted && shade < counts.length - 1) sum += counts[++shade];
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
