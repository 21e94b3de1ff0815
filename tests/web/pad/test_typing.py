"""Numbers typed in any script, and text that is not a number."""

import sys
import unicodedata

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.web.pad.bare import value_becomes

ZEROS = [chr(c) for c in range(sys.maxunicode) if unicodedata.digit(chr(c), None) == 0]
ZEROS = [zero for zero in ZEROS if unicodedata.category(zero) == "Nd"]
STATE = "pad => [pad.value, pad.validity.badInput, pad.validationMessage]"


def test_decimal_digits_of_every_script_become_0_to_9(a: Locator) -> None:
    assert len(ZEROS) > 60
    texts = ["".join(chr(ord(zero) + digit) for digit in range(10)) for zero in ZEROS]
    read = """(pad, texts) => texts.map(text => {
        pad.value = "";
        pad.value = text;
        return pad.value;
    })"""
    assert set(a.evaluate(read, texts)) == {"0123456789"}


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("\u096d\u0966", "70"),  # Devanagari
        ("\u0e53.\u0e55", "3.5"),  # Thai
        ("4\U0001d7d7", "49"),  # mathematical
        ("\uff08\uff10\uff13\uff09 12", "\uff0803\uff09 12"),  # full width
        ("  007 ", "007"),
    ],
)
def test_typed_digits_are_shown_and_sent_as_0_to_9(
    a: Locator, pads: Page, typed: str, value: str
) -> None:
    entry = a.get_by_role("textbox")
    entry.press_sequentially(typed)
    value_becomes(a, value)
    entry.blur()
    expect(entry).to_have_value(value)
    assert a.evaluate(STATE) == [value, False, ""]
    assert pads.evaluate("new FormData(document.forms[0]).get('code')") == value


def test_the_caret_stays_where_one_types(a: Locator) -> None:
    entry = a.get_by_role("textbox")
    entry.fill("1234")
    entry.evaluate("entry => entry.setSelectionRange(1, 1)")
    entry.press_sequentially("\u09ed\u09ee")  # Bengali
    expect(entry).to_have_value("178234")
    assert entry.evaluate("entry => entry.selectionStart") == 3


@pytest.mark.chromium("an input method")
def test_an_input_method_is_not_interrupted(a: Locator, devtools: CDPSession) -> None:
    entry = a.get_by_role("textbox")
    entry.focus()
    composing = {"selectionStart": 2, "selectionEnd": 2}
    devtools.send("Input.imeSetComposition", {"text": "\uff14\uff12", **composing})
    expect(entry).to_have_value("\uff14\uff12")
    value_becomes(a, "42")
    devtools.send("Input.insertText", {"text": "\uff14\uff12"})
    expect(entry).to_have_value("42")
    value_becomes(a, "42")


@pytest.mark.parametrize(
    "typed", ["seven", "12a", "-", "\u0663x", "\u4e00\u4e8c", "1O", "7\U0001f600"]
)
def test_what_is_no_number_is_refused_with_the_reason(a: Locator, typed: str) -> None:
    a.evaluate("pad => { pad.pattern = '[0-9]{2}'; pad.title = 'Two digits.'; }")
    a.get_by_role("textbox").fill(typed)
    value, is_bad, message = a.evaluate(STATE)
    assert is_bad
    assert message.startswith(f"\u201c{value}\u201d is not a number.")
    assert message.endswith("Two digits.")


@pytest.mark.parametrize("typed", ["20.57", "-5", "(415) 555-0100", "05/03/94", "\u20ac 12,50"])
def test_marks_that_numbers_are_written_with_are_accepted(a: Locator, typed: str) -> None:
    a.get_by_role("textbox").fill(typed)
    assert a.evaluate(STATE) == [typed, False, ""]


def test_a_pattern_may_ask_for_letters(a: Locator) -> None:
    a.evaluate("pad => { pad.pattern = '[0-9A-F]{4}'; }")
    a.get_by_role("textbox").fill("BEEF")
    assert a.evaluate("pad => pad.checkValidity()")
    a.get_by_role("textbox").fill("12")
    assert a.evaluate("pad => pad.validity.patternMismatch")
