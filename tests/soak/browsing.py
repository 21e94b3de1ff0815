"""The page as server.py serves it, in a browser, and everything that it complains of."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

from tests.conftest import REPORT_POLICY

ROOT = Path(__file__).parents[2]
OFFLINE = re.compile(r"net::ERR_INTERNET_DISCONNECTED|net::ERR_FAILED|Failed to fetch")


@contextmanager
def served() -> Iterator[str]:
    """The URL, ending in `/`, of web/ as server.py serves it."""
    command = [sys.executable, "-u", str(ROOT / "server.py"), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as serving:
        try:
            ready = serving.stdout.readline()
            port = re.search(r"localhost:(\d+)", ready)
            assert port, f"server.py said {ready!r}"
            yield f"http://127.0.0.1:{port[1]}/"
        finally:
            serving.terminate()


@contextmanager
def watched(browser: Browser, **options: object) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A context, and a list that grows by each error on the console and each uncaught one."""
    faults: list[str] = []
    context = browser.new_context(**options)
    context.add_init_script(REPORT_POLICY)
    context.on("console", lambda said: said.type == "error" and faults.append(said.text))
    context.on("weberror", lambda thrown: faults.append(f"uncaught: {thrown.error}"))
    try:
        yield context, faults
    finally:
        context.close()
