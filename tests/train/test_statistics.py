"""Figures of the report, against values worked out by hand or known by construction."""

import numpy as np
import pytest

from train import statistics


def sure(readings: list[int] | np.ndarray, confidence: float = 0.91) -> np.ndarray:
    """Probabilities of these readings, each with one confidence, the rest shared out."""
    rest = (1 - confidence) / 9
    return np.where(np.eye(10, dtype=bool)[np.asarray(readings)], confidence, rest)


def test_counts_and_classes_are_those_worked_out_by_hand():
    labels, readings = np.array([0, 0, 0, 1, 1, 2]), [0, 0, 1, 1, 1, 0]
    found = statistics.measure(labels, sure(readings))
    assert (found["samples"], found["errors"], found["accuracy"]) == (6, 2, pytest.approx(4 / 6))
    assert found["confusion"][0][:3] == [2, 1, 0]
    assert found["confusion"][2][:3] == [1, 0, 0]
    zero, one, two, three = found["classes"][:4]
    assert (zero["precision"], zero["recall"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (one["precision"], one["recall"]) == (pytest.approx(2 / 3), 1)
    assert one["f1"] == pytest.approx(0.8)
    assert (two["precision"], two["recall"], two["f1"]) == (None, 0, 0)
    assert (three["recall"], three["f1"], three["support"]) == (None, None, 0)


def test_scores_of_probabilities_are_those_worked_out_by_hand():
    found = statistics.measure(np.array([3, 3]), sure([3, 4]))
    assert found["negative_log_likelihood"] == pytest.approx(-np.log([0.91, 0.01]).mean())
    right = 0.09**2 + 9 * 0.01**2
    wrong = 0.99**2 + 0.91**2 + 8 * 0.01**2
    assert found["brier"] == pytest.approx((right + wrong) / 2)
    assert found["calibration_error"] == pytest.approx(0.91 - 0.5)
    (only,) = found["reliability"]
    assert (only["samples"], only["from"], only["accuracy"]) == (2, 0.9, 0.5)


def test_a_probability_of_zero_for_the_truth_stays_finite():
    found = statistics.measure(np.array([1]), np.eye(10)[[0]])
    assert np.isfinite(found["negative_log_likelihood"])


def test_wilsons_interval_agrees_with_its_published_example():
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", 1998: 81 of 263.
    assert statistics.wilson(81, 263) == pytest.approx([0.2553, 0.3662], abs=1e-4)
    assert statistics.wilson(10, 10)[1] == pytest.approx(1)


def test_confused_pairs_come_most_frequent_first_and_without_the_diagonal():
    matrix = np.diag(np.full(10, 50))
    matrix[4, 9], matrix[7, 1], matrix[2, 7] = 3, 8, 1
    assert statistics.confused_pairs(matrix, 2) == [(7, 1, 8), (4, 9, 3)]
