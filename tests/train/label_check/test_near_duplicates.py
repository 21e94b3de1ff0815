"""Near-duplicates are found after moving and scaling; similar handwriting does not count."""

import numpy as np

from tests.train.conftest import SHAPES
from train.label_check.near_duplicates import find_near_duplicates
from train.samples.stroke_variations import augment_strokes


def transform(drawing, scale=1.0, shift=0.0, places=None):
    points = [[[scale * x + shift for x in point[:2]] for point in stroke] for stroke in drawing]
    return points if places is None else np.round(points, places).tolist()


def test_a_moved_or_scaled_drawing_is_a_duplicate():
    drawings = [SHAPES[3], SHAPES[7], transform(SHAPES[3], 40, -7), transform(SHAPES[7], 0.01)]
    assert find_near_duplicates(drawings) == [(0, 2), (1, 3)]


def test_a_drawing_with_rounded_coordinates_is_a_duplicate():
    fine = transform(SHAPES[2], 100 / 7)
    assert find_near_duplicates([fine, transform(fine, places=0)]) == [(0, 1)]


def test_each_duplicate_is_paired_once_with_the_first_drawing():
    assert find_near_duplicates([SHAPES[5]] * 3) == [(0, 1), (0, 2)]


def test_digits_written_again_are_rarely_duplicates():
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


def test_the_division_into_strokes_matters_and_a_dots_position_does_not():
    assert find_near_duplicates([[[[0, 0], [1, 0], [2, 0]]], [[[0, 0]], [[1, 0], [2, 0]]]]) == []
    assert find_near_duplicates([[[[5, 5]]], [[[9, 9, 30]]]]) == [(0, 1)]


def test_duplicates_are_found_among_more_drawings_than_fit_in_one_comparison():
    rng = np.random.default_rng(5)
    drawings = [[rng.uniform(0, 1, (6, 2)).tolist()] for _ in range(700)]
    assert find_near_duplicates([*drawings, drawings[3], drawings[650]]) == [(3, 700), (650, 701)]
