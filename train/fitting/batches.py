"""Batches of a run, each epoch in an order of its own, varied on the way."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.fitting.settings import Settings
from train.network.build import CLASSES
from train.samples.augment import GENTLE, Strength, augment_images, draw_parameters
from train.samples.training_set import NOT_A_DIGIT, TrainingSet, inputs


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented batches; sample, epoch and seed decide all of them."""

    def __init__(
        self,
        training_set: TrainingSet,
        settings: Settings,
        epoch: int = 0,
        teacher: Callable[[tf.Tensor], tf.Tensor] | None = None,
        process_group: SingleProcess = SINGLE_PROCESS,
    ) -> None:
        """Begin with `epoch`, so that a resumed run goes on where it stopped.

        `teacher` says of (n, 28, 28, 1) images of digits which they are: (n, 10) probabilities.
        Only the rows that are this process's in its `process_group` are made.
        """
        super().__init__()
        self.training_set, self.settings, self.epoch = training_set, settings, epoch
        self.teacher = teacher
        self.own = process_group.local_rows(settings.batch)
        self.needs_full_batches = process_group.needs_full_batches
        self.prepare()

    def prepare(self) -> None:
        """Draw this epoch's samples, their order and their variation."""
        seed, epoch = self.settings.seed, self.epoch
        self.indices = self.training_set.epoch_indices(
            epoch, seed, self.settings.renderings, self.settings.negatives
        )
        pixels, strength = self.training_set.num_images, self.settings.variation
        self.rows = np.concatenate(
            [
                draw_parameters(pixels, seed, 2 * epoch, Strength().scaled(strength)),
                # The ink's hand varied as strokes already; the field moves a little more.
                draw_parameters(
                    len(self.indices) - pixels, seed, 2 * epoch + 1, GENTLE.scaled(strength)
                ),
            ]
        )
        self.order = np.random.default_rng([seed, epoch, 2]).permutation(len(self.indices))
        if self.needs_full_batches:  # the last batch is filled up with what the epoch began with
            self.order = np.resize(self.order, len(self) * self.settings.batch)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.order) // self.settings.batch)

    def __getitem__(self, number: int) -> tuple:
        """Batch `number`: (n, 28, 28, 1) float32 images and (n, 11) labels as `one_hot` gives them.

        With a teacher, what it says of an image has its share in the label of a digit.
        """
        batch = self.order[number * self.settings.batch : (number + 1) * self.settings.batch]
        labels = self.training_set.labels[self.indices[batch[self.own]]]
        images, truth = self.varied(batch), one_hot(labels)
        if self.teacher:
            digits = np.flatnonzero(labels != NOT_A_DIGIT)
            said = self.teacher(images[digits]).numpy()
            truth[digits, :CLASSES] *= 1 - self.settings.teaching
            truth[digits, :CLASSES] += self.settings.teaching * said
        return images, truth

    def varied(self, batch: np.ndarray) -> np.ndarray:
        """Own images of a batch, by places in the epoch, augmented: (n, 28, 28, 1) float32."""
        places = batch[self.own]
        images = self.training_set.images[self.indices[places]]
        if not self.settings.variation:
            return inputs(images)
        return augment_images(
            images, self.rows[places], self.rows[batch[0]], self.own.start
        ).numpy()

    def on_epoch_end(self) -> None:
        """Go on to the next epoch."""
        self.epoch += 1
        self.prepare()


def one_hot(labels: np.ndarray) -> np.ndarray:
    """(n, 11) float32 for (n,) labels: ten digits, and a column for what is none."""
    return np.eye(CLASSES + 1, dtype=np.float32)[labels]
