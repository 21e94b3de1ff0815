"""What the tests share: the site, a browser, pages that tolerate no error, and a pen."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from export.browser.launch import launch

ROOT = Path(__file__).parents[1]
FIXTURES = Path(__file__).parent / "fixtures"
LAPTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
REPORT_POLICY = """addEventListener("securitypolicyviolation", event =>
    console.error(`policy: ${event.violatedDirective} blocked ${event.blockedURI}`), true)"""

SERVED = os.environ.get("DIGITPAD_SITE")  # a site that somebody else serves, as `make nginx`

PATIENCE = 60_000  # milliseconds; it only bounds what hangs, so that a slow machine passes too
expect.set_options(timeout=PATIENCE)

# The same inputs at every run: `python -m tests.soak` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

Strokes = list[list[list[float]]]
Pen = Callable[..., None]


def pytest_xdist_auto_num_workers() -> int:
    """Half as many processes again as cores: tests often wait, for a browser or for a process."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


class Watched:
    """Browser contexts, and the faults that their pages report.

    A fault is a console error, an uncaught error, a policy violation or a request to another origin
    than the first.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []
        self.origins: list[str] = []

    def context(self, **options: Any) -> BrowserContext:
        """Open a context with the options of `new_context`."""
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(REPORT_POLICY)
        context.on("console", lambda said: said.type == "error" and self.faults.append(said.text))
        context.on("weberror", lambda thrown: self.faults.append(f"uncaught: {thrown.error}"))
        context.on("request", lambda request: self._note_origin(request.url))
        return context

    def _note_origin(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("data", "blob", "about"):
            return
        self.origins.append(f"{parts.scheme}://{parts.netloc}")
        if self.origins[-1] != self.origins[0]:
            self.faults.append(f"request to another origin: {url}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()

    def check(self, expected: Sequence[str] = ()) -> None:
        """Fail on a fault that no pattern expects, and on a pattern without a fault; forget all."""
        faults, self.faults = self.faults, []
        unexpected = [f for f in faults if not any(re.search(e, f) for e in expected)]
        assert not unexpected, "the page reported: " + "; ".join(unexpected)
        for pattern in expected:
            assert any(re.search(pattern, f) for f in faults), f"no error matched {pattern!r}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Browsers call plain http secure at 127.0.0.1, so a test of an insecure page needs a name.
    with launch(args=["--host-resolver-rules=MAP laptop.test 127.0.0.1"]) as running:
        yield running


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """URL, ending in `/`, of the page: that in DIGITPAD_SITE, else web/ as server.py serves it."""
    if SERVED:
        yield SERVED
        return
    command = [sys.executable, "-u", str(ROOT / "server.py"), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as serving:
        try:
            ready = serving.stdout.readline()
            port = re.search(r"localhost:(\d+)", ready)
            assert port, f"server.py said {ready!r}"
            yield f"http://127.0.0.1:{port[1]}/"
        finally:
            serving.terminate()


@pytest.fixture(scope="session")
def code(site: str) -> str:
    """URL of the folder with the modules: the site's own, or a hashed one in it."""
    with urlopen(site) as answer:
        app = re.search(r'<script type="module" src="(.*?)app\.js">', answer.read().decode())
    assert app, f"{site} is not the page"
    return urljoin(site, app[1])


@pytest.fixture
def expected_errors() -> list[str]:
    """Regular expressions of the errors that a test provokes; it appends, each must occur."""
    return []


@pytest.fixture
def open_page(browser: Browser, expected_errors: list[str]) -> Iterator[Callable[..., Page]]:
    """Open pages in contexts of their own: `open_page(**options of new_context)`.

    Afterwards the test fails on any fault of theirs.
    """
    watched = Watched(browser)
    yield lambda **options: watched.context(**options).new_page()
    watched.close()
    watched.check(expected_errors)


@pytest.fixture(scope="module")
def watched(browser: Browser) -> Iterator[Watched]:
    """Contexts that all tests of a module share; each test calls `watched.check()` at its end."""
    shared = Watched(browser)
    yield shared
    shared.close()
    shared.check()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A new page at the size of a laptop's window."""
    return open_page(**LAPTOP)


@pytest.fixture
def phone(open_page: Callable[..., Page]) -> Page:
    """A new page at the size of a phone, with touch."""
    return open_page(**PHONE)


@pytest.fixture(scope="session")
def drawings() -> dict[str, Strokes]:
    """A drawing of each digit by its label, points in 0..1."""
    lines = (FIXTURES / "digits.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["label"]: line["strokes"] for line in map(json.loads, lines)}


@pytest.fixture(scope="session")
def draw() -> Pen:
    """`draw(page, strokes)` draws on the page's pad, or on `pad`, with the mouse."""

    def draw_with_mouse(page: Page, strokes: Strokes, pad: Locator | None = None) -> None:
        for stroke in on_pad(page, strokes, pad):
            page.mouse.move(*stroke[0])
            page.mouse.down()
            for point in stroke[1:]:
                page.mouse.move(*point)
            page.mouse.up()

    return draw_with_mouse


@pytest.fixture(scope="session")
def touch() -> Pen:
    """`touch(page, strokes)` draws on the page's pad with one finger."""

    def draw_with_finger(page: Page, strokes: Strokes) -> None:
        session = page.context.new_cdp_session(page)

        def send(kind: str, *points: tuple[float, float]) -> None:
            touched = [{"x": x, "y": y, "id": 0} for x, y in points]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

        for stroke in on_pad(page, strokes):
            send("touchStart", stroke[0])
            for point in stroke[1:]:
                send("touchMove", point)
            send("touchEnd")
        session.detach()

    return draw_with_finger


def on_pad(
    page: Page, strokes: Strokes, pad: Locator | None = None
) -> list[list[tuple[float, float]]]:
    """Place strokes in the viewport, in CSS pixels: 0..1 is the largest square mid-pad."""
    pad = pad or page.locator("digit-pad").first
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box, "the page shows no pad to draw on"
    side = min(box["width"], box["height"])
    left = box["x"] + (box["width"] - side) / 2
    top = box["y"] + (box["height"] - side) / 2
    return [[(left + x * side, top + y * side) for x, y, *_ in stroke] for stroke in strokes]


def until(page: Page, holds: Callable[[], object]) -> None:
    """Let the page go on until something holds.

    `page.wait_for_function` evaluates text in the page, which the page's own policy forbids.
    """
    end = time.monotonic() + PATIENCE / 1000
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        page.wait_for_timeout(20)
