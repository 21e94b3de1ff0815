"""How usual texts of digits and marks are."""

import numpy as np
import pytest
from playwright.sync_api import Page

from export.marks.chances import Chances, Line
from export.marks.structure import (
    MAX_LOSS,
    PATTERNS,
    count_likeliest,
    fit_structure,
    likeliest,
    named_patterns,
    pattern_counts,
    text_of,
)
from export.marks.weights import START, Measured
from tests.export.marks.test_fit import fitted, line, lines  # noqa: F401, fixtures
from train.network.build import MARK_LABELS

TEXTS = ["5/27/94", "31.12.2026", "8:30", "$45", "(415)555-0123", "1)2(", "12-", "471", "1,234.50"]
SLASH, DASH = MARK_LABELS.index("/"), MARK_LABELS.index("-")
COUNT = """async texts => {
    const { PATTERNS } = globalThis;
    return texts.map(text => PATTERNS.map(each =>
        (text.replace(/[0-9]/g, "0").match(new RegExp(each, "g")) ?? []).length));
}"""


@pytest.mark.parametrize("text", TEXTS)
def test_the_page_counts_the_same_matches(page: Page, text: str) -> None:
    page.evaluate("patterns => { globalThis.PATTERNS = patterns; }", list(PATTERNS))
    assert page.evaluate(COUNT, [text]) == [pattern_counts(text).tolist()]


def test_every_pattern_is_of_some_text_and_is_named_once() -> None:
    assert len(set(PATTERNS)) == len(PATTERNS)
    assert set(named_patterns(np.arange(len(PATTERNS)) / 7)) == set(PATTERNS)


class Scored(Measured):
    """A line whose groups have given scores as digits and as each mark."""

    def __init__(self, measured: Line, digits: list[float], marks: dict[int, dict[int, float]]):
        self.line, self.digits = measured, np.array(digits)
        self.marks = np.full((len(digits), len(MARK_LABELS)), -np.inf)
        for group, own in marks.items():
            for mark, score in own.items():
                self.marks[group, mark] = score

    def scores(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.digits, self.marks


def date(slash: float) -> Scored:
    """Make a date whose second slash is likelier a 1 by what it looks like."""
    groups = [(k,) for k in range(6)]
    truth = dict(zip(groups, "5/7/94", strict=True))
    marks = {1: {SLASH: 3.0}, 3: {SLASH: slash}}
    return Scored(line("5/7/94", 6, groups, truth), [0.0] * 6, marks)


def number() -> Scored:
    groups = [(k,) for k in range(4)]
    truth = dict(zip(groups, "4810", strict=True))
    return Scored(line("4810", 4, groups, truth), [0.0] * 4, {2: {SLASH: -0.5, DASH: -9.0}})


def test_texts_decide_where_looks_do_not() -> None:
    seen = [date(-1.0), number()]
    nothing = np.zeros(len(PATTERNS))
    assert [text_of(each, likeliest(each, START, nothing)) for each in seen] == ["0/0000", "0000"]
    fitted_weights = fit_structure([date(-1.0), date(-0.5), number()], START)
    found = [text_of(each, likeliest(each, START, fitted_weights)) for each in seen]
    assert found == ["0/0/00", "0000"]
    assert count_likeliest(seen, START, nothing) == (1, 2)
    assert count_likeliest(seen, START, fitted_weights) == (2, 2)


def test_what_is_far_less_likely_is_not_read_whatever_the_text() -> None:
    weights = np.array([100.0 if "/.-" in each or "-/." in each else 0.0 for each in PATTERNS])
    far = date(-1.0 - MAX_LOSS)
    assert text_of(far, likeliest(far, START, weights)) == "0/0000"


def test_lines_of_known_symbols_are_measured(
    lines: list[Line],  # noqa: F811
    fitted: Chances,  # noqa: F811
) -> None:
    measured = [Measured(each, fitted) for each in lines[:6]]
    found = [text_of(each, likeliest(each, START, np.zeros(len(PATTERNS)))) for each in measured]
    assert found == ["0.0", "0-0"] * 3
