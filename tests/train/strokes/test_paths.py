"""The path of the pen: sampling, features and random variation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.strokes.paths import CHANNELS, POINTS, features, sample_path, sample_paths, vary_paths

SEVEN = [[[0, 0], [6, 0], [2, 9]]]
CROSSED = [*SEVEN, [[1, 5], [6, 5]]]
points = st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=8)


@given(st.lists(points, min_size=1, max_size=4))
def test_every_path_has_its_points_in_the_box(drawing: list):
    path = sample_path(drawing)
    assert path.shape == (POINTS, 3) and np.isfinite(path).all()
    assert np.abs(path).max() <= 1 + 1e-9
    assert np.isfinite(features(path[None])).all()


def test_points_lie_at_equal_distances():
    line = sample_path([[[0, 0], [1, 0], [10, 0]]])
    np.testing.assert_allclose(np.diff(line[:, 0]), 2 / (POINTS - 1))


def test_neither_speed_nor_size_nor_place_changes_a_path():
    slow = [[[3 * x + 7, 3 * y - 2] for x, y in [[0, 0], [2, 0], [4, 0], [6, 0], [4, 4.5], [2, 9]]]]
    np.testing.assert_allclose(sample_path(slow), sample_path(SEVEN), atol=1e-9)


def test_the_pen_is_up_between_strokes():
    down = sample_path(CROSSED)[:, 2]
    assert set(down) == {0, 1}
    assert list(np.diff(down)[np.diff(down) != 0]) == [-1, 1]  # on the way to the bar


@pytest.mark.parametrize("dot", [[[[5, 5]]], [[[5, 5], [5, 5]], [[5, 5]]]])
def test_a_dot_has_no_path(dot: list):
    assert not sample_path(dot).any()


def test_a_turn_to_the_right_has_a_positive_sine():
    path = sample_path([[[0, 0], [1, 0], [1, 1]]])  # y points down
    turns = features(path[None])[0, :, 0, 6]
    assert turns.max() > 0.5 and turns[1:].min() > -1e-4


def test_features_have_the_shape_of_the_network():
    assert features(sample_paths([SEVEN, CROSSED])).shape == (2, POINTS, 1, CHANNELS)


def test_varied_paths_stay_in_the_box_and_differ():
    paths = sample_paths([SEVEN] * 20)
    varied = vary_paths(paths, 3, np.random.default_rng(0))
    assert np.abs(varied[..., :2]).max() <= 1 + 1e-6
    assert len(np.unique(varied.round(4), axis=0)) == 20
    np.testing.assert_array_equal(varied[..., 2], paths[..., 2])
