"""Once a page has settled: the wait after each stroke, and readings of one and of eight digits."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from playwright.sync_api import Browser, Page

from bench.page.contenders import Contender, first_reading, opened, slow
from bench.peers import drawings
from bench.peers.drawings import Strokes
from bench.peers.site import Site

SPEEDS = {"plain": 1, "CPU slowed 4x": 4}
STROKES, ONE, EIGHT = "after a stroke", "one digit", "eight digits, given apart"
FOUND = "eight digits in one drawing"
LENGTHS = {ONE: 1, EIGHT: 8, FOUND: 8}
SEED = 6

READ = "([numbers, find]) => probe.read(numbers, find)"

Times = dict[str, dict[str, dict[str, list[float]]]]


def measure(
    browser: Browser,
    site: Site,
    contenders: Sequence[Contender],
    rounds: int,
    each: int,
    speeds: Sequence[str],
    say: Callable[[str], None] = lambda what: None,
) -> tuple[Times, dict[str, dict[str, float]]]:
    """Write and read with each contender in turn, so many rounds, with the same ink in each round.

    Args:
        browser: that runs.
        site: with the contenders.
        contenders: that read here.
        rounds: how often each has its turn.
        each: how many digits to write, and how many numbers to read, in a turn.
        speeds: of SPEEDS.
        say: is told what happens.

    Returns:
        milliseconds by what was done, speed and contender's name; and the share of numbers read
        right by what was done and contender's name.
    """
    chance = random.Random(SEED)
    names = [contender.name for contender in contenders]
    found: Times = {
        kind: {speed: {name: [] for name in names} for speed in speeds}
        for kind in (STROKES, *LENGTHS)
    }
    right: dict[str, dict[str, list[bool]]] = {k: {name: [] for name in names} for k in LENGTHS}
    ink = drawings.digits(chance)
    with ExitStack() as stack:
        pages = {
            each.name: stack.enter_context(settled(browser, site, each)) for each in contenders
        }
        for number in range(rounds):
            for speed in speeds:
                say(f"strokes, {speed}, round {number + 1} of {rounds}")
                written = [next(ink)[1] for _ in range(each)]
                labels = {k: texts(length, each, chance) for k, length in LENGTHS.items()}
                held = {k: [drawings.number(text, chance) for text in labels[k]] for k in LENGTHS}
                for name, page in pages.items():
                    slow(page, SPEEDS[speed])
                    found[STROKES][speed][name] += waits(page, written)
                    for kind, numbers in held.items():
                        times, read = timed(page, numbers, find=kind == FOUND)
                        found[kind][speed][name] += times
                        right[kind][name] += map(str.__eq__, read, labels[kind])
                    slow(page, 1)
    shares = {kind: {n: sum(of) / len(of) for n, of in by.items()} for kind, by in right.items()}
    return found, shares


@contextmanager
def settled(browser: Browser, site: Site, contender: Contender) -> Iterator[Page]:
    """Yield a contender's page that has read before, over and over."""
    chance = random.Random(SEED)
    first = drawings.number("4", chance)[0]
    with opened(browser, f"{site.address}/{contender.path}", first) as page:
        first_reading(page)
        warm(page, chance)
        yield page


def timed(page: Page, numbers: list[list[Strokes]], find: bool) -> tuple[list[float], list[str]]:
    """Have numbers read, see probe.js: milliseconds of each, and what it was read as."""
    answers = page.evaluate(READ, [numbers, find])
    return [a["milliseconds"] for a in answers], [a["text"] for a in answers]


def texts(length: int, count: int, chance: random.Random) -> list[str]:
    """Numbers to write."""
    return ["".join(chance.choices("0123456789", k=length)) for _ in range(count)]


def warm(page: Page, chance: random.Random) -> None:
    """Have what a browser compiles at the hundredth run compiled, and give memory a rest."""
    numbers = [drawings.number(text, chance) for text in texts(8, 5, chance)]
    numbers += [drawings.number(text, chance) for text in texts(1, 20, chance)]
    timed(page, numbers, find=False)
    timed(page, numbers[:2], find=True)


def waits(page: Page, written: Sequence[Strokes]) -> list[float]:
    """Write digits with the mouse, one after another on an empty pad: milliseconds a stroke."""
    page.evaluate("probe.waits.length = 0")
    for strokes in written:
        page.evaluate("document.querySelector('digit-pad, peer-pad').drawing = []")
        write(page, strokes)
    return page.evaluate("probe.waits")


def write(page: Page, strokes: Strokes, across: float = 0.5, size: float = 0.8) -> None:
    """Write one digit with the mouse, and wait after each stroke until it is read.

    Args:
        page: with a pad.
        strokes: points in [0, 1].
        across: where on the pad its middle lies, from 0 at the left to 1.
        size: side of its square, of the pad's height.
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
