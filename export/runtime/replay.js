/**
 * Record a graph's run on one image and replay it without the graph.
 *
 * TensorFlow.js walks the graph at every run: it looks up nodes, counts references, and creates and
 * frees tensors. For a small network this takes longer than the arithmetic. The kernels of simd.js
 * run the same steps at the same addresses each time; only the pixels differ.
 */
import { tidy } from "@tensorflow/tfjs-core/dist/globals";
import { tensor } from "./functions.js";
import { allocate, isResident, isUnused } from "./memory.js";

/** Steps of kernels since the recording started; null if none runs or it was cancelled. */
let steps = null;

/** Run a repeatable step of a kernel, and record it. */
export function runStep(step) {
  step();
  steps?.push(step);
}

/** Cancel the recording, because a kernel ran whose steps cannot be recorded. */
export function cancelRecording() {
  steps = null;
}

/**
 * Record what a graph does with one image.
 * @param {GraphModel} model
 * @param {number[]} shape of an image
 * @param {string[]} nodes names of the output nodes
 * @returns {((images: Float32Array) => Float32Array[]) | null} from concatenated images to the
 *   values of each node; null if other kernels take part
 */
export function record(model, shape, nodes) {
  const size = shape.reduce((product, side) => product * side, 1);
  const image = isUnused() && allocate(size);
  if (!image) return null;
  const [outputs, recorded] = recordSteps(() =>
    tidy(() => [model.execute(tensor(image, [1, ...shape]), nodes)].flat()
      .map((output) => output.dataSync())));
  if (!recorded || !outputs.every(isResident)) return null;
  return (images) => {
    const count = images.length / size;
    const results = outputs.map(({ length }) => new Float32Array(count * length));
    for (let k = 0; k < count; k++) {
      image.set(images.subarray(k * size, (k + 1) * size));
      for (const step of recorded) step();
      outputs.forEach((output, n) => results[n].set(output, k * output.length));
    }
    return results;
  };
}

/** Run a function; return its result and the recorded steps, or null. */
function recordSteps(run) {
  steps = [];
  try {
    return [run(), steps];
  } finally {
    cancelRecording();
  }
}
