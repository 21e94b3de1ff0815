"""Fine-tune the last layers of a network to one writer, with replay against forgetting.

The trunk is frozen: features are computed once, and tuning takes seconds. Targets of the replayed
images are the network's own outputs instead of labels, which keeps its calibration and its
rejection of non-digits (Z. Li and D. Hoiem, "Learning without Forgetting", 2016,
https://arxiv.org/abs/1606.09282).
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

MIN_PERSONAL_RENDERS = 1200  # a tenth of the replayed images
MIN_RENDERS_PER_DRAWING = 4  # for writers with many drawings
MAX_ACCURACY_DROP = 0.001  # of validation
HEAD_LAYERS = ("logits", "reject_hidden", "reject_logit")


class Tuner:
    """Tunes a network to one writer after another, each time from the same start."""

    def __init__(self, network: keras.Model, training_set: TrainingSet, settings: Settings) -> None:
        """Prepare the replay set.

        Args:
            network: one of `train.network.architectures`; every call of `tune` changes it.
            training_set: to replay.
            settings: with the values of FINE_TUNE_PRESET.

        Raises:
            FitError: the network lacks the layers HEAD_LAYERS.
        """
        self.settings = settings
        trunk, self.head = split_trunk_and_head(network)
        # `predict` would retrace for every new number of images.
        self.trunk = tf.function(trunk, jit_compile=False, reduce_retracing=True)
        images = replay_images(training_set, settings)
        self.features = self.features_of(images)
        self.targets = predict_head(self.head, self.features)
        compile_for_training(
            self.head, settings, -(-(len(images) + MIN_PERSONAL_RENDERS) // settings.batch_size)
        )
        self.state = [*self.head.variables, *self.head.optimizer.variables]
        self.initial = [variable.numpy() for variable in self.state]

    def tune(self, drawings: Sequence[Drawing], labels: Sequence[int]) -> None:
        """Reset the network, then tune it to n > 0 drawings of the digits `labels`."""
        self.reset()
        images, targets = render_personal(drawings, labels, self.settings.seed)
        keras.utils.set_random_seed(self.settings.seed)
        self.head.fit(
            np.concatenate([self.features, self.features_of(images)]),
            np.concatenate([self.targets, targets]),
            batch_size=self.settings.batch_size,
            epochs=self.settings.epochs,
            verbose=0,
        )

    def reset(self) -> None:
        """Restore the weights and the optimizer of the start."""
        for variable, value in zip(self.state, self.initial, strict=True):
            variable.assign(value)

    def features_of(self, images: np.ndarray) -> np.ndarray:
        """Compute the (n, features) of (n, 28, 28, 1) float32 images."""
        starts = range(0, len(images), EVAL_BATCH_SIZE)
        return np.concatenate([self.trunk(images[i : i + EVAL_BATCH_SIZE]).numpy() for i in starts])

    def accuracy(self, features: np.ndarray, labels: np.ndarray) -> float:
        """Compute the current accuracy on (n, features) and (n,) labels."""
        digits = predict_head(self.head, features)[:, :CLASSES]
        return float((digits.argmax(axis=1) == labels).mean())


def accuracy_dropped(before: float, after: float) -> bool:
    """Check whether validation accuracy drops by more than MAX_ACCURACY_DROP."""
    return before - after > MAX_ACCURACY_DROP + 1e-9  # 1e-9: rounding


def split_trunk_and_head(network: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Split a network into images -> features and features -> (n, 11) logits; layers are shared.

    Raises FitError if the network lacks the layers HEAD_LAYERS.
    """
    try:
        features_output = network.get_layer("features").output
        logits, reject_hidden, reject_logit = map(network.get_layer, HEAD_LAYERS)
    except ValueError:
        raise FitError(
            f"{network.name} lacks the last layers that are tuned: start from a network that "
            "`python -m train` wrote"
        ) from None
    features = keras.Input(features_output.shape[1:], name="features")
    outputs = [logits(features), reject_logit(reject_hidden(features))]
    return keras.Model(network.input, features_output), keras.Model(
        features, keras.layers.Concatenate()(outputs), name=network.name
    )


def predict_head(head: keras.Model, features: np.ndarray) -> np.ndarray:
    """Predict (n, 11) from (n, features): ten probabilities and the rejection score."""
    logits = head(features)
    digits = keras.ops.softmax(logits[:, :CLASSES])
    scores = keras.ops.sigmoid(logits[:, CLASSES:])
    return np.concatenate([digits, scores], axis=1)


def replay_images(training_set: TrainingSet, settings: Settings) -> np.ndarray:
    """Return an epoch's images, plain and augmented: (n, 28, 28, 1) float32."""
    batches = BatchLoader(training_set, settings)
    parts = np.array_split(np.arange(len(batches.indices)), len(batches))  # at most a batch each
    plain = inputs(training_set.images[batches.indices])
    return np.concatenate([plain, *(batches.augmented(places) for places in parts)])


def render_personal(
    drawings: Sequence[Drawing], labels: Sequence[int], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Render variants of drawings: (n, 28, 28, 1) float32 images and (n, 11) labels."""
    variants = max(MIN_RENDERS_PER_DRAWING, -(-MIN_PERSONAL_RENDERS // len(drawings)))
    images = [as_pixels(drawings)]
    images += [as_pixels(drawings, [seed, variant]) for variant in range(variants - 1)]
    count = max(MIN_PERSONAL_RENDERS, MIN_RENDERS_PER_DRAWING * len(drawings))
    images = np.concatenate(images)[:count]
    augmented = augment_images(images, draw_parameters(count, seed, 0, GENTLE)).numpy()
    augmented[: len(drawings)] = inputs(images[: len(drawings)])
    return augmented, one_hot(np.tile(np.asarray(labels), variants))[:count]
