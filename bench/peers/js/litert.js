/** Read with LiteRT.js on its CPU backend (WebAssembly). */
import { Tensor, loadAndCompile, loadLiteRt } from "@litertjs/core";
import { pad } from "./pad.js";

const FIELD = 784;

async function load() {
  await loadLiteRt(new URL("./", import.meta.url).href);
  const model = await loadAndCompile("convnet.tflite", { accelerator: "wasm" });
  pad.dataset.backend = "wasm";
  // A .tflite model has a fixed batch size, here 1.
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
