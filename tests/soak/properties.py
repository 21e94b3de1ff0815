"""The properties, tried on many inputs: `python -m tests.soak properties`."""

import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, given, settings

from export.browser.launch import launch
from tests.soak.browsing import served, watched
from tests.soak.page_readers import page_readers
from tests.soak.readers import Property, readers

PATIENCE = 300  # seconds; no input here takes longer than three, and who hangs never ends
ROOM = 1 << 20  # kB that the process may grow by, reading files of some hundred kB


def try_out(each: Property, count: int, seed: int | None = None) -> str:
    """Try a property on `count` inputs, the same at each time for one seed; return what was done.

    Raises what the property raises, on the simplest input that was found to raise it.
    """
    cases, slowest = 0, 0.0

    def check(given_input: object) -> None:
        nonlocal cases, slowest
        cases += 1
        began = time.perf_counter()
        with limited(f"{each.name}: one input"):
            each.check(given_input)
        slowest = max(slowest, time.perf_counter() - began)

    tried = settings(
        max_examples=count,
        deadline=None,
        derandomize=seed is None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )(given(each.inputs)(check))
    began, before = time.perf_counter(), peak()
    (tried if seed is None else hypothesis.seed(seed)(tried))()
    grown = peak() - before
    assert cases >= count, f"{each.name}: {cases} inputs of {count}"
    assert grown < ROOM, f"{each.name}: the process grew by {grown >> 10} MB"
    seconds = time.perf_counter() - began
    return (
        f"{each.name}: {cases:,} inputs in {seconds:.0f} s, the slowest {slowest:.2f} s, "
        f"memory grown by {grown >> 10} MB"
    )


def peak() -> int:
    """The most memory that this process has had, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
        1024 if sys.platform == "darwin" else 1
    )


@contextmanager
def limited(what: str) -> Iterator[None]:
    """Interrupt what takes longer than PATIENCE; Unix and the main thread alone."""

    def interrupt(number: int, frame: object) -> None:
        raise AssertionError(f"{what} takes longer than {PATIENCE} seconds")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(count: int, seed: int) -> list[str]:
    """Try every reader on `count` inputs; return a line for each."""
    lines = []

    def try_all(properties: list[Property]) -> None:
        for each in properties:
            lines.append(try_out(each, count, seed))
            print(lines[-1], file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="digitpad-soak-") as folder:
        try_all(readers(Path(folder)))
    with served() as site, launch() as browser, watched(browser) as (context, faults):
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(site)
        page.locator("html[data-model=ready]").wait_for()
        try_all(page_readers(page))
        assert not faults, f"the page reported: {'; '.join(faults[:5])}"
    return lines
