/**
 * Call kernels directly for the nodes of a graph.
 *
 * TensorFlow.js's functions of these names also check and convert arguments and prepare gradients,
 * which an exported graph does not need. They make up a third of the bundle and of the time.
 */
import { ENGINE } from "@tensorflow/tfjs-core/dist/engine";

/** Make a tensor of floats. */
export const tensor = (values, shape) => ENGINE.makeTensor(values, shape, "float32");
export const cast = (x, dtype) => ENGINE.runKernel("Cast", { x }, { dtype });
export const clone = (x) => ENGINE.runKernel("Identity", { x });

const unary = (name) => (x) => ENGINE.runKernel(name, { x });
const binary = (name) => (a, b) => ENGINE.runKernel(name, { a, b });

export const add = binary("Add");
export const mul = binary("Multiply");
export const sub = binary("Sub");
export const relu = unary("Relu");
export const relu6 = unary("Relu6");
export const sigmoid = unary("Sigmoid");
export const reshape = (x, shape) => ENGINE.runKernel("Reshape", { x }, { shape });
export const softmax = (logits, dim = -1) =>
  ENGINE.runKernel("Softmax", { logits }, { dim: dim < 0 ? logits.rank + dim : dim });
export const conv2d = (x, filter, strides, pad, dataFormat, dilations) =>
  ENGINE.runKernel("Conv2D", { x, filter }, { strides, pad, dataFormat, dilations });
export const depthwiseConv2d = (x, filter, strides, pad, dataFormat, dilations) =>
  ENGINE.runKernel("DepthwiseConv2dNative", { x, filter }, { strides, pad, dataFormat, dilations });
export const fused = {
  conv2d: convolution("FusedConv2D"),
  depthwiseConv2d: convolution("FusedDepthwiseConv2D"),
  matMul: ({ a, b, bias, preluActivationWeights, ...attributes }) =>
    ENGINE.runKernel("_FusedMatMul", { a, b, bias, preluActivationWeights }, attributes),
};

function convolution(name) {
  return ({ x, filter, bias, preluActivationWeights, ...attributes }) =>
    ENGINE.runKernel(name, { x, filter, bias, preluActivationWeights }, attributes);
}
