"""Perform random actions on the page: `python -m tests.soak monkey`.

The monkey draws, taps, types, pastes, drops, resizes, goes offline and back, reloads, opens
dialogs, corrects digits and loads junk. No action may cause an error or a policy violation. At the
end, the page must read as before and use no more memory.
"""

import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from export.browser.launch import launch
from export.browser.page import FETCH_ALL
from tests.conftest import on_pad
from tests.soak.browsing import OFFLINE, served, watched
from tests.soak.monkey_actions import READY, TIMEOUT_MS, Monkey
from tests.soak.readers import DRAWINGS

VISITS = 3  # to the page; memory is measured in each
WARM_UP = 0.25  # share of a visit, after which caches are full
# Limits of growth after the warm-up. 10,000 readings add 0.06 MB to the heap
# (bench/results/memory.md); the undo history keeps 500 drawings.
MAX_HEAP_GROWTH = 6e6  # bytes
MAX_NODE_GROWTH = 400
MEASUREMENTS = 100  # of a page above the limits: a slow one frees memory late, a leak never does
TENSORS = """async () => (await import("./vendor/tfjs.js")).memory().numTensors"""
FORGET = """async () => {
    const { ExampleStore } = await import("./personal/store.js");
    await (await ExampleStore.open()).clear();
    localStorage.clear();
}"""


@dataclass(frozen=True)
class Usage:
    """Memory of an idle page."""

    heap: int  # bytes
    nodes: int
    tensors: int

    @classmethod
    def of(cls, page: Page) -> "Usage":
        """Measure after garbage collection."""
        page.evaluate(FETCH_ALL)
        session = page.context.new_cdp_session(page)
        session.send("HeapProfiler.enable")
        for _ in range(3):  # a collection may make further objects unreachable
            session.send("HeapProfiler.collectGarbage")
            page.wait_for_timeout(100)
        heap = session.send("Runtime.getHeapUsage")["usedSize"]
        nodes = session.send("Memory.getDOMCounters")["nodes"]
        session.detach()
        return cls(int(heap), nodes, page.evaluate(TENSORS))

    def check(self, later: "Usage") -> None:
        """Raise AssertionError if a later measurement exceeds the limits of growth."""
        assert later.heap - self.heap < MAX_HEAP_GROWTH, f"the heap grew: {self} became {later}"
        nodes = later.nodes - self.nodes
        assert nodes < MAX_NODE_GROWTH, f"the document grew: {self} became {later}"
        assert later.tensors <= self.tensors, f"tensors were left: {self} became {later}"


def run(minutes: float, seed: int) -> list[str]:
    """Run the monkey; return the lines of a report. Raises AssertionError."""
    digits = {
        drawing["label"]: drawing["strokes"]
        for drawing in map(json.loads, DRAWINGS.read_text(encoding="utf-8").splitlines())
    }
    with served() as site, launch() as browser, watched(browser) as (context, faults):
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        monkey = Monkey(page, random.Random(seed), site, digits)
        lines = [visit(monkey, 60 * minutes / VISITS, faults) for _ in range(VISITS)]
        check_reading(page, site, digits)
        check(faults, monkey)
    count = monkey.done.total()
    done = ", ".join(f"{name} {times}" for name, times in monkey.done.most_common())
    return [
        f"monkey: {count:,} actions in {minutes:g} minutes, seed {seed}: {done}",
        *lines,
        "no error, no policy violation; the page still read a 7 at the end",
    ]


def visit(monkey: Monkey, seconds: float, faults: list[str]) -> str:
    """Act on the page, measure after the warm-up and at the end, then leave and return."""
    page = monkey.page
    page.goto(monkey.site)
    page.locator(READY).wait_for()
    began, warm = time.monotonic(), None
    while (elapsed := time.monotonic() - began) < seconds or warm is None:
        monkey.step(monkey.actions)
        check(faults, monkey)
        if warm is None and elapsed > seconds * WARM_UP:
            monkey.rest()
            warm = Usage.of(page)
    end = final_usage(monkey, warm)
    for _ in range(5):
        monkey.step(monkey.navigations)
        monkey.step(monkey.actions)
    check(faults, monkey)
    later = seconds * (1 - WARM_UP)
    return (
        f"heap {warm.heap / 1e6:.2f} MB, {later:.0f} seconds later {end.heap / 1e6:.2f} MB; "
        f"nodes {warm.nodes}, {end.nodes}; tensors {warm.tensors}, {end.tensors}"
    )


def final_usage(monkey: Monkey, warm: Usage) -> Usage:
    """Measure until the limits hold. Raises AssertionError after MEASUREMENTS attempts."""
    for _ in range(MEASUREMENTS):
        monkey.rest()
        end = Usage.of(monkey.page)
        with suppress(AssertionError):
            warm.check(end)
            break
    warm.check(end)
    return end


def check(faults: list[str], monkey: Monkey) -> None:
    """Raise AssertionError for errors of the page, except for failed requests while offline."""
    offline = monkey.done["offline"] or monkey.done["leave_and_return_offline"]
    found = [each for each in faults if not (offline and OFFLINE.search(each))]
    assert not found, f"after {monkey.latest}: {'; '.join(found[:5])}"


def check_reading(page: Page, site: str, digits: dict[str, list]) -> None:
    """Raise AssertionError unless the page still reads a digit."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(site)
    page.locator(READY).wait_for()
    page.evaluate(FORGET)
    page.reload()
    page.locator(READY).wait_for()
    for stroke in on_pad(page, digits["7"]):
        page.mouse.move(*stroke[0])
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*point, steps=2)
        page.mouse.up()
    expect(page.locator("#number")).to_have_text("7", timeout=TIMEOUT_MS)
