"""The way to Firefox: touch, and what is left when something is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.conftest import ROOT, Pen

SESSION = """
from tests.firefox.launch import launch
with launch() as browser:
    browser.new_page()
    print("ready", flush=True)
    input()
"""
END_SECONDS = 30


@pytest.mark.parametrize("kind", ["mouse", "touch"])
def test_strokes_are_of_a_mouse_or_of_a_finger(
    open_page: Callable[..., Page], site: str, draw: Pen, touch: Pen, kind: str
) -> None:
    page = open_page()
    page.goto(f"{site}embed.html")
    page.evaluate(
        """() => ["pointerdown", "pointermove", "pointerup"].forEach(name =>
            addEventListener(name, ({ type, pointerType, button, isTrusted }) =>
                (window.seen ??= []).push([type, pointerType, button, isTrusted]), true))"""
    )
    (draw if kind == "mouse" else touch)(page, [[[0.4, 0.4], [0.5, 0.5], [0.6, 0.6]]])
    seen = [one for one in page.evaluate("seen") if one[2] >= 0 or one[1] == "touch"]
    assert seen[0] == ["pointerdown", kind, 0, True]
    assert seen[-1] == ["pointerup", kind, 0, True]
    assert page.evaluate("seen").count(["pointermove", kind, -1, True]) >= 2


@pytest.mark.parametrize("end", ["close", "kill the tests", "kill the relay", "kill Firefox"])
def test_no_process_is_left(tmp_path: Path, end: str) -> None:
    """Every process of the session has this folder in its environment; the relay is the first."""
    command = [sys.executable, "-c", SESSION]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes) as tests:
        assert tests.stdout.readline() == "ready\n"
        (relay,) = processes(tmp_path, "relay.py")
        firefox = processes(tmp_path, "--profile", since=relay + 1)[0]
        match end:
            case "close":
                tests.stdin.write("\n")
                tests.stdin.flush()
            case "kill the tests":
                tests.kill()
            case "kill the relay":
                os.kill(relay, signal.SIGKILL)
            case "kill Firefox":
                os.kill(firefox, signal.SIGKILL)
        limit = time.monotonic() + END_SECONDS
        while left := processes(tmp_path, since=relay):
            assert time.monotonic() < limit, f"after {end!r}, {left} still run"
            time.sleep(0.1)
        tests.kill()


def processes(folder: Path, word: str = "", since: int = 0) -> list[int]:
    """Return running processes with a folder in their environment, in the order of their start.

    Their command lines contain the word, and their numbers are not below `since`.
    """
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:  # it has just ended, or is another user's
            continue
        if str(folder).encode() in environment and word.encode() in command:
            found.append(int(process.name))
    return sorted(number for number in found if number >= since)
