"""Shared fixtures: the site, a browser, pages that fail on errors, and drawing."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from export.browser.launch import launch
from tests.firefox import launch as firefox

ROOT = Path(__file__).parents[1]
FIXTURES = Path(__file__).parent / "fixtures"
LAPTOP = {"viewport": {"width": 1280, "height": 800}}
FIREFOX = os.environ.get("DIGITPAD_ENGINE") == "firefox"  # by `python -m tests.firefox`
# Firefox takes them from its settings, when it starts.
PREFERENCE = pytest.mark.chromium("colour schemes and reduced motion")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": not FIREFOX}
NOT_LOADED = "Failed to load resource"  # in Chromium's console; Firefox reports it elsewhere
REPORT_POLICY = """addEventListener("securitypolicyviolation", event =>
    console.error(`policy: ${event.violatedDirective} blocked ${event.blockedURI}`), true)"""

SERVED = os.environ.get("DIGITPAD_SITE")  # URL of a site that is already served, as by `make nginx`

TIMEOUT_MS = 60_000  # only for hangs: long enough for a slow machine
expect.set_options(timeout=TIMEOUT_MS)

# The same inputs in every run; `python -m tests.soak` tries new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

Strokes = list[list[list[float]]]
Pen = Callable[..., None]


def pytest_xdist_auto_num_workers() -> int:
    """Return one and a half times the cores, because tests often wait for other processes."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


# Tests that train, convert, set up environments, or start browsers without the fixture.
SLOW = (
    *("bench", "soak", "end_to_end", "notebooks", "repository/test_setup.py"),
    *("export/browser", "export/evaluate", "export/test_convert.py"),
    *("export/test_fold.py", "export/test_notebook.py", "export/test_runtime_bundle.py"),
    *("export/test_segmentation.py", "export/test_verify.py", "train/distributed"),
    *("train/fine_tuning", "train/fitting", "train/network", "train/test_accuracy.py"),
    *("train/test_compare.py", "train/test_drawings.py", "train/test_main.py"),
    *("train/test_predict.py", "train/reporting", "hosting/serve", "hosting/collect"),
    "hosting/package",
)


