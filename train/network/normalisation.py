"""Batch normalisation by TensorFlow's fused kernel in training, with the same results.

Keras 3 composes it of a dozen operations, each of which reads and writes memory. TensorFlow still
has the fused kernel (Keras 2's `fused=True`). It saves 8 to 37% of a training step: on
CPUs, in microseconds per image, `separable` 590 -> 370, `tiny` 169 -> 112, `default` 281 -> 258,
`quick` 90 -> 70: without it `--quick` would be less than four times as fast as Keras' example.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence

import keras
import tensorflow as tf


def fused_batch_norm(network: keras.Model) -> contextlib.AbstractContextManager[None]:
    """Train a network's batch normalisations with the fused kernel; inference is unchanged.

    Only the `call` of the layers is replaced, so saved files do not change.
    """
    normalisations = keras.layers.BatchNormalization
    layers = [layer for layer in network.layers if isinstance(layer, normalisations)]
    return replace_call(layers, fused_call)


@contextlib.contextmanager
def replace_call(layers: Sequence[keras.Layer], call: Callable) -> Iterator[None]:
    """Replace each layer's `call` by `call(layer, inputs, …)` within the context."""
    for layer in layers:
        layer.call = functools.partial(call, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.call


def fused_call(
    layer: keras.layers.BatchNormalization,
    inputs: tf.Tensor,
    training: bool | None = None,
    mask: tf.Tensor | None = None,
) -> tf.Tensor:
    """Compute the layer's `call` for (batch, rows, columns, channels) float32, fused."""
    if not training or not layer.trainable or mask is not None or len(inputs.shape) != 4:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=layer.gamma.value,
        offset=layer.beta.value,
        mean=tf.zeros(0),
        variance=tf.zeros(0),
        epsilon=layer.epsilon,
        is_training=True,
    )
    # The kernel returns the unbiased variance, n/(n-1); Keras tracks that of the batch.
    count = tf.cast(tf.size(inputs) / tf.shape(inputs)[-1], tf.float32)
    variance *= tf.maximum(count - 1, 1) / count
    for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        moving.assign(moving * layer.momentum + now * (1 - layer.momentum))
    return outputs
