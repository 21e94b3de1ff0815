"""What is ink of a digit and what is not: rules, boxes, specks, light, and pieces of digits."""

from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Page

from bench.pictures.kinds import pictures_of
from bench.pictures.photos import read
from export.browser.page import model_page
from tests.web.dialogs.test_picture import drawn, reading
from train import data

VALIDATION = 5000  # last training digits


@pytest.mark.chromium("read in a browser that bench starts")
def test_what_was_dropped_or_read_in_excess_is_read_right():
    """Pictures of validation digits that were read wrong, by kind, seed and place."""
    digits = data.load("mnist")
    images, labels = digits.train_images[-VALIDATION:], digits.train_labels[-VALIDATION:]
    places = {
        "a 1 in a box": ("boxes", 31, 34),
        "a box open at its corners": ("boxes", 7, 42),
        "squares broken by strokes": ("squared paper", 31, 2),
        "a thick 5 in a corner": ("tight crop", 31, 13),
        "a thin 1 beside a thick 7": ("straight 1", 31, 37),
        "a 5 in two pieces": ("ink on ruled paper", 7, 51),
        "numbers apart, uneven": ("numbers apart", 7, 31),
        "faint pencil": ("faint pencil", 7, 5),
        "specks that touch": ("thin scan", 31, 5),
    }
    shown = {
        name: next(islice(pictures_of(kind, images, labels, place + 1, seed), place, None))
        for name, (kind, seed, place) in places.items()
    }
    with model_page() as page:
        readings = read(page, [picture.png for picture in shown.values()])
    found = {name: each.text for name, each in zip(shown, readings, strict=True)}
    assert found == {name: picture.text for name, picture in shown.items()}


def far_apart() -> Image.Image:
    """Draw 471 and 74 in one row, 14 heights apart, the digits at uneven levels."""
    image = Image.new("L", (2200, 250), 255)
    for left, text, shifts in ((0, "471", (0, 9, 14)), (1700, "74", (12, 0))):
        for k, (digit, shift) in enumerate(zip(text, shifts, strict=True)):
            one = drawn(digit, size=(170, 200)).crop((50, 40, 150, 175))
            image.paste(one, (left + 40 + 105 * k, 40 + shift))
    return image


def scanned() -> Image.Image:
    """Draw 474 with a fine pen on a sheet full of specks, some of which touch."""
    image = drawn("474", size=(480, 330)).filter(ImageFilter.MaxFilter(7))
    pen = ImageDraw.Draw(image)
    rng = np.random.default_rng(3)
    for k in range(60):
        x, y = rng.integers(2, 470), rng.integers(200, 320) if k % 2 else rng.integers(2, 40)
        pen.rectangle([x, y, x + 2 + 3 * (k % 20 == 0), y + 2], fill=0)
    return image


def faint() -> Image.Image:
    """Draw 4174 in pencil on a sheet that one corner's shadow darkens."""
    ink = 1 - np.asarray(drawn("4174", size=(600, 220))) / 255
    y, x = np.mgrid[0:220, 0:600]
    light = 1 - 0.45 * (x / 600 + 2 * y / 220) / 3
    noise = np.random.default_rng(5).normal(0, 0.012, ink.shape)
    return Image.fromarray((255 * (light * (0.95 - 0.14 * ink) + noise).clip(0, 1)).astype("u1"))


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    ("image", "text"),
    [
        pytest.param(far_apart, "471 74", id="numbers far apart"),
        pytest.param(scanned, "474", id="specks that touch"),
        pytest.param(faint, "4174", id="faint pencil in a shadow"),
        pytest.param(lambda: drawn("4141", step=57), "4141", id="1s close to 4s"),
        pytest.param(lambda: drawn("417", step=57), "417", id="a 1 close to a 4"),
    ],
)
def test_only_the_ink_of_digits_is_read(page: Page, image: Callable[[], Image.Image], text: str):
    assert reading(page, image())[0] == text


def at_edges(*boxes: tuple[int, int, int, int]) -> Image.Image:
    """Draw 474 and dark rectangles."""
    image = drawn("474", size=(600, 500))
    pen = ImageDraw.Draw(image)
    for box in boxes:
        pen.rectangle(box, fill=20)
    return image


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    ("boxes", "told"),
    [
        pytest.param([(260, 400, 370, 500)], True, id="at one edge"),
        pytest.param([(0, 300, 80, 420)], True, id="at another"),
        pytest.param([(0, 430, 600, 500)], False, id="the table along an edge"),
        pytest.param([(540, 250, 600, 500), (300, 460, 600, 500)], False, id="around a corner"),
    ],
)
def test_thick_ink_at_the_edge_is_told_unless_it_fills_a_corner(
    page: Page, boxes: list[tuple[int, int, int, int]], told: bool
):
    text, status = reading(page, at_edges(*boxes))
    assert text == "474"
    assert ("There is more writing here that could not be read." in status) == told
