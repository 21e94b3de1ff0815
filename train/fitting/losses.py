"""What training minimises and what it shows meanwhile."""

from collections.abc import Callable

import keras

from train.fitting.settings import Settings
from train.network.build import CLASSES


def losses(settings: Settings) -> Callable[[keras.KerasTensor, keras.KerasTensor], object]:
    """The loss of (n, 11) logits against `one_hot` labels: which digit it is, and whether one.

    What is no digit has no say in which digit: its row of zeros gives no loss, but TensorFlow's
    gradient takes rows to sum to 1, and so it is masked.
    """

    def loss(truth: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        digit = 1 - truth[:, CLASSES]
        which = keras.losses.categorical_crossentropy(
            truth[:, :CLASSES],
            logits[:, :CLASSES],
            from_logits=True,
            label_smoothing=settings.label_smoothing,
        )
        whether = keras.losses.binary_crossentropy(
            truth[:, CLASSES:], logits[:, CLASSES:], from_logits=True
        )
        return digit * which + settings.doubt * whether

    return loss


class Accuracy(keras.metrics.Mean):
    """Share of the digits that are read right; what is no digit does not count."""

    def update_state(
        self, truth: keras.KerasTensor, logits: keras.KerasTensor, sample_weight: None = None
    ) -> None:
        """Add a batch of (n, 11) `one_hot` labels and logits."""
        read = keras.ops.argmax(logits[:, :CLASSES], axis=1)
        right = read == keras.ops.argmax(truth, axis=1)
        super().update_state(right, sample_weight=1 - truth[:, CLASSES])
