"""Round kernels to few levels, so that the file of weights compresses well.

A kernel of the default network keeps 24 or 48 levels, and the file has 24 kB after Brotli instead
of 42. Kernels are rounded one input after another, and the weights of the inputs that follow make
up for each input's error, as far as the images that the network is run on allow (GPTQ: E. Frantar
et al., 2022, https://arxiv.org/abs/2210.17323). Each kernel is also fitted to what the rounded ones
before it hand on to it. Rounding to the nearest level would change probabilities eight times as
much (mean Kullback-Leibler divergence, validation digits).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # TensorFlow takes seconds to import, and --help should not wait for it
    import keras

MIN_WEIGHTS = 500  # smaller kernels have few bytes to save
# Most weights are in few kernels, whose errors cancel each other out more.
MANY_WEIGHTS, LEVELS_OF_MANY, LEVELS = 5_000, 24, 48
IMAGES = 2_000  # 500 more or fewer change nothing that validation digits show
BATCH = 250
DAMPING = 0.01  # of the mean square of an input: GPTQ's default


def round_kernels(network: "keras.Model", images: np.ndarray | None) -> dict[str, float]:
    """Round the kernels of a network in place.

    Args:
        network: without batch normalisation, as `fold_for_inference` returns it.
        images: (n, ...) float32 inputs like those that it will see; None rounds each weight to the
            nearest level.

    Returns:
        the distance between two levels by layer name; weights are multiples of it.
    """
    layers = [layer for layer in network.layers if is_rounded(layer)]
    tensors = [layer.input for layer in layers]
    exact = None
    if images is not None and layers:
        exact = dict(zip(names(layers), run(network, tensors, images), strict=True))
    steps = {}
    for layer in layers:
        kernel, *others = layer.get_weights()
        count = LEVELS_OF_MANY if kernel.size >= MANY_WEIGHTS else LEVELS
        # Of three digits, because model.json has it in decimal.
        step = steps[layer.name] = float(f"{(kernel.max() - kernel.min()) / count:.3g}")
        if exact is None:
            levels = np.rint(kernel / step)
        else:
            (before,) = run(network, [layer.input], images)
            levels = fitted(kernel, moments(layer, before, exact[layer.name]), step)
        layer.set_weights([(levels * step).astype(np.float32), *others])
    return steps


def is_rounded(layer: "keras.Layer") -> bool:
    """Return whether a layer has a kernel that is worth rounding."""
    import keras

    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)
    return isinstance(layer, kinds) and int(np.prod(layer.kernel.shape)) >= MIN_WEIGHTS


def names(layers: Sequence["keras.Layer"]) -> list[str]:
    """Return the layers' names."""
    return [layer.name for layer in layers]


def run(network: "keras.Model", tensors: list, images: np.ndarray) -> list[np.ndarray]:
    """Return some tensors of a network for images."""
    import keras

    found = keras.Model(network.inputs, tensors).predict(images, batch_size=BATCH, verbose=0)
    return found if isinstance(found, list) else [found]


def moments(
    layer: "keras.Layer", inputs: np.ndarray, exact: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the products of what a layer's kernel is multiplied by, summed over all places.

    Args:
        layer: a convolution or a dense layer.
        inputs: what it gets.
        exact: what it got before other kernels were rounded.

    Returns:
        (groups, k, k) float64: of the inputs with themselves, and with the exact ones. A depthwise
        convolution has a group for each channel, another layer one; k inputs make an output.
    """
    squares, products = 0.0, 0.0
    for start in range(0, len(inputs), BATCH):
        batch = slice(start, start + BATCH)
        columns = patches(layer, inputs[batch])
        squares = squares + np.matmul(columns.transpose(0, 2, 1), columns).astype(np.float64)
        other = patches(layer, exact[batch])
        products = products + np.matmul(columns.transpose(0, 2, 1), other).astype(np.float64)
    return squares, products


def patches(layer: "keras.Layer", inputs: np.ndarray) -> np.ndarray:
    """Return what a layer multiplies its kernel by, (groups, places, k) float32."""
    import keras
    import tensorflow as tf

    if isinstance(layer, keras.layers.Dense):
        return inputs.reshape(1, -1, inputs.shape[-1])
    found = tf.image.extract_patches(
        inputs,
        sizes=[1, *layer.kernel_size, 1],
        strides=[1, *layer.strides, 1],
        rates=[1, *layer.dilation_rate, 1],
        padding=layer.padding.upper(),
    ).numpy()
    if not isinstance(layer, keras.layers.DepthwiseConv2D):
        return found.reshape(1, -1, found.shape[-1])
    channels = inputs.shape[-1]
    return found.reshape(-1, found.shape[-1] // channels, channels).transpose(2, 0, 1)


def fitted(
    kernel: np.ndarray, products: tuple[np.ndarray, np.ndarray], step: float
) -> np.ndarray:
    """Return the levels of a kernel, of its shape.

    Args:
        kernel: (height, width, channels, outputs), or (inputs, outputs).
        products: as `moments` returns them.
        step: distance between two levels.
    """
    groups = len(products[0])
    outputs = kernel.shape[-1]
    by_group = kernel.reshape(-1, groups, outputs).transpose(1, 0, 2)
    levels = [fitted_group(*each, step) for each in zip(by_group, *products, strict=True)]
    return np.stack(levels, axis=1).reshape(kernel.shape)


def fitted_group(
    weights: np.ndarray, squares: np.ndarray, products: np.ndarray, step: float
) -> np.ndarray:
    """Return the (k, outputs) levels of weights that share their k inputs."""
    damping = DAMPING * np.trace(squares) / len(squares) * np.eye(len(squares))
    if not damping.any():  # no image has ink there
        return np.rint(weights / step)
    squares = squares + damping
    # The weights that do with these inputs what the given ones do with the exact ones.
    wanted = np.linalg.solve(squares, (products + damping) @ weights)
    order = np.argsort(-np.diag(squares), kind="stable")
    levels = np.empty_like(wanted)
    levels[order] = list(rounded_rows(wanted[order], squares[np.ix_(order, order)], step))
    return levels


def rounded_rows(weights: np.ndarray, squares: np.ndarray, step: float) -> Iterator[np.ndarray]:
    """Yield the levels of each row of weights; the rows after it make up for its error."""
    weights = weights.copy()
    factors = np.linalg.cholesky(np.linalg.inv(squares)).T
    for k in range(len(weights)):
        levels = np.rint(weights[k] / step)
        yield levels
        error = (weights[k] - levels * step) / factors[k, k]
        weights[k + 1 :] -= np.outer(factors[k, k + 1 :], error)
