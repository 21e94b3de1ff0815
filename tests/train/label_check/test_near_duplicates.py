"""Drawings that are there twice: found however they were moved, and not where hands are alike."""

import numpy as np

from tests.train.conftest import SHAPES
from train.label_check.near_duplicates import find_near_duplicates
from train.samples.augment import augment_strokes


def changed(drawing, scale=1.0, shift=0.0, places=None):
    points = [[[scale * x + shift for x in point[:2]] for point in stroke] for stroke in drawing]
    return points if places is None else np.round(points, places).tolist()


def test_the_same_ink_is_found_wherever_and_however_large_it_stands():
    drawings = [SHAPES[3], SHAPES[7], changed(SHAPES[3], 40, -7), changed(SHAPES[7], 0.01)]
    assert find_near_duplicates(drawings) == [(0, 2), (1, 3)]


def test_rounded_ink_is_almost_the_same():
    fine = changed(SHAPES[2], 100 / 7)
    assert find_near_duplicates([fine, changed(fine, places=0)]) == [(0, 1)]


def test_each_repetition_is_told_once_and_after_what_it_repeats():
    assert find_near_duplicates([SHAPES[5]] * 3) == [(0, 1), (0, 2)]


def test_digits_that_were_written_anew_are_hardly_ever_the_same():
    rng = np.random.default_rng(4)
    shapes = [SHAPES[digit] for digit in (0, 2, 3, 4, 5, 6, 7, 8, 9)]
    assert (
        len(
            find_near_duplicates(
                [augment_strokes(shape, rng)[0] for shape in shapes for _ in range(20)]
            )
        )
        < 6
    )


def test_strokes_count_and_dots_have_a_place():
    assert find_near_duplicates([[[[0, 0], [1, 0], [2, 0]]], [[[0, 0]], [[1, 0], [2, 0]]]]) == []
    assert find_near_duplicates([[[[5, 5]]], [[[9, 9, 30]]]]) == [(0, 1)]


def test_more_drawings_than_are_compared_at_once():
    rng = np.random.default_rng(5)
    drawings = [[rng.uniform(0, 1, (6, 2)).tolist()] for _ in range(700)]
    assert find_near_duplicates([*drawings, drawings[3], drawings[650]]) == [(3, 700), (650, 701)]
