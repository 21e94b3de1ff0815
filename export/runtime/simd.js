/**
 * Replace kernels of TensorFlow.js's CPU backend by WebAssembly SIMD.
 *
 * The stock kernels write to memory for every product. TensorFlow.js's WebAssembly backend takes twice
 * as long as these kernels, and 107 kB more to fetch and compile before the first reading. kernels.ts
 * covers what digit networks need in 4 kB. The stock kernels run everything else, and everything where
 * WebAssembly is forbidden (a policy without 'wasm-unsafe-eval', Apple's lockdown mode).
 */
import { addConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Add";
import { depthwiseConv2dNativeConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/DepthwiseConv2dNative";
import { fusedConv2DConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/FusedConv2D";
import { fusedDepthwiseConv2DConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/FusedDepthwiseConv2D";
import { _fusedMatMulConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/_FusedMatMul";
import { softmaxConfig } from "@tensorflow/tfjs-backend-cpu/dist/kernels/Softmax";
import { computeConv2DInfo } from "@tensorflow/tfjs-core/dist/ops/conv_util";
import { sizeFromShape } from "@tensorflow/tfjs-core/dist/util_base";
import { FLOAT, LANES, allocate, allocatePersistent, isResident, release, simd } from "./memory.js";
import { cancelRecording, runStep } from "./replay.js";

/** Transformed filters for `convolve3x3`, by their source. */
const tiled = new WeakMap();

export const kernels = {
  Add: withFallback(addConfig, sum),
  FusedConv2D: withFallback(fusedConv2DConfig, convolution),
  DepthwiseConv2dNative: withFallback(depthwiseConv2dNativeConfig, depthwise),
  FusedDepthwiseConv2D: withFallback(fusedDepthwiseConv2DConfig, depthwise),
  Softmax: withFallback(softmaxConfig, softmax),
  _FusedMatMul: withFallback(_fusedMatMulConfig, matMul),
};

/**
 * Convert 8-bit weights to floats: bytes * scale + min. Null without WebAssembly or free memory.
 * @param {Uint8Array} bytes
 * @param {number} scale
 * @param {number} min
 */
export function dequantise(bytes, scale, min) {
  const source = allocate(Math.ceil(bytes.length / FLOAT));
  const values = source && allocatePersistent(bytes.length);
  if (values) {
    new Uint8Array(source.buffer, source.byteOffset).set(bytes);
    simd.dequantise(source.byteOffset, values.byteOffset, bytes.length, scale, min);
  }
  if (source) release(source);
  return values;
}

/** Wrap a stock kernel: `run` handles a call or returns null, which falls back to the stock one. */
export function withFallback(stock, run = () => null) {
  return {
    ...stock,
    kernelFunc: (call) => {
      const made = simd && run(call);
      if (made) return made;
      cancelRecording();
      return stock.kernelFunc(call);
    },
  };
}

/** Tell whether kernels.ts implements all options of a convolution. */
function isSupported(bias, { strides, dilations, dataFormat, activation }) {
  const [down, right = down] = [strides].flat();
  return (dataFormat ?? "NHWC") === "NHWC" && [dilations ?? 1].flat().every((step) => step === 1)
    && down === right && ["relu", "linear", undefined, null].includes(activation)
    && (!bias || bias.shape.length === 1);
}

function convolution({ inputs: { x, filter, bias }, backend, attrs }) {
  if (!isSupported(bias, attrs)) return null;
  const info = computeConv2DInfo(
    x.shape, filter.shape, attrs.strides, 1, attrs.pad, attrs.dimRoundingMode);
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { filterHeight, filterWidth, strideHeight: stride, padInfo: { top, left } } = info;
  if (outChannels % LANES !== 0 || x.shape[3] !== filter.shape[2]) return null;
  const sizes = [inHeight, inWidth, inChannels, outHeight, outWidth, outChannels];
  const byTiles = filterHeight === 3 && filterWidth === 3 && stride === 1 && inChannels % LANES === 0
    && transformed(backend.data.get(filter.dataId).values, inChannels, outChannels);
  const work = allocate(byTiles
    ? simd.workOfConvolve3x3(inChannels, outHeight, outWidth, outChannels)
    : simd.workOfConvolve(inChannels, outHeight, outWidth, filterHeight, filterWidth, stride));
  if (!work) return null;
  const made = eachImage(backend, x, filter, bias, info, attrs, (image, weights, offsets, output, floor) => {
    if (byTiles) {
      simd.convolve3x3(image, byTiles.byteOffset, offsets, output, work.byteOffset, ...sizes, top, left, floor);
    } else {
      simd.convolve(image, weights, offsets, output, work.byteOffset, ...sizes,
        filterHeight, filterWidth, stride, top, left, floor);
    }
  });
  release(work);
  return made;
}

/** Transform filters for `convolve3x3`, once; null if they are not resident or do not fit. */
function transformed(filter, inChannels, outChannels) {
  if (!isResident(filter)) return null;
  const products = simd.PRODUCTS.value;
  const between = !tiled.has(filter) && allocate(products * LANES);
  if (between) {
    const made = allocatePersistent(products * inChannels * outChannels, filter);
    if (made) {
      const places = [filter, made, between].map(({ byteOffset }) => byteOffset);
      simd.transformFilters(...places, inChannels, outChannels);
      tiled.set(filter, made);
    }
    release(between);
  }
  return tiled.get(filter) ?? null;
}

function depthwise({ inputs: { x, filter, bias }, backend, attrs }) {
  if (!isSupported(bias, attrs)) return null;
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

function matMul({ inputs: { a, b, bias }, backend, attrs }) {
  const [[rows, length], [, columns]] = [a.shape, b.shape];
  const { transposeA, transposeB, activation } = attrs;
  const known = ["relu", "sigmoid", "linear", undefined, null].includes(activation);
  if (a.shape.length !== 2 || b.shape.length !== 2 || transposeA || transposeB || !known) return null;
  if (bias && bias.shape.join() !== `${columns}`) return null;
  const product = { batchSize: 1, outShape: [rows, columns], outChannels: columns };
  const made = eachImage(backend, a, b, bias, product, attrs, (from, weights, offsets, output, floor) =>
    simd.multiply(from, weights, offsets, output, rows, length, columns, floor));
  if (made && activation === "sigmoid") {
    const { values } = backend.data.get(made.dataId);
    runStep(() => values.forEach((value, k) => (values[k] = 1 / (1 + Math.exp(-value)))));
  }
  return made;
}

/** Softmax over the last axis. */
function softmax({ inputs: { logits }, backend }) {
  const { values } = backend.data.get(logits.dataId);
  const made = isResident(values) && allocate(values.length);
  if (!made) return null;
  const length = logits.shape.at(-1);
  runStep(() => {
    for (let start = 0; start < values.length; start += length) {
      let greatest = -Infinity;
      let sum = 0;
      for (let k = start; k < start + length; k++) greatest = Math.max(greatest, values[k]);
      for (let k = start; k < start + length; k++) sum += made[k] = Math.exp(values[k] - greatest);
      for (let k = start; k < start + length; k++) made[k] /= sum;
    }
  });
  return backend.makeTensorInfo(logits.shape, "float32", made);
}

/** Add tensors of the same shape; the stock kernel handles broadcasting. */
function sum({ inputs: { a, b }, backend }) {
  if (a.dtype !== "float32" || b.dtype !== "float32" || a.shape.join() !== b.shape.join()) return null;
  const [from, more] = [a, b].map(({ dataId }) => backend.data.get(dataId).values);
  if (!isResident(from) || !isResident(more)) return null;
  const total = allocate(from.length);
  if (!total) return null;
  runStep(() => simd.add(from.byteOffset, more.byteOffset, total.byteOffset, from.length));
  return backend.makeTensorInfo(a.shape, "float32", total);
}

/**
 * Run a kernel on each image of the batch.
 * @param {Function} run takes the addresses of image, weights, offsets and output, and the lower
 *   bound of the output
 * @returns the output, or null if it does not fit into memory
 */
function eachImage(backend, x, filter, bias, { batchSize, outShape, outChannels }, { activation }, run) {
  const size = sizeFromShape(outShape) / batchSize;
  const output = allocate(batchSize * size);
  if (!output) return null;
  const sources = [x, filter, bias].map((tensor) =>
    tensor ? backend.data.get(tensor.dataId).values : new Float32Array(outChannels));
  const copies = sources.map((values) => (isResident(values) ? null : allocate(values.length)));
  const places = sources.map((values, k) => copies[k] ?? values);
  const fits = places.every(isResident);
  if (fits) {
    const [images, weights, offsets] = places.map(({ byteOffset }) => byteOffset);
    const step = FLOAT * sources[0].length / batchSize;
    const floor = activation === "relu" ? 0 : -Infinity;
    runStep(() => {
      copies.forEach((copy, k) => copy?.set(sources[k]));
      for (let k = 0; k < batchSize; k++) {
        run(images + k * step, weights, offsets, output.byteOffset + FLOAT * k * size, floor);
      }
    });
  }
  for (const copy of [...copies].reverse()) if (copy) release(copy);
  if (fits) return backend.makeTensorInfo(outShape, "float32", output);
  release(output);
  return null;
}
