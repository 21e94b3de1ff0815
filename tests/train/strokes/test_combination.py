"""Combining the predictions of both networks."""

import numpy as np
import pytest

from train.evaluation.predictions import Predictions
from train.strokes.combination import Combination, combine, fit_combination, is_doubtful, logit

EQUAL = Combination(1, 1, 0.5, 0.5, 0)


def row(digit: int, probability: float) -> np.ndarray:
    """Return ten probabilities, the rest of them shared equally."""
    made = np.full(10, (1 - probability) / 9)
    made[digit] = probability
    return made


def classes(digit: int, probability: float, non_digit: float) -> np.ndarray:
    return np.append(row(digit, probability) * (1 - non_digit), non_digit)


@pytest.mark.parametrize(
    ("probability", "score", "doubtful"),
    [(0.95, 0.05, False), (0.8, 0.05, True), (0.95, 0.5, True), (0.5, 0.995, False)],
)
def test_unlikely_digits_and_middling_scores_are_doubtful(
    probability: float, score: float, doubtful: bool
):
    images = Predictions(row(3, probability)[None], np.array([score]))
    assert is_doubtful(images)[0] == doubtful


def test_what_is_sure_stays_as_it_is():
    images = Predictions(row(3, 0.99)[None], np.array([0.01]))
    found = combine(images, classes(5, 0.99, 0.5)[None], EQUAL)
    np.testing.assert_array_equal(found.probabilities, images.probabilities)
    np.testing.assert_array_equal(found.scores, images.scores)


def test_the_surer_network_decides_a_doubtful_digit():
    images = Predictions(np.array([row(2, 0.6)] * 2), np.full(2, 0.05))
    paths = np.array([classes(7, 0.95, 0.01), classes(7, 0.3, 0.01)])
    found = combine(images, paths, EQUAL).probabilities
    assert list(found.argmax(axis=1)) == [7, 2]
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_a_score_moves_towards_the_second_networks():
    images = Predictions(np.array([row(2, 0.99)] * 2), np.full(2, 0.9))
    found = combine(images, np.array([classes(2, 0.9, 0.01), classes(2, 0.9, 0.99)]), EQUAL)
    assert found.scores[0] < 0.5 < 0.9 < found.scores[1]


def test_the_fit_trusts_the_network_that_is_right_and_keeps_the_rate_of_rejection():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 600)
    wrong = (labels + 1) % 10
    # The first network is right about half of the digits, the second about nine in ten.
    seen = np.where(rng.random(600) < 0.5, labels, wrong)
    traced = np.where(rng.random(600) < 0.9, labels, wrong)
    images = Predictions(np.array([row(k, 0.7) for k in seen]), rng.uniform(0.2, 0.9, 600))
    paths = np.array([classes(k, 0.8, rng.uniform(0, 0.4)) for k in traced])
    others = Predictions(np.array([row(1, 0.7)] * 600), rng.uniform(0.4, 0.98, 600))
    other_paths = np.array([classes(1, 0.5, rng.uniform(0.6, 1)) for _ in range(600)])
    weights = fit_combination((images, paths, labels), (others, other_paths), 0.8)
    assert weights.path > 2 * weights.image and weights.path_score > 0
    found = combine(images, paths, weights)
    assert (found.probabilities.argmax(axis=1) == labels).mean() > 0.85
    assert (found.scores > 0.8).mean() < (images.scores > 0.8).mean() / 2
    rejected = [
        (each.scores > 0.8).mean() for each in (others, combine(others, other_paths, weights))
    ]
    assert rejected[1] == pytest.approx(rejected[0], abs=0.01)


def test_log_odds_are_bounded():
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
