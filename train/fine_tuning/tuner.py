"""A network's last layers learn somebody's hand, and rehearse what they knew.

All below them stays: features are made once, learning takes seconds, and little is forgotten.
What is rehearsed is what the network itself said of other people's digits, not their labels: its
calibration stays with it, and so does what it takes for no digit (Z. Li and D. Hoiem, "Learning
without Forgetting", 2016, https://arxiv.org/abs/1606.09282).
"""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from train.fitting.batches import BatchLoader, one_hot
from train.fitting.fit import EVAL_BATCH_SIZE, compile_for_training
from train.fitting.settings import FitError, Settings
from train.ink import Drawing
from train.network.build import CLASSES
from train.samples.augment import GENTLE, augment_images, draw_parameters
from train.samples.training_set import TrainingSet, as_pixels, inputs

OWN = 1200  # renderings of a person's drawings: a tenth of what is rehearsed; with more drawings
LEAST = 4  # of each drawing
FORGOTTEN = 0.001  # of the validation pictures that were read right may be lost
HEAD = ("logits", "judges", "doubt")


class Tuner:
    """Lets a network learn one hand after another, each as if it were the first."""

    def __init__(self, network: keras.Model, training_set: TrainingSet, settings: Settings) -> None:
        """Make ready what is rehearsed.

        Args:
            network: one of `train.network.architectures`; it changes with every hand.
            training_set: what to rehearse.
            settings: with what FINE_TUNE_PRESET says.

        Raises:
            FitError: the network has other last layers.
        """
        self.settings = settings
        trunk, self.head = divided(network)
        # Not `predict`, which traces anew for another number of images.
        self.trunk = tf.function(trunk, jit_compile=False, reduce_retracing=True)
        images = rehearsal(training_set, settings)
        self.features = self.seen(images)
        self.truth = said(self.head, self.features)
        compile_for_training(self.head, settings, -(-(len(images) + OWN) // settings.batch_size))
        self.state = [*self.head.variables, *self.head.optimizer.variables]
        self.start = [variable.numpy() for variable in self.state]

    def tune(self, drawings: Sequence[Drawing], labels: Sequence[int]) -> None:
        """Let the network learn n > 0 drawings of the digits `labels`, from where it began."""
        self.begin()
        images, truth = renderings(drawings, labels, self.settings.seed)
        keras.utils.set_random_seed(self.settings.seed)
        self.head.fit(
            np.concatenate([self.features, self.seen(images)]),
            np.concatenate([self.truth, truth]),
            batch_size=self.settings.batch_size,
            epochs=self.settings.epochs,
            verbose=0,
        )

    def begin(self) -> None:
        """Make the network as it was."""
        for variable, value in zip(self.state, self.start, strict=True):
            variable.assign(value)

    def seen(self, images: np.ndarray) -> np.ndarray:
        """The (n, features) of (n, 28, 28, 1) float32 images."""
        starts = range(0, len(images), EVAL_BATCH_SIZE)
        return np.concatenate([self.trunk(images[i : i + EVAL_BATCH_SIZE]).numpy() for i in starts])

    def right(self, features: np.ndarray, labels: np.ndarray) -> float:
        """The share of digits, (n, features), that is read as labelled now."""
        digits = said(self.head, features)[:, :CLASSES]
        return float((digits.argmax(axis=1) == labels).mean())


def forgets(before: float, after: float) -> bool:
    """Whether too many validation digits are lost; both are shares of them, read right."""
    return before - after > FORGOTTEN + 1e-9  # a share's rounding is no loss


def divided(network: keras.Model) -> tuple[keras.Model, keras.Model]:
    """What makes features of images, and what makes (n, 11) logits of features; shared layers."""
    try:
        below = network.get_layer("features").output
        logits, judges, doubt = map(network.get_layer, HEAD)
    except ValueError:
        raise FitError(
            f"{network.name} lacks the last layers that learn a hand: begin with a network that "
            "`python -m train` wrote"
        ) from None
    features = keras.Input(below.shape[1:], name="features")
    both = keras.layers.Concatenate()([logits(features), doubt(judges(features))])
    return keras.Model(network.input, below), keras.Model(features, both, name=network.name)


def said(head: keras.Model, features: np.ndarray) -> np.ndarray:
    """What the last layers say of (n, features): ten probabilities, and that of no digit."""
    logits = head(features)
    digits = keras.ops.softmax(logits[:, :CLASSES])
    doubt = keras.ops.sigmoid(logits[:, CLASSES:])
    return np.concatenate([digits, doubt], axis=1)


def rehearsal(training_set: TrainingSet, settings: Settings) -> np.ndarray:
    """An epoch's images as they are and varied: (n, 28, 28, 1) float32."""
    batches = BatchLoader(training_set, settings)
    parts = np.array_split(np.arange(len(batches.indices)), len(batches))  # none beyond a batch
    plain = inputs(training_set.images[batches.indices])
    return np.concatenate([plain, *(batches.varied(places) for places in parts)])


def renderings(
    drawings: Sequence[Drawing], labels: Sequence[int], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Drawings in many hands: (n, 28, 28, 1) float32 images and (n, 11) labels."""
    hands = max(LEAST, -(-OWN // len(drawings)))
    images = [as_pixels(drawings)]
    images += [as_pixels(drawings, [seed, hand]) for hand in range(hands - 1)]
    count = max(OWN, LEAST * len(drawings))
    images = np.concatenate(images)[:count]
    varied = augment_images(images, draw_parameters(count, seed, 0, GENTLE)).numpy()
    varied[: len(drawings)] = inputs(images[: len(drawings)])
    return varied, one_hot(np.tile(np.asarray(labels), hands))[:count]
