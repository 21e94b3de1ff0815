/**
 * Undo history of a drawing, corrections of its symbols, and the geometry of showing it.
 *
 * Pure: no DOM. Drawings are never changed in place, so that earlier ones can be kept.
 *
 * @import { Drawing, Reading, ReadSymbol, Stroke, ViewBox } from "../types"
 * @typedef {{ drawing: Drawing, viewBox: ViewBox }} State
 */
import { bounds, checkDrawing, symbolInk } from "../ink/render.js";
import { textOf } from "../recognition/scoring.js";

const MAX_PAST = 500; // more than a person remembers; bounds the memory of a tab left open for days
const PEN_WIDTH = 1 / 36; // of the view box's shorter side: a felt pen for several digits

/** A drawing with its undo history, which includes clearing. */
export class DrawingHistory {
  /** @type {State[]} */
  #past = [];
  /** @type {State[]} */
  #future = [];
  /** @type {State} */
  #now = { drawing: [], viewBox: { x: 0, y: 0, width: 0, height: 0 } };

  /** The current drawing. */
  get drawing() {
    return this.#now.drawing;
  }

  /** The part of the drawing's plane that the pad shows. */
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
   * Replace the drawing; undo restores it.
   * @param {Drawing} drawing
   * @param {ViewBox} [viewBox] unchanged by default
   */
  replace(drawing, viewBox = this.#now.viewBox) {
    this.#past.push(this.#now);
    if (this.#past.length > MAX_PAST) this.#past.shift();
    this.#future = [];
    this.#now = { drawing, viewBox };
  }

  /** Undo one step, if there is one. */
  undo() {
    this.#step(this.#past, this.#future);
  }

  /** Redo one step, if there is one. */
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

/** The user's corrections; each holds as long as its strokes do. */
export class Corrections {
  /** @type {Map<string, number>} digits by the strokes as text */
  #digits = new Map();

  /**
   * @param {Drawing} drawing
   * @param {ReadSymbol} symbol
   * @param {number} digit
   */
  add(drawing, symbol, digit) {
    this.#digits.set(keyOf(drawing, symbol), digit);
  }

  clear() {
    this.#digits.clear();
  }

  /**
   * Return a reading with the corrections applied.
   * @param {Reading} reading
   * @param {Drawing} drawing
   * @returns {Reading}
   */
  apply(reading, drawing) {
    if (this.#digits.size === 0) return reading;
    const symbols = reading.symbols.map((symbol) => {
      const digit = this.#digits.get(keyOf(drawing, symbol));
      return digit === undefined ? symbol : { ...symbol, digit, mark: undefined, corrected: true };
    });
    return { ...reading, text: textOf(symbols), symbols };
  }
}

/**
 * @param {Drawing} drawing
 * @param {ReadSymbol} symbol
 */
function keyOf(drawing, symbol) {
  return JSON.stringify(symbolInk(drawing, symbol));
}

/**
 * Copy a drawing from outside and check it.
 * @param {unknown} drawing
 * @returns {Drawing}
 * @throws {TypeError} if it is not an array of strokes of points of two or three finite numbers
 * @throws {import("../ink/render.js").InkError} if it has too many strokes or points, or too large ones
 */
export function validateDrawing(drawing) {
  if (!Array.isArray(drawing)) throw new TypeError("a drawing is an array of strokes");
  // Array.from, because map skips the holes of sparse arrays.
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
 * Return the view box for a drawing of unknown unit: the pad's own if the drawing fits and is not
 * tiny there, otherwise the box around the drawing with a margin.
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
 * Convert a position on the screen to the unit of a view box that is centred on a pad.
 * @param {{ clientX: number, clientY: number }} event
 * @param {{ x: number, y: number }[]} corners where the pad's top left, top right and bottom left
 *   are on the screen: it may be scaled and turned
 * @param {ViewBox} viewBox
 * @param {ViewBox} pad the pad's own
 */
export function toPlane({ clientX, clientY }, [origin, right, bottom], viewBox, { width, height }) {
  const [ax, ay, bx, by] = [right.x - origin.x, right.y - origin.y, bottom.x - origin.x, bottom.y - origin.y];
  const [x, y, area] = [clientX - origin.x, clientY - origin.y, ax * by - ay * bx];
  const unit = Math.max(viewBox.width / width, viewBox.height / height);
  return [
    viewBox.x + viewBox.width / 2 + ((x * by - y * bx) / area - 0.5) * width * unit,
    viewBox.y + viewBox.height / 2 + ((ax * y - ay * x) / area - 0.5) * height * unit,
  ];
}

/**
 * Return the width of lines, in the unit of a view box.
 * @param {ViewBox} viewBox
 */
export function penWidth(viewBox) {
  return Math.min(viewBox.width, viewBox.height) * PEN_WIDTH;
}

/**
 * Convert a stroke to SVG path data: quadratic curves between midpoints with the points as control
 * points, smooth at any resolution. A lone point becomes a dot under a round line cap.
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
