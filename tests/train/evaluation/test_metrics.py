"""The report's metrics, compared with values computed by hand or known by construction."""

import numpy as np
import pytest

from train.evaluation import metrics


def predict_with(readings: list[int] | np.ndarray, confidence: float = 0.91) -> np.ndarray:
    """Return probabilities that read so with this confidence; the other digits share the rest."""
    rest = (1 - confidence) / 9
    return np.where(np.eye(10, dtype=bool)[np.asarray(readings)], confidence, rest)


def test_counts_and_class_metrics_match_hand_computed_values():
    labels, readings = np.array([0, 0, 0, 1, 1, 2]), [0, 0, 1, 1, 1, 0]
    found = metrics.measure(labels, predict_with(readings))
    assert (found["samples"], found["errors"], found["accuracy"]) == (6, 2, pytest.approx(4 / 6))
    assert found["confusion"][0][:3] == [2, 1, 0]
    assert found["confusion"][2][:3] == [1, 0, 0]
    zero, one, two, three = found["classes"][:4]
    assert (zero["precision"], zero["recall"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (one["precision"], one["recall"]) == (pytest.approx(2 / 3), 1)
    assert one["f1"] == pytest.approx(0.8)
    assert (two["precision"], two["recall"], two["f1"]) == (None, 0, 0)
    assert (three["recall"], three["f1"], three["support"]) == (None, None, 0)


def test_probability_scores_match_hand_computed_values():
    found = metrics.measure(np.array([3, 3]), predict_with([3, 4]))
    assert found["negative_log_likelihood"] == pytest.approx(-np.log([0.91, 0.01]).mean())
    right = 0.09**2 + 9 * 0.01**2
    wrong = 0.99**2 + 0.91**2 + 8 * 0.01**2
    assert found["brier"] == pytest.approx((right + wrong) / 2)
    assert found["calibration_error"] == pytest.approx(0.91 - 0.5)
    (only,) = found["reliability"]
    assert (only["samples"], only["from"], only["accuracy"]) == (2, 0.9, 0.5)


def test_a_zero_probability_of_the_label_has_a_finite_likelihood():
    found = metrics.measure(np.array([1]), np.eye(10)[[0]])
    assert np.isfinite(found["negative_log_likelihood"])


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


def test_undoing_the_temperature_restores_the_uncalibrated_probabilities():
    logits = np.random.default_rng(0).normal(0, 3, (50, 10))
    found = metrics.undo_temperature(softmax(logits / 1.7).astype(np.float32), 1.7)
    np.testing.assert_allclose(found, softmax(logits), rtol=1e-5)


def test_uncalibrated_probabilities_are_measured_if_the_temperature_is_known():
    logits = np.random.default_rng(1).normal(0, 3, (200, 10))
    labels = logits.argmax(axis=1)
    found = metrics.measure(labels, softmax(logits / 2), temperature=2)
    plain = metrics.measure(labels, softmax(logits))
    for name in ("negative_log_likelihood", "brier", "calibration_error"):
        assert found["uncalibrated"][name] == pytest.approx(plain[name])
        assert found[name] > 1.1 * plain[name], "uncalibrated, all are right and more confident"
    assert found["uncalibrated"]["unsure"]["samples"] == plain["unsure"]["samples"]
    assert plain["uncalibrated"] is None


def test_low_confidence_is_between_50_and_90_percent():
    groups = [predict_with([1], 0.45), predict_with([1, 1, 2], 0.7), predict_with([2], 0.95)]
    probabilities = np.concatenate(groups)
    found = metrics.measure(np.array([0, 1, 1, 2, 0]), probabilities)["unsure"]
    assert (found["samples"], found["accuracy"]) == (3, 1)
    assert found["confidence"] == pytest.approx(0.7)
    assert found["interval"] == metrics.wilson(3, 3)
    mistaken = metrics.measure(np.array([0, 0, 1, 2, 0]), probabilities)["unsure"]
    assert mistaken["accuracy"] == pytest.approx(2 / 3)


def test_without_low_confidence_readings_their_metrics_are_none():
    found = metrics.measure(np.array([1, 2]), predict_with([1, 2], 0.95))["unsure"]
    assert found == {"samples": 0, "confidence": None, "accuracy": None, "interval": None}


def test_wilsons_interval_matches_a_published_example():
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", 1998: 81 of 263.
    assert metrics.wilson(81, 263) == pytest.approx([0.2553, 0.3662], abs=1e-4)
    assert metrics.wilson(10, 10)[1] == pytest.approx(1)


@pytest.mark.parametrize(("right", "samples"), [(0, 7), (1, 1), (3, 20), (81, 263), (9959, 10000)])
def test_wilsons_interval_matches_the_closed_form(right: int, samples: int):
    z, share = 1.959963984540054, right / samples  # z: 97.5% of a normal distribution lie below
    middle = (share + z**2 / (2 * samples)) / (1 + z**2 / samples)
    half = z * np.sqrt(share * (1 - share) / samples + (z / (2 * samples)) ** 2)
    half /= 1 + z**2 / samples
    expected = [middle - half, middle + half]
    assert metrics.wilson(right, samples) == pytest.approx(expected, abs=1e-12)


def test_confused_pairs_are_sorted_by_frequency_without_the_diagonal():
    matrix = np.diag(np.full(10, 50))
    matrix[4, 9], matrix[7, 1], matrix[2, 7] = 3, 8, 1
    assert metrics.confused_pairs(matrix, 2) == [(7, 1, 8), (4, 9, 3)]
