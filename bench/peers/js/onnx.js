/** Read with onnxruntime-web on WebAssembly. */
import { pad } from "./pad.js";
import { InferenceSession, Tensor, env } from "./ort.wasm.bundle.min.mjs";

env.wasm.wasmPaths = new URL("./", import.meta.url).href;

async function load() {
  const session = await InferenceSession.create("convnet.onnx", { executionProviders: ["wasm"] });
  pad.dataset.backend = `wasm, ${env.wasm.numThreads} thread`;
  return async (pixels, count) => {
    const { digits } = await session.run({ image: new Tensor(pixels, [count, 1, 28, 28]) });
    return digits.data;
  };
}

pad.use(load());
