/**
 * The sheet that is written on: strokes, how far they may be undone, and the viewBox they stand in.
 *
 * Pure: no DOM. A drawing is never altered in place, so every earlier one can be kept as it was.
 *
 * @typedef {import("../ink.js").Point} Point
 * @typedef {import("../ink.js").Stroke} Stroke
 * @typedef {import("../ink.js").Drawing} Drawing
 * @typedef {{ x: number, y: number, width: number, height: number }} ViewBox the part of the
 *   drawing's plane that the pad shows
 * @typedef {{ drawing: Drawing, viewBox: ViewBox }} State
 */
import { bounds, checkDrawing } from "../ink.js";

/** Enough to undo anything that a person remembers, little enough to leave a tab open for days. */
const MAX_PAST = 500;

/** The pen's width beside the viewBox's shorter side; a fine felt pen, several digits beside each other. */
const PEN_WIDTH = 1 / 36;

/** Strokes with an undo history that reaches across clearing. */
export class DrawingHistory {
  /** @type {State[]} */
  #past = [];
  /** @type {State[]} */
  #future = [];
  /** @type {State} */
  #now = { drawing: [], viewBox: { x: 0, y: 0, width: 0, height: 0 } };

  /** What is on the sheet. */
  get drawing() {
    return this.#now.drawing;
  }

  /** The part of the plane that the pad shows. */
  get viewBox() {
    return this.#now.viewBox;
  }

  /** Whether there is something to undo. */
  get canUndo() {
    return this.#past.length > 0;
  }

  /** Whether there is something to redo. */
  get canRedo() {
    return this.#future.length > 0;
  }

  /**
   * Put another drawing in place of the present one; undo brings that back.
   * @param {Drawing} drawing
   * @param {ViewBox} [viewBox] the present one where left out
   */
  replace(drawing, viewBox = this.#now.viewBox) {
    this.#past.push(this.#now);
    if (this.#past.length > MAX_PAST) this.#past.shift();
    this.#future = [];
    this.#now = { drawing, viewBox };
  }

  /** Go back one step; nothing happens at the first. */
  undo() {
    this.#step(this.#past, this.#future);
  }

  /** Go forward one step; nothing happens at the last. */
  redo() {
    this.#step(this.#future, this.#past);
  }

  /**
   * @param {State[]} from
   * @param {State[]} to
   */
  #step(from, to) {
    const state = from.pop();
    if (!state) return;
    to.push(this.#now);
    this.#now = state;
  }
}

/**
 * A copy of a drawing that came from outside, or an error that says what is wrong with it.
 * @param {unknown} drawing
 * @returns {Drawing}
 * @throws {TypeError} not an array of strokes of points of two or three finite numbers
 * @throws {import("../ink.js").InkError} more strokes or points, or larger ones, than can be read
 */
export function validateDrawing(drawing) {
  if (!Array.isArray(drawing)) throw new TypeError("a drawing is an array of strokes");
  // Array.from and not map, which passes over holes.
  const copy = Array.from(drawing, (stroke, s) => {
    if (!Array.isArray(stroke) || stroke.length === 0) {
      throw new TypeError(`stroke ${s} is not an array of points`);
    }
    return Array.from(stroke, (point, p) => {
      const good =
        Array.isArray(point) &&
        (point.length === 2 || point.length === 3) &&
        Array.from(point).every((number) => Number.isFinite(number));
      if (!good) throw new TypeError(`point ${p} of stroke ${s} is not [x, y] or [x, y, ms]`);
      return [...point];
    });
  });
  if (copy.length > 0) checkDrawing(copy);
  return copy;
}

/**
 * The viewBox that shows a drawing of unknown unit: the pad's own where it fits and is no speck
 * there, else the box around the drawing with a margin.
 * @param {Drawing} drawing
 * @param {ViewBox} pad the pad's own, in CSS pixels
 * @returns {ViewBox}
 */
export function viewBoxFor(drawing, pad) {
  if (drawing.length === 0) return pad;
  const { left, top, right, bottom } = bounds(drawing);
  const inside = left >= 0 && top >= 0 && right <= pad.width && bottom <= pad.height;
  const side = Math.max(right - left, bottom - top);
  if (inside && (side === 0 || side * 8 > Math.min(pad.width, pad.height))) return pad;
  const margin = (side || 1) / 5;
  return {
    x: left - margin,
    y: top - margin,
    width: right - left + 2 * margin,
    height: bottom - top + 2 * margin,
  };
}

/**
 * The width of the line in a viewBox's units.
 * @param {ViewBox} viewBox
 */
export function penWidth(viewBox) {
  return Math.min(viewBox.width, viewBox.height) * PEN_WIDTH;
}

/**
 * A stroke as SVG path data: quadratic curves from midpoint to midpoint with the points between as
 * control points, which is smooth at any resolution; a lone point is a dot under a round cap.
 * @param {Stroke} stroke not empty
 */
export function toSvgPath(stroke) {
  const [[x, y], ...rest] = stroke;
  let data = `M${x} ${y}`;
  for (let k = 0; k < rest.length - 1; k++) {
    const [cx, cy] = rest[k];
    const [nx, ny] = rest[k + 1];
    data += `Q${cx} ${cy} ${(cx + nx) / 2} ${(cy + ny) / 2}`;
  }
  const [ex, ey] = stroke[stroke.length - 1];
  return `${data}L${ex} ${ey}`;
}
