"""Marks, which the recognizer reads where they are asked for."""

import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from export.browser.page import LOAD, MODEL
from tests.conftest import NOT_LOADED
from tests.web.recognition.test_segment import row
from train.network.build import MARK_LABELS

READ = """async ([drawing, options]) => {
    const { text, confidence, symbols } = await recognizer.read(drawing, options);
    return { text, confidence, symbols: symbols.map(({ digit, mark = null, confidence, strokes }) =>
        ({ digit, mark, confidence, strokes })) };
}"""
FAILURE = """async ([drawing, options]) => {
    try {
        await recognizer.read(drawing, options);
    } catch (error) {
        return [error.name, error.message];
    }
}"""
READ_NOW = """async drawing => {
    const { loadRecognizer } = await import("./recognizer.js");
    const fresh = await loadRecognizer(new URL("model/", location.href));
    await fresh.read(drawing); // fetches what is doubtful without marks
    const text = options => fresh.readNow(drawing, options)?.text ?? null;
    const before = [text({}), text({ marks: "." })];
    await fresh.read(drawing, { marks: "." });
    return [before, [text({}), text({ marks: "." })]];
}"""
INPUTS = """async drawing => (await recognizer.candidates(drawing, [], true)).map(
    ({ strokes, markInputs }) => [strokes, markInputs])"""

# Marks as they are drawn in the gap between two digits of height 0.6 around y = 0.5.
GAP = 0.75
DOT = [[[0.0, 0.78], [0.01, 0.79]]]
DASH = [[[-0.14, 0.5], [0.0, 0.5], [0.14, 0.5]]]
SLASH = [[[0.13, 0.05], [0.05, 0.35], [-0.05, 0.7], [-0.13, 0.97]]]
SLANTED = [[[0.09, 0.15], [0.03, 0.38], [-0.03, 0.62], [-0.09, 0.85]]]  # a 1 or a slash
COLON = [[[0.0, 0.35], [0.01, 0.36]], [[0.0, 0.68], [0.01, 0.69]]]
PLUS = [[[-0.14, 0.5], [0.14, 0.5]], [[0.0, 0.36], [0.0, 0.64]]]
DRAWN = {".": DOT, "-": DASH, "/": SLASH, "|": SLANTED, ":": COLON, "+": PLUS}


def written(drawings: dict[str, Any], text: str) -> list[Any]:
    """Draw digits and marks side by side."""
    strokes, x = [], 0.0
    for each in text:
        own = DRAWN.get(each) or drawings[each]
        low = min(p[0] for stroke in own for p in stroke)
        high = max(p[0] for stroke in own for p in stroke)
        strokes += [[[x + p[0] - low, *p[1:2]] for p in stroke] for stroke in own]
        x += high - low + 0.18
    return strokes


@pytest.mark.parametrize(
    ("text", "marks"), [("7.4", "."), ("4-7", "-"), ("4:30", ":"), ("7-4-2", "-"), ("2+3", "+")]
)
def test_marks_are_read_where_they_are_asked_for(
    opened: Page, drawings, text: str, marks: str
) -> None:
    drawing = written(drawings, text)
    reading = opened.evaluate(READ, [drawing, {"marks": marks}])
    assert reading["text"] == text
    for symbol, expected in zip(reading["symbols"], text, strict=True):
        assert symbol["mark"] == (None if expected.isdigit() else expected)
        assert symbol["digit"] == (int(expected) if expected.isdigit() else None)
        assert 0 < symbol["confidence"] <= 1
    assert sorted(k for s in reading["symbols"] for k in s["strokes"]) == list(range(len(drawing)))
    assert reading["confidence"] == pytest.approx(
        np.prod([symbol["confidence"] for symbol in reading["symbols"]])
    )


@pytest.mark.parametrize("options", [{}, {"marks": ""}, {"marks": "/%"}, {"marks": ":"}])
def test_other_marks_stay_question_marks(opened: Page, drawings, options: dict) -> None:
    reading = opened.evaluate(READ, [written(drawings, "7.4"), options])
    assert reading["text"] == "7?4"
    assert [symbol["mark"] for symbol in reading["symbols"]] == [None] * 3


@pytest.mark.parametrize("marks", ["-", ".,$", "/", "()+-"])
@pytest.mark.parametrize("text", ["4:30", "8:02", "1:59"])
def test_marks_that_are_not_asked_for_join_no_digit(
    opened: Page, drawings, text: str, marks: str
) -> None:
    """Their dots would be dropped in silence; 430 is no time."""
    reading = opened.evaluate(READ, [written(drawings, text), {"marks": marks}])
    assert reading["text"] == text.replace(":", "?")
    assert [symbol["digit"] for symbol in reading["symbols"]][1] is None


