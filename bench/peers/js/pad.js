/**
 * The pad that all peers share: draw one digit, and show what a network reads.
 *
 * It does only what a page needs: no undo, no segmentation, one field per drawing.
 */
import { SIZE, render } from "./ink.js";

const PEN = 2.4; // width in pixels of the field, as in the shipped model
const DIGITS = 10;

/** @typedef {(pixels: Float32Array, count: number) => Promise<ArrayLike<number>>} Network */

/** A canvas to draw on; its reading goes to #number. */
class Pad extends HTMLElement {
  #strokes = [];
  #readingId = 0;

  connectedCallback() {
    this.number = document.getElementById("number");
    this.canvas = this.appendChild(document.createElement("canvas"));
    this.canvas.width = this.clientWidth;
    this.canvas.height = this.clientHeight;
    this.pen = this.canvas.getContext("2d");
    Object.assign(this.pen, { lineWidth: 8, lineCap: "round", lineJoin: "round" });
    this.addEventListener("pointerdown", (event) => this.#press(event));
    this.addEventListener("pointermove", (event) => this.#draw(event));
    this.addEventListener("pointerup", (event) => this.#lift(event));
  }

  /**
   * Read with a network as soon as it is loaded.
   * @param {Promise<Network>} network
   */
  use(network) {
    this.ready = network.then((run) => ({ read: (drawings) => read(run, drawings) }));
    this.#read();
  }

  set drawing(strokes) {
    this.#strokes = strokes;
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const [first, ...others] of strokes) {
      this.#line(first, first);
      others.forEach((point, k) => this.#line(k ? others[k - 1] : first, point));
    }
    this.#read();
  }

  #press(event) {
    this.setPointerCapture(event.pointerId);
    const point = this.#at(event);
    this.#strokes.push([point]);
    this.#line(point, point);
  }

  #draw(event) {
    if (!this.hasPointerCapture(event.pointerId)) return;
    const stroke = this.#strokes.at(-1);
    for (const each of event.getCoalescedEvents()) {
      const point = this.#at(each);
      this.#line(stroke.at(-1), point);
      stroke.push(point);
    }
  }

  #lift(event) {
    if (this.hasPointerCapture(event.pointerId)) this.#read();
  }

  #at({ clientX, clientY }) {
    const { left, top } = this.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  #line([x0, y0], [x1, y1]) {
    this.pen.beginPath();
    this.pen.moveTo(x0, y0);
    this.pen.lineTo(x1, y1);
    this.pen.stroke();
  }

  async #read() {
    const id = ++this.#readingId;
    if (this.#strokes.length === 0) this.number.textContent = "";
    if (this.#strokes.length === 0 || !this.ready) return;
    const { text } = await (await this.ready).read([this.#strokes]);
    if (id !== this.#readingId) return;
    this.number.textContent = text;
    this.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

/**
 * Read drawings of one digit each in one batch. Returns the digits as text, and their confidences.
 * @param {Network} network
 * @param {number[][][][]} drawings
 */
async function read(network, drawings) {
  const pixels = new Float32Array(drawings.length * SIZE * SIZE);
  drawings.forEach((each, k) => pixels.set(render(each, PEN), k * SIZE * SIZE));
  const probabilities = Array.from(await network(pixels, drawings.length));
  const rows = drawings.map((_, k) => probabilities.slice(k * DIGITS, (k + 1) * DIGITS));
  const confidences = rows.map((row) => Math.max(...row));
  return { text: rows.map((row, k) => row.indexOf(confidences[k])).join(""), confidences };
}

customElements.define("peer-pad", Pad);

/** The page's pad. */
export const pad = document.querySelector("peer-pad");
