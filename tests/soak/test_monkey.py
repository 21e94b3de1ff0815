"""A short run of the monkey, and checks that it detects faults."""

import itertools
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page

from tests.soak import monkey
from tests.soak.monkey import MAX_HEAP_GROWTH, Usage, run

SECONDS = 12
STEPS = 6  # per second, as on a fast machine


@pytest.fixture
def by_steps(monkeypatch: pytest.MonkeyPatch, browser: Browser, site: str) -> None:
    """Count time in steps, so that slow machines do as many, and use the tests' browser."""
    ticks = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: next(ticks) / STEPS)
    monkeypatch.setattr(monkey, "time", clock)
    monkeypatch.setattr(monkey, "launch", lambda: nullcontext(browser))
    monkeypatch.setattr(monkey, "served", lambda: nullcontext(site))


def test_random_actions_cause_no_error_and_no_leak(by_steps: None) -> None:
    report = run(SECONDS / 60, seed=8)
    assert report[0].startswith("monkey: ")
    assert len(report) == 5


def test_leaks_of_the_page_are_detected(page: Page, site: str) -> None:
    page.goto(site)
    page.locator("html[data-model=ready]").wait_for()
    before = Usage.of(page)
    before.check(Usage.of(page))
    # In braces, so that the array is not returned to Python, which takes half a minute.
    leak = "size => { globalThis.leaked = Array.from({ length: size }, Math.random) }"
    page.evaluate(leak, MAX_HEAP_GROWTH // 4)
    with pytest.raises(AssertionError, match="the heap grew"):
        before.check(Usage.of(page))
    page.evaluate("""() => {
        globalThis.leaked = null;
        for (let k = 0; k < 1000; k++) document.body.append(document.createElement("p"));
    }""")
    with pytest.raises(AssertionError, match="the document grew"):
        before.check(Usage.of(page))


def test_an_error_of_the_page_is_detected(by_steps: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(monkey: object) -> None:
        monkey.page.evaluate("setTimeout(() => { throw new Error('on purpose') })")
        monkey.page.wait_for_timeout(100)

    only = property(lambda monkey: {monkey.press: 1})
    monkeypatch.setattr("tests.soak.monkey_actions.Monkey.press", fail)
    monkeypatch.setattr("tests.soak.monkey_actions.Monkey.actions", only)
    with pytest.raises(AssertionError, match="on purpose"):
        run(SECONDS / 60, seed=8)
