"""Serve the page with server.py, and record the errors of its pages in a browser."""

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
    """Serve web/ with server.py; yield the URL, which ends in `/`."""
    command = [sys.executable, "-u", str(ROOT / "server.py"), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as serving:
        try:
            line = serving.stdout.readline()
            port = re.search(r"localhost:(\d+)", line)
            assert port, f"server.py printed {line!r}"
            yield f"http://127.0.0.1:{port[1]}/"
        finally:
            serving.terminate()


@contextmanager
def watched(browser: Browser, **options: object) -> Iterator[tuple[BrowserContext, list[str]]]:
    """Yield a context and a growing list of its console errors and uncaught errors."""
    faults: list[str] = []
    context = browser.new_context(**options)
    context.add_init_script(REPORT_POLICY)
    context.on("console", lambda line: line.type == "error" and faults.append(line.text))
    context.on("weberror", lambda thrown: faults.append(f"uncaught: {thrown.error}"))
    try:
        yield context, faults
    finally:
        context.close()
