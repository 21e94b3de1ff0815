/**
 * Weights from their bytes, in place of TensorFlow.js's `decodeWeights`.
 *
 * Of a page that loads, nothing has been compiled yet: to widen seventy thousand 8-bit weights in
 * a JavaScript loop takes it 10 ms, and WebAssembly none.
 */
import { decodeWeights as decodeAny } from "@tensorflow/tfjs-core/dist/io/io_utils";
import { tensor } from "@tensorflow/tfjs-core/dist/ops/tensor";
import { lastingRoom } from "./memory.js";
import { dequantise } from "./simd.js";

const BYTES = { float32: 4, int32: 4, uint16: 2, float16: 2, uint8: 1, bool: 1 };

/**
 * @param {ArrayBuffer} data one weight after the other
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
      : settled(decodeAny(data.slice(start, end), [spec])[spec.name]);
  }
  return weights;
}

/** A tensor in the kernels' memory, where they need not copy it first; as it is, if it has no room. */
function settled(weight) {
  const values = weight.dtype === "float32" && lastingRoom(weight.size);
  if (!values) return weight;
  values.set(weight.dataSync());
  weight.dispose();
  return tensor(values, weight.shape);
}
