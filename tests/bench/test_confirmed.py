"""Digits whose labels people reject are in no composed picture."""

import numpy as np

from bench.pictures.confirmed import REJECTED, confirmed
from train.data import Digits


def test_a_rejected_digit_is_replaced_by_the_next_confirmed_one_of_its_label():
    labels = np.tile(np.arange(10), 1000)
    images = np.arange(10_000, dtype=np.int64).reshape(-1, 1, 1) * np.ones((1, 2, 2), np.int64)
    digits = Digits("MNIST", images[:1], labels[:1], images, labels, "held out")

    found = confirmed(digits)

    numbers = found.test_images[:, 0, 0]
    changed = np.flatnonzero(numbers != np.arange(10_000))
    assert changed.tolist() == list(REJECTED)
    assert (labels[numbers] == labels).all()
    assert not np.isin(numbers, REJECTED).any()
    assert numbers[947] == 957
    assert digits.test_images[947, 0, 0] == 947
