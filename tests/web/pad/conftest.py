"""Fixtures: a bare page with two pads, and a form with one."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Locator, Page

from tests.conftest import Watched
from tests.web.pad.bare import PAGE, RECOGNIZER
from tests.web.pad.one_pad import FORM, SENT, Open


@pytest.fixture(scope="module")
def context(watched: Watched) -> BrowserContext:
    """Return one context for all tests: pads store nothing."""
    return watched.context(viewport={"width": 600, "height": 1400}, has_touch=True)


@pytest.fixture
def pads(context: BrowserContext, watched: Watched, code: str) -> Iterator[Page]:
    """Yield a new page with two pads, `#a` in a form and `#b` outside."""
    page = context.new_page()
    page.route(
        "**/recognizer.js", lambda r: r.fulfill(body=RECOGNIZER, content_type="text/javascript")
    )
    page.route("**/pads.html", lambda r: r.fulfill(body=PAGE, content_type="text/html"))
    page.goto(code + "pads.html")
    page.wait_for_function("document.querySelector('#b').ready")
    yield page
    page.close()
    watched.check()


@pytest.fixture
def a(pads: Page) -> Locator:
    return pads.locator("#a")


@pytest.fixture
def devtools(pads: Page) -> Iterator[CDPSession]:
    session = pads.context.new_cdp_session(pads)
    yield session
    session.detach()


@pytest.fixture
def open_pad(open_page: Callable[..., Page], code: str) -> Open:
    """Return a function that opens a form whose pad has the given attributes."""

    def open_form(attributes: str = "") -> Locator:
        page = open_page(service_workers="block")
        body = FORM.replace("ATTRIBUTES", attributes)
        page.route("**/form.html", lambda r: r.fulfill(body=body, content_type="text/html"))
        page.route("**/sent.html**", lambda r: r.fulfill(body=SENT, content_type="text/html"))
        page.goto(f"{code}form.html")
        pad = page.locator("#price")
        pad.evaluate("pad => pad.ready")
        return pad

    return open_form
