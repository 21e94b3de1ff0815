"""Rejection metrics, compared with known counts."""

import numpy as np
import pytest

from train.evaluation import rejection_metrics
from train.evaluation.metrics import wilson
from train.samples.prepare import TestSet

PIXELS = np.zeros((20, 28, 28), np.uint8)
LABELS = np.arange(20) % 10
PROBABILITIES = np.eye(10)[np.where(np.arange(20) < 4, 7, LABELS)]  # the first four are misread
SCORES = np.where(np.arange(20) < 3, 0.9, 0.1)  # three of these are rejected, all of one writer
WRITERS = np.repeat(["one", "two", "three", "four"], 5)


def measure_rejection(writers: np.ndarray | None = None, scores: np.ndarray = SCORES) -> dict:
    test = TestSet("own", PIXELS, LABELS, writers)
    non_digits = np.array([0.9, 0.5, 0.95, 0.1])
    return rejection_metrics.measure(
        [test], {"own": PROBABILITIES}, {"own": scores, "letters": non_digits}, 0.5
    )


def test_rejection_rates_match_hand_counted_values():
    found = measure_rejection()
    own = found["digits"]["own"]
    assert (own["samples"], own["refused"], own["misread_and_refused"]) == (20, 0.15, 3)
    assert own["interval"] == wilson(3, 20)
    answered = own["answered"]
    assert (answered["samples"], answered["errors"]) == (17, 1)
    assert answered["accuracy"] == pytest.approx(16 / 17)
    assert answered["interval"] == wilson(16, 17)
    letters = found["negatives"]["letters"]
    assert letters == {"samples": 4, "refused": 0.5, "interval": wilson(2, 4)}


def test_the_curve_keeps_digits_and_non_digits_apart():
    for point in measure_rejection()["curve"]:
        assert (list(point["digits"]), list(point["negatives"])) == (["own"], ["letters"])


def test_intervals_are_over_writers_if_they_are_known():
    own = measure_rejection(WRITERS)["digits"]["own"]
    assert own["interval_over"] == "writers"
    # One of four writers has all three, and some resamples lack or repeat this writer.
    low, high = own["interval"]
    assert low == 0
    assert high > wilson(3, 20)[1]
    low, high = own["answered"]["interval"]
    assert low < 16 / 17 < high == 1


def test_without_accepted_digits_their_metrics_are_none():
    for writers in (None, WRITERS):
        own = measure_rejection(writers, np.ones(20))["digits"]["own"]
        assert own["refused"] == 1
        assert own["answered"] == {"samples": 0, "errors": 0, "accuracy": None, "interval": None}


def test_false_accepts_are_sorted_by_confidence_without_rejected_ones():
    confidences = np.array([0.6, 0.9, 0.99, 0.9])
    probabilities = np.where(np.eye(10, dtype=bool)[[1, 2, 3, 4]], confidences[:, None], 0)
    scores = np.array([0.2, 0.4, 0.8, 0.3])
    assert list(rejection_metrics.most_confident_false_accepts(probabilities, scores, 0.5)) == [
        3,
        1,
        0,
    ]


def test_false_rejects_are_sorted_by_score():
    assert list(
        rejection_metrics.most_confident_false_rejects(np.array([0.6, 0.5, 0.9, 0.1]), 0.5)
    ) == [2, 0]
