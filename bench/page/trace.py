"""Measure tasks of the page's main thread while a user draws, from the browser's trace."""

import json
import random
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from playwright.sync_api import Browser, Page

from bench.page import strokes
from bench.page.contenders import IDLE_MS, OURS, throttle
from bench.peers import drawings
from bench.peers.site import Site

CATEGORIES = ["toplevel", "blink.user_timing", "devtools.timeline"]
TASK = "ThreadControllerImpl::RunTask"
SCRIPT = "EvaluateScript"  # after loading, only the benchmark evaluates scripts
MARK = "digitpad bench"  # identifies the page's thread in the trace
LONG_TASK_MS = 50  # https://www.w3.org/TR/longtasks-1/
PLACES = 8
SIZE = 0.25  # of the pad's height, so that eight digits fit side by side


def measure(browser: Browser, site: Site, numbers: int, digits: int, rate: float) -> dict[str, Any]:
    """Write numbers with the mouse on a warm page.

    Args:
        browser: a running browser.
        site: serves the page.
        numbers: how many numbers to write.
        digits: digits per number, at most 8.
        rate: factor by which the CPU is slowed down.

    Returns:
        `digits`; `longest`, milliseconds of the longest task for each number; `over`, number of
        tasks longer than LONG_TASK_MS; `tasks` and `strokes`, their numbers.
    """
    rng = random.Random(strokes.SEED)
    found: dict[str, Any] = {"digits": digits, "longest": [], "over": 0, "tasks": 0, "strokes": 0}
    with strokes.settled(browser, site, OURS) as page:
        page.wait_for_timeout(IDLE_MS)
        throttle(page, rate)
        strokes.time_strokes(page, [next(drawings.digits(rng))[1]])
        for _ in range(numbers):
            page.evaluate("document.querySelector('digit-pad').drawing = []")
            page.wait_for_timeout(IDLE_MS)
            durations, count = trace_number(browser, page, digits, rng)
            found["longest"].append(max(durations))
            found["over"] += sum(duration > LONG_TASK_MS for duration in durations)
            found["tasks"] += len(durations)
            found["strokes"] += count
    return found


def trace_number(
    browser: Browser, page: Page, digits: int, rng: random.Random
) -> tuple[list[float], int]:
    """Write one number; return the milliseconds of each task, and the number of strokes."""
    ink = drawings.digits(rng)
    written = [next(ink)[1] for _ in range(digits)]

    def write() -> None:
        for position, digit in enumerate(written):
            strokes.write(page, digit, (position + 0.5) / PLACES, SIZE)

    return tasks(browser, page, write), sum(map(len, written))


def tasks(browser: Browser, page: Page, action: Callable[[], object]) -> list[float]:
    """Run an action; return the milliseconds of each task of the page's main thread meanwhile."""
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.evaluate("mark => void performance.mark(mark)", MARK)
    action()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mark = next(event for event in events if event["name"] == MARK)
    thread = itemgetter("pid", "tid")
    of_page = [event for event in events if thread(event) == thread(mark)]
    scripts = [event["ts"] for event in of_page if event["name"] == SCRIPT]
    found = (event for event in of_page if event["name"] == TASK)
    return [
        task.get("dur", 0) / 1000
        for task in found
        if not any(task["ts"] <= when <= task["ts"] + task.get("dur", 0) for when in scripts)
    ]
