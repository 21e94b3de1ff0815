"""Batches of a run, with a new order and augmentation in each epoch."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.fitting.settings import Settings
from train.network.build import CLASSES
from train.samples.augment import GENTLE, Strength, augment_images, draw_parameters
from train.samples.training_set import NOT_A_DIGIT, TrainingSet, inputs


class BatchLoader(keras.utils.PyDataset):
    """Shuffled, augmented batches, fully determined by training set, seed and epoch."""

    def __init__(
        self,
        training_set: TrainingSet,
        settings: Settings,
        epoch: int = 0,
        teacher: Callable[[tf.Tensor], tf.Tensor] | None = None,
        process_group: SingleProcess = SINGLE_PROCESS,
        losses: np.ndarray | None = None,
    ) -> None:
        """Start at `epoch`, which a resumed run sets.

        `teacher` predicts (n, 10) probabilities of (n, 28, 28, 1) images. Of each batch, only this
        process's rows in its `process_group` are made. `losses` are (num_images,), as of the
        attribute.
        """
        super().__init__()
        self.training_set, self.settings, self.epoch = training_set, settings, epoch
        self.teacher = teacher
        # Of each image when it was last trained on, infinite before that; a resumed run sets them.
        self.losses = np.full(training_set.num_images, np.inf) if losses is None else losses
        self.sample_losses: tf.Variable | None = None  # where the model records those of an epoch
        self.local_rows = process_group.local_rows(settings.batch_size)
        self.prepare()

    def prepare(self) -> None:
        """Draw the epoch's samples, their order and their augmentation."""
        seed, epoch = self.settings.seed, self.epoch
        self.indices = self.training_set.epoch_indices(
            epoch, seed, self.settings.renders_per_drawing, self.settings.non_digits_per_digit
        )
        images, others = np.split(self.indices, [self.training_set.num_images])
        images = self.hardest(images)
        self.indices = np.concatenate([images, others])
        num_images, strength = len(images), self.settings.augmentation_strength
        # Renders were augmented as strokes already, so they get GENTLE on top.
        renders = len(self.indices) - num_images
        self.parameters = np.concatenate(
            [
                draw_parameters(num_images, seed, 2 * epoch, Strength().scaled(strength)),
                draw_parameters(renders, seed, 2 * epoch + 1, GENTLE.scaled(strength)),
            ]
        )
        self.order = np.random.default_rng([seed, epoch, 2]).permutation(len(self.indices))
        # Fill the last batch with the epoch's first samples: halves of batches are trained on, and
        # XLA compiles once for every batch size.
        self.order = np.resize(self.order, len(self) * self.settings.batch_size)

    def hardest(self, images: np.ndarray) -> np.ndarray:
        """Select the epoch's images: those not taken yet, then those with the highest loss."""
        if self.settings.epoch_fraction == 1:
            return images
        count = round(self.settings.epoch_fraction * len(images))
        shuffled = np.random.default_rng([self.settings.seed, self.epoch, 4]).permutation(images)
        return shuffled[np.argsort(-self.losses[shuffled], kind="stable")[:count]]

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return -(-len(self.order) // self.settings.batch_size)

    def __getitem__(self, number: int) -> tuple:
        """Make a batch: (n, 28, 28, 1) float32 images and (n, 11) labels as of `one_hot`.

        With a teacher, the labels of digits are blended with its predictions.
        """
        size = self.settings.batch_size
        batch = self.order[number * size : (number + 1) * size]
        labels = self.training_set.labels[self.indices[batch[self.local_rows]]]
        images, truth = self.augmented(batch), one_hot(labels)
        if self.teacher:
            digits = np.flatnonzero(labels != NOT_A_DIGIT)
            predicted = self.teacher(images[digits]).numpy()
            truth[digits, :CLASSES] *= 1 - self.settings.distillation_weight
            truth[digits, :CLASSES] += self.settings.distillation_weight * predicted
        return images, truth

    def augmented(self, batch: np.ndarray) -> np.ndarray:
        """Augment this process's rows of a batch, given as positions in the epoch.

        Returns (n, 28, 28, 1) float32 in [0, 1].
        """
        rows = batch[self.local_rows]
        images = self.training_set.images[self.indices[rows]]
        if not self.settings.augmentation_strength:
            return inputs(images)
        return augment_images(
            images, self.parameters[rows], self.parameters[batch[0]], self.local_rows.start
        ).numpy()

    def on_epoch_end(self) -> None:
        """Advance to the next epoch; Keras also calls this once before the first one."""
        if self.sample_losses is not None:
            taken, losses = self.indices[self.order], self.sample_losses.numpy()
            known = (taken < self.training_set.num_images) & np.isfinite(losses)
            self.losses[taken[known]] = losses[known]
        self.epoch += 1
        self.prepare()


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Encode (n,) labels as (n, 11) float32: ten digits, and a column for non-digits."""
    return np.eye(CLASSES + 1, dtype=np.float32)[labels]
