"""Requests of the page, and their order, until the first reading."""

from collections import Counter
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route, expect

from tests.conftest import Pen, Strokes, until
from tests.web.gate import Gate

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
