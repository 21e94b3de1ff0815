"""Readings that fit what is expected, and what dates, amounts and other formats look like."""

import math
from typing import Any

import pytest
from playwright.sync_api import Page

from export.browser.page import BLANK, LOAD
from tests.conftest import NOT_LOADED
from tests.web.recognition.test_marks import written

FITS = """async ([name, text, language]) => {
    const { FORMATS } = await import("./formats.js");
    return FORMATS[name].fits(text, language);
}"""
AMOUNT = """async ([text, language]) =>
    String((await import("./formats.js")).amountOf(text, language))"""
READ_AS = """async ([drawing, pattern, marks]) => {
    const fits = text => new RegExp(`^(${pattern})$`).test(text);
    const { text, confidence, symbols } = await recognizer.read(drawing, { marks, fits });
    const strokes = symbols.flatMap(({ strokes }) => strokes).sort((a, b) => a - b);
    return { text, confidence, strokes, digits: symbols.map(({ digit }) => digit) };
}"""
READ_NOW = """async drawing => {
    const { loadRecognizer } = await import("./recognizer.js");
    const fresh = await loadRecognizer(new URL("model/", location.href));
    await fresh.fetchAll();
    const options = { fits: text => text === "17" };
    const before = fresh.readNow(drawing, options)?.text ?? null;
    const read = (await fresh.read(drawing, options)).text;
    return [before, read, fresh.readNow(drawing, options)?.text ?? null];
}"""
RANKED = """async ([strokes, options, most]) => {
    const { readings } = await import("./recognition/ranking.js");
    const { groupsByFirst } = await import("./recognition/partitions.js");
    const groups = options.map(({ strokes }) => ({ strokes }));
    const byFirst = groupsByFirst(groups, strokes);
    const found = [];
    for (const chosen of readings(byFirst, options.map(({ scores }) =>
        scores.map((score, k) => ({ score, text: String(k), read: {} }))))) {
        found.push([...chosen.values()].reduce((sum, { score }) => sum + score, 0));
        if (found.length === most) break;
    }
    return found;
}"""

IN_FORMAT = [
    *(("integer", text) for text in ("0", "2026", "-57", "+3")),
    *(("amount", text) for text in ("12", "12.50", "7,95", "1,234.00", "1.234,00", "-0.5", "$45")),
    *(("date", text) for text in ("5/27/26", "31.12.2026", "2026-03-09", "1-2-03", "27/5/1994")),
    *(("time", text) for text in ("8:30", "00:20", "24:00", "23:59:59", "8.30")),
    *(("phone", text) for text in ("110", "(415)555-0123", "+49-30-1234567", "367-4496")),
]
IN_NO_FORMAT = [
    *(("integer", text) for text in ("", "-", "1.0", "1-2", "?", "2?")),
    *(("amount", text) for text in ("", ".", "12.", ".5", "1.2.3", "12,34.56", "1,23,456", "5-")),
    *(
        ("date", text)
        for text in ("", "13/13/26", "5/27", "0/1/26", "5/27-26", "5/32/26", "1/2/345")
    ),
    *(("time", text) for text in ("", "8", "8:3", "25:00", "8:60", "8:30:61", "1234")),
    *(("phone", text) for text in ("", "12", "(415)", "41-", "--", "4(15)5(5)5", "1" * 21)),
]


@pytest.mark.parametrize(("name", "text"), IN_FORMAT)
def test_a_text_is_of_its_format(blank: Page, name: str, text: str) -> None:
    assert blank.evaluate(FITS, [name, text, "en"])


@pytest.mark.parametrize(("name", "text"), IN_NO_FORMAT)
def test_another_text_is_not(blank: Page, name: str, text: str) -> None:
    assert not blank.evaluate(FITS, [name, text, "en"])


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("12", "en", 12),
        ("12.50", "en", 12.5),
        ("12,50", "en", 12.5),
        ("12.50", "de", 12.5),
        ("12,50", "de", 12.5),
        ("1,234", "en", 1234),
        ("1.234", "de", 1234),
        ("1.234", "en", math.nan),
        ("1,234", "de", math.nan),
        ("1,234,567.89", "de", 1234567.89),
        ("1.234,5", "en", 1234.5),
        ("-$7", "en", -7),
        ("3,4", "no language", 3.4),
        ("3/4", "en", math.nan),
    ],
)
def test_the_language_says_which_separator_is_the_decimal_one(
    blank: Page, text: str, language: str, value: float
) -> None:
    assert float(blank.evaluate(AMOUNT, [text, language])) == pytest.approx(value, nan_ok=True)


