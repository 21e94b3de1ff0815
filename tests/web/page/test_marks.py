"""The page's switch for marks: points, dashes and slashes beside digits."""

from playwright.sync_api import Page, expect

from tests.web.page.test_hosting import open_ready
from tests.web.recognition.test_marks import written

SHOWN = "() => [...document.querySelectorAll('#number button')].map(b => b.textContent).join('')"


def draw(page: Page, drawings: dict, text: str) -> None:
    drawing = [[[200 * x, 200 * y] for x, y in stroke] for stroke in written(drawings, text)]
    page.locator("#pad").evaluate("(pad, drawing) => { pad.drawing = drawing; }", drawing)


def test_marks_are_read_once_they_are_switched_on(page: Page, site: str, drawings) -> None:
    open_ready(page, site)
    box = page.get_by_role("checkbox", name="Read marks, such as")
    expect(box).not_to_be_checked()
    draw(page, drawings, "7.4")
    expect(page.locator("#pad")).to_have_js_property("value", "7?4")
    box.check()
    expect(page.locator("#pad")).to_have_js_property("value", "7.4")
    assert page.evaluate(SHOWN) == "7.4"
    expect(page.get_by_role("button", name="Second digit: point, ")).to_be_visible()
    box.uncheck()
    expect(page.locator("#pad")).to_have_js_property("value", "7?4")


def test_the_switch_keeps_its_state(page: Page, site: str, drawings) -> None:
    open_ready(page, site)
    page.get_by_role("checkbox", name="Read marks").check()
    page.reload()
    open_ready(page, site)
    expect(page.get_by_role("checkbox", name="Read marks")).to_be_checked()
    draw(page, drawings, "4-7")
    expect(page.locator("#pad")).to_have_js_property("value", "4-7")
    page.get_by_role("checkbox", name="Read marks").uncheck()
    page.reload()
    expect(page.get_by_role("checkbox", name="Read marks")).not_to_be_checked()


def test_a_mark_that_is_a_digit_can_be_corrected(page: Page, site: str, drawings) -> None:
    open_ready(page, site)
    page.get_by_role("checkbox", name="Read marks").check()
    draw(page, drawings, "4/7")
    expect(page.locator("#pad")).to_have_js_property("value", "4/7")
    slash = page.get_by_role("button", name="Second digit: ")
    expect(slash).to_contain_text("/")
    slash.click()
    page.get_by_role("group", name="Second digit").get_by_role("button", name="1").first.click()
    expect(page.locator("#pad")).to_have_js_property("value", "417")
    assert page.evaluate("document.querySelector('#pad').reading.symbols[1].mark ?? null") is None
