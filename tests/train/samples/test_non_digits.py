"""Non-digits do not look like digits, are varied and depend only on the seed."""

import numpy as np
import pytest

from train.data.unipen.characters import Ink
from train.ink import render
from train.samples import non_digits

SEVEN = [
    [*([x, 0] for x in range(7)), *([6 - 4 * k / 9, k] for k in range(10))],
    [[2, 4], [5, 4]],
]
ZERO = [[[5 + 4 * np.cos(t), 6 - 6 * np.sin(t)] for t in np.linspace(0, 6.28, 40)]]
ONE = [[[3, 0], [3, 5], [3, 10]]]
INKS = [Ink(strokes, label, "lab/one", label) for label, strokes in (("7", SEVEN), ("0", ZERO))]
KINDS = ("fragments", "pairs", "joined_pairs")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def length(drawing: list) -> float:
    return sum(np.hypot(*np.diff(np.array(stroke), axis=0).T).sum() for stroke in drawing)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_makes_the_same_drawings(kind: str):
    first, again = (getattr(non_digits, kind)(INKS, 20, np.random.default_rng(1)) for _ in range(2))
    assert first == again and len(first) == 20
    assert len({str(drawing) for drawing in first}) > 10


def test_a_fragment_is_part_of_one_digit(rng):
    points = {tuple(point) for ink in INKS for stroke in ink.strokes for point in stroke}
    longest = max(length(ink.strokes) for ink in INKS)
    for drawing in non_digits.fragments(INKS, 60, rng):
        assert {tuple(point) for stroke in drawing for point in stroke} <= points
        assert 0 < length(drawing) < 0.6 * longest


def test_a_fragment_that_resembles_a_one_is_left_out(rng):
    assert non_digits.resembles_one(render(ONE))
    assert non_digits.resembles_one(render([[[0, 10], [4, 0]]]))
    assert not non_digits.resembles_one(render([[[0, 3], [10, 3]]]))
    assert not non_digits.resembles_one(render(ZERO))
    four = [Ink([[[5, 0], [5, 12]], [[2, 0], [0, 6], [8, 6]]], "4", "lab/one", "4")]
    made = non_digits.fragments(four, 4, rng)
    assert made and all(set(map(tuple, stroke)) <= {(2, 0), (0, 6), (8, 6)} for (stroke,) in made)
    assert non_digits.fragments([Ink(ONE, "1", "lab/one", "1")], 4, rng) == []


def test_a_pair_is_two_digits_of_one_writer_side_by_side(rng):
    others = [Ink([[[0, 0], [50, 50], [0, 90]]], "3", "lab/two", "3")]
    widths = set()
    for drawing in non_digits.pairs(INKS + others, 60, rng):
        points = np.concatenate([np.array(stroke) for stroke in drawing])
        height = np.ptp(points[:, 1])
        assert height < 14 or 85 < height < 110  # never of two writers
        widths.add(round(np.ptp(points[:, 0]) / height, 1))
    assert len(widths) > 4


def test_scribbles_are_of_several_kinds_and_none_resembles_a_one(rng):
    made = non_digits.scribbles(80, rng)
    assert {len(stroke) for drawing in made for stroke in drawing} >= {120, 160}
    for drawing in made:
        points = np.concatenate([np.array(stroke) for stroke in drawing])
        assert length(drawing) > 4.9 * np.ptp(points, axis=0).max()
    assert not any(non_digits.resembles_one(render(drawing)) for drawing in made)


def test_joined_pairs_are_two_digits_in_one_stroke():
    rng = np.random.default_rng(0)
    singles = [ink for ink in INKS if len(ink.strokes) == 1]
    made = non_digits.joined_pairs(singles, 30, rng)
    assert len(made) == 30
    for drawing in made:
        assert len(drawing) == 1 and len(drawing[0]) >= 4


@pytest.mark.parametrize("kind", ["pixel_fragments", "pixel_pairs", "pixel_scribbles"])
def test_the_same_seed_makes_the_same_images_which_fill_the_field(kind: str):
    pictures = np.rint(255 * np.array([render(SEVEN), render(ZERO)])).astype(np.uint8)
    first, again = (
        getattr(non_digits, kind)(pictures, 12, np.random.default_rng(2)) for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)
    assert first.shape == (12, 28, 28) and first.dtype == np.uint8
    assert (first.reshape(12, -1).max(axis=1) > 150).all()
    assert len({image.tobytes() for image in first}) > 8


def test_fragments_skip_an_image_of_one_pixel():
    images = np.zeros((2, 28, 28), np.uint8)
    images[0, 9, 9] = 255
    images[1, 4:24, 8:20] = 255
    fragments = non_digits.pixel_fragments(images, 5, np.random.default_rng(0))
    assert len(fragments) == 5


def test_a_pair_of_images_is_wider_than_high(rng):
    pictures = np.rint(255 * np.array([render(SEVEN), render(ZERO)])).astype(np.uint8)
    for image in non_digits.pixel_pairs(pictures, 20, rng):
        rows, columns = np.nonzero(image > 100)
        assert np.ptp(columns) > np.ptp(rows)


def test_characters_that_look_like_digits_are_left_out():
    inks = [Ink(ZERO, label, "lab/one", label) for label in "OoqWe"]
    assert len(non_digits.characters(inks, "letters")) == 2
    inks = [Ink(ZERO, label, "lab/one", label) for label in "(#.="]
    assert len(non_digits.characters(inks, "symbols")) == 2