def test_a_reading_that_fits_stays_as_it_is(opened: Page, drawings: dict[str, Any]) -> None:
    drawing = written(drawings, "407")
    free = opened.evaluate(READ_AS, [drawing, ".*", ""])
    assert opened.evaluate(READ_AS, [drawing, r"\d{3}", ""]) == free


def test_what_fits_nothing_stays_as_it_was_written(opened: Page, drawings: dict[str, Any]) -> None:
    drawing = written(drawings, "407")
    free = opened.evaluate(READ_AS, [drawing, ".*", ""])
    assert free["text"] == "407"
    for pattern in (r"\d/\d", r"\d{9}", "x", "888"):
        assert opened.evaluate(READ_AS, [drawing, pattern, "/"]) == free, pattern


def test_a_slanted_stroke_is_what_is_expected(opened: Page, drawings: dict[str, Any]) -> None:
    """It is a 1 or a slash: the reading says which is expected, and how unsure it is."""
    drawing = written(drawings, "4|7")
    number = opened.evaluate(READ_AS, [drawing, r"\d+", "/"])
    assert [number["text"], number["digits"]] == ["417", [4, 1, 7]]
    share = opened.evaluate(READ_AS, [drawing, r"\d/\d", "/"])
    assert [share["text"], share["digits"]] == ["4/7", [4, None, 7]]
    assert share["confidence"] < 0.5 < number["confidence"]
    assert number["strokes"] == share["strokes"] == list(range(len(drawing)))


@pytest.mark.parametrize(
    ("text", "marks"), [("7.4", "."), ("4-7", "-"), ("4:30", ":"), ("4:30", "-"), ("8:02", "/")]
)
def test_a_mark_is_never_read_as_a_digit_or_a_part_of_one(
    opened: Page, drawings: dict[str, Any], text: str, marks: str
) -> None:
    """Neither is what was refused: the field was to take something else."""
    drawing = written(drawings, text)
    free = opened.evaluate(READ_AS, [drawing, ".*", marks])
    assert not free["text"].isdigit()
    assert opened.evaluate(READ_AS, [drawing, r"\d+", marks]) == free


def test_what_ranks_is_fetched_when_a_reading_does_not_fit(
    page: Page, code: str, drawings: dict[str, Any]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    page.route("**/blank.html", lambda route: route.fulfill(body=BLANK, content_type="text/html"))
    page.goto(f"{code}blank.html")
    before, read, after = page.evaluate(READ_NOW, written(drawings, "77"))
    assert before is None, "it cannot be read at once"
    assert read == after
    assert asked.count("ranking.js") == 1


def test_readings_come_in_the_order_of_their_scores(blank: Page) -> None:
    """Two strokes side by side, as two symbols or as one."""
    strokes = [[[0, 0], [0, 1]], [[1, 0], [1, 1]]]
    options = [
        {"strokes": [0], "scores": [5, 3]},
        {"strokes": [1], "scores": [4, 1]},
        {"strokes": [0, 1], "scores": [8, 0]},
    ]
    assert blank.evaluate(RANKED, [strokes, options, 9]) == [9, 8, 7, 6, 4, 0]


def test_without_what_ranks_the_best_reading_stays(
    page: Page, code: str, drawings, expected_errors
) -> None:
    expected_errors.append(f"{NOT_LOADED}.*404")
    page.route("**/blank.html", lambda route: route.fulfill(body="", content_type="text/html"))
    page.route("**/ranking.js", lambda route: route.fulfill(status=404))
    page.goto(f"{code}blank.html")
    page.evaluate(LOAD)
    assert page.evaluate(READ_AS, [written(drawings, "407"), r"\d/\d", ""])["text"] == "407"
