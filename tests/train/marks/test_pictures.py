"""Composed strings, drawn as photographs."""

import numpy as np
import pytest

from tests.train.marks.drawn import SHAPES, drawn_ink
from train.marks.composition import Composer
from train.marks.pictures import FINE, Picture, draw, is_even
from train.samples.numbers import Number


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    ink = drawn_ink()
    composer = Composer(ink.digits["train"], ink.non_digits["symbols"]["train"])
    placed = []
    for k, mark in enumerate(label for label in SHAPES if not label.isalnum()):
        rng = np.random.default_rng(k)
        own = composer.writers[0]
        text = f"7{mark}0"
        symbols = [composer.choose(own, label, rng) for label in text]
        strokes = [stroke + [200.0 * n, 0] for n, each in enumerate(symbols) for stroke in each]
        counts = np.cumsum([0, *map(len, symbols)])
        groups = [list(range(*each)) for each in zip(counts, counts[1:], strict=False)]
        placed.append(draw(Number(text, [s.tolist() for s in strokes], groups), rng))
    return placed


def test_each_symbol_is_inked_in_its_box_and_nothing_is_outside(pictures: list[Picture]) -> None:
    for picture in pictures:
        paper = np.median(picture.pixels, axis=0)
        inked = picture.pixels < 0.72 * paper
        outside = inked.copy()
        for left, top, right, bottom in picture.boxes.round().astype(int):
            assert inked[top : bottom + 1, left : right + 1].any(), picture.text
            outside[max(0, top - 1) : bottom + 2, max(0, left - 1) : right + 2] = False
        assert outside.sum() < 0.001 * outside.size, picture.text


def test_boxes_stand_from_left_to_right_within_the_picture(pictures: list[Picture]) -> None:
    for picture in pictures:
        rows, columns = picture.pixels.shape
        assert len(picture.boxes) == len(picture.text) == 3
        assert (np.diff(picture.boxes[:, 0]) > 0).all()
        assert (picture.boxes >= 0).all()
        assert (picture.boxes[:, 2:] <= [columns + 1 / FINE, rows + 1 / FINE]).all()


def test_images_take_the_place_of_digits_and_what_is_behind_them_moves() -> None:
    strokes = [[[0, 0], [0, 20]], [[8, 19], [8, 19]], [[16, 0], [16, 20]]]
    written = Number("1.1", strokes, [[0], [1], [2]])
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 4:24] = 255
    images = {str(digit): [image] for digit in range(10)}
    own, other = (draw(written, np.random.default_rng(2), each) for each in (None, images))
    sides = other.boxes[:, 2:] - other.boxes[:, :2]
    assert sides[0] == pytest.approx(sides[0][1], rel=0.02), "as wide as high"
    moved = other.boxes[:, 0] - own.boxes[:, 0]
    assert moved[0] == 0 and moved[1] == pytest.approx(moved[2]) and moved[1] > 10
    left, top, right, bottom = other.boxes[0].round().astype(int)
    light = np.median(other.pixels)
    assert (other.pixels[top + 2 : bottom - 2, left + 2 : right - 2] < 0.72 * light).all()


@pytest.mark.parametrize(("size", "even"), [(2.0, True), (4.0, False)])
def test_strings_in_several_scales_are_told(size: float, even: bool) -> None:
    strokes = [[[0, 0], [0, 10]], [[20, 0], [20, 10 * size]], [[12, 9], [12, 9]]]
    assert is_even(Number("11.", strokes, [[0], [1], [2]])) == even
