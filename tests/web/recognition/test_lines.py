"""Drawings split into lines of writing: by geometry alone, and read with the network."""

import math
import random

import pytest
from playwright.sync_api import Page

from tests.conftest import Strokes
from tests.web.lines import STEEPEST, line, lines, moved, two_lines
from tests.web.recognition.conftest import COUNT_CLASSIFIED

SPLIT = """async drawings => {
    const { splitIntoLines } = await import("./recognition/lines.js");
    return drawings.map(splitIntoLines);
}"""
READ = """async drawing => {
    const { text, confidence, symbols } = await recognizer.read(drawing);
    return { text, confidence, now: recognizer.readNow(drawing).text,
        symbols: symbols.map(({ digit, line, strokes, confidence }) =>
            ({ digit, line, strokes, confidence })) };
}"""
CANDIDATES = """async drawing =>
    (await recognizer.candidates(drawing)).map(({ strokes }) => strokes)"""
BAR = [[0, 0], [0, 80]]
SEVEN = [[0, 0], [50, 0], [22, 80]]
CIRCLE = [[20 + 20 * math.sin(k / 2), 20 - 20 * math.cos(k / 2)] for k in range(14)]
DASH = [[0, 0], [30, 1]]
# Drawn in one row: the strokes of each must stay together.
ROWS = {
    "a colon": [[[0, 0], [1, 1]], [[0, 40], [1, 41]]],
    "two bars": [DASH, [[0, 25], [30, 25]]],
    "circles of an 8, apart": [CIRCLE, [[x, y + 46] for x, y in CIRCLE]],
    "a 5 whose flag is apart": [
        [[5, 30], [0, 60], [35, 70], [20, 105], [0, 100]],
        [[8, 12], [45, 2]],
    ],
    "two arcs of a 3": [
        [[0, 0], [30, 8], [30, 30], [8, 42]],
        [[8, 45], [35, 55], [30, 80], [0, 90]],
    ],
    "a 1 before a small 0": [BAR, [[40 + x * 0.7, 52 + y * 0.7] for x, y in CIRCLE]],
    "an underline": [BAR, [[x + 30, y] for x, y in BAR], [[-10, 100], [80, 102]]],
    "digits far apart": [BAR, [[x + 400, y + 60] for x, y in BAR]],
    "dots alone": [[[0, 0]], [[3, 200]], [[200, 400]]],
}


@pytest.mark.parametrize("count", [2, 3])
def test_lines_are_kept_apart(blank: Page, drawings: dict[str, Strokes], count: int) -> None:
    chance = random.Random(count)
    drawn = [lines(drawings, count, chance) for _ in range(400)]
    found = blank.evaluate(SPLIT, [strokes for strokes, _, _ in drawn])
    wanted = [indices for _, _, indices in drawn]
    kept = sum(row in got for got, rows in zip(found, wanted, strict=True) for row in rows)
    assert kept >= 0.95 * count * len(drawn)
    for got, rows in zip(found, wanted, strict=True):
        for row in got:
            assert any(set(row) <= set(each) for each in rows), "a line mixes two"


def test_one_line_is_never_split(blank: Page, drawings: dict[str, Strokes]) -> None:
    chance = random.Random(1)
    texts = ["".join(chance.choices("0123456789", k=1 + k % 10)) for k in range(1000)]
    drawn = [
        line(drawings, text, chance.uniform(-STEEPEST, STEEPEST), chance, 0.4) for text in texts
    ]
    found = blank.evaluate(SPLIT, drawn)
    assert [len(each) for each in found] == [1] * len(drawn)


@pytest.mark.parametrize("name", ROWS)
def test_strokes_of_one_row_stay_together(blank: Page, name: str) -> None:
    strokes = ROWS[name]
    assert blank.evaluate(SPLIT, [strokes]) == [[list(range(len(strokes)))]]


def test_bars_dots_and_dashes_go_to_the_line_that_they_are_in(blank: Page) -> None:
    upper = [SEVEN, *moved([BAR], 90, 0)]
    lower = moved(upper, 10, 110)
    late = [
        [[10, 42], [42, 40]],  # the bar of the upper 7
        [[22, 152], [52, 150]],  # the bar of the lower 7
        *moved([DASH], 150, 40),
        *moved([DASH], -60, 150),
        [[70, 83], [66, 92]],  # a comma
    ]
    found = blank.evaluate(SPLIT, [[*upper, *lower, *late]])
    assert found == [[[0, 1, 4, 6, 8], [2, 3, 5, 7]]]


def test_the_order_of_drawing_does_not_matter(blank: Page) -> None:
    strokes = [*moved([BAR], 0, 110), SEVEN, *moved([BAR], 70, 115), *moved([BAR], 80, 0)]
    assert blank.evaluate(SPLIT, [strokes]) == [[[1, 3], [0, 2]]]


@pytest.mark.parametrize("size", [1e-3, 1e4])
def test_the_unit_does_not_matter(blank: Page, size: float) -> None:
    strokes = [BAR, *moved([SEVEN], -15, 100)]
    scaled = [[[size * x, size * y] for x, y in stroke] for stroke in strokes]
    assert blank.evaluate(SPLIT, [scaled]) == [[[0], [1]]]


@pytest.mark.parametrize("lower", [-15, 0, 45])
def test_a_quarter_of_a_height_between_two_digits_is_enough(blank: Page, lower: float) -> None:
    strokes = [BAR, *moved([SEVEN], lower, 100)]
    assert blank.evaluate(SPLIT, [strokes]) == [[[0], [1]]]


@pytest.mark.parametrize("texts", [("12", "71"), ("1", "7"), ("22", "71"), ("407", "5")])
def test_lines_are_read_from_top_to_bottom(
    opened: Page, drawings: dict[str, Strokes], texts: tuple[str, str]
) -> None:
    strokes = two_lines(drawings, *texts)
    reading = opened.evaluate(READ, strokes)
    assert reading["text"] == reading["now"] == "\n".join(texts)
    symbols = reading["symbols"]
    assert [s["line"] for s in symbols] == [k for k, text in enumerate(texts) for _ in text]
    assert sorted(k for s in symbols for k in s["strokes"]) == list(range(len(strokes)))
    product = math.prod(symbol["confidence"] for symbol in symbols)
    assert reading["confidence"] == pytest.approx(product)


def test_no_group_of_strokes_spans_two_lines(opened: Page, drawings: dict[str, Strokes]) -> None:
    strokes = two_lines(drawings, "44", "44")
    groups = opened.evaluate(CANDIDATES, strokes)
    assert all(len({k < 4 for k in group}) == 1 for group in groups)
    assert {k for group in groups for k in group} == set(range(8))


def test_a_line_below_costs_no_prediction_of_the_line_above(
    opened: Page, drawings: dict[str, Strokes]
) -> None:
    drawn = [moved(two_lines(drawings, "2689", "7")[:k], 3, 0) for k in (4, None)]
    counts = opened.evaluate(COUNT_CLASSIFIED, [*drawn, drawn[1]])
    assert counts[0] >= 4
    assert counts[1:] == [1, 0]
