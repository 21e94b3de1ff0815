"""Test properties of all readers on many inputs: `python -m tests.soak properties`."""

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

TIMEOUT_SECONDS = 300  # only for hangs; no input takes longer than three seconds
MAX_GROWTH = 1 << 20  # kB of memory; the files have some hundred kB


def try_out(each: Property, count: int, seed: int | None = None) -> str:
    """Check a property on `count` inputs, which depend on the seed; return a line of report.

    Raises the property's exception for the simplest failing input that was found.
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
    assert grown < MAX_GROWTH, f"{each.name}: the process grew by {grown >> 10} MB"
    seconds = time.perf_counter() - began
    return (
        f"{each.name}: {cases:,} inputs in {seconds:.0f} s, the slowest {slowest:.2f} s, "
        f"memory grown by {grown >> 10} MB"
    )


def peak() -> int:
    """Return the peak memory of this process in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
        1024 if sys.platform == "darwin" else 1
    )


@contextmanager
def limited(name: str) -> Iterator[None]:
    """Raise AssertionError after TIMEOUT_SECONDS; works in the main thread on Unix only."""

    def interrupt(number: int, frame: object) -> None:
        raise AssertionError(f"{name} takes longer than {TIMEOUT_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(TIMEOUT_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(count: int, seed: int) -> list[str]:
    """Check every reader on `count` inputs; return a line for each."""
    lines = []

    def try_all(properties: list[Property]) -> None:
        for each in properties:
            lines.append(try_out(each, count, seed))
            print(lines[-1], file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="digitpad-soak-") as folder:
        try_all(readers(Path(folder)))
    with served() as site, launch() as browser, watched(browser) as (context, faults):
        page = context.new_page()
        page.set_default_timeout(1000 * TIMEOUT_SECONDS)
        page.goto(site)
        page.locator("html[data-model=ready]").wait_for()
        try_all(page_readers(page))
        assert not faults, f"the page reported: {'; '.join(faults[:5])}"
    return lines
