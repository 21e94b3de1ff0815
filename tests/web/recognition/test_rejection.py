"""Non-digits are rejected by the recognizer, and the page says so."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from export import runtime_bundle
from export.browser.page import BLANK, LOAD, WEB

LINE = [[[0.5, 0.2], [0.5, 0.8]]]  # little ink
SCRIBBLE = [[[0.2 + 0.6 * (k % 2), 0.2 + 0.05 * k] for k in range(13)]]  # much of it
READ = """async drawing => {
    const { text, symbols: [symbol] } = await recognizer.read(drawing);
    const { digit, notADigit, probabilities } = symbol;
    return { text, digit, notADigit, probabilities: Array.from(probabilities) };
}"""
ASSESS = """async pixels => {
    const fields = new Float32Array(pixels);
    const { probabilities, notADigit } = await recognizer.assess(fields);
    const lists = [probabilities, await recognizer.classify(fields), notADigit ?? []];
    return lists.map(list => Array.from(list));
}"""
Doubter = Callable[..., Path]


@pytest.fixture
def opened(page: Page, code: str, doubter: Doubter) -> Callable[..., Page]:
    """Return a function that opens a blank page with the hand-made model."""
    page.route("**/blank.html", lambda route: route.fulfill(body=BLANK, content_type="text/html"))

    def open_one(**options: Any) -> Page:
        instead(page, doubter(**options))
        page.goto(f"{code}blank.html")
        page.evaluate(LOAD)
        return page

    return open_one


def instead(page: Page, folder: Path) -> None:
    """Replace the site's model and runtime."""
    runtime = runtime_bundle.runtime_for(
        runtime_bundle.operations_of(folder), WEB / "vendor" / runtime_bundle.NAME
    )

    def answer(route: Route) -> None:
        file = folder / route.request.url.rpartition("/")[2]
        # The page's head names the weights of the site's own model.
        route.fulfill(path=file) if file.is_file() else route.continue_()

    page.route("**/model/*", answer)
    page.route("**/vendor/tfjs.js", lambda route: route.fulfill(path=runtime))


def test_a_symbol_with_a_score_above_the_threshold_is_rejected(
    opened: Callable[..., Page],
) -> None:
    page = opened(threshold=0.5)
    rejected = page.evaluate(READ, SCRIBBLE)
    assert (rejected["text"], rejected["digit"]) == ("?", None)
    assert rejected["notADigit"] > 0.5
    assert np.argmax(rejected["probabilities"]) == 3, "the probabilities can still be inspected"
    read = page.evaluate(READ, LINE)
    assert (read["text"], read["digit"]) == ("3", 3)
    assert read["notADigit"] < 0.5


def test_a_score_equal_to_the_threshold_is_accepted(opened: Callable[..., Page]) -> None:
    score = opened(threshold=None).evaluate(READ, SCRIBBLE)["notADigit"]
    assert opened(threshold=score).evaluate(READ, SCRIBBLE)["text"] == "3"
    below = float(np.nextafter(np.float32(score), np.float32(0)))
    assert opened(threshold=below).evaluate(READ, SCRIBBLE)["text"] == "?"


def test_without_a_threshold_nothing_is_rejected_but_the_score_is_given(
    opened: Callable[..., Page],
) -> None:
    read = opened(threshold=None).evaluate(READ, SCRIBBLE)
    assert read["text"] == "3"
    assert read["notADigit"] > 0.5


def test_a_model_without_a_score_rejects_nothing(opened: Callable[..., Page]) -> None:
    read = opened(threshold=0, score=False).evaluate(READ, SCRIBBLE)
    assert read["text"] == "3"
    assert read["notADigit"] is None
    assert opened(score=False).evaluate(ASSESS, [0.5] * 784)[2] == []


def test_a_dot_is_rejected_whatever_its_score(opened: Callable[..., Page]) -> None:
    read = opened(threshold=1).evaluate(READ, [[[5, 5]]])
    assert (read["text"], read["digit"]) == ("?", None)
    assert read["notADigit"] < 1


def test_scores_of_many_fields_are_in_the_order_of_the_fields(
    opened: Callable[..., Page],
) -> None:
    ink = np.linspace(0, 1, 250, dtype=np.float32)
    fields = np.repeat(ink, 784)
    probabilities, classified, scores = opened().evaluate(ASSESS, fields.tolist())
    assert probabilities == classified and len(probabilities) == 2500
    expected = 1 / (1 + np.exp((100 - 784 * ink.astype(float)) / 20))
    # 784 additions of float32, partial sums of up to 784 / 20 behind a sigmoid of slope 1/4 at
    # most: 784 * 2^-24 * 10 in the score.
    np.testing.assert_allclose(scores, expected, rtol=0, atol=784 * 2**-24 * 10)


def test_one_run_gives_both_and_leaves_no_tensor_behind(opened: Callable[..., Page]) -> None:
    runs, before, after = opened().evaluate(
        """async drawing => {
            const { GraphModel, memory } = await import("./vendor/tfjs.js");
            const { execute } = GraphModel.prototype;
            let runs = 0;
            GraphModel.prototype.execute = function (...asked) {
                runs++;
                return execute.apply(this, asked);
            };
            const before = memory().numTensors;
            for (let n = 0; n < 10; n++) await recognizer.read([...drawing, [[n, n], [n, n + 1]]]);
            return [runs, before, memory().numTensors];
        }""",
        LINE,
    )
    assert runs == 10
    assert before == after > 0


def test_the_page_says_that_a_scribble_is_not_a_digit_and_shows_probabilities(
    page: Page, site: str, doubter: Doubter, draw: Callable[[Page, Any], None]
) -> None:
    instead(page, doubter())
    page.goto(site)
    draw(page, SCRIBBLE)
    expect(page.locator("#number")).to_have_text("?")
    caption = page.locator("#caption")
    expect(caption).to_have_text("That does not look like a digit. If it is one: 3\u00a0(99%)")
    expect(page.locator("#shares .share").nth(3)).to_have_text("99%")
    expect(page.locator("#shares [aria-pressed=true]")).to_have_count(0)
    surface = page.locator("digit-pad").get_by_role("img")
    expect(surface).to_have_accessible_name(re.compile("Drawing pad, reads [?]: a question mark"))
    pad = page.locator("digit-pad")
    assert pad.evaluate("pad => [pad.value, pad.validity.badInput]") == ["?", True]
    assert "could not be read as a digit" in pad.evaluate("pad => pad.validationMessage")
    page.get_by_role("button", name="Clear").click()
    draw(page, LINE)
    expect(page.locator("#number")).to_have_text("3")
    assert pad.evaluate("pad => pad.validity.valid")
