"""Find, install and start Chrome or Chromium.

`python -m export.browser` takes an installed browser, else Playwright's download, else the
system's package manager. If all fail, it prints what to do and exits with status 1.
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
APPLICATIONS = (  # paths on macOS, where browsers are not on the PATH
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    os.path.expanduser("~/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
# Chrome reads only the last list, so this one repeats Playwright's: `disabledFeatures` of
# https://github.com/microsoft/playwright/blob/main/packages/playwright-core/src/server/chromium/chromiumSwitches.ts
# The last two load pages for the address bar into every new window, which takes twice as long as
# the window itself.
DISABLED_FEATURES = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect"),
    *("OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
)
FLAGS = (  # no background traffic, first-run pages or UDP
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    f"--disable-features={','.join(DISABLED_FEATURES)}",
)
START_TIMEOUT_MS = 180_000  # a busy machine starts a browser slowly
ADVICE = "install Google Chrome or Chromium, or set DIGITPAD_BROWSER to its path"

_thread = threading.local()  # Playwright allows one running instance per thread


class BrowserError(RuntimeError):
    """No browser is available. The message is one line: reason and remedy."""


@functools.cache
def find() -> str | None:
    """Return the path of a working Chrome or Chromium, or None.

    Raises BrowserError if DIGITPAD_BROWSER names one that does not work.
    """
    named = os.environ.get("DIGITPAD_BROWSER")
    if named:
        if path := _first_that_runs([named]):
            return path
        raise BrowserError(f"DIGITPAD_BROWSER={named} does not run: correct or unset it")
    return _first_that_runs([*NAMES, *APPLICATIONS]) or _first_that_runs([_downloaded()])


@contextmanager
def launch(**options: Any) -> Iterator[Browser]:
    """Yield a headless Browser; `options` are those of Playwright's `launch`. May overlap others.

    Raises BrowserError if there is no browser or it does not start.
    """
    path = find()
    if path is None:
        raise BrowserError(f"no browser found: run `python -m export.browser`, or {ADVICE}")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chrome's sandbox does not run as root
    arguments = [*FLAGS, *sandbox, *options.pop("args", ())]
    options.setdefault("timeout", START_TIMEOUT_MS)
    with playwright_of_this_thread() as playwright:
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
    """Return the path of a working browser; install one if necessary. Raises BrowserError."""
    path = find()
    for source, command in [] if path else _sources():
        print(f"no browser yet: {source}", flush=True)
        ended = subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
        find.cache_clear()
        if ended.returncode == 0 and (path := find()):
            break
    if path is None:
        raise BrowserError(f"no browser was found or could be installed: {ADVICE}")
    with launch() as browser:
        browser.new_page().close()
    return path


def _sources() -> list[tuple[str, Sequence[str]]]:
    """List ways to install a browser, best first: (description, command)."""
    playwright = (sys.executable, "-m", "playwright")
    sources = [("Playwright's download", (*playwright, "install", "--no-shell", "chromium"))]
    apt, prefix = shutil.which("apt-get"), _root_prefix()
    if apt and prefix is not None:
        needed = ("its system libraries", (*prefix, *playwright, "install-deps", "chromium"))
        install = f"{apt} update; exec {apt} install --yes chromium"
        packaged = ("apt-get install chromium", (*prefix, "sh", "-c", install))
        sources += [needed, packaged]
    return sources


def _root_prefix() -> list[str] | None:
    """Return the prefix that runs a command as root without a password, None if not allowed."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def _first_that_runs(candidates: Sequence[str]) -> str | None:
    """Return the first that prints its version: Ubuntu's `chromium-browser` may be a stub."""
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
    """Return the path of Playwright's browser, whether it is installed or not.

    Runs in another process, because a thread can run only one Playwright.
    """
    program = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return asked.stdout.strip()


@contextmanager
def playwright_of_this_thread() -> Iterator[Playwright]:
    """Yield this thread's Playwright: the first `launch` starts it, the last to end stops it."""
    if not getattr(_thread, "users", 0):
        _thread.users, _thread.playwright = 0, sync_playwright().start()
    _thread.users += 1
    try:
        yield _thread.playwright
    finally:
        _thread.users -= 1
        if not _thread.users:
            _thread.playwright.stop()


def main() -> None:
    """Find or install a browser, and print its path."""
    try:
        print(f"browser: {ensure()}")
    except BrowserError as error:
        sys.exit(f"digitpad: {error}")


if __name__ == "__main__":
    main()
