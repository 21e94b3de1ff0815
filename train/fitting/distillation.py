"""Distillation: teachers whose mean prediction a network learns from."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf


def teacher_ensemble(teachers: Sequence[keras.Model]) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the mean prediction of networks: (n, 28, 28, 1) images to (n, 10) probabilities.

    G. Hinton et al., "Distilling the Knowledge in a Neural Network", 2015,
    https://arxiv.org/abs/1503.02531
    """

    @tf.function(jit_compile=False, reduce_retracing=True)
    def predict(images: tf.Tensor) -> tf.Tensor:
        return tf.add_n([teacher(images, training=False) for teacher in teachers]) / len(teachers)

    return predict
