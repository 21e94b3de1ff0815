"""A Chrome or Chromium to run the page in, and the one way in which this project starts it.

`python -m export.browser` makes sure that there is one: an installed one, else Playwright's own
download, else the system's package manager; where none can be had it says what to do and fails.
"""

import functools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome")
APPLICATIONS = (  # where macOS keeps what is not on the PATH
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    os.path.expanduser("~/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
FLAGS = (  # no traffic of the browser's own, no first-run pages, no UDP
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
STARTING = 180_000  # milliseconds; a machine with other work starts a browser slowly
ADVICE = "install Google Chrome or Chromium, or set DIGITPAD_BROWSER to the path of one"

_thread = threading.local()  # Playwright allows one running instance a thread


class BrowserError(RuntimeError):
    """No browser can be had; the message is one line that says what to do."""


@functools.cache
def find() -> str | None:
    """Return the path of a Chrome or Chromium that runs, or None.

    Raises BrowserError when DIGITPAD_BROWSER names one that does not run.
    """
    named = os.environ.get("DIGITPAD_BROWSER")
    if named:
        if path := _first_that_runs([named]):
            return path
        raise BrowserError(f"DIGITPAD_BROWSER={named} is no browser that runs: correct or unset it")
    return _first_that_runs([*NAMES, *APPLICATIONS]) or _first_that_runs([_downloaded()])


@contextmanager
def launch(**options: Any) -> Iterator[Browser]:
    """Yield a headless Browser; `options` go to Playwright's `launch`.

    May be nested. Raises BrowserError when there is no browser or it does not start.
    """
    path = find()
    if path is None:
        raise BrowserError(f"no browser found: run `python -m export.browser`, or {ADVICE}")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chrome's own does not run as root
    arguments = [*FLAGS, *sandbox, *options.pop("args", ())]
    options.setdefault("timeout", STARTING)
    with _playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=arguments, **options)
        except Error as error:
            reason = str(error).strip().splitlines()[0]
            raise BrowserError(f"{path} does not start ({reason}): {ADVICE}") from error
        try:
            yield browser
        finally:
            browser.close()


def ensure() -> str:
    """Return the path of a browser that runs, fetching one if need be; else raise BrowserError."""
    path = find()
    for what, command in [] if path else _sources():
        print(f"no browser yet: {what}", flush=True)
        ended = subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
        find.cache_clear()
        if ended.returncode == 0 and (path := find()):
            break
    if path is None:
        raise BrowserError(f"no browser could be found or fetched: {ADVICE}")
    with launch() as browser:
        browser.new_page().close()
    return path


def _sources() -> list[tuple[str, Sequence[str]]]:
    """List what may bring a browser, best first: (what is done, the command)."""
    playwright = (sys.executable, "-m", "playwright")
    sources = [("Playwright's own download", (*playwright, "install", "--no-shell", "chromium"))]
    apt, prefix = shutil.which("apt-get"), _root_prefix()
    if apt and prefix is not None:
        needed = ("the libraries that it needs", (*prefix, *playwright, "install-deps", "chromium"))
        install = f"{apt} update; exec {apt} install --yes chromium"
        packaged = ("apt-get install chromium", (*prefix, "sh", "-c", install))
        sources += [needed, packaged]
    return sources


def _root_prefix() -> list[str] | None:
    """Return what makes a command run as root without asking, or None where that is not allowed."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def _first_that_runs(candidates: Sequence[str]) -> str | None:
    """Return the first that says its version: Ubuntu's `chromium-browser` may be an empty shell."""
    for candidate in candidates:
        path = shutil.which(candidate)
        if path is None:
            continue
        try:
            tried = subprocess.run([path, "--version"], capture_output=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if tried.returncode == 0 and tried.stdout.strip():
            return path
    return None


def _downloaded() -> str:
    """Return where Playwright keeps its own browser, there or not.

    Asked in a process of its own, because one thread may hold only one Playwright.
    """
    program = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return asked.stdout.strip()


@contextmanager
def _playwright() -> Iterator[Playwright]:
    """Yield this thread's Playwright, started unless an outer `launch` has started it."""
    if running := getattr(_thread, "playwright", None):
        yield running
        return
    with sync_playwright() as _thread.playwright:
        try:
            yield _thread.playwright
        finally:
            del _thread.playwright


def main() -> None:
    """Make sure that there is a browser, and name it."""
    try:
        print(f"browser: {ensure()}")
    except BrowserError as error:
        sys.exit(f"digitpad: {error}")


if __name__ == "__main__":
    main()
