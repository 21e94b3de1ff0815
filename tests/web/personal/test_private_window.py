"""Private windows are told that nothing outlasts them, and ordinary ones are not."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from export.browser import launch
from tests.conftest import TIMEOUT_MS
from tests.web.personal.test_handwriting import correct, opened

NOTE = "This looks like a private window: your drawings are kept until you close it."
ADVICE = "This looks like a private window, which forgets them when it is closed."
OTHER_ADVICE = "The browser may delete them if space runs short"
IN_MEMORY = "/dev/shm"  # Linux; nothing is written to a disk there, as in a private window
LOOKS_PRIVATE = """async () => {
    const { src } = document.querySelector("script[type=module]");
    const { looksPrivate } = await import(new URL("personal/private-window.js", src));
    return looksPrivate();
}"""
FILES = """async () => {
    const folder = await navigator.storage.getDirectory();
    return Array.fromAsync(folder.keys());
}"""
FASTER = "const wait = setTimeout; setTimeout = (then, ms) => wait(then, ms / 9);"
OTHER_ENGINE = "delete Navigator.prototype.userAgentData;"
WITHOUT_FILES = """StorageManager.prototype.getDirectory = async () => {
    throw new DOMException("Security error when calling GetDirectory", "SecurityError");
};"""
TIMED = """const now = performance.now.bind(performance);
let passed = 0;
performance.now = () => passed;
FileSystemSyncAccessHandle.prototype.write = () => { passed += WRITE; };
FileSystemSyncAccessHandle.prototype.flush = () => { passed += FLUSH; };
"""


@contextmanager
def window(browser: Browser, folder: str | None, *arguments: str) -> Iterator[Page]:
    """Open a window of a profile of its own, as a person does."""
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as profile:
        context = browser.browser_type.launch_persistent_context(
            profile,
            executable_path=launch.find(),
            args=[*launch.FLAGS, *root, *arguments],
            timeout=launch.START_TIMEOUT_MS,
        )
        context.set_default_timeout(TIMEOUT_MS)
        yield context.pages[0]
        context.close()


def opened_at(page: Page, site: str) -> Page:
    page.goto(site)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    return page


@pytest.mark.usefixtures("ready")
def test_a_private_window_is_told_that_nothing_outlasts_it(page, draw, drawings) -> None:
    dialog = opened(page)
    expect(dialog.get_by_role("status")).to_contain_text("0 drawings")
    expect(dialog.get_by_text(ADVICE)).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("footer")).not_to_contain_text("private window")
    correct(page, draw, drawings["4"], "4")
    expect(page.locator("footer")).to_contain_text(NOTE)
    dialog = opened(page)
    expect(dialog.get_by_text(ADVICE)).to_be_visible()
    expect(dialog.get_by_text(OTHER_ADVICE)).to_have_count(0)
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("footer")).to_contain_text(NOTE)
    page.once("dialog", lambda question: question.accept())
    opened(page).get_by_role("button", name="Delete all").click()
    expect(page.locator("footer")).not_to_contain_text("private window")


def test_a_browser_started_with_incognito_is_told(
    browser: Browser, site: str, draw: Callable[..., None], drawings: dict[str, Any]
) -> None:
    with window(browser, None, "--incognito") as page:
        correct(opened_at(page, site), draw, drawings["4"], "4")
        expect(page.locator("footer")).to_contain_text(NOTE)


@pytest.mark.parametrize("folder", [None, *filter(os.path.isdir, [IN_MEMORY])])
def test_an_ordinary_window_is_not(
    browser: Browser, site: str, draw: Callable[..., None], drawings: dict[str, Any], folder
) -> None:
    with window(browser, folder) as page:
        correct(opened_at(page, site), draw, drawings["4"], "4")
        assert page.evaluate(LOOKS_PRIVATE) is False
        dialog = opened(page)
        expect(dialog.get_by_text(OTHER_ADVICE)).to_be_visible()
        expect(page.locator("footer")).not_to_contain_text("private window")
        assert page.evaluate(FILES) == [], "the file whose writes were timed is deleted"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(OTHER_ENGINE, False, id="Firefox or Safari"),
        pytest.param(OTHER_ENGINE + WITHOUT_FILES, True, id="Firefox or Safari, private"),
        pytest.param(WITHOUT_FILES, False, id="Chromium that refuses files"),
        pytest.param("delete StorageManager.prototype.getDirectory;", False, id="an old browser"),
        pytest.param("globalThis.Worker = class {};", False, id="a worker that never answers"),
    ],
)
def test_what_other_browsers_tell(open_page, site, script: str, expected: bool) -> None:
    page = open_page()
    page.add_init_script(script + FASTER)
    page.goto(site)
    assert page.evaluate(LOOKS_PRIVATE) is expected


@pytest.mark.parametrize(
    ("write", "flush", "expected"),
    [
        pytest.param(0.005, 0.3, False, id="a disk"),
        pytest.param(0.1, 8.0, False, id="a slow disk"),
        pytest.param(0.002, 0.0005, False, id="an ordinary profile in memory"),
        pytest.param(0.1, 0.1, False, id="files of another process"),
        pytest.param(0.05, 0.0005, True, id="a private window"),
        pytest.param(1.0, 0.001, True, id="a private window on a slow machine"),
    ],
)
def test_the_time_of_writes_and_flushes_decides(
    open_page: Callable[..., Page], site: str, code: str, write: float, flush: float, expected: bool
) -> None:
    """Milliseconds of one operation."""
    page = open_page(service_workers="block")
    source = page.request.get(f"{code}personal/file-timing.js").text()
    timed = TIMED.replace("WRITE", str(write)).replace("FLUSH", str(flush))
    answer = {"body": timed + source, "content_type": "text/javascript"}
    page.route("**/file-timing.js", lambda route: route.fulfill(**answer))
    page.goto(site)
    assert page.evaluate(LOOKS_PRIVATE) is expected
