/**
 * Convolutions by WebAssembly's SIMD, in place of TensorFlow.js's own in its CPU backend.
 *
 * The stock kernels add to the output in memory for every product; TensorFlow.js's WebAssembly
 * backend would be as fast as this, with 107 kB more to fetch and compile before the first
 * reading. kernels.ts does what digit networks need in 1 kB; all else, and browsers that refuse
 * WebAssembly (a policy without 'wasm-unsafe-eval', Apple's lockdown mode), goes to the stock
 * kernels. Weights are copied in at each call, which takes a hundredth of the time and leaves
 * nothing to give back.
 */
import { addConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Add";
import { depthwiseConv2dNativeConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/DepthwiseConv2dNative";
import { fusedConv2DConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/FusedConv2D";
import { fusedDepthwiseConv2DConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/FusedDepthwiseConv2D";
import { computeConv2DInfo } from "@tensorflow/tfjs-core/dist/ops/conv_util";
import bytes from "digitpad:simd";

const FLOAT = 4; // bytes
const LANES = 4; // of a vector: the kernels take so many channels at a time
const PAGE = 65536; // bytes, by which WebAssembly's memory grows

const simd = start();

export const kernels = {
  Add: faster(addConfig, sum),
  FusedConv2D: faster(fusedConv2DConfig, convolution),
  DepthwiseConv2dNative: faster(depthwiseConv2dNativeConfig, depthwise),
  FusedDepthwiseConv2D: faster(fusedDepthwiseConv2DConfig, depthwise),
};

/**
 * 8-bit weights as floats: bytes * scale + min. Null where there is no WebAssembly.
 * @param {Uint8Array} bytes
 * @param {number} scale
 * @param {number} min
 */
export function dequantise(bytes, scale, min) {
  if (!simd) return null;
  const [floats, from] = layOut([bytes.length, Math.ceil(bytes.length / FLOAT)]);
  new Uint8Array(simd.memory.buffer).set(bytes, from);
  simd.dequantise(from, floats, bytes.length, scale, min);
  return new Float32Array(simd.memory.buffer, floats, bytes.length).slice();
}

/** The compiled kernels, or null where WebAssembly, its SIMD or the leave to use it is missing. */
function start() {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  } catch {
    return null;
  }
}

/** The stock kernel, with `run` for the calls that it can do; of others it returns null. */
function faster(stock, run) {
  return {
    ...stock,
    kernelFunc: (call) => (simd && run(call)) || stock.kernelFunc(call),
  };
}

/** Whether a convolution has nothing that kernels.ts leaves out. */
function usual(bias, { strides, dilations, dataFormat, activation }) {
  const [down, right = down] = [strides].flat();
  return (dataFormat ?? "NHWC") === "NHWC" && [dilations ?? 1].flat().every((step) => step === 1)
    && down === right && ["relu", "linear", undefined, null].includes(activation)
    && (!bias || bias.shape.length === 1);
}

function convolution({ inputs: { x, filter, bias }, backend, attrs }) {
  if (!usual(bias, attrs)) return null;
  const info = computeConv2DInfo(
    x.shape, filter.shape, attrs.strides, 1, attrs.pad, attrs.dimRoundingMode);
  if (info.outChannels % LANES !== 0 || x.shape[3] !== filter.shape[2]) return null;
  const seen = info.filterHeight * info.filterWidth * info.inChannels;
  const patches = info.outHeight * info.outWidth * seen;
  return eachImage(backend, x, filter, bias, info, attrs, [patches],
    (image, weights, offsets, output, patches, floor) => simd.convolve(
      image, weights, offsets, output, patches,
      info.inHeight, info.inWidth, info.inChannels,
      info.outHeight, info.outWidth, info.outChannels, info.filterHeight, info.filterWidth,
      info.strideHeight, info.padInfo.top, info.padInfo.left, floor));
}

function depthwise({ inputs: { x, filter, bias }, backend, attrs }) {
  if (!usual(bias, attrs)) return null;
  const info = computeConv2DInfo(
    x.shape, filter.shape, attrs.strides, 1, attrs.pad, attrs.dimRoundingMode, true);
  const filters = info.outChannels / info.inChannels;
  if (info.outChannels % LANES !== 0 || filters > 2) return null;
  return eachImage(backend, x, filter, bias, info, attrs, [],
    (image, weights, offsets, output, floor) => simd.convolveDepthwise(
      image, weights, offsets, output,
      info.inHeight, info.inWidth, info.outChannels,
      info.outHeight, info.outWidth, info.filterHeight, info.filterWidth,
      info.strideHeight, info.padInfo.top, info.padInfo.left, floor, filters));
}

/** A sum of tensors of one shape; the stock kernel works out where each number comes from. */
function sum({ inputs: { a, b }, backend }) {
  if (a.dtype !== "float32" || b.dtype !== "float32" || a.shape.join() !== b.shape.join()) return null;
  const [from, more] = [a, b].map(({ dataId }) => backend.data.get(dataId).values);
  const total = new Float32Array(from.length);
  for (let k = 0; k < total.length; k++) total[k] = from[k] + more[k];
  return backend.makeTensorInfo(a.shape, "float32", total);
}

/**
 * Run a kernel on one image of the batch after the other.
 * @param {number[]} rooms floats that the kernel wants to work in
 * @param {Function} run takes where the image, the weights, the offsets, the output and the rooms
 *   lie in memory, and what the output must not fall below
 */
function eachImage(backend, x, filter, bias, info, { activation }, rooms, run) {
  const valuesOf = (tensor) => backend.data.get(tensor.dataId).values;
  const images = valuesOf(x);
  const weights = valuesOf(filter);
  const size = images.length / info.batchSize;
  const outSize = info.outHeight * info.outWidth * info.outChannels;
  const offsets = bias ? valuesOf(bias) : new Float32Array(info.outChannels);
  const places = layOut([size, weights.length, info.outChannels, outSize, ...rooms]);
  const memory = new Float32Array(simd.memory.buffer);
  memory.set(weights, places[1] / FLOAT);
  memory.set(offsets, places[2] / FLOAT);
  const output = new Float32Array(info.batchSize * outSize);
  const result = memory.subarray(places[3] / FLOAT, places[3] / FLOAT + outSize);
  for (let k = 0; k < info.batchSize; k++) {
    memory.set(images.subarray(k * size, (k + 1) * size), places[0] / FLOAT);
    run(...places, activation === "relu" ? 0 : -Infinity);
    output.set(result, k * outSize);
  }
  return backend.makeTensorInfo(info.outShape, "float32", output);
}

/** Byte offsets of arrays of so many floats, one after the other in a memory that has room. */
function layOut(lengths) {
  let end = 0;
  const places = lengths.map((length) => {
    const place = end;
    end += FLOAT * LANES * Math.ceil(length / LANES);
    return place;
  });
  const missing = end - simd.memory.buffer.byteLength;
  if (missing > 0) simd.memory.grow(Math.ceil(missing / PAGE));
  return places;
}
