"""A monkey at the page: `python -m tests.soak monkey`.

It draws, taps, types, pastes, drops, resizes, goes offline and back, reloads, opens dialogs,
corrects digits and loads junk, as its seed says. Nothing of it may be an error, or break the
policy, and in the end the page reads as before, with the memory of before.
"""

import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from export.browser.launch import launch
from tests.conftest import on_pad
from tests.soak.browsing import OFFLINE, served, watched
from tests.soak.monkey_actions import PATIENCE, READY, Monkey
from tests.soak.readers import DRAWINGS

LIVES = 3  # visits to the page; each is measured by itself
WARM = 0.25  # of a visit, after which it has all that it keeps
# What it may have grown by between the first calm moment and the last. The heap of 10,000 readings
# grows by 0.13 MB (bench/results/growth.md); drawings are kept to be undone, 500 of them.
HEAP = 6e6  # bytes
NODES = 400
LOOKS = 100  # at a page that holds on to more than this; a slow one lets go late, a leak never
TENSORS = """async () => (await import("./vendor/tfjs.js")).memory().numTensors"""
FORGET = """async () => {
    const { ExampleStore } = await import("./personal/store.js");
    await (await ExampleStore.open()).clear();
    localStorage.clear();
}"""


@dataclass(frozen=True)
class Usage:
    """What a resting page holds on to."""

    heap: int  # bytes
    nodes: int
    tensors: int

    @classmethod
    def of(cls, page: Page) -> "Usage":
        """Count, after the garbage is collected."""
        session = page.context.new_cdp_session(page)
        session.send("HeapProfiler.enable")
        for _ in range(3):  # what one collection frees may hold more
            session.send("HeapProfiler.collectGarbage")
            page.wait_for_timeout(100)
        heap = session.send("Runtime.getHeapUsage")["usedSize"]
        nodes = session.send("Memory.getDOMCounters")["nodes"]
        session.detach()
        return cls(int(heap), nodes, page.evaluate(TENSORS))

    def check(self, later: "Usage") -> None:
        """Raise AssertionError where a page holds on to more than it did."""
        assert later.heap - self.heap < HEAP, f"the heap grew: {self} became {later}"
        assert later.nodes - self.nodes < NODES, f"the document grew: {self} became {later}"
        assert later.tensors <= self.tensors, f"tensors were left: {self} became {later}"


def run(minutes: float, seed: int) -> list[str]:
    """Let the monkey play; return a report. Raises AssertionError on a fault."""
    digits = {
        drawing["label"]: drawing["strokes"]
        for drawing in map(json.loads, DRAWINGS.read_text(encoding="utf-8").splitlines())
    }
    with served() as site, launch() as browser, watched(browser) as (context, faults):
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        monkey = Monkey(page, random.Random(seed), site, digits)
        lines = [live(monkey, 60 * minutes / LIVES, faults) for _ in range(LIVES)]
        read_a_digit(page, site, digits)
        check(faults, monkey)
    done = ", ".join(f"{name} {count}" for name, count in monkey.done.most_common())
    return [
        f"monkey: {sum(monkey.done.values()):,} tricks in {minutes:g} minutes, seed {seed}: {done}",
        *lines,
        "no error, no policy violation; afterwards the page read a 7",
    ]


def live(monkey: Monkey, seconds: float, faults: list[str]) -> str:
    """One visit to the page, measured once it is warm and at its end; then some leaving of it."""
    page = monkey.page
    page.goto(monkey.site)
    page.locator(READY).wait_for()
    began, warm = time.monotonic(), None
    while (gone := time.monotonic() - began) < seconds or warm is None:
        monkey.step(monkey.staying)
        check(faults, monkey)
        if warm is None and gone > seconds * WARM:
            monkey.rest()
            warm = Usage.of(page)
    end = rested(monkey, warm)
    for _ in range(5):
        monkey.step(monkey.leaving)
        monkey.step(monkey.staying)
    check(faults, monkey)
    later = seconds * (1 - WARM)
    return (
        f"heap {warm.heap / 1e6:.2f} MB, {later:.0f} seconds later {end.heap / 1e6:.2f} MB; "
        f"nodes {warm.nodes}, {end.nodes}; tensors {warm.tensors}, {end.tensors}"
    )


def rested(monkey: Monkey, warm: Usage) -> Usage:
    """What the page holds on to in the end. Raises AssertionError where that stays too much."""
    for _ in range(LOOKS):
        monkey.rest()
        end = Usage.of(monkey.page)
        with suppress(AssertionError):
            warm.check(end)
            break
    warm.check(end)
    return end


def check(faults: list[str], monkey: Monkey) -> None:
    """Raise AssertionError for what the page complained of; offline, that it is offline."""
    offline = monkey.done["offline"] or monkey.done["leave_and_return_offline"]
    found = [each for each in faults if not (offline and OFFLINE.search(each))]
    assert not found, f"after {monkey.latest}: {'; '.join(found[:5])}"


def read_a_digit(page: Page, site: str, digits: dict[str, list]) -> None:
    """See that the page still does what it is for."""
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
    expect(page.locator("#number")).to_have_text("7", timeout=PATIENCE)
