"""Fixtures: a bare page with two pads."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Locator, Page

from tests.conftest import Watched
from tests.web.pad.bare import PAGE, RECOGNIZER


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
