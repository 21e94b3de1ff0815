"""What teachers say on average, for a network to learn from."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf


def council(teachers: Sequence[keras.Model]) -> Callable[[tf.Tensor], tf.Tensor]:
    """What networks say on average: (n, 10) probabilities of (n, 28, 28, 1) images.

    To learn from it is distillation: G. Hinton et al., "Distilling the Knowledge in a Neural
    Network", 2015, https://arxiv.org/abs/1503.02531
    """

    @tf.function(jit_compile=False, reduce_retracing=True)
    def say(images: tf.Tensor) -> tf.Tensor:
        return tf.add_n([teacher(images, training=False) for teacher in teachers]) / len(teachers)

    return say
