"""Requests of the page, and their order, until the first reading."""

import re
from collections import Counter
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import brotli
from playwright.sync_api import Page, Route, expect

from export.browser.page import LOAD
from tests.conftest import NOT_LOADED, ROOT, Pen, Strokes, until
from tests.web.gate import Gate
from tests.web.recognition.test_marks import written

READY = "html[data-model=ready]"
# Load the model and read a drawing, if there is one, on a device so slow that every step of a
# reading gives way to the page; return for each run of the network whether its field has ink.
RUNS = """async drawing => {
    const { loadRecognizer } = await import("./recognizer.js");
    const { Network } = await import("./recognition/network.js");
    const { predict } = Network.prototype;
    const { now } = performance;
    const inked = [];
    Network.prototype.predict = function (pixels) {
        inked.push(pixels.some(value => value > 0));
        return predict.call(this, pixels);
    };
    let time = 0;
    performance.now = () => time += 1000;
    const recognizer = await loadRecognizer(new URL("model/", location.href));
    if (drawing) await recognizer.read(drawing);
    await new Promise(done => setTimeout(done));
    Network.prototype.predict = predict;
    performance.now = now;
    return inked;
}"""
READ_TEXT = """async ([drawing, fitting]) => {
    const options = fitting ? { fits: text => /^\\d+$/.test(text) } : {};
    try {
        return (await recognizer.read(drawing, options)).text;
    } catch (error) {
        return [error.name, error.message];
    }
}"""
DOT = [[[0, 0]]]


def name_of(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).name


def test_nothing_is_fetched_twice(page: Page, site: str) -> None:
    asked: Counter[str] = Counter()
    page.on("request", lambda request: asked.update([request.url]))
    page.goto(site)
    page.locator(READY).wait_for()
    page.wait_for_timeout(500)
    assert len(asked) > 15
    assert set(asked.values()) == {1}


def test_the_page_preloads_its_files_so_that_requests_run_in_parallel(
    page: Page, site: str
) -> None:
    asked: list[str] = []
    came: list[str] = []
    page.on("request", lambda request: asked.append(name_of(request.url)))
    page.on("requestfinished", lambda request: came.append(name_of(request.url)))
    held = ["app.js", "digit-pad.js", "meta.json"]
    gates = [Gate(page, name) for name in held]
    page.goto(site, wait_until="commit")
    # After parsing, everything that the page names is requested, and only held files do not arrive.
    until(page, lambda: page.evaluate("document.readyState") == "interactive")
    until(page, lambda: sorted(asked) == sorted(came + held))
    first = set(asked)
    for gate in gates:
        gate.decide(Route.continue_)
    page.locator(READY).wait_for()
    assert {"tfjs.js", "meta.json", "model.json"} < first
    later = {"cuts.js", "favicon.svg", "lines.js", "offline.js", "optional.js", "references.js"}
    later |= {"refinement.js", "strokes.bin", "strokes.js", "strokes.json"}
    assert set(asked) - first <= later


def test_the_page_can_be_drawn_on_before_the_runtime_is_loaded(
    page: Page, site: str, draw: Pen, drawings: dict[str, Strokes]
) -> None:
    gate = Gate(page, "tfjs.js")
    page.goto(site)
    draw(page, drawings["7"])
    expect(page.locator("#caption")).to_have_text("Loading the network, then reading")
    painted = "performance.getEntriesByName('first-contentful-paint').length"
    until(page, lambda: page.evaluate(painted) == 1)
    gate.decide(Route.continue_)
    expect(page.locator("#number")).to_have_text("7")


def test_the_network_warms_up_before_the_first_digit(blank: Page) -> None:
    assert blank.evaluate(RUNS) == [False]


def test_a_drawing_that_waits_is_read_without_warming_up(
    blank: Page, drawings: dict[str, Strokes]
) -> None:
    runs = blank.evaluate(RUNS, drawings["7"])
    assert len(runs) > 0
    assert all(runs)


def test_the_files_of_the_first_reading_have_the_size_that_the_readme_says() -> None:
    page = (ROOT / "web/index.html").read_text(encoding="utf-8")
    named = re.findall(r'"([\w/.-]+\.(?:js|css|svg|webmanifest|json|bin))"', page)
    contents = [(ROOT / "web" / name).read_bytes() for name in {"index.html", *named}]
    size = sum(len(brotli.compress(content)) for content in contents)
    assert size <= 105_000
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"Download before the first reading | **{size / 1000:.0f} kB**" in readme


def open_without(page: Page, code: str, file: str) -> list[str]:
    """Open an empty page with the recognizer, without a file; return what is asked for."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1]))
    page.route("**/blank.html", lambda route: route.fulfill(body="", content_type="text/html"))
    page.route(f"**/{file}", lambda route: route.fulfill(status=404))
    page.goto(f"{code}blank.html")
    page.evaluate(LOAD)
    return asked


def two_rows(drawings: dict[str, Strokes]) -> Strokes:
    below = [[[x, y + 500, *t] for x, y, *t in stroke] for stroke in written(drawings, "3")]
    return [*written(drawings, "2"), *below]


def test_a_sure_number_is_read_without_refinement(
    page: Page, code: str, drawings: dict[str, Strokes]
) -> None:
    asked = open_without(page, code, "nothing")
    for fitting in (False, True):
        assert page.evaluate(READ_TEXT, [written(drawings, "407"), fitting]) == "407"
    assert "refinement.js" not in asked


def test_without_refinement_a_doubtful_symbol_keeps_its_reading_and_lines_say_why(
    page: Page, code: str, drawings: dict[str, Strokes], expected_errors: list[str]
) -> None:
    expected_errors.append(f"{NOT_LOADED}.*404")
    open_without(page, code, "refinement.js")
    scribble = [[[0, 0], [90, 10], [5, 20], [80, 35], [0, 50], [90, 65], [10, 90], [70, 99]]]
    assert page.evaluate(READ_TEXT, [scribble, False]) == "?"
    assert page.evaluate(READ_TEXT, [DOT, True]) == "?"
    name, message = page.evaluate(READ_TEXT, [two_rows(drawings), False])
    assert name == "RecognizerError"
    assert message == "recognition/refinement.js could not be fetched: check the connection."


def test_several_lines_are_read_once_refinement_has_arrived(
    page: Page, code: str, drawings: dict[str, Strokes]
) -> None:
    asked = open_without(page, code, "nothing")
    assert page.evaluate(READ_TEXT, [two_rows(drawings), False]) == "2\n3"
    assert "refinement.js" in asked
