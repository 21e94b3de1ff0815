"""The monkey for some steps, and that it would notice; `python -m tests.soak monkey` for long."""

import itertools
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page

from tests.soak import monkey
from tests.soak.monkey import HEAP, Usage, run

SECONDS = 12
STEPS = 6  # a second, as a fast machine takes


@pytest.fixture
def by_steps(monkeypatch: pytest.MonkeyPatch, browser: Browser, site: str) -> None:
    """Let the monkey's clock go by its steps, as many on a slow machine, in the tests' browser."""
    ticks = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: next(ticks) / STEPS)
    monkeypatch.setattr(monkey, "time", clock)
    monkeypatch.setattr(monkey, "launch", lambda: nullcontext(browser))
    monkeypatch.setattr(monkey, "served", lambda: nullcontext(site))


def test_a_monkey_neither_breaks_the_page_nor_fills_it(by_steps: None) -> None:
    report = run(SECONDS / 60, seed=8)
    assert report[0].startswith("monkey: ")
    assert len(report) == 5


def test_what_a_page_holds_on_to_is_noticed(page: Page, site: str) -> None:
    page.goto(site)
    page.locator("html[data-model=ready]").wait_for()
    before = Usage.of(page)
    before.check(Usage.of(page))
    # In braces: the array would be sent to Python otherwise, for half a minute.
    keep = "size => { globalThis.kept = Array.from({ length: size }, Math.random) }"
    page.evaluate(keep, HEAP // 4)
    with pytest.raises(AssertionError, match="the heap grew"):
        before.check(Usage.of(page))
    page.evaluate("""() => {
        globalThis.kept = null;
        for (let k = 0; k < 1000; k++) document.body.append(document.createElement("p"));
    }""")
    with pytest.raises(AssertionError, match="the document grew"):
        before.check(Usage.of(page))


def test_an_error_of_the_page_is_noticed(by_steps: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(monkey: object) -> None:
        monkey.page.evaluate("setTimeout(() => { throw new Error('on purpose') })")
        monkey.page.wait_for_timeout(100)

    only = property(lambda monkey: {monkey.press: 1})
    monkeypatch.setattr("tests.soak.monkey_actions.Monkey.press", fail)
    monkeypatch.setattr("tests.soak.monkey_actions.Monkey.staying", only)
    with pytest.raises(AssertionError, match="on purpose"):
        run(SECONDS / 60, seed=8)
