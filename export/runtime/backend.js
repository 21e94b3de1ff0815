/** Register TensorFlow.js's CPU backend, as the package's base.js, with tensors that free memory. */
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu/dist/backend_cpu";
import { registerBackend } from "@tensorflow/tfjs-core";
import { release } from "./memory.js";

class Backend extends MathBackendCPU {
  disposeData(dataId, force) {
    const values = this.data.has(dataId) && this.data.get(dataId).values;
    const gone = super.disposeData(dataId, force);
    if (gone && values) release(values);
    return gone;
  }
}

registerBackend("cpu", () => new Backend());
