/**
 * Make thick strokes thinner: the network knows pens up to a sixth of a digit's height.
 *
 * Pure functions: no DOM. Lengths are in pixels of the picture.
 *
 * @import { InkImage } from "./binarize.js"
 */

/**
 * Take ink off both sides of every stroke.
 * @param {InkImage} image
 * @param {number} depth to take off each side
 * @returns {InkImage} a copy
 */
export function thinner(image, depth) {
  const { mask, columns, rows } = image;
  const distance = Int32Array.from(mask, (value) => (value ? 1 << 20 : 0));
  // Chamfer distances in two passes, with steps of 3 and 4 (G. Borgefors, 1986).
  for (const step of [1, -1]) {
    for (let n = 0; n < distance.length; n++) {
      const k = step > 0 ? n : distance.length - 1 - n;
      if (distance[k] === 0) continue;
      const column = k % columns;
      const [hasSide, hasOther] = step > 0 ? [column > 0, column < columns - 1] : [column < columns - 1, column > 0];
      const above = k - step * columns;
      const hasAbove = above >= 0 && above < distance.length;
      const near = [
        hasSide ? distance[k - step] + 3 : 3,
        hasAbove ? distance[above] + 3 : 3,
        hasAbove && hasSide ? distance[above - step] + 4 : 4,
        hasAbove && hasOther ? distance[above + step] + 4 : 4,
      ];
      distance[k] = Math.min(distance[k], ...near);
    }
  }
  const contrast = image.contrast.map((value, k) =>
    value * Math.max(0, Math.min(1, distance[k] / 3 - depth + 0.5)));
  return { ...image, contrast };
}
