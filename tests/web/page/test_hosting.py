"""The site on static hosts other than server.py."""

import http.server
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

WEB = Path(__file__).parents[3] / "web"
Pen = Callable[[Page, list], None]
Drawings = dict[str, list]


@contextmanager
def python_http_server(folder: Path) -> Iterator[str]:
    """Serve a folder as `python -m http.server -d FOLDER` does; yield its URL."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(
        [*command, "-d", folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            port = re.search(r"port (\d+)", process.stdout.readline())[1]
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def plain_host() -> Iterator[str]:
    with python_http_server(WEB) as url:
        yield url


@pytest.fixture(scope="module")
def sub_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of the site at /some/where/, on a host with nothing else."""
    root = tmp_path_factory.mktemp("host")
    (root / "some").mkdir()
    (root / "some" / "where").symlink_to(WEB)
    with python_http_server(root) as url:
        yield f"{url}some/where/"


@pytest.fixture(params=["plain_host", "sub_path"])
def host(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(request.param)


def open_ready(page: Page, url: str) -> None:
    page.goto(url)
    page.evaluate(
        "customElements.whenDefined('digit-pad')"
        ".then(() => document.querySelector('digit-pad').ready)"
    )


def expect_reading(page: Page, strokes: list, pen: Pen, label: str) -> None:
    """Draw on a cleared pad and wait until it holds the label."""
    page.evaluate("document.querySelector('digit-pad').clear()")
    pen(page, strokes)
    expect(page.locator("digit-pad")).to_have_js_property("value", label)


def test_each_digit_drawn_with_the_mouse_is_read(
    page: Page, host: str, drawings: Drawings, draw: Pen
) -> None:
    open_ready(page, host)
    for label, strokes in drawings.items():
        expect_reading(page, strokes, draw, label)


def test_each_digit_drawn_with_a_finger_is_read(
    phone: Page, sub_path: str, drawings: Drawings, touch: Pen
) -> None:
    open_ready(phone, sub_path)
    for label, strokes in drawings.items():
        expect_reading(phone, strokes, touch, label)


def test_no_request_leaves_the_folder_of_the_page(
    page: Page, sub_path: str, drawings: Drawings, draw: Pen
) -> None:
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    open_ready(page, sub_path)
    expect_reading(page, drawings["7"], draw, "7")
    assert f"{sub_path}model/model.json" in asked
    assert [url for url in asked if not url.startswith(sub_path)] == []


def test_the_page_reads_at_an_insecure_address(
    page: Page, plain_host: str, drawings: Drawings, draw: Pen
) -> None:
    """Open the site from a laptop in the same network: plain http, not localhost."""
    open_ready(page, plain_host.replace("127.0.0.1", "laptop.test"))
    assert page.evaluate("isSecureContext") is False
    expect_reading(page, drawings["3"], draw, "3")


class TextHandler(http.server.SimpleHTTPRequestHandler):
    """Sends scripts as `python -m http.server` does where Windows' registry has that type."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".js": "text/plain"}

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


def test_scripts_sent_as_text_are_named_as_the_cause(context: BrowserContext) -> None:
    handler = partial(TextHandler, directory=str(WEB))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        page = context.new_page()
        for _ in range(2):
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            expect(page.get_by_role("alert")).to_have_text(
                "Please let the server send scripts as text/javascript. "
                "Browsers do not run them as text/plain"
            )
        server.shutdown()
        thread.join()
