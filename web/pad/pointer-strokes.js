/**
 * Turn pointer events of finger, pen or mouse into strokes, one at a time.
 *
 * @import { Point, Stroke } from "../types"
 * @typedef {object} StrokeListener
 * @property {() => boolean} start called before a stroke; false prevents it
 * @property {(event: PointerEvent) => Point | null} locate returns an event's point, if it has one
 * @property {(stroke: Stroke) => void} draw called when the stroke has grown
 * @property {(stroke: Stroke | null) => void} finish called at its end; null if it was dropped
 */

const PALM_MS = 500; // a touch within this time after the pen is the palm
const SLIP_PX = 12; // a cancelled touch that moved less than this is dropped
const EDGE_PX = 30; // touches this near to the screen's edge may start the gesture "back"

/** @param {Touch} touch */
function atEdge({ clientX }) {
  return clientX < EDGE_PX || clientX > innerWidth - EDGE_PX;
}

/** Strokes on one surface. */
export class PointerStrokes {
  #surface;
  #listener;
  /** @type {PointerEvent | null} the event that started the current stroke */
  #down = null;
  /** @type {Stroke} */
  #stroke = [];
  #reach = 0;
  #penSeen = -Infinity;

  /**
   * @param {HTMLElement} surface
   * @param {StrokeListener} listener
   */
  constructor(surface, listener) {
    this.#surface = surface;
    this.#listener = listener;
    const handle = (/** @type {PointerEvent} */ event) => this.handle(event);
    surface.addEventListener("pointerdown", handle);
    surface.addEventListener("pointermove", handle);
    surface.addEventListener("pointerup", handle);
    surface.addEventListener("pointercancel", handle);
    surface.addEventListener("lostpointercapture", handle);
    surface.addEventListener("dragstart", (event) => event.preventDefault()); // of a selection
    surface.addEventListener("contextmenu", (event) => {
      if (this.#down) event.preventDefault(); // a long press is part of a stroke
    });
    // iPadOS treats quick pencil strokes as Scribble input unless touchmove is prevented:
    // https://mikepk.com/2020/10/iOS-safari-scribble-bug/
    surface.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false });
    // On iOS, a stroke from the screen's edge would navigate back:
    // https://pqina.nl/blog/blocking-navigation-gestures-on-ios-13-4/
    const guard = (/** @type {TouchEvent} */ event) => {
      if (Array.from(event.touches, atEdge).some(Boolean)) event.preventDefault();
    };
    surface.addEventListener("touchstart", guard, { passive: false });
  }

  /** @param {PointerEvent} event of the surface, or of what was in its place before */
  handle(event) {
    const { type, pointerType, pointerId, timeStamp } = event;
    if (pointerType === "pen") this.#penSeen = timeStamp;
    if (type === "pointerdown") return this.#press(event);
    if (pointerId !== this.#down?.pointerId) return;
    if (type === "pointermove") return this.#move(event);
    // Moving the surface only interrupts the capture.
    if (type === "lostpointercapture" && this.#surface.hasPointerCapture(pointerId)) return;
    if (type === "pointerup") this.#add([event]);
    // The system cancels the pointer of a palm, which hardly moves; ink is kept.
    this.#end(type !== "pointercancel" || this.#reach > SLIP_PX);
  }

  /** Complete the current stroke, if there is one. */
  finish() {
    this.#end(true);
  }

  /** Receive the current stroke's events wherever its pointer goes; moving the surface ends that. */
  capture() {
    if (!this.#down) return;
    try {
      this.#surface.setPointerCapture(this.#down.pointerId);
    } catch {
      // The pointer is gone already; keep what it drew.
    }
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const isPen = event.pointerType === "pen";
    if (event.button !== 0) return;
    const palm = event.pointerType === "touch" && event.timeStamp - this.#penSeen < PALM_MS;
    if (palm) return;
    if (event.pointerId === this.#down?.pointerId) this.#end(true); // its end was missed
    if (this.#down) {
      // Ignore a second finger and the palm. A pen takes over from a touch, and so does a finger if
      // the first one (a thumb) has not moved.
      const { pointerType, timeStamp } = this.#down;
      const rests = this.#reach <= SLIP_PX && event.timeStamp - timeStamp > PALM_MS;
      if (!(isPen ? pointerType !== "pen" : pointerType === "touch" && rests)) return;
      this.#end(false);
    }
    if (!this.#listener.start()) return;
    this.#down = event;
    this.#stroke = [];
    this.#reach = 0;
    this.capture();
    this.#add([event]);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    // The button was released elsewhere; but the events of test tools name no buttons.
    if (event.isTrusted && (event.buttons & 1) === 0) return this.#end(true);
    // Missing on plain http:// and in older Safari.
    const events = event.getCoalescedEvents?.() ?? [];
    this.#add(events.length > 0 ? events : [event]);
  }

  /** @param {PointerEvent[]} events */
  #add(events) {
    const down = /** @type {PointerEvent} */ (this.#down);
    for (const event of events) {
      const away = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY);
      this.#reach = Math.max(this.#reach, away);
      const point = this.#listener.locate(event);
      const last = this.#stroke.at(-1);
      if (!point || (last && last[0] === point[0] && last[1] === point[1])) continue;
      this.#stroke.push(point);
    }
    if (this.#stroke.length > 0) this.#listener.draw(this.#stroke);
  }

  /** @param {boolean} keep */
  #end(keep) {
    const down = this.#down;
    if (!down) return;
    this.#down = null; // first, because releasing the capture calls this again
    if (this.#surface.hasPointerCapture(down.pointerId)) {
      this.#surface.releasePointerCapture(down.pointerId);
    }
    this.#listener.finish(keep && this.#stroke.length > 0 ? this.#stroke : null);
  }
}
