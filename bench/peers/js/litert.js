/** LiteRT.js on its CPU kernels, WebAssembly. */
import { Tensor, loadAndCompile, loadLiteRt } from "@litertjs/core";
import { pad } from "./pad.js";

const FIELD = 784;

async function load() {
  await loadLiteRt(new URL("./", import.meta.url).href);
  const model = await loadAndCompile("convnet.tflite", { accelerator: "wasm" });
  pad.dataset.backend = "wasm";
  // A model of this format has its batch written in: one field at a time.
  return async (pixels, count) => {
    const probabilities = [];
    for (let k = 0; k < count; k++) {
      const input = new Tensor(pixels.slice(k * FIELD, (k + 1) * FIELD), [1, 28, 28, 1]);
      const [output] = await model.run(input);
      probabilities.push(...output.toTypedArray());
      input.delete();
      output.delete();
    }
    return probabilities;
  };
}

pad.use(load());
