"""Variations of strokes: within their bounds, reproducible, and safe with dots."""

from collections.abc import Sequence

import numpy as np
import pytest

from train.ink import WIDTH, render
from train.samples import stroke_variations as variations
from train.samples.stroke_variations import (
    VARIATIONS,
    Strokes,
    augment_strokes,
    length_along,
    vary,
)

SEEDS = range(40)
SIZE = 100.0


def line(*corners: tuple[float, float], count: int = 25) -> np.ndarray:
    """Return a stroke through corners, with `count` points on each side."""
    sides = zip(corners, corners[1:], strict=False)
    return np.concatenate([np.linspace(start, end, count) for start, end in sides])


SEVEN = [line((0, 0), (60, 0), (30, 100)), line((20, 50), (55, 50))]


def each(name: str, strokes: Strokes = SEVEN) -> list[Strokes]:
    """Return the results of one variation for many seeds."""
    return [VARIATIONS[name](strokes, SIZE, np.random.default_rng(seed)) for seed in SEEDS]


def contains(stroke: np.ndarray, part: np.ndarray) -> bool:
    """Tell whether a stroke holds another's points in order, or in reverse order."""
    size = len(part)
    windows = [stroke[k : k + size] for k in range(len(stroke) - size + 1)]
    return any(np.array_equal(each, way) for each in windows for way in (part, part[::-1]))


def distance_to(stroke: np.ndarray, points: np.ndarray) -> float:
    """Return the largest distance of any point to the nearest point of a stroke."""
    return float(np.hypot(*(points[:, None] - stroke[None]).T).min(axis=0).max())


def test_without_names_nothing_changes():
    for before, after in zip(SEVEN, vary(SEVEN, (), np.random.default_rng(0)), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", VARIATIONS)
def test_each_variation_changes_some_drawings_and_is_reproducible(name: str):
    def same(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> bool:
        return len(ours) == len(theirs) and all(map(np.array_equal, ours, theirs))

    found = each(name)
    assert all(map(same, found, each(name)))
    assert any(not same(strokes, SEVEN) for strokes in found)


def test_without_lifting_the_pen_all_ink_stays_and_a_line_is_added():
    joined = [strokes for strokes in each("pen-down") if len(strokes) == 1]
    assert 0 < len(joined) < len(SEEDS)
    for (stroke,) in joined:
        assert all(contains(stroke, part) for part in SEVEN)
        assert len(stroke) > sum(map(len, SEVEN))
    reversed_bars = [stroke for (stroke,) in joined if tuple(stroke[-1]) == (20, 50)]
    assert 0 < len(reversed_bars) < len(joined)


def test_thinned_strokes_keep_their_ends_and_lie_on_the_original():
    fewer = 0
    for strokes in each("points"):
        for before, after in zip(SEVEN, strokes, strict=True):
            assert {tuple(point) for point in after} <= {tuple(point) for point in before}
            np.testing.assert_array_equal(before[[0, -1]], after[[0, -1]])
        count = sum(map(len, strokes))
        fewer += count < sum(map(len, SEVEN))
        assert count >= variations.KEPT_POINTS[0] - len(SEVEN)
    assert 0 < fewer < len(SEEDS)


def test_ends_are_cut_or_lengthened_within_bounds():
    for strokes in each("ends"):
        for before, after in zip(SEVEN, strokes, strict=True):
            assert distance_to(before, after) <= variations.OVERSHOOT * SIZE + 1e-9
            kept = length_along(after)[-1] / length_along(before)[-1]
            assert kept > 1 - 2.5 * variations.CUT


def test_a_warp_moves_no_point_far_and_keeps_lines_smooth():
    for strokes in each("warp"):
        for before, after in zip(SEVEN, strokes, strict=True):
            assert np.abs(after - before).max() <= variations.WARP * SIZE
            assert np.hypot(*np.diff(after, axis=0).T).max() < 10


def test_hooks_are_short_and_at_the_ends():
    lengths = []
    for strokes in each("hooks"):
        for before, after in zip(SEVEN, strokes, strict=True):
            assert contains(after, before)
            if tuple(after[0]) != tuple(before[0]):
                lengths.append(np.hypot(*(after[0] - after[1])))
    low, high = (bound * SIZE for bound in variations.HOOK)
    assert lengths and low <= min(lengths) and max(lengths) <= high + 1e-9


@pytest.mark.parametrize(
    "drawing",
    [[[[3, 3]]], [[[3, 3], [3, 3]], [[3, 3]]], [[[0, 0], [0, 9]], [[5, 5]]], [[[0, 0], [1e-9, 0]]]],
    ids=["dot", "dots in one place", "line and dot", "tiny line"],
)
def test_drawings_without_extent_are_rendered(drawing: list):
    for seed in SEEDS:
        varied, width = augment_strokes(drawing, np.random.default_rng(seed), tuple(VARIATIONS))
        assert render(varied, width).max() > 0.5


def test_an_augmented_drawing_keeps_its_strokes_and_drops_its_times():
    timed = [[[0, 0, 0], [8, 0, 10], [3, 10, 30]], [[2, 5, 60], [7, 5, 80]]]
    drawing, width = augment_strokes(timed, np.random.default_rng(0))
    assert [np.shape(stroke) for stroke in drawing] == [(3, 2), (2, 2)]
    assert 0.6 * WIDTH <= width <= 1.6 * WIDTH
    again, _ = augment_strokes(timed, np.random.default_rng(0))
    assert again == drawing
    assert augment_strokes(timed, np.random.default_rng(1))[0] != drawing
