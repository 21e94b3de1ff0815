/**
 * Reduce a picture to one shade for each pixel, in which ink differs from its ground.
 *
 * Pure functions: no DOM. Lengths are in pixels of the picture.
 *
 * @typedef {{ data: Uint8ClampedArray<ArrayBuffer>, columns: number, rows: number }} Picture RGBA
 */

const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114]; // luma weights (ITU-R BT.601)
const OPAQUE = 128; // alpha
const MIN_TRANSPARENT = 0.02; // of the pixels: drawings on a transparent ground have much more
const MIN_LUMA_RANGE = 64; // of ink and ground that need no colour to be told apart
const COLOUR_GAIN = 1.5; // how much further apart ink and ground must be in colour than in luma
const TAIL = 0.01; // of the pixels, at each end of the range

/**
 * Return the shades of a picture: its luma, or the colour that tells ink from a ground as bright.
 * @param {Picture} picture
 * @returns {Uint8ClampedArray}
 */
export function shadesOf(picture) {
  const { data, columns, rows } = picture;
  const ground = transparentGround(picture);
  const count = columns * rows;
  const luma = new Uint8ClampedArray(count);
  for (let k = 0, at = 0; k < count; k++, at += 4) {
    const shade = RED * data[at] + GREEN * data[at + 1] + BLUE * data[at + 2];
    luma[k] = ground + (data[at + 3] / 255) * (shade - ground);
  }
  const lumaRange = rangeOf(luma);
  if (lumaRange >= MIN_LUMA_RANGE) return luma;
  const best = [[1, -1, 0], [-0.5, -0.5, 1]] // red against green, and yellow against blue
    .map((weights) => {
      const colour = new Uint8ClampedArray(count);
      for (let k = 0, at = 0; k < count; k++, at += 4) {
        colour[k] = 128 + (weights[0] * data[at] + weights[1] * data[at + 1] + weights[2] * data[at + 2]) / 2;
      }
      return { colour, range: rangeOf(colour) };
    })
    .reduce((a, b) => (b.range > a.range ? b : a));
  return best.range > COLOUR_GAIN * lumaRange ? best.colour : luma;
}

/**
 * Return the shade to put behind transparent pixels: white, or black behind light ink.
 * @param {Picture} picture
 */
function transparentGround({ data }) {
  let [transparent, opaque, sum] = [0, 0, 0];
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] < OPAQUE) {
      transparent += 1;
    } else {
      opaque += 1;
      sum += RED * data[at] + GREEN * data[at + 1] + BLUE * data[at + 2];
    }
  }
  return transparent > MIN_TRANSPARENT * (transparent + opaque) && sum > 128 * opaque ? 0 : 255;
}

/**
 * Return how far apart the darkest and the lightest shades are, a few outliers aside.
 * @param {Uint8ClampedArray} shades
 */
function rangeOf(shades) {
  const counts = new Uint32Array(256);
  for (const shade of shades) counts[shade] += 1;
  const tail = TAIL * shades.length;
  let [low, high] = [0, 255];
  for (let sum = counts[0]; sum < tail; sum += counts[low]) low += 1;
  for (let sum = counts[255]; sum < tail; sum += counts[high]) high -= 1;
  return high - low;
}
