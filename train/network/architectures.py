"""Architectures, made of standard Keras layers so that HDF5 files load everywhere."""

import itertools
from collections.abc import Callable

import keras
from keras import layers


def baseline(x: keras.KerasTensor) -> keras.KerasTensor:
    """Keras' MNIST example: convolution, max-pooling, dropout, dense; 35k weights, 2.4M MACs.

    https://keras.io/examples/vision/mnist_convnet/
    """
    x = layers.Conv2D(32, 3, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(name="pool1")(x)
    x = layers.Conv2D(64, 3, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(name="pool2")(x)
    x = layers.Flatten(name="features")(x)
    return layers.Dropout(0.5, name="dropout")(x)


def default(x: keras.KerasTensor) -> keras.KerasTensor:
    """Six batch-normalised convolutions, three of them residual; 49k weights, 2.8M MACs."""
    x = convolution(x, 8, 3, name="stem")  # few filters suffice for strokes at full resolution
    return two_stages(x, filters_14=20, filters_7=40, strides=2, residuals_14=1)


def wide(x: keras.KerasTensor) -> keras.KerasTensor:
    """`default` with a fifth more filters, as its teacher; 69k weights, 4.0M MACs."""
    x = convolution(x, 8, 3, name="stem")
    return two_stages(x, filters_14=24, filters_7=48, strides=2, residuals_14=1)


def strided(x: keras.KerasTensor) -> keras.KerasTensor:
    """`wide` with strides from the first convolution on; 63k weights, 4.0M MACs."""
    x = convolution(x, 16, 5, strides=2, name="stem")
    return two_stages(x, filters_14=24, filters_7=44, residuals_14=1)


def tiny(x: keras.KerasTensor) -> keras.KerasTensor:
    """Four convolutions of few filters; 19k weights, 0.9M MACs."""
    x = convolution(x, 10, 5, strides=2, name="stem")
    return two_stages(x, filters_14=16, filters_7=28, residuals_7=1)


def quick(x: keras.KerasTensor) -> keras.KerasTensor:
    """Three convolutions; 48k weights, 0.4M MACs; the fastest to train.

    Training is fast because there are few normalised feature maps and no depthwise convolutions,
    which are slow on CPUs. Without padding the maps have 12 and 5 rows instead of 14 and 7, which
    takes a third off a step and costs no accuracy: MNIST's digits have wide margins.
    """
    x = convolution(x, 16, 5, strides=2, padding="valid", name="stem")
    x = convolution(x, 32, 3, strides=2, padding="valid", name="conv1")
    x = convolution(x, 32, 3, name="conv2")
    return layers.Flatten(name="features")(x)


def two_stages(
    x: keras.KerasTensor,
    *,
    filters_14: int,
    filters_7: int,
    strides: int = 1,
    residuals_14: int = 0,
    residuals_7: int = 2,
) -> keras.KerasTensor:
    """Add a stage at 14x14 and one at 7x7, then pooling; sizes are numbers of filters."""
    numbers = map(str, itertools.count(1))
    for filters, steps, residuals in (
        (filters_14, strides, residuals_14),
        (filters_7, 2, residuals_7),
    ):
        x = convolution(x, filters, 3, strides=steps, name=f"conv{next(numbers)}")
        for _ in range(residuals):
            x = residual(x, name=next(numbers))
    return global_depthwise(x)


def separable(x: keras.KerasTensor) -> keras.KerasTensor:
    """Depthwise-separable convolutions after the stem (MobileNet); 47k weights, 1.9M MACs.

    A. Howard et al., "MobileNets", 2017, https://arxiv.org/abs/1704.04861
    """
    x = convolution(x, 20, 5, strides=2, name="stem")
    for name, filters, strides in (
        ("1", 40, 1),
        ("2", 40, 1),
        ("3", 80, 2),
        ("4", 80, 1),
        ("5", 80, 1),
        ("6", 80, 1),
    ):
        block_input = x
        x = layers.DepthwiseConv2D(3, strides, "same", use_bias=False, name=f"depth{name}")(x)
        x = layers.BatchNormalization(name=f"depth{name}_norm")(x)
        x = convolution(x, filters, 1, name=f"point{name}")
        if x.shape == block_input.shape:
            x = layers.Add(name=f"add{name}")([block_input, x])
    return global_depthwise(x)


def residual(x: keras.KerasTensor, *, name: str) -> keras.KerasTensor:
    """Add a 3x3 convolution with a residual connection."""
    return layers.Add(name=f"add{name}")([x, convolution(x, x.shape[-1], 3, name=f"conv{name}")])


def global_depthwise(x: keras.KerasTensor) -> keras.KerasTensor:
    """Pool by a depthwise convolution that covers the map: two features for each filter.

    Unlike average pooling it keeps positions, with a twentieth of a dense layer's weights. GDConv
    of S. Chen et al., "MobileFaceNets", 2018, https://arxiv.org/abs/1804.07573
    """
    x = layers.DepthwiseConv2D(x.shape[1], depth_multiplier=2, use_bias=False, name="place")(x)
    x = layers.BatchNormalization(name="place_norm")(x)
    x = layers.ReLU(name="place_relu")(x)
    x = layers.Flatten(name="features")(x)
    return layers.Dropout(0.1, name="dropout")(x)


def convolution(
    x: keras.KerasTensor,
    filters: int,
    size: int,
    *,
    name: str,
    strides: int = 1,
    padding: str = "same",
) -> keras.KerasTensor:
    """Add convolution, batch normalisation and ReLU, which the export folds into one operation."""
    x = layers.Conv2D(filters, size, strides, padding=padding, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


ARCHITECTURES: dict[str, Callable[[keras.KerasTensor], keras.KerasTensor]] = {
    "default": default,
    "wide": wide,
    "strided": strided,
    "separable": separable,
    "tiny": tiny,
    "quick": quick,
    "baseline": baseline,
}
