"""The architectures, built from Keras layers alone so that HDF5 files load anywhere."""

import itertools
from collections.abc import Callable

import keras
from keras import layers


def baseline(x: keras.KerasTensor) -> keras.KerasTensor:
    """Convolution, max-pooling, dropout, dense: Keras' MNIST example, 35k weights, 2.4M multiplies.

    https://keras.io/examples/vision/mnist_convnet/
    """
    x = layers.Conv2D(32, 3, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(name="pool1")(x)
    x = layers.Conv2D(64, 3, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(name="pool2")(x)
    x = layers.Flatten(name="features")(x)
    return layers.Dropout(0.5, name="dropout")(x)


def default(x: keras.KerasTensor) -> keras.KerasTensor:
    """Six batch-normalised convolutions, three of them residual; 49k weights, 2.8M multiplies."""
    x = convolution(x, 8, 3, name="stem")  # lines are finest here, and few filters tell them apart
    return staged(x, fine=20, coarse=40, strides=2, fine_residuals=1)


def wide(x: keras.KerasTensor) -> keras.KerasTensor:
    """The default with a fifth more filters, its teacher; 69k weights, 4.0M multiplies."""
    x = convolution(x, 8, 3, name="stem")
    return staged(x, fine=24, coarse=48, strides=2, fine_residuals=1)


def strided(x: keras.KerasTensor) -> keras.KerasTensor:
    """`wide` with large steps from the first convolution on; 63k weights, 4.0M multiplies."""
    x = convolution(x, 16, 5, strides=2, name="stem")
    return staged(x, fine=24, coarse=44, fine_residuals=1)


def tiny(x: keras.KerasTensor) -> keras.KerasTensor:
    """Four convolutions of few filters; 19k weights, 0.9M multiplies."""
    x = convolution(x, 10, 5, strides=2, name="stem")
    return staged(x, fine=16, coarse=28, coarse_residuals=1)


def quick(x: keras.KerasTensor) -> keras.KerasTensor:
    """Three convolutions and no more; 80k weights, 0.8M multiplies. It learns soonest of all.

    Few normalised maps, which training goes through many times, and no depthwise convolutions,
    which learn slowly on CPUs: a step takes a third of `wide`'s.
    """
    x = convolution(x, 16, 5, strides=2, name="stem")
    x = convolution(x, 32, 3, strides=2, name="conv1")
    x = residual(x, name="2")
    return layers.Flatten(name="features")(x)


def staged(
    x: keras.KerasTensor,
    *,
    fine: int,
    coarse: int,
    strides: int = 1,
    fine_residuals: int = 0,
    coarse_residuals: int = 2,
) -> keras.KerasTensor:
    """A stage at 14x14, where lines are still fine, and one at 7x7; numbers of filters."""
    numbers = map(str, itertools.count(1))
    for filters, steps, residuals in (
        (fine, strides, fine_residuals),
        (coarse, 2, coarse_residuals),
    ):
        x = convolution(x, filters, 3, strides=steps, name=f"conv{next(numbers)}")
        for _ in range(residuals):
            x = residual(x, name=next(numbers))
    return place(x)


def separable(x: keras.KerasTensor) -> keras.KerasTensor:
    """Depthwise-separable convolutions after the stem (MobileNet's); 47k weights, 1.9M multiplies.

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
        before = x
        x = layers.DepthwiseConv2D(3, strides, "same", use_bias=False, name=f"depth{name}")(x)
        x = layers.BatchNormalization(name=f"depth{name}_norm")(x)
        x = convolution(x, filters, 1, name=f"point{name}")
        if x.shape == before.shape:
            x = layers.Add(name=f"add{name}")([before, x])
    return place(x)


def residual(x: keras.KerasTensor, *, name: str) -> keras.KerasTensor:
    """A 3x3 convolution that adds to what it takes."""
    return layers.Add(name=f"add{name}")([x, convolution(x, x.shape[-1], 3, name=f"conv{name}")])


def place(x: keras.KerasTensor) -> keras.KerasTensor:
    """Features of the whole map, two for each filter: a depthwise convolution that covers it.

    It keeps where each feature was, which averaging would lose and a dense layer would pay for with
    twenty times the weights.
    """
    x = layers.DepthwiseConv2D(x.shape[1], depth_multiplier=2, use_bias=False, name="place")(x)
    x = layers.BatchNormalization(name="place_norm")(x)
    x = layers.ReLU(name="place_relu")(x)
    x = layers.Flatten(name="features")(x)
    return layers.Dropout(0.1, name="dropout")(x)


def convolution(
    x: keras.KerasTensor, filters: int, size: int, *, name: str, strides: int = 1
) -> keras.KerasTensor:
    """Convolution, batch normalisation, ReLU; the export folds the three into one operation."""
    x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False, name=name)(x)
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
