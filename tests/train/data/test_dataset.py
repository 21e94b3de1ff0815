"""Digits are held out in proportion to their classes, reproducibly and without overlap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from files.drawings import DataError
from train.data.dataset import hold_out, validation_split

LABELS = st.lists(st.integers(0, 9), min_size=2, max_size=300).map(np.array)


@settings(max_examples=60, deadline=None)
@given(labels=LABELS, seed=st.integers(0, 2**32), data=st.data())
def test_a_split_is_stratified_within_one_sample(labels, seed, data):
    count = data.draw(st.integers(1, len(labels) - 1))
    train, validation = validation_split(labels, seed, count)
    assert sorted([*train, *validation]) == list(range(len(labels)))
    assert len(validation) == count
    share = np.bincount(labels, minlength=10) * count / len(labels)
    counts = np.bincount(labels[validation], minlength=10)
    assert np.all(np.abs(counts - share) <= 1)


def test_a_twelfth_is_held_out_for_validation():
    train, validation = validation_split(np.arange(60_000) % 10, seed=1)
    assert (len(train), len(validation)) == (55_000, 5_000)


def test_the_same_seed_splits_alike_and_another_does_not():
    labels = np.arange(1000) % 10
    first, again, other = (validation_split(labels, seed)[1] for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_split_without_training_digits_is_an_error():
    with pytest.raises(DataError, match="cannot hold out 1 of 1 digits"):
        validation_split(np.array([7]), seed=0)


def test_held_out_digits_are_not_trained_on_and_their_choice_is_described():
    labels = np.arange(200) % 10
    images = np.arange(200, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    digits = hold_out("mine", images, labels, seed=0)
    train, test = digits.train_images[:, 0, 0], digits.test_images[:, 0, 0]
    assert sorted([*train, *test]) == list(range(200))
    assert np.array_equal(train % 10, digits.train_labels)
    assert np.bincount(digits.test_labels).tolist() == [2] * 10
    assert digits.held_out.startswith("20 of the 200 digits of mine itself")
