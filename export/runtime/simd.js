/**
 * Convolutions by WebAssembly's SIMD, in place of TensorFlow.js's own in its CPU backend.
 *
 * The stock kernels add to the output in memory for every product; TensorFlow.js's WebAssembly
 * backend would be as fast as this, with 107 kB more to fetch and compile before the first
 * reading. kernels.ts does what digit networks need in 2 kB; all else, and browsers that refuse
 * WebAssembly (a policy without 'wasm-unsafe-eval', Apple's lockdown mode), goes to the stock
 * kernels.
 */
import { addConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Add";
import { depthwiseConv2dNativeConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/DepthwiseConv2dNative";
import { fusedConv2DConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/FusedConv2D";
import { fusedDepthwiseConv2DConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/FusedDepthwiseConv2D";
import { computeConv2DInfo } from "@tensorflow/tfjs-core/dist/ops/conv_util";
import { FLOAT, LANES, isResident, lastingRoom, release, room, simd } from "./memory.js";

export const kernels = {
  Add: faster(addConfig, sum),
  FusedConv2D: faster(fusedConv2DConfig, convolution),
  DepthwiseConv2dNative: faster(depthwiseConv2dNativeConfig, depthwise),
  FusedDepthwiseConv2D: faster(fusedDepthwiseConv2DConfig, depthwise),
};

/**
 * 8-bit weights as floats: bytes * scale + min. Null where there is no WebAssembly or no room.
 * @param {Uint8Array} bytes
 * @param {number} scale
 * @param {number} min
 */
export function dequantise(bytes, scale, min) {
  const source = room(Math.ceil(bytes.length / FLOAT));
  const values = source && lastingRoom(bytes.length);
  if (values) {
    new Uint8Array(source.buffer, source.byteOffset).set(bytes);
    simd.dequantise(source.byteOffset, values.byteOffset, bytes.length, scale, min);
  }
  if (source) release(source);
  return values;
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
  const patches = room(
    info.outHeight * info.outWidth * info.filterHeight * info.filterWidth * info.inChannels);
  if (!patches) return null;
  const made = eachImage(backend, x, filter, bias, info, attrs, (image, weights, offsets, output, floor) =>
    simd.convolve(
      image, weights, offsets, output, patches.byteOffset,
      info.inHeight, info.inWidth, info.inChannels,
      info.outHeight, info.outWidth, info.outChannels, info.filterHeight, info.filterWidth,
      info.strideHeight, info.padInfo.top, info.padInfo.left, floor));
  release(patches);
  return made;
}

function depthwise({ inputs: { x, filter, bias }, backend, attrs }) {
  if (!usual(bias, attrs)) return null;
  const info = computeConv2DInfo(
    x.shape, filter.shape, attrs.strides, 1, attrs.pad, attrs.dimRoundingMode, true);
  const filters = info.outChannels / info.inChannels;
  if (info.outChannels % LANES !== 0 || filters > 2) return null;
  return eachImage(backend, x, filter, bias, info, attrs, (image, weights, offsets, output, floor) =>
    simd.convolveDepthwise(
      image, weights, offsets, output,
      info.inHeight, info.inWidth, info.outChannels,
      info.outHeight, info.outWidth, info.filterHeight, info.filterWidth,
      info.strideHeight, info.padInfo.top, info.padInfo.left, floor, filters));
}

/** A sum of tensors of one shape; the stock kernel works out where each number comes from. */
function sum({ inputs: { a, b }, backend }) {
  if (a.dtype !== "float32" || b.dtype !== "float32" || a.shape.join() !== b.shape.join()) return null;
  const [from, more] = [a, b].map(({ dataId }) => backend.data.get(dataId).values);
  if (!isResident(from) || !isResident(more)) return null;
  const total = room(from.length);
  if (!total) return null;
  simd.add(from.byteOffset, more.byteOffset, total.byteOffset, from.length);
  return backend.makeTensorInfo(a.shape, "float32", total);
}

/**
 * Run a kernel on one image of the batch after the other.
 * @param {Function} run takes where the image, the weights, the offsets and the output lie in
 *   memory, and what the output must not fall below
 * @returns the output, or null where there is no room
 */
function eachImage(backend, x, filter, bias, info, { activation }, run) {
  const size = info.outHeight * info.outWidth * info.outChannels;
  const output = room(info.batchSize * size);
  if (!output) return null;
  const sources = [x, filter, bias].map((tensor) =>
    tensor ? backend.data.get(tensor.dataId).values : new Float32Array(info.outChannels));
  const copies = sources.map((values) => (isResident(values) ? null : room(values.length)));
  const places = sources.map((values, k) => copies[k] ?? values);
  const fits = places.every(isResident);
  copies.forEach((copy, k) => copy?.set(sources[k]));
  if (fits) {
    const [images, weights, offsets] = places.map(({ byteOffset }) => byteOffset);
    const step = FLOAT * sources[0].length / info.batchSize;
    const floor = activation === "relu" ? 0 : -Infinity;
    for (let k = 0; k < info.batchSize; k++) {
      run(images + k * step, weights, offsets, output.byteOffset + FLOAT * k * size, floor);
    }
  }
  for (const copy of copies.reverse()) if (copy) release(copy);
  if (fits) return backend.makeTensorInfo(info.outShape, "float32", output);
  release(output);
  return null;
}
