"""Several lines of writing: a pad in a form asks for one, the page shows them all."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Strokes, Watched
from tests.web.lines import two_lines

SHOW = "(pad, drawing) => { pad.drawing = drawing; }"


@pytest.fixture
def pad_page(watched: Watched, code: str) -> Iterator[Page]:
    """Yield a form with a pad."""
    page = watched.context().new_page()
    body = """<!doctype html><html lang="en"><title>Form</title><link rel="icon" href="favicon.svg">
        <script type="module" src="digit-pad.js"></script>
        <form action="sent.html"><digit-pad id="code" name="code" label="Code"></digit-pad>
        <button>Send</button></form></html>"""
    page.route("**/form.html", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(f"{code}form.html")
    page.locator("#code").evaluate("pad => pad.ready")
    yield page
    page.close()
    watched.check()


def test_a_pad_asks_for_one_line(pad_page: Page, drawings: dict[str, Strokes]) -> None:
    pad = pad_page.locator("#code")
    pad.evaluate(SHOW, two_lines(drawings, "12", "75"))
    expect(pad).to_have_js_property("value", "12\n75")
    expect(pad).to_have_js_property("validity.badInput", True)
    expect(pad).to_have_js_property("validationMessage", "Please write one line.")
    expect(pad.get_by_role("textbox")).to_have_value("12 75")
    expect(pad.get_by_role("img")).to_have_accessible_name("Code, reads 12, next line 75")
    pad_page.get_by_role("button", name="Send").click()
    assert pad_page.url.endswith("form.html")
    pad.evaluate("pad => pad.correct(2, 9)")
    expect(pad).to_have_js_property("value", "12\n95")
    pad.evaluate(SHOW, two_lines(drawings, "12", "75")[:2])
    expect(pad).to_have_js_property("value", "12")
    assert pad.evaluate("pad => pad.checkValidity()")


def shown_lines(page: Page) -> list[str]:
    """Return the digits shown, line by line, from where their buttons are."""
    rows: dict[float, str] = {}
    for button in page.locator("#number button").all():
        place = button.bounding_box()
        assert place and place["height"] >= 24
        rows[round(place["y"])] = rows.get(round(place["y"]), "") + button.inner_text()
    return [rows[y] for y in sorted(rows)]


@pytest.mark.parametrize("hand", ["page", "phone"])
def test_the_page_shows_and_corrects_both_lines(
    request: pytest.FixtureRequest, site: str, drawings: dict[str, Strokes], hand: str
) -> None:
    page: Page = request.getfixturevalue(hand)
    page.goto(site)
    pad, number = page.locator("digit-pad"), page.locator("#number")
    pad.evaluate(SHOW, two_lines(drawings, "126", ""))
    expect(number).to_have_text("126")
    place = pad.bounding_box()
    pad.evaluate(SHOW, two_lines(drawings, "126", "75"))
    expect(number).to_have_text("12675")
    assert pad.bounding_box() == place, "the pad stays where it is"
    assert shown_lines(page) == ["126", "75"]
    area = number.bounding_box()
    for button in page.locator("#number button").all():
        inner = button.bounding_box()
        assert area and inner and inner["y"] >= area["y"] - 1
        assert inner["y"] + inner["height"] <= area["y"] + area["height"] + 1, "in sight"
    expect(page.locator("#spoken")).to_contain_text("126, next line 75. ")
    page.get_by_role("button", name="Line 2, first digit: 7").click()
    expect(page.locator("#which")).to_contain_text("Line 2, first digit: if wrong")
    page.get_by_role("button", name="this is a 3").click()
    expect(pad).to_have_js_property("value", "126\n35")
    assert shown_lines(page) == ["126", "35"]
    expect(page.locator("#which")).to_have_text("Line 2, first digit: 3, as you say")


def test_lines_are_copied_with_a_line_break(
    open_page: Callable[..., Page], site: str, drawings: dict[str, Strokes]
) -> None:
    page: Page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(site)
    page.locator("digit-pad").evaluate(SHOW, two_lines(drawings, "12", "75"))
    expect(page.locator("#number")).to_have_text("1275")
    page.locator("#copy").click()
    expect(page.locator("#spoken")).to_have_text("12, next line 75 is copied")
    assert page.evaluate("navigator.clipboard.readText()") == "12\n75"
