/**
 * Draw with pointers on a surface: shows strokes as SVG and keeps their history.
 *
 * @import { Drawing, Point, Stroke, ViewBox } from "../types"
 */
import { DrawingHistory, penWidth, toPlane, toSvgPath, viewBoxFor } from "./history.js";
import { PointerStrokes } from "./pointer-strokes.js";
import { create } from "./template.js";

/** The area that is written on. */
export class DrawingArea {
  #element;
  #svg;
  #ink;
  #corners;
  #pointer;
  #history = new DrawingHistory();
  /** @type {SVGElement | null} the stroke being drawn */
  #strokePath = null;
  /** The view box of the stroke being drawn. */
  #strokeViewBox = this.#history.viewBox;
  /** Time of the drawing's first point, as in `event.timeStamp`. */
  #firstPointAt = Infinity;
  /** How far the area has moved on the screen since the event that is handled. */
  #moved = { x: 0, y: 0 };

  /**
   * @param {HTMLElement} element with an <svg> that has a <g>, and an <i> at three corners
   * @param {{ canStart: () => boolean, onInput: () => void, onChange: () => void }} owner `onInput`
   *   is called whenever a stroke grows, `onChange` when it is complete
   */
  constructor(element, { canStart, onInput, onChange }) {
    this.#element = element;
    this.#svg = /** @type {SVGSVGElement} */ (element.querySelector("svg"));
    this.#ink = /** @type {SVGGElement} */ (element.querySelector("g"));
    this.#corners = Array.from(element.querySelectorAll("i"));
    this.#pointer = new PointerStrokes(element, {
      start: () => canStart() && this.#startStroke(),
      locate: (event) => this.#locate(event),
      draw: (stroke) => {
        this.#growStroke(stroke);
        onInput();
      },
      finish: (stroke) => {
        this.#endStroke(stroke);
        if (stroke) onChange();
      },
    });
  }

  /** The strokes, which must not be changed in place. */
  get drawing() {
    return this.#history.drawing;
  }

  get canUndo() {
    return this.#history.canUndo;
  }

  get canRedo() {
    return this.#history.canRedo;
  }

  /** Complete the stroke being drawn, if there is one. */
  finishStroke() {
    this.#pointer.finish();
  }

  /**
   * Go on with the stroke being drawn, if there is one, after the area was moved in the page, and with
   * what first-stroke.js has recorded.
   * @param {any} pad that has this area
   */
  resumeStroke(pad) {
    this.#pointer.capture();
    queueMicrotask(() => this.#takeOver(pad)); // after what the browser and the page restore
  }

  /**
   * Show a drawing from elsewhere.
   * @param {Drawing} drawing valid
   */
  replace(drawing) {
    this.#history.replace(drawing, viewBoxFor(drawing, this.#ownViewBox));
    this.#firstPointAt = Infinity;
    this.#redraw();
  }

  clear() {
    this.#history.replace([]);
    this.#redraw();
  }

  undo() {
    this.#history.undo();
    this.#redraw();
  }

  redo() {
    this.#history.redo();
    this.#redraw();
  }

  /** The area in CSS pixels, as the view box of a drawing that starts on it. */
  get #ownViewBox() {
    const { clientWidth: width, clientHeight: height } = this.#element;
    return { x: 0, y: 0, width, height };
  }

  /**
   * first-stroke.js has asked each event for the coalesced ones already: asked for after its dispatch,
   * they lie at (0, 0) in Firefox.
   * @param {any} pad
   */
  #takeOver(pad) {
    const { early } = pad;
    if (!early) return;
    delete pad.early;
    early.remove();
    const now = this.#element.getBoundingClientRect();
    for (const [event, then] of early.events) {
      this.#moved = { x: now.x - then.x, y: now.y - then.y };
      this.#pointer.handle(event);
    }
    this.#moved = { x: 0, y: 0 };
  }

  #startStroke() {
    this.#strokeViewBox = this.drawing.length === 0 ? this.#ownViewBox : this.#history.viewBox;
    this.#setViewBox(this.#strokeViewBox);
    return true;
  }

  /** @param {Stroke} stroke */
  #growStroke(stroke) {
    this.#strokePath ??= this.#ink.appendChild(svgPath(stroke));
    this.#strokePath.setAttribute("d", toSvgPath(stroke));
    this.#element.classList.add("inked");
  }

  /** @param {Stroke | null} stroke null if it was dropped */
  #endStroke(stroke) {
    const path = this.#strokePath;
    this.#strokePath = null;
    if (!stroke) return this.#redraw();
    path?.setAttribute("d", toSvgPath(stroke)); // the other strokes stay untouched
    this.#history.replace([...this.drawing, stroke], this.#strokeViewBox);
  }

  /**
   * @param {PointerEvent} event
   * @returns {Point | null} in the drawing's unit, and milliseconds since its first point; null
   *   while the area is not shown
   */
  #locate(event) {
    // Browsers disagree on SVG's own matrix where an ancestor is zoomed, scaled or turned.
    const corners = this.#corners.map((corner) => corner.getBoundingClientRect());
    const place = { clientX: event.clientX + this.#moved.x, clientY: event.clientY + this.#moved.y };
    const [x, y] = toPlane(place, corners, this.#strokeViewBox, this.#ownViewBox);
    if (!Number.isFinite(x + y)) return null;
    if (!this.#strokePath) {
      const last = this.drawing.at(-1)?.at(-1);
      // Times never decrease, even after undo or restoring a drawing.
      const latest = event.timeStamp - (last?.[2] ?? 0);
      this.#firstPointAt = last ? Math.min(this.#firstPointAt, latest) : latest;
    }
    return [rounded(x), rounded(y), Math.round(event.timeStamp - this.#firstPointAt)];
  }

  #redraw() {
    this.#setViewBox(this.#history.viewBox);
    this.#element.classList.toggle("inked", this.drawing.length > 0);
    this.#ink.replaceChildren(...this.drawing.map(svgPath), ...(this.#strokePath ? [this.#strokePath] : []));
  }

  /** @param {ViewBox} viewBox */
  #setViewBox(viewBox) {
    this.#svg.setAttribute("viewBox", `${viewBox.x} ${viewBox.y} ${viewBox.width} ${viewBox.height}`);
    this.#ink.setAttribute("stroke-width", String(penWidth(viewBox)));
  }
}

/** @param {Stroke} stroke */
function svgPath(stroke) {
  return create("path", { d: toSvgPath(stroke) });
}

/**
 * Round to six digits: finer than any screen, and saved drawings stay small.
 * @param {number} coordinate
 */
function rounded(coordinate) {
  return Number(coordinate.toPrecision(6));
}
