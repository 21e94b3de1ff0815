import re
from collections.abc import Callable
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bench.page.photo import accuracy_row
from bench.pictures.kinds import KINDS, LUMA, pictures_of
from bench.pictures.photos import Picture, Reading, euler_number, pen_width, thinned

COUNT = 2
SEED = 4

Compose = Callable[[str], list[tuple[str, np.ndarray]]]


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return one image of each digit, in strokes two pixels wide like MNIST's."""
    segments = {"a": (8, 4, 19, 4), "b": (19, 4, 19, 13), "c": (19, 13, 19, 23)}
    segments |= {"d": (8, 23, 19, 23), "e": (8, 13, 8, 23), "f": (8, 4, 8, 13)}
    segments |= {"g": (8, 13, 19, 13)}
    shown = ["abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgecd", "abc"]
    shown += ["abcdefg", "gfabcd"]
    images = []
    for names in shown:
        image = Image.new("L", (28, 28))
        for name in names:
            ImageDraw.Draw(image).line(segments[name], 255, 2)
        images.append(np.asarray(image))
    return np.array(images), np.arange(10)


@pytest.fixture(scope="module")
def compose(digits: tuple[np.ndarray, np.ndarray]) -> Compose:
    """Return the texts and pixels of pictures of a kind, composed once."""

    @cache
    def pictures(kind: str) -> list[tuple[str, np.ndarray]]:
        return [(each.text, decoded(each)) for each in pictures_of(kind, *digits, COUNT, SEED)]

    return pictures


def decoded(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(picture.png)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_reproduces_pictures_of_each_kind(digits, compose: Compose, kind: str):
    (text, pixels), (_, other) = compose(kind)
    again = next(pictures_of(kind, *digits, 1, SEED))
    assert again.text == text
    assert np.array_equal(decoded(again), pixels)
    assert not np.array_equal(other, pixels)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("several lines", r"\d{1,7}(\n\d{1,7}){1,3}"),
        ("wide gaps", r"\d{3,6}"),
        ("numbers apart", r"\d{2,4}( \d{2,4}){1,2}"),
        ("turned", r"(?=.*[347])\d{3,6}"),
        ("straight 1", r"(?=.*1)\d{2,5}"),
        ("marks", r"(?=.{3,6}$)\d*\?\d+"),
    ],
)
def test_the_text_of_a_picture_is_of_its_kind(compose: Compose, kind: str, text: str):
    assert all(re.fullmatch(text, shown) for shown, _ in compose(kind))


def gaps_and_height(pixels: np.ndarray) -> tuple[list[int], int]:
    """Return the widths of empty columns between dark ones, and the height of the dark."""
    shades = pixels @ LUMA
    dark = shades < 0.45 * np.percentile(shades, 95)
    columns, rows = np.flatnonzero(dark.sum(axis=0) > 1), np.flatnonzero(dark.sum(axis=1) > 1)
    steps = np.diff(columns) - 1
    return [int(step) for step in steps if step > 1], int(rows[-1] - rows[0] + 1)


def test_a_wide_number_has_even_gaps_of_at_least_its_height(compose: Compose):
    for text, pixels in compose("wide gaps"):
        gaps, height = gaps_and_height(pixels)
        large = [gap for gap in gaps if gap > 0.8 * height]
        assert len(large) == len(text) - 1
        assert max(large) < 1.3 * min(large)


def test_numbers_apart_have_gaps_of_at_least_two_and_a_half_heights(compose: Compose):
    for text, pixels in compose("numbers apart"):
        gaps, height = gaps_and_height(pixels)
        large = [gap for gap in gaps if gap > 2.5 * height]
        assert len(large) == text.count(" ")
        assert all(gap < 0.6 * height for gap in gaps if gap not in large)


def test_touching_digits_are_in_one_piece(compose: Compose):
    for _, pixels in compose("touching digits"):
        assert not [gap for gap in gaps_and_height(pixels)[0] if gap > 2]


def test_an_underline_is_apart_from_the_number(compose: Compose):
    for _, pixels in compose("underlined"):
        shades = pixels @ LUMA
        dark = (shades < 0.4 * np.percentile(shades, 95)).sum(axis=1) > 1
        assert np.count_nonzero(np.diff(dark.astype(int)) == 1) >= 2


@pytest.mark.parametrize(("kind", "margin"), [("tight crop", 3), ("thick marker", 12)])
def test_cropped_pictures_have_little_margin(compose: Compose, kind: str, margin: int):
    for _, pixels in compose(kind):
        dark = pixels @ LUMA < 128
        for axis in (0, 1):
            places = np.flatnonzero(dark.any(axis=axis))
            assert places[0] <= margin + 1
            assert places[-1] >= dark.shape[1 - axis] - margin - 2


def test_transparent_pictures_have_one_colour(compose: Compose):
    for _, pixels in compose("transparency"):
        assert pixels.shape[2] == 4
        assert len(np.unique(pixels[..., :3])) == 1
        assert pixels[..., 3].min() == 0 and pixels[..., 3].max() == 255


def test_a_scan_is_black_and_white(compose: Compose):
    for _, pixels in compose("thin scan"):
        assert set(np.unique(pixels)) == {0, 255}


def test_equally_bright_pictures_differ_only_in_colour(compose: Compose):
    for _, pixels in compose("equal brightness"):
        shades = (pixels @ LUMA) / 255
        assert shades.std() < 0.05
        assert max(pixels[..., channel].std() for channel in range(3)) > 15


def test_faint_pencil_is_hardly_darker_than_paper(compose: Compose):
    for _, pixels in compose("faint pencil"):
        rows, columns = (side // 8 * 8 for side in pixels.shape[:2])
        shades = (pixels @ LUMA)[:rows, :columns].reshape(rows // 8, 8, columns // 8, 8)
        assert shades.mean(axis=(1, 3)).min() > 0.35 * 255


def test_thinning_keeps_pieces_and_holes():
    ring = np.zeros((40, 40), bool)
    ring[5:35, 5:35] = True
    ring[14:26, 14:26] = False
    line = thinned(ring)
    assert euler_number(ring) == euler_number(line) == 0
    assert pen_width(line.astype(float)) < 2 < 8 < pen_width(ring.astype(float)) < 13


def test_wrong_readings_without_a_sign_are_counted_apart():
    readings = [("12", 0.99, False), ("1?", 0.2, False), ("13", 0.96, True), ("17", 0.96, False)]
    readings += [("18", 0.4, False), ("12", 0.8, False), ("72", 0.9, False)]
    pairs = [(Picture("12", b""), Reading(*reading)) for reading in readings]
    assert accuracy_row("kind", pairs) == ["kind", "7", "28.6%", "1", "2", "1"]
