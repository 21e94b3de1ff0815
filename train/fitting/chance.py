"""Stop a run whose network reads validation digits no better than by guessing.

Where images and labels do not belong together, or nothing can be seen in the images, training runs
to its end without an error, and would replace a good network.
"""

import keras
import numpy as np

from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.fitting.settings import FitError
from train.network.build import CLASSES
from train.samples.training_set import inputs

DEVIATIONS = 3  # of the accuracy of guesses: exceeded by chance once in 700 runs
MAX_BOUND = 0.5  # a higher bound, from few digits or few kinds of them, tells nothing
SAMPLE = 500  # digits of each validation set to read: their bound is about 0.22
# Steps of a run before it is checked, in between and at its end, and before low validation accuracy
# alone counts. In their first 15 steps baseline, default, quick and tiny read 24% of MNIST and more
# right while training, in their first 30 steps 36%, but after 60 steps down to 11% of validation.
FIRST_STEPS, LAST_STEPS, SETTLED_STEPS = 30, 10, 100
ADVICE = (
    "nothing was saved; look at the data, for example with --preview-augmentation: is ink 255 and "
    "paper 0 (scale, polarity), do digits stand upright, their pixels row by row (orientation), "
    "and does each label belong to its image? If so, try a lower --learning-rate"
)


def chance_bound(labels: np.ndarray) -> float:
    """Return the accuracy up to which guesses cannot be excluded, for (n,) labels in 0..9.

    Guessing reads the most frequent digit's share p. The bound is 2 p, or p and DEVIATIONS standard
    deviations of a share of n digits, whichever is higher.
    """
    share = np.bincount(labels, minlength=CLASSES).max() / len(labels)
    return max(2 * share, share + DEVIATIONS * np.sqrt(share * (1 - share) / len(labels)))


class ChanceCheck(keras.callbacks.Callback):
    """Raise FitError if a validation set is read no better than by guessing.

    It checks after each epoch until one passes. If the digits to train on are read and those of all
    validation sets are not, it waits, because the moving averages of weights and of batch
    normalisation lag behind at first; the last epoch does not wait.
    """

    def __init__(
        self,
        validation_sets: dict[str, tuple[np.ndarray, np.ndarray]],
        process_group: SingleProcess = SINGLE_PROCESS,
    ) -> None:
        """Take (n, 28, 28) uint8 images and (n,) labels by name of the set."""
        super().__init__()
        self.sets = {
            name: digits
            for name, digits in validation_sets.items()
            if len(digits[1]) and chance_bound(sample(digits)[1]) <= MAX_BOUND
        }
        # Several processes share an epoch's logs; predictions of one process would wait for others.
        self.use_logs = len(validation_sets) == 1 or process_group.num_processes > 1
        self.passed = not self.sets

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Compare the accuracy of each validation set with guesses."""
        logs = logs or {}
        steps = (epoch + 1) * self.params["steps"]
        is_last = epoch + 1 == self.params["epochs"]
        if self.passed or steps < (LAST_STEPS if is_last else FIRST_STEPS):
            return
        if not np.isfinite(logs["loss"]):  # diverged, which `fit` reports
            return
        accuracies = self.accuracies(logs)
        bounds = {name: chance_bound(sample(digits)[1]) for name, digits in self.sets.items()}
        low = [name for name, accuracy in accuracies.items() if accuracy <= bounds[name]]
        self.passed = not low
        learns = logs["accuracy"] > max(bounds.values())
        lags = learns and len(low) == len(accuracies)
        if low and (not lags or (is_last and steps >= SETTLED_STEPS)):
            raise FitError(
                f"after epoch {epoch + 1} the network reads {accuracies[low[0]]:.1%} of the "
                f"validation digits of {low[0]}, no better than guessing: {ADVICE}"
            )

    def accuracies(self, logs: dict) -> dict[str, float]:
        """Return the share of digits read right, by name of the validation set."""
        if self.use_logs:
            return dict.fromkeys(list(self.sets)[:1], logs["val_accuracy"])
        found = {}
        for name, digits in self.sets.items():
            images, labels = sample(digits)
            logits = self.model.predict(inputs(images), batch_size=SAMPLE, verbose=0)
            found[name] = float((logits[:, :CLASSES].argmax(axis=1) == labels).mean())
        return found


def sample(digits: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return at most SAMPLE images and labels, evenly over the set."""
    images, labels = digits
    chosen = np.linspace(0, len(labels) - 1, min(SAMPLE, len(labels))).astype(int)
    return images[chosen], labels[chosen]
