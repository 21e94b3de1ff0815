/**
 * A graph's run on one image: noted once, then repeated without the graph.
 *
 * TensorFlow.js walks the graph at every run: it looks nodes up, counts references, makes tensors and
 * frees them. For a network as small as a digit's that takes longer than the arithmetic. What the
 * kernels of simd.js do is the same each time, in the same places of memory, but for the pixels.
 */
import { tidy } from "@tensorflow/tfjs-core/dist/globals";
import { tensor } from "@tensorflow/tfjs-core/dist/ops/tensor";
import { isResident, isUnused, room } from "./memory.js";

/** What kernels have done since a recording began; null without one, or where it is of no use. */
let steps = null;

/** Do what a kernel has to do in memory, in a way that can be done again. */
export function perform(step) {
  step();
  steps?.push(step);
}

/** Another kernel runs: what is noted is not all that is done. */
export function forget() {
  steps = null;
}

/**
 * Note what a graph does with one image.
 * @param {GraphModel} model
 * @param {number[]} shape of an image
 * @param {string[]} nodes whose tensors are wanted
 * @returns {((images: Float32Array) => Float32Array[]) | null} from images, one after the other, to
 *   each node's values for them; null where other kernels take part
 */
export function record(model, shape, nodes) {
  const size = shape.reduce((product, side) => product * side, 1);
  const image = isUnused() && room(size);
  if (!image) return null;
  const [outputs, noted] = noting(() =>
    tidy(() => [model.execute(tensor(image, [1, ...shape]), nodes)].flat()
      .map((output) => output.dataSync())));
  if (!noted || !outputs.every(isResident)) return null;
  return (images) => {
    const count = images.length / size;
    const found = outputs.map(({ length }) => new Float32Array(count * length));
    for (let k = 0; k < count; k++) {
      image.set(images.subarray(k * size, (k + 1) * size));
      for (const step of noted) step();
      outputs.forEach((output, n) => found[n].set(output, k * output.length));
    }
    return found;
  };
}

/** What a run gives, and the steps noted meanwhile, or null. */
function noting(run) {
  steps = [];
  try {
    return [run(), steps];
  } finally {
    forget();
  }
}
