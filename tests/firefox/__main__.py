"""The core of the browser tests in Firefox: `make engines`.

    python -m tests.firefox [PYTEST ARGUMENTS]

runs TESTS: those of this folder, and functions that `make test` runs in Chromium, without the ones
marked `chromium`. Not part of `make test`, because Firefox must be installed; the target does that.
"""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from tests.firefox.launch import find

ROOT = Path(__file__).resolve().parents[2]
TESTS = (
    "tests/firefox/test_relay.py",
    "tests/firefox/test_pixels.py",
    "tests/web/dialogs",
    "tests/web/pad",
    "tests/web/page/test_accessibility.py",
    "tests/web/page/test_offline.py::test_after_one_visit_the_page_reads_offline",
    "tests/web/page/test_page.py",
    "tests/web/personal/test_handwriting.py",
    "tests/web/recognition/test_ink.py",
)
PROCESSES = ("--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile")  # a Firefox each
MISSING = (
    "digitpad: Firefox was not found: install it (on Debian, firefox-esr), or set DIGITPAD_FIREFOX "
    "to its path"
)


def main() -> int:
    """Run the tests and return pytest's exit status."""
    firefox = find()
    if firefox is None:
        print(MISSING, file=sys.stderr)
        return 1
    named = subprocess.run([firefox, "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{named}, Playwright {version('playwright')}", flush=True)
    ended = pytest(*PROCESSES, "-m", "not chromium", *sys.argv[1:])
    left_out = pytest("--collect-only", "--quiet", "-m", "chromium", capture_output=True)
    count = re.search(r"(\d+)/\d+ tests collected", left_out.stdout)
    print(f"Left out: {count[1]} tests, see docs/browsers.md")
    return ended.returncode


def pytest(*arguments: str, **options: bool) -> subprocess.CompletedProcess[str]:
    """Run pytest on TESTS, in Firefox."""
    command = [sys.executable, "-m", "pytest", *TESTS, *arguments]
    environment = os.environ | {"DIGITPAD_ENGINE": "firefox"}
    return subprocess.run(command, cwd=ROOT, env=environment, text=True, **options)


if __name__ == "__main__":
    sys.exit(main())
