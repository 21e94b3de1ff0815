/**
 * Pointer events on a surface become strokes: one at a time, whichever of finger, pen or mouse.
 *
 * @typedef {import("../ink.js").Point} Point
 * @typedef {import("../ink.js").Stroke} Stroke
 * @typedef {object} StrokeListener what the pen asks and tells its owner
 * @property {() => boolean} start a stroke wants to begin; false refuses it
 * @property {(event: PointerEvent) => Point} locate where an event lies, in the drawing's units
 * @property {(stroke: Stroke) => void} draw the stroke under way has grown
 * @property {(stroke: Stroke | null) => void} finish it is complete, or null: it was none
 */

/** A touch so soon after the pen left is the palm of the hand that holds it, in milliseconds. */
const PALM_MS = 500;

/** A touch that the system took back within so many CSS pixels of its start was no stroke. */
const SLIP_PX = 12;

/** Touches this near to the screen's edge, in CSS pixels, may be taken for the gesture "back". */
const EDGE_PX = 30;

/** @param {Touch} touch */
function atEdge({ clientX }) {
  return clientX < EDGE_PX || clientX > innerWidth - EDGE_PX;
}

/** One pen over one surface. */
export class PointerStrokes {
  #surface;
  #listener;
  /** @type {PointerEvent | null} the event that began the stroke under way */
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
    surface.addEventListener("pointerdown", (event) => this.#press(event));
    surface.addEventListener("pointermove", (event) => this.#move(event));
    surface.addEventListener("pointerup", (event) => this.#lift(event));
    surface.addEventListener("pointercancel", (event) => this.#cancel(event));
    surface.addEventListener("lostpointercapture", (event) => this.#lost(event));
    surface.addEventListener("dragstart", (event) => event.preventDefault()); // of what is selected
    surface.addEventListener("contextmenu", (event) => {
      if (this.#down) event.preventDefault(); // a long press is a slow stroke
    });
    // iPadOS takes quick pencil strokes for handwriting (Scribble) unless a touchmove is refused:
    // https://mikepk.com/2020/10/iOS-safari-scribble-bug/
    surface.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false });
    // A stroke that begins at the screen's edge would go back a page on iOS:
    // https://pqina.nl/blog/blocking-navigation-gestures-on-ios-13-4/
    const guard = (/** @type {TouchEvent} */ event) => {
      if (Array.from(event.touches, atEdge).some(Boolean)) event.preventDefault();
    };
    surface.addEventListener("touchstart", guard, { passive: false });
  }

  /** Complete the stroke under way, if there is one. */
  finish() {
    this.#end(true);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const isPen = event.pointerType === "pen";
    if (isPen) this.#penSeen = event.timeStamp;
    if (event.button !== 0) return;
    const palm = event.pointerType === "touch" && event.timeStamp - this.#penSeen < PALM_MS;
    if (palm) return;
    if (this.#down) {
      // A second finger or the palm is ignored; a pen that lands after the palm takes over, and a
      // finger where a thumb only rests.
      const { pointerType, timeStamp } = this.#down;
      const rests = this.#reach <= SLIP_PX && event.timeStamp - timeStamp > PALM_MS;
      if (!(isPen ? pointerType !== "pen" : pointerType === "touch" && rests)) return;
      this.#end(false);
    }
    if (!this.#listener.start()) return;
    this.#down = event;
    this.#stroke = [];
    this.#reach = 0;
    try {
      this.#surface.setPointerCapture(event.pointerId);
    } catch {
      // The pointer has left already; what it drew until now still counts.
    }
    this.#add([event]);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (event.pointerType === "pen") this.#penSeen = event.timeStamp;
    if (event.pointerId !== this.#down?.pointerId) return;
    if ((event.buttons & 1) === 0) return this.#end(true); // the button rose out of our sight
    // Missing on plain http:// and in older Safari.
    const events = event.getCoalescedEvents?.() ?? [];
    this.#add(events.length > 0 ? events : [event]);
  }

  /** @param {PointerEvent} event */
  #lift(event) {
    if (event.pointerType === "pen") this.#penSeen = event.timeStamp;
    if (event.pointerId !== this.#down?.pointerId) return;
    this.#add([event]);
    this.#end(true);
  }

  /** @param {PointerEvent} event */
  #cancel(event) {
    if (event.pointerId !== this.#down?.pointerId) return;
    // The system took the pointer back: a palm hardly moved and is dropped, ink is ink.
    this.#end(this.#reach > SLIP_PX);
  }

  /** @param {PointerEvent} event */
  #lost(event) {
    if (event.pointerId === this.#down?.pointerId) this.#end(true);
  }

  /** @param {PointerEvent[]} events */
  #add(events) {
    const down = /** @type {PointerEvent} */ (this.#down);
    for (const event of events) {
      const away = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY);
      this.#reach = Math.max(this.#reach, away);
      const point = this.#listener.locate(event);
      const last = this.#stroke.at(-1);
      if (last && last[0] === point[0] && last[1] === point[1]) continue;
      this.#stroke.push(point);
    }
    this.#listener.draw(this.#stroke);
  }

  /** @param {boolean} keep */
  #end(keep) {
    const down = this.#down;
    if (!down) return;
    this.#down = null; // first, for releasing the capture comes back here
    if (this.#surface.hasPointerCapture(down.pointerId)) {
      this.#surface.releasePointerCapture(down.pointerId);
    }
    this.#listener.finish(keep ? this.#stroke : null);
  }
}
