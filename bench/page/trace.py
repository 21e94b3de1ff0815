"""The longest task of the page's main thread while it is drawn on, from the browser's own trace."""

import json
import random
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from playwright.sync_api import Browser, Page

from bench.page import strokes
from bench.page.contenders import CALM, OURS, slow
from bench.peers import drawings
from bench.peers.site import Site

CATEGORIES = ["toplevel", "blink.user_timing", "devtools.timeline"]
TASK = "ThreadControllerImpl::RunTask"
OWN = "EvaluateScript"  # once the page is loaded, what the bench asks for
MARK = "digitpad bench"  # by which the page's own thread is known among all that are traced
LONG = 50  # milliseconds: what https://www.w3.org/TR/longtasks-1/ calls a long task
PLACES = 8
SIZE = 0.25  # of the pad's height, so that eight fit beside each other


def measure(browser: Browser, site: Site, numbers: int, digits: int, rate: float) -> dict[str, Any]:
    """Write numbers with the mouse, the CPU slowed so many times, once all is loaded.

    Returns:
        `digits`: of each number, at most 8;
        `longest`: milliseconds, for each number; `over`: how many tasks took more than LONG;
        `tasks`: how many there were; `strokes`: how many were written.
    """
    chance = random.Random(strokes.SEED)
    found: dict[str, Any] = {"digits": digits, "longest": [], "over": 0, "tasks": 0, "strokes": 0}
    with strokes.settled(browser, site, OURS) as page:
        page.wait_for_timeout(CALM)
        slow(page, rate)
        strokes.waits(page, [next(drawings.digits(chance))[1]])
        for _ in range(numbers):
            page.evaluate("document.querySelector('digit-pad').drawing = []")
            page.wait_for_timeout(CALM)
            durations, count = traced(browser, page, digits, chance)
            found["longest"].append(max(durations))
            found["over"] += sum(duration > LONG for duration in durations)
            found["tasks"] += len(durations)
            found["strokes"] += count
    return found


def traced(
    browser: Browser, page: Page, digits: int, chance: random.Random
) -> tuple[list[float], int]:
    """Write one number: milliseconds of each task meanwhile, and how many strokes it had."""
    ink = drawings.digits(chance)
    written = [next(ink)[1] for _ in range(digits)]

    def write() -> None:
        for place, digit in enumerate(written):
            strokes.write(page, digit, (place + 0.5) / PLACES, SIZE)

    return tasks(browser, page, write), sum(map(len, written))


def tasks(browser: Browser, page: Page, work: Callable[[], object]) -> list[float]:
    """Milliseconds of each of the page's own tasks on its main thread while work is done."""
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.evaluate("mark => void performance.mark(mark)", MARK)
    work()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mark = next(event for event in events if event["name"] == MARK)
    thread = itemgetter("pid", "tid")
    mine = [event for event in events if thread(event) == thread(mark)]
    asked = [event["ts"] for event in mine if event["name"] == OWN]
    found = (event for event in mine if event["name"] == TASK)
    return [
        task.get("dur", 0) / 1000
        for task in found
        if not any(task["ts"] <= when <= task["ts"] + task.get("dur", 0) for when in asked)
    ]