@pytest.mark.parametrize("text", ["0", "7", "471", "2305"])
def test_digits_alone_read_the_same_with_all_marks(opened: Page, drawings, text: str) -> None:
    drawing = row(drawings, text)
    alone = opened.evaluate(READ, [drawing, {}])
    assert alone["text"] == text
    assert opened.evaluate(READ, [drawing, {"marks": MARK_LABELS}])["text"] == text
    assert opened.evaluate(READ, [drawing, {}]) == alone, "marks were asked for in between"


READ_WITH_PATTERNS = """async ([drawing, marks, patterns]) => {
    const { MarkReader } = await import("./marks/reader.js");
    const [{ groupScore }, { likeliest }, { candidateGroups }, parameters] = await Promise.all([
        import("./recognition/scoring.js"), import("./recognition/ranking.js"),
        import("./segment.js"), fetch("model/marks.json").then(response => response.json()),
    ]);
    const found = await recognizer.candidates(drawing, [], true);
    const groups = candidateGroups(drawing, true)
        .map((group, k) => ({ ...group, prediction: found[k].prediction }));
    const reader = new MarkReader({ ...parameters, patterns }).line(drawing, groups, marks);
    const all = [...groups.keys()];
    const read = likeliest(drawing, all, groups, recognizer.meta, reader);
    const text = read?.map(({ read }) => read.mark ?? (read.digit === null ? "?" : "0")).join("");
    return [text ?? null, reader.textScore("00/00")];
}"""


def test_how_usual_a_text_is_decides_what_a_slanted_stroke_is(opened: Page, drawings) -> None:
    drawing = written(drawings, "7|4")

    def read(marks: str, patterns: dict[str, float]) -> str | None:
        return opened.evaluate(READ_WITH_PATTERNS, [drawing, marks, patterns])[0]

    assert read("/", {"^0/0$": 6.0}) == "0/0"
    assert read("/", {"^0+$": 6.0}) == "000"
    assert read("/", {"^0/0/0$": 6.0}) == read("/", {}), "it says nothing of such texts"


def test_digits_alone_are_likelier_where_more_marks_are_asked_for_than_one_text_has(
    opened: Page, drawings
) -> None:
    drawing = written(drawings, "47|4")

    def read(marks: str, patterns: dict[str, float]) -> str | None:
        return opened.evaluate(READ_WITH_PATTERNS, [drawing, marks, patterns])[0]

    likelier = {"^00/0$": 2.4}
    assert [read(marks, likelier) for marks in ("/", "/.-:")] == ["00/0"] * 2
    assert read(MARK_LABELS, likelier) == "0000"
    usual = {"^00/0$": 2.6}
    assert read(MARK_LABELS, usual) == "00/0", "a date needs no more than to be likelier"


@pytest.mark.parametrize("text", ["4/7", "3/4", "1/2", "88/42", "48/63"])
def test_fractions_are_read_with_all_marks(opened: Page, drawings, text: str) -> None:
    assert opened.evaluate(READ, [written(drawings, text), {"marks": MARK_LABELS}])["text"] == text


@pytest.mark.parametrize("text", ["4/768", "835/2", "253/8"])
def test_a_digit_that_may_be_a_mark_is_doubted(opened: Page, drawings, text: str) -> None:
    def read(marks: str) -> tuple[str, float]:
        reading = opened.evaluate(READ, [written(drawings, text), {"marks": marks}])
        return reading["text"], reading["symbols"][text.index("/")]["confidence"]

    digits = text.replace("/", "1")
    assert read("/")[0] == text
    assert read("")[0] == digits and read("")[1] > 0.95
    assert read(MARK_LABELS)[0] == digits and read(MARK_LABELS)[1] < 0.85


@pytest.mark.parametrize("text", ["2/7/71", "4/7/72", "5/8/26"])
def test_dates_whose_slashes_lean_no_more_than_a_1_may(opened: Page, drawings, text: str) -> None:
    drawing = written(drawings, text.replace("/", "|"))
    assert opened.evaluate(READ, [drawing, {"marks": "/.-"}])["text"] == text