# Files that take more than half a minute, the longest first: `--dist loadfile` gives a file to one
# process, and a long one that begins last would keep the others waiting.
LONG_FILES = (
    *("train/test_main.py", "end_to_end/test_loop.py", "notebooks/test_colab.py"),
    *("train/distributed/test_distributed.py", "bench/test_smoke.py", "export/test_convert.py"),
    *("bench/test_training.py", "web/page/test_page.py", "train/fitting/test_fit.py"),
    *("end_to_end/test_full_disk.py", "train/test_accuracy.py", "notebooks/test_notebook.py"),
    *("train/reporting/test_report.py", "web/dialogs/test_picture.py"),
    *("train/fine_tuning/test_main.py", "web/pad/test_form.py", "frameworks/test_frameworks.py"),
    "hosting/package/test_package.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long files first, and mark as slow the tests that `make check` skips.

    Those need a browser, training or many seconds.
    """
    slow = [ROOT / "tests" / name for name in SLOW]
    for item in items:
        by_file = any(item.path == path or path in item.path.parents for path in slow)
        if by_file or "browser" in item.fixturenames:
            item.add_marker(pytest.mark.slow)
    order = {ROOT / "tests" / name: rank for rank, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: order.get(item.path, len(order)))


class Watched:
    """Browser contexts, and the faults of their pages.

    A fault is a console error, an uncaught error, a policy violation, or a request to an origin
    other than that of the first request.
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
        context.set_default_timeout(TIMEOUT_MS)
        context.add_init_script(REPORT_POLICY)
        context.on("console", lambda line: line.type == "error" and self.faults.append(line.text))
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
        """Fail on unexpected faults and on patterns without a fault; then forget the faults."""
        faults, self.faults = self.faults, []
        unexpected = [f for f in faults if not any(re.search(e, f) for e in expected)]
        assert not unexpected, "the page reported: " + "; ".join(unexpected)
        for pattern in expected:
            if FIREFOX and pattern.startswith(NOT_LOADED):
                continue
            assert any(re.search(pattern, f) for f in faults), f"no error matched {pattern!r}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if FIREFOX:
        with firefox.launch() as running:
            yield running
        return
    # Browsers treat http://127.0.0.1 as secure, so tests of insecure pages need a host name.
    with launch(args=["--host-resolver-rules=MAP laptop.test 127.0.0.1"]) as running:
        yield running


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Return the page's URL, which ends in `/`: DIGITPAD_SITE, else web/ served by server.py."""
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
    """Return the URL of the folder with the modules: the site, or its hashed folder."""
    with urlopen(site) as answer:
        app = re.search(r'<script type="module" src="(.*?)app\.js">', answer.read().decode())
    assert app, f"{site} is not the page"
    return urljoin(site, app[1])


@pytest.fixture
def expected_errors() -> list[str]:
    """Return a list for regular expressions of errors that the test provokes; each must occur."""
    return []


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[ExitStack]:
    """Return a stack for the servers of a test, which stops them after its pages are closed.

    A page loads files for later when it is idle; without its server it reports a fault. `tmp_path`,
    from which tests serve, is deleted after that.
    """
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def open_page(
    browser: Browser, expected_errors: list[str], servers: ExitStack
) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page in a new context, with the options of `new_context`.

    At the end, the test fails if these pages report a fault.
    """
    watched = Watched(browser)
    yield lambda **options: watched.context(**options).new_page()
    watched.close()
    watched.check(expected_errors)


@pytest.fixture(scope="module")
def watched(browser: Browser) -> Iterator[Watched]:
    """Return contexts for all tests of a module; each test calls `watched.check()` at its end."""
    shared = Watched(browser)
    yield shared
    shared.close()
    shared.check()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """Open a page with the size of a laptop's window."""
    return open_page(**LAPTOP)


@pytest.fixture
def phone(open_page: Callable[..., Page]) -> Page:
    """Open a page with the size of a phone, with touch."""
    return open_page(**PHONE)


@pytest.fixture(scope="session")
def drawings() -> dict[str, Strokes]:
    """Return a drawing of each digit by its label, points in 0..1."""
    lines = (FIXTURES / "digits.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["label"]: line["strokes"] for line in map(json.loads, lines)}


@pytest.fixture(scope="session")
def draw() -> Pen:
    """Return a function `draw(page, strokes)` that draws on the page's pad with the mouse."""

    def draw_with_mouse(
        page: Page, strokes: Strokes, pad: Locator | None = None, button: str = "left"
    ) -> None:
        for stroke in on_pad(page, strokes, pad):
            page.mouse.move(*stroke[0])
            page.mouse.down(button=button)
            for point in stroke[1:]:
                page.mouse.move(*point)
            page.mouse.up(button=button)

    return draw_with_mouse


@pytest.fixture(scope="session")
def touch(draw: Pen) -> Pen:
    """Return a function `touch(page, strokes)` that draws on the page's pad with one finger."""
    if FIREFOX:
        return partial(draw, button="middle")  # which tests/firefox/relay.py makes a finger

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


def tap(button: Locator) -> None:
    """Tap a button; in Firefox, where Playwright's `tap` does nothing, click it."""
    button.click() if FIREFOX else button.tap()


def on_pad(
    page: Page, strokes: Strokes, pad: Locator | None = None
) -> list[list[tuple[float, float]]]:
    """Convert strokes to CSS pixels of the viewport; 0..1 is the largest square in mid-pad."""
    pad = pad or page.locator("digit-pad").first
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box, "the page shows no pad"
    side = min(box["width"], box["height"])
    left = box["x"] + (box["width"] - side) / 2
    top = box["y"] + (box["height"] - side) / 2
    return [[(left + x * side, top + y * side) for x, y, *_ in stroke] for stroke in strokes]


def until(page: Page, condition: Callable[[], object]) -> None:
    """Wait until a condition holds, while the page runs.

    `page.wait_for_function` evaluates text in the page, which the page's policy forbids.
    """
    end = time.monotonic() + TIMEOUT_MS / 1000
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        page.wait_for_timeout(20)
