"""A dataset of labelled digit images, and stratified splits."""

import math
from dataclasses import dataclass

import numpy as np

from files.drawings import DataError


@dataclass(frozen=True)
class Digits:
    """Training and test images with their labels.

    Images are (n, 28, 28) uint8, ink high; labels are (n,) int64 in 0..9.
    `held_out` is a sentence for the report that says how the test set was chosen. `notes` are lines
    that say what was changed in the images.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    held_out: str
    notes: tuple[str, ...] = ()


def validation_split(
    labels: np.ndarray, seed: int, count: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Split off a stratified validation set; return ascending train and validation indices.

    Args:
        labels: (n,) in 0..9.
        seed: the same labels, seed and count give the same split.
        count: size of the validation set; a twelfth by default (5,000 of MNIST's 60,000). The
            number of each digit differs from its exact share by less than one.

    Raises:
        DataError: nothing would be left to train on.
    """
    total = len(labels)
    count = math.ceil(total / 12) if count is None else count
    if not 0 < count < total:
        raise DataError(f"cannot hold out {count} of {total} digits: give more digits")
    random = np.random.default_rng(seed)
    # Even steps through the samples, shuffled and sorted by label, make the split stratified.
    order = random.permutation(total)
    order = order[np.argsort(np.asarray(labels)[order], kind="stable")]
    held = np.zeros(total, bool)
    held[order[(np.arange(count) * total + random.integers(total)) // count]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def hold_out(
    name: str, images: np.ndarray, labels: np.ndarray, seed: int, fraction: float = 0.1
) -> Digits:
    """Make a dataset of images that have no test set: hold out a stratified `fraction`."""
    count = math.ceil(len(labels) * fraction)
    train, test = validation_split(labels, seed, count)
    sentence = (
        f"{count:,} of the {len(labels):,} digits of {name} itself, each digit in proportion, "
        f"drawn with seed {seed}; not MNIST's test set"
    )
    return Digits(name, images[train], labels[train], images[test], labels[test], sentence)
