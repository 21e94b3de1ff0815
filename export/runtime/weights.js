/**
 * Decode weights, in place of TensorFlow.js's `decodeWeights`.
 *
 * While a page loads, JavaScript is not compiled yet: a loop over 70,000 8-bit weights takes 10 ms
 * in JavaScript and none in WebAssembly.
 */
import { decodeWeights as decodeAny } from "@tensorflow/tfjs-core/dist/io/io_utils";
import { tensor } from "@tensorflow/tfjs-core/dist/ops/tensor";
import { allocatePersistent } from "./memory.js";
import { dequantise } from "./simd.js";

const BYTES = { float32: 4, int32: 4, uint16: 2, float16: 2, uint8: 1, bool: 1 };

/**
 * @param {ArrayBuffer} data concatenated weights
 * @param {object[]} specs as model.json's manifest lists them
 * @returns {Record<string, object>} tensors by name
 */
export function decodeWeights(data, specs) {
  const weights = {};
  let end = 0;
  for (const spec of specs) {
    const start = end;
    const { dtype, scale, min } = spec.quantization ?? spec;
    const count = spec.shape.reduce((product, size) => product * size, 1);
    end += count * BYTES[dtype];
    const eightBit = dtype === "uint8" && spec.dtype === "float32";
    const values = eightBit && dequantise(new Uint8Array(data, start, count), scale, min);
    weights[spec.name] = values
      ? tensor(values, spec.shape)
      : toPersistent(decodeAny(data.slice(start, end), [spec])[spec.name]);
  }
  return weights;
}

/** Move a tensor into the kernels' memory to save copies; return it unchanged if it does not fit. */
function toPersistent(weight) {
  const values = weight.dtype === "float32" && allocatePersistent(weight.size);
  if (!values) return weight;
  values.set(weight.dataSync());
  weight.dispose();
  return tensor(values, weight.shape);
}
