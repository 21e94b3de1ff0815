"""Measure a warm page: the time after each stroke, and readings of one and of eight digits."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from playwright.sync_api import Browser, Page

from bench.page.contenders import Contender, first_reading, opened, throttle
from bench.peers import drawings
from bench.peers.drawings import Strokes
from bench.peers.site import Site

SPEEDS = {"plain": 1, "CPU slowed 4x": 4}
STROKES, ONE, EIGHT = "after a stroke", "one digit", "eight digits, given apart"
FOUND = "eight digits in one drawing"
LENGTHS = {ONE: 1, EIGHT: 8, FOUND: 8}
SEED = 6

READ = "([numbers, find, marks]) => probe.read(numbers, find, marks)"

Times = dict[str, dict[str, dict[str, list[float]]]]


def measure(
    browser: Browser,
    site: Site,
    contenders: Sequence[Contender],
    rounds: int,
    each: int,
    speeds: Sequence[str],
    report: Callable[[str], None] = lambda progress: None,
) -> tuple[Times, dict[str, dict[str, float]]]:
    """Write and read with each contender in turn; in each round all get the same strokes.

    Args:
        browser: a running browser.
        site: serves the contenders.
        contenders: what to measure.
        rounds: number of rounds.
        each: digits to write, and numbers to read, per contender and round.
        speeds: keys of SPEEDS.
        report: called with a line of progress.

    Returns:
        milliseconds by task, speed and contender's name; and the share of correctly read numbers
        by task and contender's name.
    """
    rng = random.Random(SEED)
    names = [contender.name for contender in contenders]
    found: Times = {
        kind: {speed: {name: [] for name in names} for speed in speeds}
        for kind in (STROKES, *LENGTHS)
    }
    correct: dict[str, dict[str, list[bool]]] = {k: {name: [] for name in names} for k in LENGTHS}
    ink = drawings.digits(rng)
    with ExitStack() as stack:
        pages = {
            each.name: stack.enter_context(settled(browser, site, each)) for each in contenders
        }
        for number in range(rounds):
            for speed in speeds:
                report(f"strokes, {speed}, round {number + 1} of {rounds}")
                written = [next(ink)[1] for _ in range(each)]
                labels = {k: random_texts(length, each, rng) for k, length in LENGTHS.items()}
                held = {k: [drawings.number(text, rng) for text in labels[k]] for k in LENGTHS}
                for name, page in pages.items():
                    throttle(page, SPEEDS[speed])
                    found[STROKES][speed][name] += time_strokes(page, written)
                    for kind, numbers in held.items():
                        times, read = time_readings(page, numbers, find=kind == FOUND)
                        found[kind][speed][name] += times
                        correct[kind][name] += map(str.__eq__, read, labels[kind])
                    throttle(page, 1)
    shares = {kind: {n: sum(of) / len(of) for n, of in by.items()} for kind, by in correct.items()}
    return found, shares


@contextmanager
def settled(browser: Browser, site: Site, contender: Contender) -> Iterator[Page]:
    """Open a contender's page, warm it up and yield it."""
    rng = random.Random(SEED)
    first = drawings.number("4", rng)[0]
    with opened(browser, f"{site.address}/{contender.path}", first) as page:
        first_reading(page)
        warm_up(page, rng)
        yield page


def time_readings(
    page: Page, numbers: list[list[Strokes]], find: bool, marks: str = ""
) -> tuple[list[float], list[str]]:
    """Read numbers with `probe.read` of probe.js; return the milliseconds and text of each."""
    readings = page.evaluate(READ, [numbers, find, marks])
    return [each["milliseconds"] for each in readings], [each["text"] for each in readings]


def random_texts(length: int, count: int, rng: random.Random) -> list[str]:
    """Return `count` numbers of `length` digits."""
    return ["".join(rng.choices("0123456789", k=length)) for _ in range(count)]


def warm_up(page: Page, rng: random.Random) -> None:
    """Read often enough for the browser's optimizing compiler to finish."""
    numbers = [drawings.number(text, rng) for text in random_texts(8, 5, rng)]
    numbers += [drawings.number(text, rng) for text in random_texts(1, 20, rng)]
    time_readings(page, numbers, find=False)
    time_readings(page, numbers[:2], find=True)


def time_strokes(page: Page, written: Sequence[Strokes]) -> list[float]:
    """Write digits with the mouse, each on an empty pad; return milliseconds per stroke."""
    page.evaluate("probe.waits.length = 0")
    for strokes in written:
        page.evaluate("document.querySelector('digit-pad, peer-pad').drawing = []")
        write(page, strokes)
    return page.evaluate("probe.waits")


def write(page: Page, strokes: Strokes, across: float = 0.5, size: float = 0.8) -> None:
    """Write one digit with the mouse, and wait for the reading after each stroke.

    Args:
        page: a page with a pad.
        strokes: points in [0, 1].
        across: horizontal centre on the pad, from 0 at the left to 1.
        size: side of the digit's square as a share of the pad's height.
    """
    box = page.locator("digit-pad, peer-pad").first.bounding_box()
    assert box, "the page shows no pad"
    side = size * box["height"]
    left = box["x"] + across * box["width"] - side / 2
    top = box["y"] + box["height"] * 0.45 - side / 2  # clear of the bar below the surface
    for stroke in strokes:
        points = [(left + x * side, top + y * side) for x, y in stroke]
        page.evaluate("probe.expect()")
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()
        page.evaluate("probe.arrived")
