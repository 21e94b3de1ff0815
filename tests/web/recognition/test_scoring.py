"""Scores of groups of strokes: bounds, marks and the rejection threshold, without a network."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page

SCORE = """async ([weights, threshold, shape, probabilities, notADigit]) => {
    const { FEATURES, groupScore } = await import("./recognition/scoring.js");
    const entries = FEATURES.map((name, k) => [name, weights[k]]);
    const meta = { threshold, segment: { weights: Object.fromEntries(entries) } };
    const prediction = { probabilities: new Float32Array(probabilities), notADigit };
    return [null, prediction].map(each => groupScore({ shape, prediction: each }, meta));
}"""
CLASSIFY = """async ([probabilities, notADigit, threshold]) => {
    const { classifyField } = await import("./recognition/scoring.js");
    return classifyField(new Float32Array(probabilities), notADigit, { threshold }).digit;
}"""
SHAPE = 11  # shape features; the fifth marks a group as a dot or dash
FEATURES = SHAPE + 3
UNIT = st.floats(0, 1, width=32)
WEIGHT = st.floats(-10, 10, width=32)


@given(
    weights=st.lists(WEIGHT, min_size=FEATURES, max_size=FEATURES),
    shape=st.lists(UNIT, min_size=SHAPE, max_size=SHAPE),
    mark=st.booleans(),
    probabilities=st.lists(UNIT, min_size=10, max_size=10),
    not_a_digit=st.none() | UNIT,
    threshold=st.none() | UNIT,
)
def test_without_a_prediction_the_score_is_an_upper_bound(
    blank: Page,
    weights: list[float],
    shape: list[float],
    mark: bool,
    probabilities: list[float],
    not_a_digit: float | None,
    threshold: float | None,
) -> None:
    shape = [*shape[:4], 1 if mark else 0, *shape[5:]]
    given_: list[Any] = [weights, threshold, shape, probabilities, not_a_digit]
    bound, score = blank.evaluate(SCORE, given_)
    assert bound >= score
    if mark:
        assert bound == score, "marks do not depend on the network"


def test_only_scores_above_the_threshold_are_rejected(blank: Page) -> None:
    seven = [0.0] * 7 + [1.0, 0.0, 0.0]
    assert blank.evaluate(CLASSIFY, [seven, 0.5, 0.5]) == 7
    assert blank.evaluate(CLASSIFY, [seven, 0.75, 0.5]) is None
    assert blank.evaluate(CLASSIFY, [seven, 1, None]) == 7
    assert blank.evaluate(CLASSIFY, [seven, None, 0.5]) == 7
