/** Render strokes, and pictures of one symbol, into the 28x28 field that the network reads. */
export * from "./ink/render.js";
export { normalise } from "./ink/normalise.js";
