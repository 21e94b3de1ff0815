"""The monkey for some seconds, and that it would notice; `python -m tests.soak monkey` for long."""

import pytest
from playwright.sync_api import Page

from tests.soak.monkey import HEAP, Usage, run

SECONDS = 12


def test_a_monkey_neither_breaks_the_page_nor_fills_it() -> None:
    report = run(SECONDS / 60, seed=8)
    assert report[0].startswith("monkey: ")
    assert len(report) == 5


def test_what_a_page_holds_on_to_is_noticed(page: Page, site: str) -> None:
    page.goto(site)
    page.locator("html[data-model=ready]").wait_for()
    before = Usage.of(page)
    before.check(Usage.of(page))
    page.evaluate("size => globalThis.kept = Array.from({ length: size }, Math.random)", HEAP // 4)
    with pytest.raises(AssertionError, match="the heap grew"):
        before.check(Usage.of(page))
    page.evaluate("""() => {
        globalThis.kept = null;
        for (let k = 0; k < 1000; k++) document.body.append(document.createElement("p"));
    }""")
    with pytest.raises(AssertionError, match="the document grew"):
        before.check(Usage.of(page))


def test_an_error_of_the_page_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(monkey: object) -> None:
        monkey.page.evaluate("setTimeout(() => { throw new Error('on purpose') })")
        monkey.page.wait_for_timeout(100)

    monkeypatch.setattr("tests.soak.tricks.Monkey.press", fail)
    with pytest.raises(AssertionError, match="on purpose"):
        run(SECONDS / 60, seed=8)
