"""Intervals over writers and paired comparisons, on data with known error rates."""

import numpy as np
import pytest

from train.evaluation import metrics
from train.evaluation.intervals import compare, over_writers


def one_hot(readings: list[int] | np.ndarray) -> np.ndarray:
    """Return probabilities of 1 for these readings."""
    return np.eye(10)[np.asarray(readings)]


def sample_writers(random: np.random.Generator, rates: np.ndarray, each: int) -> tuple:
    """Return labels, writers and misread flags for writers with these error rates."""
    writers = np.repeat([f"writer {n}" for n in range(len(rates))], each)
    wrong = random.random(len(writers)) < np.repeat(rates, each)
    return random.integers(0, 10, len(writers)), writers, wrong


def test_micro_averages_over_digits_and_macro_over_writers():
    labels, readings = np.zeros(12, int), [0] * 10 + [1, 1]
    writers = np.array(["much"] * 10 + ["little"] * 2)
    people = metrics.measure(labels, one_hot(readings), writers)["writers"]
    assert (people["count"], people["micro"]) == (2, pytest.approx(10 / 12))
    assert people["macro"] == pytest.approx(0.5)
    assert people["worst"] == [{"writer": "little", "samples": 2, "errors": 2, "accuracy": 0.0}]


def test_intervals_over_writers_cover_the_true_value_as_often_as_claimed():
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(60):
        rates = random.beta(1, 9, 40)  # a mean of one tenth and a wide spread between writers
        labels, writers, wrong = sample_writers(random, rates, 25)
        people = over_writers(labels, (labels + wrong) % 10, writers)
        low, high = people["macro_interval"]
        assert low < people["macro"] < high
        covered += low <= 0.9 <= high
    assert covered >= 51  # 95% of 60 is 57; fewer than 51 has a probability of 0.001


def test_an_interval_over_writers_is_wider_than_one_over_digits_if_writers_differ():
    labels, writers, wrong = sample_writers(np.random.default_rng(2), np.repeat([0.0, 0.5], 20), 30)
    readings = (labels + wrong) % 10
    low, high = metrics.measure(labels, one_hot(readings), writers)["interval"]
    closer_low, closer_high = metrics.measure(labels, one_hot(readings))["interval"]
    assert high - low > 1.5 * (closer_high - closer_low)


def test_the_same_readings_give_the_same_intervals():
    labels, writers, wrong = sample_writers(np.random.default_rng(3), np.full(9, 0.2), 20)
    one, two = (metrics.measure(labels, one_hot((labels + wrong) % 10), writers) for _ in "ab")
    assert one == two


def test_writers_with_few_digits_do_not_top_the_worst_writers():
    labels = np.zeros(33, int)
    writers = np.array(["brief"] * 3 + ["poor"] * 20 + ["good"] * 10)
    readings = [1, 1, 1] + [1] * 5 + [0] * 15 + [0] * 10
    worst = metrics.measure(labels, one_hot(readings), writers)["writers"]["worst"]
    assert [each["writer"] for each in worst] == ["poor", "brief"]


def test_a_comparison_counts_digits_that_only_one_network_misreads():
    labels = np.zeros(10, int)
    here, there = [0] * 8 + [1, 1], [1] * 4 + [0] * 5 + [1]
    found = compare(labels, None, one_hot(here), one_hot(there))
    assert (found["samples"], found["writers"]) == (10, None)
    assert (found["errors"], found["errors_against"]) == (2, 5)
    assert (found["only_here_wrong"], found["only_there_wrong"]) == (1, 4)
    assert found["micro"]["difference"] == pytest.approx(0.3)
    assert found["micro"]["reduction"] == pytest.approx(0.6)


def test_a_comparisons_interval_contains_a_known_error_reduction():
    random = np.random.default_rng(11)
    labels, writers, wrong = sample_writers(random, random.beta(2, 18, 50), 80)
    corrected = wrong & (random.random(len(wrong)) < 0.5)  # half of the other's errors, by chance
    readings = (labels + (wrong & ~corrected)) % 10, (labels + wrong) % 10
    found = compare(labels, writers, *map(one_hot, readings))
    for kind in ("micro", "macro"):
        low, high = found[kind]["reduction_interval"]
        assert low < 0.5 < high
        assert high - low < 0.25
        assert low < found[kind]["reduction"] < high


def test_a_paired_difference_has_a_narrower_interval_than_each_accuracy():
    labels, writers, wrong = sample_writers(np.random.default_rng(4), np.linspace(0, 0.6, 40), 30)
    fewer = wrong & (np.arange(len(wrong)) % 5 > 0)
    readings = (labels + fewer) % 10, (labels + wrong) % 10
    found = compare(labels, writers, *map(one_hot, readings))["macro"]
    paired = np.ptp(found["difference_interval"])
    assert found["difference_interval"][0] > 0
    assert paired < np.ptp(found["accuracy_interval"])


def test_a_comparison_without_errors_has_no_reduction():
    labels = np.arange(10)
    found = compare(labels, None, one_hot(labels), one_hot(labels))
    assert found["micro"]["reduction"] is None
    assert found["micro"]["reduction_interval"] is None
    assert found["micro"]["difference"] == 0
