"""Start Firefox under Playwright, through relay.py."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser

from export.browser.launch import START_TIMEOUT_MS, playwright_of_this_thread

RELAY = Path(__file__).with_name("relay.py")
NAMES = ("firefox-esr", "firefox")
PREFERENCES = {
    # Firefox 153 ends if Playwright, in its sandbox, and the page read `ariaLabelledByElements`.
    "accessibility.ARIAElementReflection.enabled": False,
    "browser.sessionhistory.max_total_viewers": 0,  # Playwright cannot go back to a kept page
    "network.dns.localDomains": "laptop.test",  # tests of insecure pages need a host name
}


def find() -> str | None:
    """Return the path of Firefox, DIGITPAD_FIREFOX if that is set, or None."""
    named = os.environ.get("DIGITPAD_FIREFOX")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launch(**preferences: Any) -> Iterator[Browser]:
    """Yield a headless Firefox with preferences of about:config. May overlap others."""
    firefox = find()
    assert firefox, "Firefox was not found: install it, or set DIGITPAD_FIREFOX to its path"
    with TemporaryDirectory() as folder, playwright_of_this_thread() as playwright:
        program = Path(folder) / "firefox"
        command = shlex.join([sys.executable, str(RELAY), firefox])
        program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        program.chmod(0o755)
        browser = playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=program,
            firefox_user_prefs=PREFERENCES | preferences,
            timeout=START_TIMEOUT_MS,
        )
        try:
            yield browser
        finally:
            browser.close()
