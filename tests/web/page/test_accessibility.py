"""axe-core finds no violation in any state and both themes, and the keyboard suffices."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.conftest import NOT_LOADED, PREFERENCE, ROOT
from tests.web.gate import Gate

AXE = ROOT / "export/runtime/node_modules/axe-core/axe.min.js"
RUN = """async () => {
    const values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await axe.run({ runOnly: { type: "tag", values } });
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}"""
# Wait until colours have faded; the demonstration never ends.
SETTLE = """() => Promise.allSettled(document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)
    .map(({ finished }) => finished))"""
LINE = [[[0.5, 0.2], [0.5, 0.8]]]
ZIGZAG = [[[0.2 + 0.6 * (k % 2), 0.1 + 0.06 * k] for k in range(14)]]


@pytest.fixture(params=["light", pytest.param("dark", marks=PREFERENCE)])
def page(open_page: Callable[..., Page], request: pytest.FixtureRequest) -> Page:
    """Open a page in a light or dark theme."""
    return open_page(viewport={"width": 390, "height": 844}, color_scheme=request.param)


def complaints(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(SETTLE)
    return page.evaluate(RUN)


def test_the_empty_page(page: Page, site: str) -> None:
    page.goto(site)
    expect(page.locator("#caption")).to_have_text("Nothing written yet")
    assert complaints(page) == []


def test_a_reading_with_an_open_and_a_corrected_digit(
    page: Page, site: str, draw: Callable[..., None], drawings: dict[str, Any]
) -> None:
    page.goto(site)
    draw(page, drawings["4"])
    expect(page.locator("#number")).to_have_text("4")
    assert complaints(page) == []
    page.get_by_role("button", name="this is a 9").click()
    expect(page.locator("#number")).to_have_text("9")
    assert complaints(page) == []


def test_a_rejected_symbol(page: Page, site: str, draw: Callable[..., None]) -> None:
    page.goto(site)
    draw(page, ZIGZAG)
    expect(page.locator("#number")).to_have_text("?")
    assert complaints(page) == []


def test_a_loading_network_and_one_that_cannot_be_loaded(
    page: Page, site: str, expected_errors: list[str]
) -> None:
    expected_errors.append(NOT_LOADED)
    gate = Gate(page, "model.json")
    page.goto(site)
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert complaints(page) == []
    gate.decide(Route.abort)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert complaints(page) == []


def test_pads_in_a_form_before_and_after_an_invalid_submission(page: Page, site: str) -> None:
    page.goto(f"{site}embed.html")
    expect(page.get_by_role("textbox", name="Order number, as text")).to_be_visible()
    assert complaints(page) == []
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) == 0
    page.get_by_role("button", name="Send").click()
    assert complaints(page) == []


def test_a_form_can_be_filled_in_and_submitted_by_keyboard(page: Page, site: str) -> None:
    page.goto(f"{site}embed.html")
    expect(page.get_by_role("textbox", name="Order number, as text")).to_be_visible()
    page.keyboard.press("Tab")  # the first pad
    page.keyboard.type("2026")  # goes to its text
    for _ in range(3):  # its text has the focus: undo, clear, the next pad
        page.keyboard.press("Tab")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(
        "Sent: order 2026, pieces 12, price –, day –, phone –, remark –"
    )


def test_a_reading_can_be_inspected_corrected_and_copied_by_keyboard(
    page: Page, site: str, draw: Callable[..., None], drawings: dict[str, Any]
) -> None:
    page.goto(site)
    draw(page, drawings["4"])
    expect(page.locator("#number")).to_have_text("4")
    page.get_by_role("heading").first.click()  # where the next Tab starts
    page.keyboard.press("Tab")
    focused = "document.activeElement.ariaLabel ?? document.activeElement.id"
    assert page.evaluate(focused).startswith("Digit: 4")
    page.keyboard.press("Enter")
    for _ in range(6):  # copy, pad, undo, redo, clear, picture
        page.keyboard.press("Tab")
    for _ in range(8):
        page.keyboard.press("Tab")
    assert page.evaluate(focused).endswith("this is a 7")
    page.keyboard.press("Space")
    expect(page.locator("#number")).to_have_text("7")
    assert page.evaluate(focused).endswith("this is a 7"), "the focus stays"
    page.keyboard.press("Control+z")
    expect(page.locator("#number")).not_to_have_text("7")
