"""The attribute `marks`: a pad whose value has points, dashes and slashes."""

from playwright.sync_api import Page, expect

from tests.web.pad.one_pad import Open, set_drawing
from tests.web.page.test_accessibility import complaints

CHANGE = "pad => { pad.marks = '.'; }"


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
