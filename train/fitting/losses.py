"""The training loss and the accuracy shown while training."""

from collections.abc import Callable

import keras

from train.fitting.settings import Settings
from train.network.build import CLASSES


def losses(settings: Settings) -> Callable[[keras.KerasTensor, keras.KerasTensor], object]:
    """Return the loss of (n, 11) logits against `one_hot` labels: classification and rejection.

    Non-digits add nothing to the classification loss. Their row of zeros already gives a loss of
    0, but TensorFlow's gradient assumes rows that sum to 1, so they are masked.
    """

    def loss(truth: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        is_digit = 1 - truth[:, CLASSES]
        classification = keras.losses.categorical_crossentropy(
            truth[:, :CLASSES],
            logits[:, :CLASSES],
            from_logits=True,
            label_smoothing=settings.label_smoothing,
        )
        rejection = keras.losses.binary_crossentropy(
            truth[:, CLASSES:], logits[:, CLASSES:], from_logits=True
        )
        return is_digit * classification + settings.rejection_loss_weight * rejection

    return loss


class Accuracy(keras.metrics.Mean):
    """Share of digits classified correctly; non-digits are ignored."""

    def update_state(
        self, truth: keras.KerasTensor, logits: keras.KerasTensor, sample_weight: None = None
    ) -> None:
        """Add a batch of (n, 11) `one_hot` labels and logits."""
        predicted = keras.ops.argmax(logits[:, :CLASSES], axis=1)
        correct = predicted == keras.ops.argmax(truth, axis=1)
        super().update_state(correct, sample_weight=1 - truth[:, CLASSES])
