"""The attributes `marks`, `format` and `pattern`: amounts, dates and telephone numbers on a pad."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.pad.one_pad import Open, set_drawing
from tests.web.page.test_accessibility import complaints

CHANGE = "pad => { pad.marks = '.'; }"
STATE = """pad => [pad.value, pad.validity.valid, pad.validity.badInput]"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("amount", "7.4"),
        ("date", "4/7/23"),
        ("time", "4:30"),
        ("phone", "427-073"),
        ("integer", "47"),
    ],
)
def test_a_format_brings_its_marks(open_pad: Open, drawings: dict[str, Any], name: str, text: str):
    pad = open_pad(f'format="{name}"')
    set_drawing(pad, drawings, text)
    expect(pad).to_have_js_property("value", text)
    assert pad.evaluate(STATE) == [text, True, False]
    assert pad.evaluate("pad => [pad.format, pad.marks]") == [name, ""]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("date", "4/7", "“4/7” is not a date. Please write one such as 5/27/26."),
        ("time", "47", "“47” is not a time. Please write one such as 8:30."),
        ("integer", "4:30", "A part of this could not be read as a digit."),
        ("phone", "47", "“47” is not a telephone number. Please write one such as 555-0123."),
    ],
)
def test_what_is_not_of_the_format_stays_and_is_invalid(
    open_pad: Open, drawings: dict[str, Any], name: str, text: str, said: str
) -> None:
    pad = open_pad(f'format="{name}"')
    set_drawing(pad, drawings, text)
    read = text.replace(":", "?")
    expect(pad).to_have_js_property("value", read)
    assert pad.evaluate(STATE)[1:] == [False, True]
    assert pad.evaluate("pad => pad.validationMessage").startswith(said)


def test_the_page_may_name_the_marks_of_a_format(open_pad: Open, drawings: dict[str, Any]) -> None:
    pad = open_pad('format="date" marks="."')
    set_drawing(pad, drawings, "4.7.23")
    expect(pad).to_have_js_property("value", "4.7.23")
    pad.evaluate("pad => { pad.marks = ''; }")
    expect(pad).to_have_js_property("value", "4?7?23")


def test_a_format_that_is_set_later_reads_again(open_pad: Open, drawings: dict[str, Any]) -> None:
    pad = open_pad()
    set_drawing(pad, drawings, "4/7/23")
    expect(pad).not_to_have_js_property("value", "4/7/23")
    pad.evaluate("pad => { pad.format = 'date'; }")
    expect(pad).to_have_js_property("value", "4/7/23")
    expect(pad).to_have_attribute("format", "date")


@pytest.mark.parametrize("name", ["", "colour", "toString", "constructor"])
def test_another_format_is_none(open_pad: Open, drawings: dict[str, Any], name: str) -> None:
    pad = open_pad(f'format="{name}"')
    set_drawing(pad, drawings, "407")
    expect(pad).to_have_js_property("value", "407")
    assert pad.evaluate("pad => pad.validity.valid")


def test_a_pattern_chooses_between_readings(open_pad: Open, drawings: dict[str, Any]) -> None:
    """A slanted stroke is a slash, or a 1 where digits alone are expected, and a slash again."""
    pad = open_pad('marks="/"')
    set_drawing(pad, drawings, "4|7")
    expect(pad).to_have_js_property("value", "4/7")
    pad.evaluate("pad => { pad.pattern = '[0-9]{3}'; }")
    expect(pad).to_have_js_property("value", "417")
    assert pad.evaluate("pad => pad.validity.valid && !pad.reading.symbols[1].mark")
    pad.evaluate("pad => { pad.pattern = '[0-9]/[0-9]'; }")
    expect(pad).to_have_js_property("value", "4/7")
    assert pad.evaluate("pad => pad.validity.valid && pad.reading.symbols[1].mark === '/'")


@pytest.mark.parametrize(
    ("language", "typed", "number"),
    [
        ("en", "1,234.50", 1234.5),
        ("de", "1.234,50", 1234.5),
        ("de", "1.234", 1234),
        ("en", "1,234", 1234),
        ("en", "-7", -7),
        ("en", "0151 23", 15123),
        ("en", "3/4", None),
        ("en", "", None),
    ],
)
def test_the_value_as_a_number_follows_the_language(
    open_pad: Open, language: str, typed: str, number: float | None
) -> None:
    pad = open_pad(f'lang="{language}"')
    pad.evaluate("(pad, value) => { pad.value = value; }", typed)
    found = pad.evaluate("pad => Number.isNaN(pad.valueAsNumber) ? null : pad.valueAsNumber")
    assert found == number


