"""On a slow connection, the page takes ink from its first paint on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, TimeoutError, expect

from tests.conftest import LAPTOP, PHONE, Pen, Strokes
from tests.web.gate import Gate

SLOW = {"downloadThroughput": 400e3 / 8, "uploadThroughput": 400e3 / 8, "latency": 150}
BOXES = """() => Array.from(document.querySelectorAll("digit-pad, p, label, .tools > *, #seen"),
  (part) => { const { x, y, width, height } = part.getBoundingClientRect();
    return [part.id || part.textContent, x, y, width, height]; })"""


def open_slowly(page: Page, url: str, cpu: float) -> None:
    """Open a page at 400 kbit/s; return once its pad can be seen."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {"offline": False, **SLOW})
    session.send("Emulation.setCPUThrottlingRate", {"rate": cpu})
    page.goto(url, wait_until="commit")
    pad = page.locator("digit-pad").first
    try:
        pad.wait_for(state="attached", timeout=20_000)
    except TimeoutError:
        # With many browsers on few cores, Chromium's emulated network kept the document for itself
        # once in twenty loads: the request was answered, and a minute later nothing was parsed.
        page.goto(url, wait_until="commit")
    expect(pad).to_be_visible()


@pytest.mark.parametrize("cpu", [1, 6])
def test_a_digit_drawn_at_400_kbit_is_read(
    page: Page, site: str, drawings: dict[str, Strokes], draw: Pen, cpu: float
) -> None:
    open_slowly(page, site, cpu)
    draw(page, drawings["4"])
    expect(page.locator("#number")).to_have_text("4")


def test_a_digit_drawn_by_a_finger_before_the_scripts_is_read_and_undone(
    phone: Page, site: str, drawings: dict[str, Strokes], touch: Pen
) -> None:
    gate = Gate(phone, "digit-pad.js")
    phone.goto(site, wait_until="commit")
    expect(phone.locator("#pad")).to_be_visible()
    touch(phone, drawings["4"])
    expect(phone.locator("#pad > svg:last-child > path")).to_have_count(len(drawings["4"]))
    gate.decide(Route.continue_)
    expect(phone.locator("#number")).to_have_text("4")
    assert phone.evaluate("[scrollX, scrollY]") == [0, 0]
    for _ in drawings["4"]:
        phone.locator("#undo").click()
    expect(phone.locator("#number")).to_have_text("")
    expect(phone.locator("#undo")).to_have_attribute("aria-disabled", "true")


@pytest.mark.parametrize("size", [LAPTOP, PHONE])
@pytest.mark.parametrize("name", ["", "embed.html"])
def test_nothing_moves_when_the_scripts_arrive(
    open_page: Callable[..., Page], site: str, name: str, size: dict
) -> None:
    page = open_page(**size)
    gate = Gate(page, "digit-pad.js")
    page.goto(site + name, wait_until="commit")
    expect(page.locator("digit-pad").last).to_be_visible()
    before = page.evaluate(BOXES)
    gate.decide(Route.continue_)
    page.locator("digit-pad").first.evaluate("pad => pad.ready")
    assert page.evaluate(BOXES) == before


def small(strokes: Strokes, left: float) -> Strokes:
    return [[[left + 0.4 * x, 0.3 + 0.4 * y] for x, y, *_ in line] for line in strokes]


def test_strokes_are_added_to_those_that_an_update_keeps(
    page: Page, site: str, drawings: dict[str, Strokes], draw: Pen
) -> None:
    page.goto(site)
    draw(page, small(drawings["4"], left=0))
    expect(page.locator("#number")).to_have_text("4")
    page.evaluate("history.replaceState({ drawing: document.querySelector('#pad').drawing }, '')")
    gate = Gate(page, "digit-pad.js")
    page.reload(wait_until="commit")
    expect(page.locator("#pad")).to_be_visible()
    draw(page, small(drawings["7"], left=0.6))
    gate.decide(Route.continue_)
    expect(page.locator("#number")).to_have_text("47")
