"""Who is refused and what is left, against counts that are known."""

import numpy as np
import pytest

from train.evaluation import rejection_metrics
from train.evaluation.metrics import wilson
from train.samples.prepare import TestSet

PIXELS = np.zeros((20, 28, 28), np.uint8)
LABELS = np.arange(20) % 10
SAID = np.eye(10)[np.where(np.arange(20) < 4, 7, LABELS)]  # the first four are misread
SCORES = np.where(np.arange(20) < 3, 0.9, 0.1)  # three of these are refused, all by one writer
WRITERS = np.repeat(["one", "two", "three", "four"], 5)


def measured(writers: np.ndarray | None = None, scores: np.ndarray = SCORES) -> dict:
    test = TestSet("own", PIXELS, LABELS, writers)
    non_digits = np.array([0.9, 0.5, 0.95, 0.1])
    return rejection_metrics.measure(
        [test], {"own": SAID}, {"own": scores, "letters": non_digits}, 0.5
    )


def test_shares_are_those_counted_by_hand():
    found = measured()
    own = found["digits"]["own"]
    assert (own["samples"], own["refused"], own["misread_and_refused"]) == (20, 0.15, 3)
    assert own["interval"] == wilson(3, 20)
    answered = own["answered"]
    assert (answered["samples"], answered["errors"]) == (17, 1)
    assert answered["accuracy"] == pytest.approx(16 / 17)
    assert answered["interval"] == wilson(16, 17)
    letters = found["negatives"]["letters"]
    assert letters == {"samples": 4, "refused": 0.5, "interval": wilson(2, 4)}


def test_what_is_no_digit_has_no_part_in_the_digits_of_the_curve():
    for point in measured()["curve"]:
        assert (list(point["digits"]), list(point["negatives"])) == (["own"], ["letters"])


def test_where_writers_are_known_intervals_are_over_them():
    own = measured(WRITERS)["digits"]["own"]
    assert own["interval_over"] == "writers"
    # All three are of one writer in four, who is never drawn, or always, in some resamples.
    low, high = own["interval"]
    assert low == 0
    assert high > wilson(3, 20)[1]
    low, high = own["answered"]["interval"]
    assert low < 16 / 17 < high == 1


def test_where_nothing_is_answered_nothing_is_said_of_answers():
    for writers in (None, WRITERS):
        own = measured(writers, np.ones(20))["digits"]["own"]
        assert own["refused"] == 1
        assert own["answered"] == {"samples": 0, "errors": 0, "accuracy": None, "interval": None}


def test_the_surest_readings_of_strangers_come_first_and_refused_ones_not_at_all():
    sure = np.array([0.6, 0.9, 0.99, 0.9])
    probabilities = np.where(np.eye(10, dtype=bool)[[1, 2, 3, 4]], sure[:, None], 0)
    scores = np.array([0.2, 0.4, 0.8, 0.3])
    assert list(rejection_metrics.most_confident_false_accepts(probabilities, scores, 0.5)) == [
        3,
        1,
        0,
    ]


def test_the_surest_refusals_come_first():
    assert list(
        rejection_metrics.most_confident_false_rejects(np.array([0.6, 0.5, 0.9, 0.1]), 0.5)
    ) == [2, 0]