@pytest.mark.parametrize(
    ("number", "value"), [("12", "12"), ("12.5", "12.50"), ("-0.25", "-0.25"), ("NaN", "")]
)
def test_a_number_sets_the_value(open_pad: Open, number: str, value: str) -> None:
    pad = open_pad('format="amount"')
    pad.evaluate(f"pad => {{ pad.valueAsNumber = {number}; }}")
    expect(pad).to_have_js_property("value", value)
    assert pad.evaluate("pad => String(pad.valueAsNumber)") == str(float(number)).removesuffix(
        ".0"
    ).replace("nan", "NaN")


def test_wide_gaps_are_spaces_where_they_are_asked_for(open_pad: Open, drawings: dict) -> None:
    pad = open_pad()
    strokes = [
        [[100 * x + 70 * k + (90 if k > 1 else 0), 100 * y] for x, y in stroke]
        for k, label in enumerate("4723")
        for stroke in drawings[label]
    ]
    pad.evaluate("(pad, drawing) => { pad.drawing = drawing; }", strokes)
    expect(pad).to_have_js_property("value", "4723")
    pad.evaluate("pad => { pad.marks = ' '; }")
    expect(pad).to_have_js_property("value", "47 23")
    assert pad.evaluate("pad => pad.reading.symbols.map(({ spaced }) => Boolean(spaced))") == [
        *(False, False),
        *(True, False),
    ]
    assert pad.evaluate("pad => pad.validity.valid")


def test_a_form_is_sent_with_the_marks_of_its_field(open_pad: Open, drawings) -> None:
    pad = open_pad('marks=".,"')
    set_drawing(pad, drawings, "7.4")
    pad.page.get_by_role("button", name="Send").click()
    pad.page.wait_for_url("**/sent.html?price=7.4")


def test_without_the_attribute_a_mark_is_bad_input_until_it_is_set(
    open_pad: Open, drawings
) -> None:
    pad = open_pad()
    set_drawing(pad, drawings, "7.4")
    expect(pad).to_have_js_property("value", "7?4")
    assert pad.evaluate("pad => [pad.marks, pad.validity.badInput]") == ["", True]
    pad.evaluate(CHANGE)
    expect(pad).to_have_js_property("value", "7.4")
    expect(pad).to_have_attribute("marks", ".")
    assert pad.evaluate("pad => pad.validity.valid")
    assert pad.evaluate("pad => pad.reading.symbols[1].mark") == "."
    pad.evaluate("pad => pad.removeAttribute('marks')")
    expect(pad).to_have_js_property("value", "7?4")


def test_marks_that_nothing_reads_are_ignored(open_pad: Open, drawings) -> None:
    pad = open_pad('marks=" .x|"')
    set_drawing(pad, drawings, "7.4")
    expect(pad).to_have_js_property("value", "7.4")


def test_a_pattern_has_the_marks_too(open_pad: Open, drawings) -> None:
    pad = open_pad(r'marks="-" pattern="\d-\d"')
    set_drawing(pad, drawings, "4-7")
    expect(pad).to_have_js_property("value", "4-7")
    assert pad.evaluate("pad => pad.validity.valid")
    set_drawing(pad, drawings, "47")
    expect(pad).to_have_js_property("value", "47")
    assert pad.evaluate("pad => pad.validity.patternMismatch")


def test_the_form_of_the_site_takes_an_amount_a_date_and_a_telephone_number(
    page: Page, site: str, drawings
) -> None:
    page.goto(f"{site}embed.html")
    fields = {"price": "7.42", "day": "4/7/23", "phone": "427-0733"}
    for name, text in fields.items():
        pad = page.locator(f"#{name}")
        pad.evaluate("pad => pad.ready")
        set_drawing(pad, drawings, text)
        expect(pad).to_have_js_property("value", text)
        assert pad.evaluate("pad => pad.validity.valid")
    assert complaints(page) == []
    page.get_by_role("textbox", name="Date, as text").fill("4/7")
    page.get_by_role("textbox", name="Order number, as text").fill("2026")
    page.get_by_role("textbox", name="Pieces, as text").fill("3")
    page.get_by_role("button", name="Send").click()
    said = page.locator("#day").evaluate("pad => pad.validationMessage")
    assert said == "“4/7” is not a date. Please write one such as 5/27/26."
    page.get_by_role("textbox", name="Date, as text").fill("4/7/24")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").first).to_have_text(
        "Sent: order 2026, pieces 3, price 7.42, day 4/7/24, phone 427-0733, remark –"
    )


def test_a_typed_value_stays_when_the_marks_change(open_pad: Open, drawings) -> None:
    pad = open_pad()
    set_drawing(pad, drawings, "7.4")
    expect(pad).to_have_js_property("value", "7?4")
    pad.evaluate("pad => { pad.value = '8.1'; }")
    pad.evaluate(CHANGE)
    pad.page.wait_for_timeout(200)
    expect(pad).to_have_js_property("value", "8.1")
