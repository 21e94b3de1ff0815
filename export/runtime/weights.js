/**
 * Decode weights, in place of TensorFlow.js's `decodeWeights`.
 *
 * While a page loads, JavaScript is not compiled yet: a loop over 70,000 8-bit weights takes 10 ms
 * in JavaScript and none in WebAssembly.
 */
import { ENGINE } from "@tensorflow/tfjs-core/dist/engine";
import { allocatePersistent } from "./memory.js";
import { dequantise } from "./simd.js";

/** Types of numbers in a file of weights; half-precision floats are decoded by `fromHalf`. */
const ARRAYS = {
  float32: Float32Array, int32: Int32Array, bool: Uint8Array,
  uint8: Uint8Array, uint16: Uint16Array, float16: Uint16Array,
};

/**
 * @param {ArrayBuffer} data concatenated weights
 * @param {object[]} specs as model.json's manifest lists them
 * @returns {Record<string, object>} tensors by name
 * @throws {RangeError} if there are fewer weights
 * @throws {TypeError} for weights of another type, such as strings
 */
export function decodeWeights(data, specs) {
  const weights = {};
  let end = 0;
  for (const { name, shape, dtype, quantization } of specs) {
    const start = end;
    const Type = ARRAYS[quantization?.dtype ?? dtype];
    const count = shape.reduce((product, size) => product * size, 1);
    end += count * Type.BYTES_PER_ELEMENT;
    // Weights before these may end anywhere, and the larger types need an address of their multiple.
    const stored = start % Type.BYTES_PER_ELEMENT ? new Type(data.slice(start, end)) : new Type(data, start, count);
    weights[name] = ENGINE.makeTensor(decoded(stored, dtype, quantization), shape, dtype);
  }
  return weights;
}

/** Return a tensor's values, in the kernels' memory where they fit. */
function decoded(stored, dtype, quantization) {
  if (dtype !== "float32") return quantization ? rounded(stored, quantization) : stored.slice();
  if (quantization?.dtype === "uint8") {
    const values = dequantise(stored, quantization.scale, quantization.min);
    if (values) return values;
  }
  const values = allocatePersistent(stored.length) ?? new Float32Array(stored.length);
  if (!quantization) values.set(stored);
  else if (quantization.dtype === "float16") stored.forEach((bits, k) => (values[k] = fromHalf(bits)));
  else stored.forEach((level, k) => (values[k] = level * quantization.scale + quantization.min));
  return values;
}

function rounded(levels, { scale, min }) {
  return Int32Array.from(levels, (level) => Math.round(level * scale + min));
}

/**
 * Return the number that 16 bits are: sign, five bits of exponent, ten of fraction (IEEE 754, binary16).
 * @param {number} bits
 */
function fromHalf(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const size = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
  return bits >> 15 ? -size : size; // the largest exponent is of infinities, which no weight is
}
