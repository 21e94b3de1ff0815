"""What is fitted for marks: the best partition of a line, its text aligned, chances and weights."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.marks import chances as chances_of_groups
from export.marks.chances import (
    DIGIT,
    IMAGE_INPUTS,
    NEITHER,
    Chances,
    Line,
    class_of,
    fit_chances,
    rounded,
)
from export.marks.partition import align, best_partition, best_readings
from export.marks.weights import (
    MARKS,
    NAMES,
    START,
    Measured,
    count_segmented,
    fit_weights,
    is_sure_digit,
    possible_marks,
)
from train.network.build import MARK_LABELS

INPUTS = 34  # 14 that the image gives, 20 of size and place, of which the first tell groups apart
BEFORE, AFTER, STROKES = (IMAGE_INPUTS + k for k in (17, 18, 19))
DOT, DASH = MARK_LABELS.index("."), MARK_LABELS.index("-")


def line(
    text: str,
    strokes: int,
    groups: list[tuple[int, ...]],
    truth: dict[tuple[int, ...], str] | None = None,
    inputs: np.ndarray | None = None,
) -> Line:
    """Make a line whose groups all look alike, unless `inputs` are given."""
    count = len(groups)
    return Line(
        text,
        strokes,
        groups,
        list(range(strokes)),
        placed(np.zeros((count, INPUTS)), groups) if inputs is None else inputs,
        np.zeros((count, 10)),
        np.zeros(count),
        np.zeros((count, 3)),
        np.array([sum(group) / len(group) for group in groups]),
        truth,
    )


def placed(inputs: np.ndarray, groups: list[tuple[int, ...]]) -> np.ndarray:
    """Say of all groups that digits stand on both sides, and how many strokes they have."""
    inputs[:, [BEFORE, AFTER]] += 1
    inputs[:, STROKES] += [len(group) for group in groups]
    inputs[:, MARKS] -= 1  # the image says that it may be a mark
    return inputs


def covers(strokes: int, groups: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """List all partitions, by trying every set of groups."""
    return [
        chosen
        for size in range(1, len(groups) + 1)
        for chosen in itertools.combinations(range(len(groups)), size)
        if sorted(k for group in chosen for k in groups[group]) == list(range(strokes))
    ]


@st.composite
def scored(draw: st.DrawFn) -> tuple[int, list[tuple[int, ...]], list[float]]:
    strokes = draw(st.integers(1, 5))
    alone = [(k,) for k in range(strokes)]
    pairs = list(itertools.combinations(range(strokes), 2))
    groups = alone + draw(st.lists(st.sampled_from(pairs or [(0,)]), unique=True, max_size=4))
    groups = list(dict.fromkeys(groups))
    scores = draw(st.lists(st.integers(-50, 50), min_size=len(groups), max_size=len(groups)))
    return strokes, groups, [float(score) for score in scores]


@given(scored())
@settings(max_examples=60, deadline=None)
def test_the_best_partition_is_the_best_of_all(case) -> None:
    strokes, groups, scores = case
    found = best_partition(line("", strokes, groups), scores)
    assert tuple(sorted(found)) in covers(strokes, groups)
    best = max(sum(scores[k] for k in chosen) for chosen in covers(strokes, groups))
    assert sum(scores[k] for k in found) == best


@given(scored())
@settings(max_examples=40, deadline=None)
def test_the_best_readings_are_the_best_of_all(case) -> None:
    strokes, groups, scores = case
    options = [[(score, None), (score - 3.5, DOT)] for score in scores]
    found = best_readings(line("", strokes, groups), options, 5)
    every = [
        sum(scores[k] - 3.5 * dot for k, dot in zip(chosen, dots, strict=True))
        for chosen in covers(strokes, groups)
        for dots in itertools.product([0, 1], repeat=len(chosen))
    ]
    assert [score for score, _ in found] == pytest.approx(sorted(every, reverse=True)[:5])
    for score, symbols in found:
        assert score == pytest.approx(
            sum(scores[k] - 3.5 * (mark is not None) for k, mark in symbols)
        )


def test_a_text_is_aligned_from_left_to_right() -> None:
    groups = [(0,), (1,), (2,), (3,), (1, 2)]
    one = line("7-5", 4, groups)
    scores = np.zeros((5, 3))
    scores[4, 1] = 1.0  # strokes 1 and 2 together are a good dash
    assert align(one, scores) == {(0,): "7", (1, 2): "-", (3,): "5"}
    assert align(replace(one, text="7-566"), np.zeros((5, 5))) is None, "there are too few strokes"
    assert align(replace(one, text="7"), np.zeros((5, 1))) is None, "no group holds all of them"


def test_classes_are_marks_a_digit_and_neither() -> None:
    assert [class_of(each) for each in (".", "-", "4", None)] == [DOT, DASH, DIGIT, NEITHER]


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """Make lines of a digit, a mark, and a digit of two strokes; inputs tell them apart."""
    rng = np.random.default_rng(0)
    made = []
    for k in range(80):
        mark = ".-"[k % 2]
        groups = [(0,), (1,), (2,), (3,), (2, 3)]
        kinds = [
            (1, 0, 0),
            (0, 1, 0) if mark == "." else (0, 0, 1),
            (0, 0, 0),
            (0, 0, 0),
            (1, 0, 0),
        ]
        inputs = placed(rng.normal(0, 0.1, (5, INPUTS)), groups)
        inputs[:, IMAGE_INPUTS : IMAGE_INPUTS + 3] += kinds
        truth = {(0,): "1", (1,): mark, (2, 3): "4"}
        made.append(line(f"1{mark}4", 4, groups, truth, inputs))
    return made


@pytest.fixture(scope="module")
def fitted(lines: list[Line]) -> Chances:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chances_of_groups, "BATCH_SIZE", 32)  # of few groups
        for name in ("EPOCHS", "GATE_EPOCHS"):
            patch.setattr(chances_of_groups, name, 30)
        return fit_chances(lines, [1.0] * len(lines), 0)


def test_chances_tell_marks_from_digits_and_parts(lines: list[Line], fitted: Chances) -> None:
    for each in lines[:10]:
        shares = fitted.of(each.inputs)
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        expected = [class_of((each.truth or {}).get(group)) for group in each.groups]
        assert shares.argmax(axis=1).tolist() == expected


def test_the_page_gets_the_same_chances_for_inputs_as_they_are(
    lines: list[Line], fitted: Chances
) -> None:
    facts = fitted.facts()
    hidden = np.tanh(lines[0].inputs @ np.array(facts["hidden"]) + facts["hidden_bias"])
    logits = hidden @ np.array(facts["kernel"]) + facts["bias"]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, fitted.of(lines[0].inputs), atol=5e-3)
    assert rounded(np.array([1.23456, -0.000123456, 0.0])) == [1.23, -0.000123, 0.0]


def test_the_gate_knows_marks_by_their_size_and_place(lines: list[Line], fitted: Chances) -> None:
    for each in lines[:10]:
        likely = fitted.gate.of(each.inputs[:, IMAGE_INPUTS:])[:, 1] > 0.5
        assert likely.tolist() == [False, True, False, False, False]
    assert np.shape(fitted.facts()["gate"]["hidden"])[0] == INPUTS - IMAGE_INPUTS


def test_weights_segment_the_lines_and_keep_the_bound(lines: list[Line], fitted: Chances) -> None:
    measured = [Measured(each, fitted) for each in lines]
    weights = fit_weights(measured, 0)
    assert count_segmented(measured, weights) == (len(lines), len(lines))
    for name in ("probability", "neither", "digit", "digit_neither"):
        assert weights[NAMES.index(name)] >= 0, "unread groups must not score less than read ones"


def test_lines_whose_symbols_are_not_all_known_are_not_fitted_to(
    lines: list[Line], fitted: Chances
) -> None:
    whole = lines[0]
    for truth in (None, {}, {(0,): "1"}, {(0,): "1", (1,): "-", (2, 1): "4"}):
        assert Measured(replace(whole, truth=truth), fitted).truth() is None
    assert count_segmented([Measured(replace(whole, truth=None), fitted)], START) == (0, 0)


def test_a_line_is_aligned_by_what_its_groups_look_like(lines: list[Line], fitted: Chances) -> None:
    for each in lines[:6]:
        assert Measured(replace(each, truth=None), fitted).aligned(START) == each.truth


def test_marks_are_possible_where_the_page_allows_them() -> None:
    inputs = placed(np.zeros((3, INPUTS)), [(0,), (1,), (2, 3)])
    inputs[0, BEFORE] = 0  # it stands first
    inputs[2, AFTER] = 0  # it stands last
    may_be = possible_marks(inputs)
    named = ["".join(m for m, ok in zip(MARK_LABELS, row, strict=True) if ok) for row in may_be]
    assert named == [".-+($", ".,-+/()$", ".,-)%"]


def test_an_image_that_is_surely_a_digit_is_no_mark(lines: list[Line], fitted: Chances) -> None:
    inputs = lines[0].inputs.copy()
    inputs[1, MARKS], inputs[1, IMAGE_INPUTS - 1] = np.log(0.95), -5.0
    assert is_sure_digit(inputs).tolist() == [False, True, False, False, False]
    sure = Measured(replace(lines[0], inputs=inputs), fitted)
    assert np.all(np.isneginf(sure.scores(START)[1][1]))
    assert np.isfinite(Measured(lines[0], fitted).scores(START)[1][1]).any()
