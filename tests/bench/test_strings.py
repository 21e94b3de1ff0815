"""Composed pictures of amounts, dates, times and telephone numbers."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bench.pictures.photos import Pool
from bench.pictures.strings import SHAPES, STRINGS, marked, strings_of, written
from tests.train.marks.test_composition import TEXTS
from train.network.build import MARK_LABELS

SEED = 4


@pytest.fixture(scope="module")
def blocks() -> tuple[np.ndarray, np.ndarray]:
    """Return a block of ink as the image of each digit."""
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 9:19] = 255
    return np.repeat(image[None], 10, axis=0), np.arange(10)


@pytest.mark.parametrize("kind", STRINGS)
def test_pictures_of_a_kind_have_its_form_and_a_seed_reproduces_them(blocks, kind: str) -> None:
    first, second = strings_of(kind, *blocks, 2, SEED)
    assert re.fullmatch(TEXTS[kind], first.text)
    assert set(re.findall(r"[^0-9]", first.text)) <= set(STRINGS[kind])
    assert not first.text.isdigit()
    assert first.png == next(strings_of(kind, *blocks, 1, SEED)).png != second.png
    assert Image.open(BytesIO(first.png)).mode == "RGB"


def test_all_marks_are_drawn_and_none_twice_alike() -> None:
    assert set(SHAPES) == set(MARK_LABELS)
    for mark, shape in SHAPES.items():
        rng = np.random.default_rng(0)
        first, second = (marked(shape(rng), 0.1, 80, rng) for _ in range(2))
        assert first.max() > 0.9, mark
        assert first.shape != second.shape or np.abs(first - second).max() > 0.5, mark
        columns = np.flatnonzero(first.any(axis=0))
        assert columns[0] > 0 and columns[-1] < first.shape[1] - 1, f"{mark} is cut off"


def test_digits_and_marks_stand_apart(blocks) -> None:
    pixels = written(Pool(*blocks), "7/0:3", np.random.default_rng(1))
    light = np.median(pixels, axis=0).mean(axis=1)
    inked = (pixels.mean(axis=2) < 0.6 * light).any(axis=0)
    starts = np.flatnonzero(np.diff(inked.astype(int)) == 1)
    assert len(starts) == 5
