"""Labelled pictures of digits, and how a part of them is held out."""

from dataclasses import dataclass

import numpy as np


class DataError(ValueError):
    """Data that cannot be used: one line that says what is wrong and what to do."""


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
    labels: np.ndarray, seed: int, count: int = 5000
) -> tuple[np.ndarray, np.ndarray]:
    """Split a training set for validation: `(train_indices, validation_indices)`, both ascending.

    Every digit gives its share of the `count` validation samples, within one. The same labels,
    seed and count give the same split. Raises DataError when `count` leaves nothing to train on.
    """
    labels = np.asarray(labels)
    if not 0 < count < len(labels):
        raise DataError(f"cannot hold out {count} of {len(labels)} digits: give more digits")
    random = np.random.default_rng(seed)
    # Shuffle, then sort by label: taken at even steps, each label is met in proportion to its size.
    order = random.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    steps = (np.arange(count) + random.random()) * len(labels) / count
    held = np.zeros(len(labels), bool)
    held[order[steps.astype(int)]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def hold_out(
    name: str, images: np.ndarray, labels: np.ndarray, seed: int, fraction: float = 0.1
) -> Digits:
    """Digits without a test part of their own: a stratified `fraction` of them is held out."""
    count = max(1, round(len(labels) * fraction))
    train, test = validation_split(labels, seed, count)
    sentence = (
        f"{count:,} of the {len(labels):,} digits of {name} itself, each digit in proportion, "
        f"drawn with seed {seed}; they are not MNIST's test set"
    )
    return Digits(name, images[train], labels[train], images[test], labels[test], sentence)
