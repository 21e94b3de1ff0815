"""The rejection threshold limits the false rejects of every set of digits."""

import numpy as np
import pytest

from train.evaluation.rejection import (
    CURVE_POINTS,
    MAX_FALSE_REJECTS_UPPER_BOUND,
    choose_threshold,
    rejection_curve,
    rejection_rate,
    upper_bound,
)


def test_no_set_exceeds_the_maximum_rejection_rate():
    rng = np.random.default_rng(0)
    easy, hard = rng.uniform(0, 0.5, 1000), rng.uniform(0, 1, 300)
    limit = choose_threshold({"easy": easy, "hard": hard}, rate=0.01)
    assert rejection_rate(hard, limit) == pytest.approx(0.01)
    assert rejection_rate(easy, limit) == 0


def test_the_threshold_is_the_lowest_within_the_maximum_rate():
    scores = np.arange(200) / 200
    limit = choose_threshold({"all": scores}, rate=0.01)
    assert limit == scores[-3]
    assert rejection_rate(scores, limit) == 0.01
    assert rejection_rate(scores, np.nextafter(limit, 0)) > 0.01


def test_the_threshold_leaves_a_margin_if_writers_differ():
    rng = np.random.default_rng(3)
    writers = np.repeat([f"w{number}" for number in range(40)], 50)
    scores = rng.uniform(0, 0.9, 2000)
    scores[:20] = rng.uniform(0.9, 1, 20)  # one writer has all of the top one percent
    pooled = choose_threshold({"ink": scores})
    assert rejection_rate(scores, pooled) == 0.01
    limit = choose_threshold({"ink": scores}, {"ink": writers})
    assert rejection_rate(scores, limit) < 0.007
    assert (
        upper_bound(scores > limit, writers)
        <= MAX_FALSE_REJECTS_UPPER_BOUND
        < upper_bound(scores > pooled, writers)
    )
    assert limit < 1


def test_a_few_digits_are_all_accepted():
    scores = np.array([0.1, 0.9, 0.3])
    assert rejection_rate(scores, choose_threshold({"all": scores}, rate=0.01)) == 0


def test_a_score_at_the_threshold_is_accepted():
    assert rejection_rate(np.array([0.5, 0.5, 0.6]), 0.5) == pytest.approx(1 / 3)


def test_tied_scores_do_not_exceed_the_maximum_rate():
    scores = np.concatenate([np.zeros(10), np.full(90, 0.7)])
    assert rejection_rate(scores, choose_threshold({"all": scores}, rate=0.5)) == 0


def test_rejection_rates_rise_along_the_curve():
    rng = np.random.default_rng(1)
    digits = {"a": rng.beta(1, 9, 2000), "b": rng.beta(1, 5, 1000)}
    points = rejection_curve(digits, {"letters": rng.beta(5, 2, 500)})
    assert len(points) == CURVE_POINTS
    all_digits = np.concatenate(list(digits.values()))
    assert rejection_rate(all_digits, points[0]["threshold"]) == pytest.approx(0.001)
    assert rejection_rate(all_digits, points[-1]["threshold"]) == pytest.approx(0.2)
    for before, after in zip(points, points[1:], strict=False):
        assert before["threshold"] > after["threshold"]
        assert all(before["digits"][name] <= after["digits"][name] for name in digits)
        assert before["negatives"]["letters"] <= after["negatives"]["letters"]
    one = points[30]
    assert one["digits"]["b"] == rejection_rate(digits["b"], one["threshold"])
    assert one["digits"]["b"] > one["digits"]["a"]
