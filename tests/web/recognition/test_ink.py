"""`web/ink.js` matches the golden vectors of `train/ink.py`."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.conftest import Watched

GOLDEN = json.loads(
    gzip.decompress((Path(__file__).parents[2] / "fixtures" / "golden.json.gz").read_bytes())
)

RENDER = """async (cases) => {
    const { render } = await import("./ink.js");
    return cases.map(({ drawing, width }) => [...render(drawing, width)]);
}"""
NORMALISE = """async (cases) => {
    const { normalise } = await import("./ink.js");
    return cases.map(({ image, columns, rows }) => [...normalise(image, columns, rows)]);
}"""
MESSAGE = """async ([strokes, width]) => {
    const { render } = await import("./ink.js");
    const numbers = { nan: NaN, infinity: Infinity };
    const drawing = strokes.map((stroke) => stroke.map(
        (point) => point && point.map((value) => numbers[value] ?? value)));
    try { render(drawing, width); } catch (error) { return `${error}`; }
}"""


@pytest.fixture(scope="module")
def lasting(watched: Watched, code: str) -> Page:
    """Open an empty page of the site, so that its modules can be imported without the model."""
    page = watched.context().new_page()
    empty = '<!doctype html><link rel="icon" href="data:,">'
    page.route(f"{code}empty", lambda route: route.fulfill(body=empty, content_type="text/html"))
    page.goto(f"{code}empty")
    return page


@pytest.fixture
def modules(lasting: Page, watched: Watched) -> Iterator[Page]:
    """Yield that page and fail on errors that it reports."""
    yield lasting
    watched.check()


def dense(fields: list) -> np.ndarray:
    """Return sparse golden fields as (n, 784) pixels."""
    flat = np.zeros((len(fields), 784))
    for row, field in zip(flat, fields, strict=True):
        for pixel, value in field:
            row[pixel] = value
    return flat


def agree(found: list, cases: list) -> None:
    differences = np.abs(np.array(found) - dense([case["field"] for case in cases])).max(axis=1)
    worst = int(differences.argmax())
    assert differences[worst] < 1e-5, f"{cases[worst]['name']} differs by {differences[worst]}"


def test_every_golden_drawing_is_rendered_as_in_python(modules: Page):
    cases = GOLDEN["render"]
    assert len(cases) >= 200
    agree(modules.evaluate(RENDER, cases), cases)


def test_every_golden_picture_is_normalised_as_in_python(modules: Page):
    cases = GOLDEN["normalise"]
    agree(modules.evaluate(NORMALISE, cases), cases)


@pytest.mark.parametrize(
    ("strokes", "words"),
    [
        ([], "no strokes"),
        ([[[0, 0]], []], "stroke 2 has no points"),
        ([[[0, 0], ["nan", 1]]], "stroke 1 has a coordinate that is not a finite number"),
        ([[[0, 0]], [["infinity", 1]]], "stroke 2 has a coordinate that is not a finite number"),
        ([[[0, 0], [1e13, 0]]], "stroke 1 has a coordinate beyond"),
        ([[[0]]], "stroke 1 has a point that is not [x, y]"),
        ([[None]], "stroke 1 has a point that is not [x, y]"),
        ([[[0, 0]] * 100_001], "more than 100000 points"),
    ],
)
def test_an_invalid_drawing_names_the_stroke_and_the_reason(
    modules: Page, strokes: list, words: str
):
    message = modules.evaluate(MESSAGE, [strokes, 2])
    assert message.startswith("InkError") and words in message


@pytest.mark.parametrize("width", [0, -1, 20])
def test_a_pen_wider_than_the_box_is_rejected(modules: Page, width: float):
    assert "width" in modules.evaluate(MESSAGE, [[[[0, 0], [1, 1]]], width])
