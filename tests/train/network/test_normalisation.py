"""Batch normalisation in one kernel: the numbers of Keras' own, and no trace of it afterwards."""

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
    """What a training step computes: outputs, gradients and moving statistics."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = layer(images, training=True)
        loss = tf.reduce_sum(outputs**3)
    gradients = tape.gradient(loss, [images, *[each.value for each in layer.trainable_variables]])
    return [each.numpy() for each in [outputs, *gradients]] + layer.get_weights()


@pytest.mark.parametrize("count", [1, 6])
def test_one_kernel_learns_what_kerass_dozen_learn(layer, count: int):
    images = tf.constant(np.random.default_rng(1).normal(3, 2, (count, 7, 7, 5)), tf.float32)
    model = keras.Sequential([keras.Input((7, 7, 5)), layer])
    before = layer.get_weights()
    plain = training_step(layer, images)
    layer.set_weights(before)
    with fused_batch_norm(model):
        quick = training_step(layer, images)
    assert np.abs(before[2] - plain[-2]).max() > 0.01
    for ours, theirs in zip(quick, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)


def test_what_a_network_says_and_is_stays_as_it_was():
    network, images = build("tiny"), np.random.default_rng(0).random((4, 28, 28, 1), np.float32)
    before = network.to_json(), network(images, training=False)["digits"].numpy()
    with fused_batch_norm(network):
        during = network(images, training=False)["digits"].numpy()
        network(images, training=True)
    np.testing.assert_array_equal(during, before[1])
    assert network.to_json() == before[0]
    assert all("call" not in vars(layer) for layer in network.layers)
