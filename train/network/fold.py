"""The same network with fewer operations: what only training needs is folded away.

Batch normalisations go into the convolutions before them, dropout goes, and flattening has a fixed
shape. The converter folds a normalisation behind an ordinary convolution too, but not behind a
depthwise one.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from keras import Layer, Model, layers
from keras.models import clone_model

Weights = dict[str, list[np.ndarray]]  # by the layer's name: kernel, and offset if it has one


class Rows(Layer):
    """Flatten: (batch, ...) -> (batch, columns), with a shape that the graph need not work out."""

    def __init__(self, columns: int, **options) -> None:
        super().__init__(**options)
        self.columns = columns

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Reshape."""
        return tf.reshape(x, (-1, self.columns))


def inference(model: Model) -> Model:
    """Return a network that says the same, to export and not to train."""
    followers = consumers(model)
    weights, gone = fold(model, followers)
    ends = activated(model, followers)
    gone |= set(ends.values())
    clones: dict[str, Layer] = {}

    def clone(layer: Layer) -> Layer:
        config = layer.get_config()
        if layer.name in gone:
            made = layers.Identity(name=f"{layer.name}_gone")  # its name may be another's now
        elif isinstance(layer, layers.Flatten):
            made = Rows(int(np.prod(layer.input.shape[1:])), name=layer.name)
        else:
            if layer.name in weights:
                config["use_bias"] = len(weights[layer.name]) == 2
            if layer.name in ends:
                config |= {"activation": "relu", "name": ends[layer.name]}
            made = layer.__class__.from_config(config)
        clones[layer.name] = made
        return made

    def call(layer: Layer, *inputs, **options):
        return inputs[0] if isinstance(layer, layers.Identity) else layer(*inputs, **options)

    folded = clone_model(model, clone_function=clone, call_function=call)
    for layer in model.layers:
        if layer.weights and layer.name not in gone:
            clones[layer.name].set_weights(weights.get(layer.name) or layer.get_weights())
    return folded


def consumers(model: Model) -> dict[str, list[Layer]]:
    """Return, by a layer's name, the layers that take what it gives."""
    followers = defaultdict(list)
    for layer in model.layers:
        for node in layer._inbound_nodes:
            for tensor in node.input_tensors:
                followers[tensor._keras_history.operation.name].append(layer)
    return followers


def fold(model: Model, followers: Mapping[str, Sequence[Layer]]) -> tuple[Weights, set[str]]:
    """Return the convolutions' new weights, and the names of the layers that are in them now."""
    weights: Weights = {}
    gone = {layer.name for layer in model.layers if isinstance(layer, layers.Dropout)}
    for layer in model.layers:
        norm = only(followers[layer.name], layers.BatchNormalization)
        if norm is None or not is_convolution(layer):
            continue
        gone.add(norm.name)
        scale, shift = scale_and_shift(norm)
        kernel, bias = weights.get(layer.name) or [*layer.get_weights(), 0.0][:2]
        depthwise = isinstance(layer, layers.DepthwiseConv2D)
        kernel = kernel * (scale.reshape(kernel.shape[2:]) if depthwise else scale)
        weights[layer.name] = [kernel, bias * scale + shift]
        after = only(followers[norm.name], layers.Conv2D)
        if depthwise and kernel.shape[3] == 1 and after is not None and is_pointwise(after):
            weights |= passed_on(layer, after, *weights[layer.name])
    return weights, gone


def activated(model: Model, followers: Mapping[str, Sequence[Layer]]) -> dict[str, str]:
    """Return, by a depthwise convolution's name, that of the ReLU behind its normalisation.

    The converter names what it fuses after the activation, but not behind a depthwise one.
    """
    found = {}
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D) and is_convolution(layer):
            norm = only(followers[layer.name], layers.BatchNormalization)
            relu = norm and only(followers[norm.name], layers.ReLU)
            if relu and relu.max_value is None and not relu.negative_slope and not relu.threshold:
                found[layer.name] = relu.name
    return found


def passed_on(layer: Layer, after: Layer, kernel: np.ndarray, bias: np.ndarray) -> Weights:
    """Give a depthwise convolution's offsets and scales to the 1x1 convolution that follows it.

    Nothing bends in between, so nothing changes but the ranges: each channel of (h, w, channels, 1)
    then fills [-1, 1], as 8-bit weights with one range a layer want it. M. Nagel et al.,
    "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019.
    """
    mixing, *offset = after.get_weights()
    ranges = np.maximum(np.abs(kernel).max(axis=(0, 1, 3)), 1e-9)  # a dead channel's is 0
    return {
        layer.name: [kernel / ranges[:, None]],
        after.name: [
            mixing * ranges[:, None],
            mixed(bias, mixing[0, 0]) + (offset[0] if offset else 0.0),
        ],
    }


def mixed(offsets: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return offsets @ matrix, the same to the last bit on every processor.

    BLAS adds in an order of its own on each. Products of two float32 are exact in float64, and
    `fsum` rounds their sum once, whatever the order.
    """
    products = np.multiply(offsets[:, None], matrix, dtype=np.float64)
    return np.array([math.fsum(column) for column in products.T], np.float32)


def only(found: Sequence[Layer], kind: type[Layer]) -> Layer | None:
    """Return the single layer found, if it is of that kind."""
    return found[0] if len(found) == 1 and isinstance(found[0], kind) else None


def is_convolution(layer: Layer) -> bool:
    """Whether a normalisation behind the layer can go into it."""
    kinds = (layers.Conv2D, layers.DepthwiseConv2D)
    return isinstance(layer, kinds) and layer.get_config()["activation"] == "linear"


def is_pointwise(layer: Layer) -> bool:
    """Whether a convolution is 1x1, where an offset before it is one behind it at the edges too."""
    return tuple(layer.kernel_size) == (1, 1) and tuple(layer.strides) == (1, 1)


def scale_and_shift(norm: layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    """Return what a normalisation multiplies by and adds, (channels,) each."""
    scale = 1 / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
    if norm.scale:
        scale = scale * np.asarray(norm.gamma)
    shift = -np.asarray(norm.moving_mean) * scale
    return scale, shift + (np.asarray(norm.beta) if norm.center else 0.0)
