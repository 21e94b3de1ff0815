"""Kernels of few levels."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from export.rounding import LEVELS, LEVELS_OF_MANY, MANY_WEIGHTS, MIN_WEIGHTS, round_kernels


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Return (60, 12, 12, 1) images of lines, whose neighbouring pixels are alike."""
    rng = np.random.default_rng(3)
    steps = rng.normal(size=(60, 12, 12, 1)).cumsum(axis=1).cumsum(axis=2)
    return (steps > 0).astype(np.float32)


@pytest.fixture
def network() -> keras.Model:
    keras.utils.set_random_seed(5)
    image = keras.Input((12, 12, 1))
    x = keras.layers.Conv2D(16, 3, padding="same", activation="relu", name="small")(image)
    x = keras.layers.Conv2D(40, 3, strides=2, padding="same", activation="relu", name="many")(x)
    x = keras.layers.DepthwiseConv2D(6, depth_multiplier=2, name="by_channel")(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(image, keras.layers.Dense(10, name="dense")(x))


Rounded = Callable[[np.ndarray | None], tuple[keras.Model, dict[str, float]]]


@pytest.fixture
def rounded(network: keras.Model) -> Rounded:
    """Return `rounded(images)`, a copy of the network with rounded kernels, and the steps."""

    def make(images: np.ndarray | None) -> tuple[keras.Model, dict[str, float]]:
        copy = keras.models.clone_model(network)
        copy.set_weights(network.get_weights())
        return copy, round_kernels(copy, images)

    return make


@pytest.mark.parametrize("with_images", [False, True])
def test_large_kernels_become_multiples_of_a_step(with_images, network, rounded, images):
    copy, steps = rounded(images if with_images else None)
    assert steps.keys() == {"many", "by_channel", "dense"}
    for layer in copy.layers:
        if layer.name not in steps:
            continue
        kernel, before = layer.get_weights()[0], network.get_layer(layer.name).get_weights()[0]
        levels = kernel / steps[layer.name]
        np.testing.assert_allclose(levels, np.rint(levels), atol=1e-3)
        limit = LEVELS_OF_MANY if kernel.size >= MANY_WEIGHTS else LEVELS
        assert limit / 2 < len(np.unique(np.rint(levels))) <= 2 * limit
        np.testing.assert_allclose(kernel, before, atol=8 * steps[layer.name])


def test_kernels_below_the_limit_and_biases_stay(network, rounded, images):
    assert network.get_layer("small").kernel.shape.num_elements() < MIN_WEIGHTS
    copy, _ = rounded(images)
    for layer in network.layers[1:]:
        for k, weights in enumerate(layer.get_weights()):
            if k > 0 or layer.name == "small":
                np.testing.assert_array_equal(copy.get_layer(layer.name).get_weights()[k], weights)


def test_images_halve_the_error_of_the_outputs(network, rounded, images):
    fresh = images[::-1, ::-1, ::-1]
    expected = network.predict(fresh, verbose=0)

    def error(copy: keras.Model) -> float:
        return float(np.square(copy.predict(fresh, verbose=0) - expected).mean())

    assert error(rounded(images[:50])[0]) < error(rounded(None)[0]) / 2


def test_blank_images_round_to_the_nearest_level(rounded, images):
    blank, nearest = rounded(np.zeros_like(images))[0], rounded(None)[0]
    # Only the first convolution's outputs are all the same: its biases are 0 here.
    for found, expected in zip(blank.get_weights(), nearest.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
