/**
 * A dialog that explains a reading: which strokes support each digit, and each layer's activations.
 *
 * @typedef {import("../explain/occlusion.js").Answer} Answer
 * @typedef {import("../explain/occlusion.js").Layer} Layer
 */
import { formatPercent } from "../app/reading.js";
import { makeDialog } from "./dialog.js";
import { occlusionMaps, layersOf } from "../explain/occlusion.js";
import { SIZE } from "../ink/render.js";

const CELL_SIZE = 10; // canvas pixels per pixel of the field
const NEUTRAL_OPACITY = 0.12; // of ink without influence
const NUMBERS_PER_ROW = 32; // for layers without maps
const MIN_SHARE = 0.05; // of the strongest influence: less is not mentioned
const NETWORK_ALONE = " This shows the network alone, without your own handwriting.";
const REGIONS = [["top left", "top", "top right"], ["left", "middle", "right"], ["bottom left", "bottom", "bottom right"]];

const CONTENT = `
  <p><label>Which ink speaks for <select></select></label></p>
  <canvas role="img" class="attribution" width="${SIZE * CELL_SIZE}" height="${SIZE * CELL_SIZE}"></canvas>
  <p role="status"></p>
  <h3>What each layer makes of it</h3>
  <div class="layers"></div>
  <div class="choices"><button type="button" data-do="close">Close</button></div>`;

/**
 * Explain a symbol in a dialog.
 * @param {import("../recognizer.js").Recognizer} recognizer
 * @param {import("../types").ReadSymbol} symbol
 */
export async function openExplanation(recognizer, { pixels }) {
  const dialog = makeDialog("Inside the network", CONTENT, {});
  const select = /** @type {HTMLSelectElement} */ (dialog.querySelector("select"));
  const canvas = /** @type {HTMLCanvasElement} */ (dialog.querySelector("canvas"));
  const status = /** @type {HTMLElement} */ (dialog.querySelector("[role=status]"));
  dialog.onclose = () => dialog.remove();
  dialog.querySelector(".layers")?.append(...layersOf(recognizer, pixels).map(layerFigure));
  status.textContent = "Checking each part of your digit";
  select.disabled = true;
  dialog.showModal();
  try {
    const answers = await occlusionMaps(recognizer, pixels);
    select.append(...answers.map(({ label, probability }) => new Option(`${answerName(label)} (${formatPercent(probability)})`)));
    select.disabled = false;
    select.focus();
    select.onchange = () => {
      const answer = answers[select.selectedIndex];
      status.textContent = `${summary(answer)}${recognizer.personalizer ? NETWORK_ALONE : ""}`;
      canvas.ariaLabel = `Your digit; ${summary(answer)}`;
      drawAttribution(canvas, pixels, answer.attribution);
    };
    select.onchange(new Event("change"));
  } catch (error) {
    status.textContent = error instanceof Error ? error.message : String(error);
  }
}

/** @param {string} label */
function answerName(label) {
  return label === "?" ? "no digit" : label;
}

/**
 * Draw the field: ink that supports the answer in blue, ink against it in red.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} pixels
 * @param {Float32Array} attribution
 */
function drawAttribution(canvas, pixels, attribution) {
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const style = getComputedStyle(canvas);
  const most = Math.max(...attribution.map(Math.abs)) || 1;
  const fill = (/** @type {string} */ colour, /** @type {number} */ place, /** @type {number} */ alpha) => {
    pen.fillStyle = style.getPropertyValue(colour);
    pen.globalAlpha = alpha;
    pen.fillRect(CELL_SIZE * (place % SIZE), CELL_SIZE * Math.floor(place / SIZE), CELL_SIZE, CELL_SIZE);
  };
  pen.clearRect(0, 0, canvas.width, canvas.height);
  for (let place = 0; place < pixels.length; place++) {
    if (pixels[place] === 0) continue;
    fill("--ink", place, NEUTRAL_OPACITY * pixels[place]);
    fill(attribution[place] > 0 ? "--accent" : "--bad", place, (pixels[place] * Math.abs(attribution[place])) / most);
  }
}

/**
 * Describe where the ink for and against an answer is.
 * @param {Answer} answer
 */
function summary({ label, attribution }) {
  const least = MIN_SHARE * Math.max(...attribution.map(Math.abs));
  const [where, against] = [attribution, attribution.map((value) => -value)].map((each) => regionOf(each, least));
  const said = where ? `Blue speaks for it, mostly at the ${where}` : `No ink speaks for ${answerName(label)}`;
  return `${said}; ${against ? `red against it, mostly at the ${against}` : "none against it"}.`;
}

/**
 * Return the region (of nine) with the most positive influence; null if all of it is below `least`.
 * @param {Float32Array} attribution
 * @param {number} least
 */
function regionOf(attribution, least) {
  if (Math.max(...attribution) <= least) return null;
  const inked = Array.from(attribution.keys()).filter((place) => attribution[place] !== 0);
  const [rows, columns] = [inked.map((place) => Math.floor(place / SIZE)), inked.map((place) => place % SIZE)];
  const third = (/** @type {number} */ at, /** @type {number[]} */ all) => {
    const [first, last] = [Math.min(...all), Math.max(...all) + 1];
    return Math.floor((3 * (at - first)) / (last - first));
  };
  const sums = REGIONS.map((row) => row.map(() => 0));
  inked.forEach((place, k) => {
    sums[third(rows[k], rows)][third(columns[k], columns)] += Math.max(0, attribution[place]);
  });
  const most = Math.max(...sums.flat());
  const row = sums.findIndex((each) => each.includes(most));
  return REGIONS[row][sums[row].indexOf(most)];
}

/**
 * Draw a layer's maps side by side, dark for large values.
 * @param {Layer} layer
 * @param {number} index
 */
function layerFigure({ rows, columns, count, values }, index) {
  const gap = rows > 1 ? 1 : 0;
  const beside = rows > 1 ? Math.min(count, rows > 20 ? 4 : 8) : Math.min(count, NUMBERS_PER_ROW);
  const canvas = document.createElement("canvas");
  canvas.width = beside * (columns + gap) - gap;
  canvas.height = Math.ceil(count / beside) * (rows + gap) - gap;
  const image = new ImageData(canvas.width, canvas.height);
  const most = Math.max(...values) || 1;
  values.forEach((value, k) => {
    const [map, place] = [k % count, Math.floor(k / count)];
    const x = (map % beside) * (columns + gap) + (place % columns);
    const y = Math.floor(map / beside) * (rows + gap) + Math.floor(place / columns);
    image.data[4 * (y * canvas.width + x) + 3] = (255 * Math.max(0, value)) / most;
  });
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(image, 0, 0);
  const size = rows > 1 ? `${count} maps of ${rows} by ${columns}` : `${count} numbers`;
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = `${index + 1}: ${size}`;
  canvas.ariaLabel = `Layer ${caption.textContent}`;
  canvas.setAttribute("role", "img");
  figure.append(canvas, caption);
  return figure;
}
