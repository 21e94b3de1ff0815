"""Labelled pictures of digits, and how a part of them is held out."""

import math
from dataclasses import dataclass

import numpy as np

from files.drawings import DataError


@dataclass(frozen=True)
class Digits:
    """Digits to learn from and digits to be judged by.

    Images are (n, 28, 28) uint8, ink high; labels are (n,) int64 in 0..9.
    `held_out` is a sentence for the report: how the test part was chosen.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    held_out: str


def validation_split(
    labels: np.ndarray, seed: int, count: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Split a training set for validation: `(train_indices, validation_indices)`, both ascending.

    `count` samples are held out, a twelfth (5,000 of MNIST's 60,000) unless it is given; each digit
    gives its share, within one. The same labels, seed and count give the same split.
    Raises DataError when that leaves nothing to train on.
    """
    total = len(labels)
    count = math.ceil(total / 12) if count is None else count
    if not 0 < count < total:
        raise DataError(f"cannot hold out {count} of {total} digits: give more digits")
    random = np.random.default_rng(seed)
    # Shuffle, then sort by label: taken at even steps, each digit is met as often as it occurs.
    order = random.permutation(total)
    order = order[np.argsort(np.asarray(labels)[order], kind="stable")]
    held = np.zeros(total, bool)
    held[order[(np.arange(count) * total + random.integers(total)) // count]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def hold_out(
    name: str, images: np.ndarray, labels: np.ndarray, seed: int, fraction: float = 0.1
) -> Digits:
    """Digits without a test part of their own: a stratified `fraction` of them is held out."""
    count = math.ceil(len(labels) * fraction)
    train, test = validation_split(labels, seed, count)
    sentence = (
        f"{count:,} of the {len(labels):,} digits of {name} itself, each digit in proportion, "
        f"drawn with seed {seed}; not MNIST's test set"
    )
    return Digits(name, images[train], labels[train], images[test], labels[test], sentence)
