"""Fused batch normalisation computes what Keras does, and leaves no trace in the network."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from train.network.build import build
from train.network.normalisation import fused_batch_norm


@pytest.fixture
def layer() -> keras.layers.BatchNormalization:
    made = keras.layers.BatchNormalization()
    made.build((None, 7, 7, 5))
    rng = np.random.default_rng(0)
    made.set_weights([rng.uniform(0.5, 2, 5).astype(np.float32) for _ in range(4)])
    return made


def training_step(layer: keras.layers.BatchNormalization, images: tf.Tensor) -> list[np.ndarray]:
    """Return the outputs, gradients and moving statistics of a training step."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = layer(images, training=True)
        loss = tf.reduce_sum(outputs**3)
    gradients = tape.gradient(loss, [images, *[each.value for each in layer.trainable_variables]])
    return [each.numpy() for each in [outputs, *gradients]] + layer.get_weights()


@pytest.mark.parametrize("count", [1, 6])
def test_a_fused_training_step_matches_keras(layer, count: int):
    images = tf.constant(np.random.default_rng(1).normal(3, 2, (count, 7, 7, 5)), tf.float32)
    model = keras.Sequential([keras.Input((7, 7, 5)), layer])
    before = layer.get_weights()
    plain = training_step(layer, images)
    layer.set_weights(before)
    with fused_batch_norm(model):
        fused = training_step(layer, images)
    assert np.abs(before[2] - plain[-2]).max() > 0.01
    for ours, theirs in zip(fused, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)


def test_fusing_changes_neither_the_predictions_nor_the_network():
    network, images = build("tiny"), np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    before = network.to_json(), network(images, training=False)["digits"].numpy()
    with fused_batch_norm(network):
        during = network(images, training=False)["digits"].numpy()
        network(images, training=True)
    np.testing.assert_array_equal(during, before[1])
    assert network.to_json() == before[0]
    assert all("call" not in vars(layer) for layer in network.layers)