def test_a_slash_needs_digits_on_both_sides(opened: Page, drawings) -> None:
    """Alone, or at an end, it is a slanted 1."""
    drawing = written(drawings, "/74")
    assert opened.evaluate(READ, [drawing, {"marks": "/"}])["text"][0] != "/"


@pytest.mark.parametrize("marks", ["x", "€", ".a", "\t"])
def test_what_is_no_mark_is_refused_with_those_that_are(opened: Page, drawings, marks: str) -> None:
    name, message = opened.evaluate(FAILURE, [drawings["7"], {"marks": marks}])
    odd = next(each for each in marks if each not in MARK_LABELS)
    assert name == "RangeError"
    known = " ".join(MARK_LABELS)
    assert message == f'"{odd}" is no mark that can be read: those are {known} and the space'


def test_what_reads_marks_is_fetched_when_they_are_asked_for(blank: Page, drawings) -> None:
    asked: list[str] = []
    blank.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    before, after = blank.evaluate(READ_NOW, written(drawings, "7.4"))
    assert before == ["7?4", None], "it cannot be read at once"
    assert after == ["7?4", "7.4"]
    assert asked.count("marks.json") == 1


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (404, "", "marks.json could not be fetched: check the connection."),
        (200, "{}", "marks.json is not the file that meta.json describes"),
    ],
)
def test_without_it_marks_are_not_read_and_it_says_why(
    page: Page, code: str, drawings, expected_errors, status: int, body: str, message: str
) -> None:
    if status == 404:
        expected_errors.append(f"{NOT_LOADED}.*404")
    page.route("**/blank.html", lambda route: route.fulfill(body="", content_type="text/html"))
    page.route("**/marks.json", lambda route: route.fulfill(status=status, body=body))
    page.goto(f"{code}blank.html")
    page.evaluate(LOAD)
    drawing = written(drawings, "7.4")
    name, said = page.evaluate(FAILURE, [drawing, {"marks": "."}])
    assert name == "RecognizerError" and said.startswith(message)
    assert page.evaluate(READ, [drawing, {}])["text"] == "7?4"
    page.unroute("**/marks.json")
    assert page.evaluate(READ, [drawing, {"marks": "."}])["text"] == "7.4", "it tries again"


def test_a_model_without_marks_says_so(page: Page, code: str, drawings) -> None:
    meta = json.loads((MODEL / "meta.json").read_text())
    meta["nodes"]["marks"] = None
    page.route("**/blank.html", lambda route: route.fulfill(body="", content_type="text/html"))
    page.route("**/model/meta.json", lambda route: route.fulfill(json=meta))
    page.goto(f"{code}blank.html")
    page.evaluate(LOAD)
    failure = page.evaluate(FAILURE, [drawings["7"], {"marks": "."}])
    assert failure == ["RecognizerError", "This model reads no marks: export it again."]


def test_what_marks_are_told_by_does_not_depend_on_size_and_place(opened: Page, drawings) -> None:
    drawing = written(drawings, "7/4-2")
    moved = [[[300 * x + 40, 300 * y - 70] for x, y in stroke] for stroke in drawing]
    for (strokes, before), (same, after) in zip(
        opened.evaluate(INPUTS, drawing), opened.evaluate(INPUTS, moved), strict=True
    ):
        assert strokes == same
        np.testing.assert_allclose(before, after, atol=0.02)


@pytest.mark.parametrize("gap", [0.02, 0.06, 0.1])
@pytest.mark.parametrize("text", ["2/13", "4/17"])
def test_a_1_is_not_lost_to_a_slash_close_to_it(
    opened: Page, drawings, text: str, gap: float
) -> None:
    drawing = written(drawings, text)
    first = len(drawings[text[0]])
    close = [[[x - 0.18 + gap, y] for x, y in stroke] for stroke in drawing[first + 1 :]]
    reading = opened.evaluate(READ, [[*drawing[: first + 1], *close], {"marks": "/"}])
    assert all(len(each["strokes"]) == 1 for each in reading["symbols"] if each["mark"])


def test_a_plus_may_be_one_stroke(opened: Page, drawings) -> None:
    drawing = written(drawings, "28+3")
    across, down = PLUS
    at = next(k for k, stroke in enumerate(drawing) if len(stroke) == 2)
    joined = drawing[at] + drawing[at + 1]
    assert len(across[0]) == len(down[0]) == 2
    plus = [*drawing[:at], joined, *drawing[at + 2 :]]
    assert opened.evaluate(READ, [plus, {"marks": "+"}])["text"] == "28+3"
