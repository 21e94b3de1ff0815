"""Fold a network for inference: the same outputs with fewer operations.

Batch normalisations are folded into the convolutions before them, dropout is removed, and
flattening gets a fixed shape. The converter folds normalisations too, but not those after a
depthwise convolution.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from keras import Layer, Model, layers
from keras.models import clone_model

Weights = dict[str, list[np.ndarray]]  # by layer name: kernel, and bias if there is one


class FixedFlatten(Layer):
    """Flatten (batch, ...) to (batch, columns), a shape that the graph need not compute."""

    def __init__(self, columns: int, **options) -> None:
        super().__init__(**options)
        self.columns = columns

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Reshape."""
        return tf.reshape(x, (-1, self.columns))


def fold_for_inference(model: Model) -> Model:
    """Return an equivalent network for export; it cannot be trained."""
    followers = consumers(model)
    weights, removed = fold(model, followers)
    activations = activation_names(model, followers)
    removed |= set(activations.values())
    clones: dict[str, Layer] = {}

    def clone(layer: Layer) -> Layer:
        config = layer.get_config()
        if layer.name in removed:
            # The layer's name may now belong to the convolution that it was folded into.
            cloned = layers.Identity(name=f"{layer.name}_removed")
        elif isinstance(layer, layers.Flatten):
            cloned = FixedFlatten(int(np.prod(layer.input.shape[1:])), name=layer.name)
        else:
            if layer.name in weights:
                config["use_bias"] = len(weights[layer.name]) == 2
            if layer.name in activations:
                config |= {"activation": "relu", "name": activations[layer.name]}
            cloned = layer.__class__.from_config(config)
        clones[layer.name] = cloned
        return cloned

    def call(layer: Layer, *inputs, **options):
        return inputs[0] if isinstance(layer, layers.Identity) else layer(*inputs, **options)

    folded = clone_model(model, clone_function=clone, call_function=call)
    for layer in model.layers:
        if layer.weights and layer.name not in removed:
            clones[layer.name].set_weights(weights.get(layer.name) or layer.get_weights())
    return folded


def consumers(model: Model) -> dict[str, list[Layer]]:
    """Return, by layer name, the layers that consume its output."""
    followers = defaultdict(list)
    for layer in model.layers:
        for node in layer._inbound_nodes:
            for tensor in node.input_tensors:
                followers[tensor._keras_history.operation.name].append(layer)
    return followers


def fold(model: Model, followers: Mapping[str, Sequence[Layer]]) -> tuple[Weights, set[str]]:
    """Return the new weights of convolutions, and the names of the layers folded into them."""
    weights: Weights = {}
    removed = {layer.name for layer in model.layers if isinstance(layer, layers.Dropout)}
    for layer in model.layers:
        norm = only(followers[layer.name], layers.BatchNormalization)
        if norm is None or not is_convolution(layer):
            continue
        removed.add(norm.name)
        scale, shift = scale_and_shift(norm)
        kernel, bias = weights.get(layer.name) or [*layer.get_weights(), 0.0][:2]
        depthwise = isinstance(layer, layers.DepthwiseConv2D)
        kernel = kernel * (scale.reshape(kernel.shape[2:]) if depthwise else scale)
        weights[layer.name] = [kernel, bias * scale + shift]
        after = only(followers[norm.name], layers.Conv2D)
        if depthwise and kernel.shape[3] == 1 and after is not None and is_pointwise(after):
            weights |= equalize_into_pointwise(layer, after, *weights[layer.name])
    return weights, removed


def activation_names(model: Model, followers: Mapping[str, Sequence[Layer]]) -> dict[str, str]:
    """Return, by depthwise convolution, the name of the ReLU after its normalisation.

    The converter names fused operations after their activation, except depthwise ones.
    """
    found = {}
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D) and is_convolution(layer):
            norm = only(followers[layer.name], layers.BatchNormalization)
            relu = norm and only(followers[norm.name], layers.ReLU)
            if relu and relu.max_value is None and not relu.negative_slope and not relu.threshold:
                found[layer.name] = relu.name
    return found


def equalize_into_pointwise(
    layer: Layer, after: Layer, kernel: np.ndarray, bias: np.ndarray
) -> Weights:
    """Move a depthwise convolution's bias and scales into the 1x1 convolution after it.

    There is no activation in between, so the output is the same. Each channel of (h, w, channels,
    1) then fills [-1, 1], which suits 8-bit weights with one range per layer. M. Nagel et al.,
    "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019.
    """
    pointwise, *offset = after.get_weights()
    ranges = np.maximum(np.abs(kernel).max(axis=(0, 1, 3)), 1e-9)  # dead channels have range 0
    return {
        layer.name: [kernel / ranges[:, None]],
        after.name: [
            pointwise * ranges[:, None],
            exact_product(bias, pointwise[0, 0]) + (offset[0] if offset else 0.0),
        ],
    }


def exact_product(offsets: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return offsets @ matrix, bit-identical on every processor.

    The order of summation in BLAS depends on the processor. Products of two float32 are exact in
    float64, and `fsum` rounds their sum once, in any order.
    """
    products = np.multiply(offsets[:, None], matrix, dtype=np.float64)
    return np.array([math.fsum(column) for column in products.T], np.float32)


def only(found: Sequence[Layer], kind: type[Layer]) -> Layer | None:
    """Return the layer found, if it is the only one and of that kind."""
    return found[0] if len(found) == 1 and isinstance(found[0], kind) else None


def is_convolution(layer: Layer) -> bool:
    """Tell whether a normalisation after the layer can be folded into it."""
    kinds = (layers.Conv2D, layers.DepthwiseConv2D)
    return isinstance(layer, kinds) and layer.get_config()["activation"] == "linear"


def is_pointwise(layer: Layer) -> bool:
    """Tell whether a convolution is 1x1, so that padding does not affect a bias moved past it."""
    return tuple(layer.kernel_size) == (1, 1) and tuple(layer.strides) == (1, 1)


def scale_and_shift(norm: layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    """Return the factor and the offset of a normalisation, (channels,) each."""
    scale = 1 / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
    if norm.scale:
        scale = scale * np.asarray(norm.gamma)
    shift = -np.asarray(norm.moving_mean) * scale
    return scale, shift + (np.asarray(norm.beta) if norm.center else 0.0)
