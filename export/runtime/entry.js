/** Export what web/recognizer.js uses of TensorFlow.js; web/vendor/tfjs.d.ts has the types. */
import "digitpad:kernels";

export { GraphModel } from "@tensorflow/tfjs-converter/dist/executor/graph_model";
export { memory, setBackend, tidy } from "@tensorflow/tfjs-core/dist/globals";
export { tensor } from "./functions.js";
export { version } from "@tensorflow/tfjs-core/dist/version";
export { record } from "./replay.js";
