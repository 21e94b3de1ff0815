"""Drawings sent to a collecting server: only on request, once, and none lost."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from export.browser.page import WEB
from hosting.build.dist import build
from tests.hosting.running_server import collected, serving
from tests.web.page.test_accessibility import complaints
from tests.web.page.test_offline import CACHED_FOR_OFFLINE
from tests.web.personal.test_handwriting import correct, opened, saved
from train.data import drawings as drawings_files

STAY = "No drawing leaves this device."
SENT = "No drawing leaves unless you send it."
PUBLIC = "() => [location.href, document.cookie, JSON.stringify(localStorage)].join()"
FORBIDDEN = (
    "Object.defineProperty(globalThis, 'sessionStorage', { get() { throw new Error('no') } })"
)
MARKED = """async () => {
    const { src } = document.querySelector("script[type=module]");
    const { ExampleStore } = await import(new URL("personal/store.js", src));
    const drawings = [1, 2].map(k => [[[0, 0], [k, 1]]]);
    const one = await ExampleStore.open();
    await one.put(drawings.map(strokes => ({ label: "4", strokes })));
    const other = await ExampleStore.open();
    await other.put([{ label: "9", strokes: drawings[1] }]);
    await one.markSent(one.examples, "there");
    const { examples } = await ExampleStore.open();
    return examples.map(({ label, sent }) => [label, sent ?? "nowhere"]);
}"""
CACHED = """async () => {
    const all = await Promise.all((await caches.keys()).map(name => caches.open(name)));
    return (await Promise.all(all.map(cache => cache.keys()))).flat().map(({ url }) => url);
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sending")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Serve the page with a server that collects drawings, for all tests.

    It is built as by `make site`: its modules are in a subfolder, /collect is not.
    """
    build(WEB, folder / "dist")
    with serving(folder / "dist", "--collect", str(folder / "collected")) as server:
        yield f"http://127.0.0.1:{server.port}/"


@pytest.fixture
def place(folder: Path, address: str) -> Path:
    """Empty the folder of collected drawings and return its path."""
    for path in (folder / "collected").glob("*.jsonl"):
        path.unlink()
    return folder / "collected"


@pytest.fixture
def link(place: Path, address: str) -> str:
    """Return the link with the token, as the server prints it."""
    token = (place / "token").read_text().strip()
    return f"{address}#collect={token}"


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """Open a page of a phone's size."""
    return open_page(viewport={"width": 390, "height": 844})


def visit(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")


def send(dialog: Locator) -> Locator:
    """Press the button and return the status."""
    dialog.get_by_role("button", name="Send drawings").click()
    return dialog.get_by_role("status")


def labels(place: Path) -> list[str]:
    """Return the labels of the collected drawings."""
    return [json.loads(line)["label"] for line in collected(place).splitlines()]


def drawn(count: int, points: int = 2) -> str:
    """Return a drawings file of `count` different drawings."""
    strokes = ([[[k, n] for n in range(points)]] for k in range(count))
    lines = ({"label": str(10 + k), "strokes": each} for k, each in enumerate(strokes))
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def load(page: Page, path: Path, text: str) -> Locator:
    """Open the dialog and load drawings."""
    path.write_text(text)
    dialog = opened(page)
    page.get_by_label("Load drawings").set_input_files(path)
    expect(dialog.get_by_role("status")).to_contain_text("loaded")
    return dialog


def test_corrected_digits_are_sent_only_after_pressing_the_button(
    page: Page, link: str, place: Path, draw: Any, drawings: dict[str, Any], tmp_path: Path
) -> None:
    visit(page, link)
    token = link.partition("=")[2]
    expect(page.locator("footer")).to_contain_text(SENT)
    assert token not in page.evaluate(PUBLIC)
    for digit, label in ("49", "77"):
        correct(page, draw, drawings[digit], label)
    dialog = opened(page)
    host = link.split("/")[2]
    expect(dialog).to_contain_text(f"to the disk of {host}. Nothing else is sent")
    assert complaints(page) == []
    assert collected(place) == "", "nothing is sent before the button is pressed"
    expect(send(dialog)).to_have_text(
        f"2 drawings are on the disk of {host}. 2 drawings kept on this device."
        " Correct or confirm 3 more digits below the number to use them for reading."
    )
    assert complaints(page) == []
    assert labels(place) == ["9", "7"]
    mine = saved(page, dialog, tmp_path)
    (sent,) = drawings_files.find_files([place])
    assert list(drawings_files.read(sent)) == list(drawings_files.read(mine))
    expect(send(dialog)).to_contain_text("There is nothing new to send.")
    page.evaluate(CACHED_FOR_OFFLINE)
    page.reload()
    expect(page.locator("footer")).to_contain_text(SENT)
    assert page.evaluate("navigator.serviceWorker.controller !== null")
    dialog = opened(page)
    page.get_by_label("Load drawings").set_input_files(mine)
    expect(dialog).to_contain_text("2 drawings loaded.")
    expect(send(dialog)).to_contain_text("There is nothing new to send.")
    page.keyboard.press("Escape")
    correct(page, draw, drawings["4"], "4")
    expect(send(opened(page))).to_contain_text("1 drawing is on the disk of")
    assert labels(place) == ["9", "7", "4"]
    cached = page.evaluate(CACHED)
    assert cached and not [url for url in cached if url.endswith("collect")]


def test_without_a_token_nothing_can_be_sent_and_no_code_is_fetched(
    page: Page, address: str
) -> None:
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    visit(page, address)
    expect(page.locator("footer")).to_contain_text(STAY)
    dialog = opened(page)
    expect(dialog.get_by_role("button", name="Close")).to_be_visible()
    expect(dialog.get_by_role("button", name="Send")).to_have_count(0)
    assert not [url for url in asked if url.endswith("upload.js")]


def test_the_link_works_in_an_open_tab_and_without_storage(
    page: Page, address: str, link: str, place: Path, tmp_path: Path
) -> None:
    page.add_init_script(FORBIDDEN)
    visit(page, address)
    page.evaluate("link => { location.href = link }", link)
    expect(page.locator("footer")).to_contain_text(SENT)
    assert page.url == address
    expect(send(load(page, tmp_path / "d.jsonl", drawn(5)))).to_contain_text("5 drawings are on")
    assert len(labels(place)) == 5


def test_digits_corrected_in_another_tab_count_as_not_sent(page: Page, link: str) -> None:
    visit(page, link)
    assert page.evaluate(MARKED) == [["4", "there"], ["9", "nowhere"]]


def answering(status: int, body: str = "", **headers: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body=body, headers=headers)


def test_a_rejected_request_loses_nothing_and_says_what_to_do(
    page: Page, link: str, place: Path, tmp_path: Path, expected_errors: list[str]
) -> None:
    page.set_viewport_size({"width": 320, "height": 256})  # as at a zoom of 400%
    host = link.split("/")[2]
    visit(page, link[:-3] + "abc")
    dialog = load(page, tmp_path / "d.jsonl", drawn(5))
    status = send(dialog)
    expect(status).to_contain_text(
        f"{host} does not accept the link that opened this page. "
        "Please open the link that it printed, and send again. 5 drawings kept on this device."
    )
    page.keyboard.press("Escape")
    visit(page, link)
    dialog = opened(page)
    for answer, message in [
        (answering(429, **{"Retry-After": "17"}), "is busy. Please wait 17 seconds, and"),
        (
            answering(507, "507 ..."),
            "has no space left. Please contact its owner, and send again later.",
        ),
        (answering(404), "is not collecting drawings. Please contact its owner."),
        (
            answering(500, "500 no\n"),
            "did not accept the drawings. Please send its owner this message: 500 no 5 drawings",
        ),
        (
            answering(200, "<title>Sign in</title>"),
            "sent an unexpected response. Please contact its owner.",
        ),
        (answering(200, '{"kept": 4}'), "sent an unexpected response. Please contact its owner."),
        (
            lambda route: route.abort(),
            "cannot be reached. Please check the connection, and send again.",
        ),
    ]:
        page.context.route("**/collect", answer)
        status = send(dialog)
        expect(status).to_contain_text(f"{host} {message}")
        expect(status).to_contain_text("5 drawings kept on this device.")
        expect(status).to_be_in_viewport()
        page.context.unroute("**/collect")
    assert collected(place) == ""
    expect(send(dialog)).to_contain_text(f"5 drawings are on the disk of {host}.")
    assert collected(place) == drawn(5)
    expected_errors += [f"status of {code}" for code in (401, 429, 507, 404, 500)]
    expected_errors.append("ERR_FAILED")


def test_many_drawings_are_sent_in_batches_and_only_missing_ones_again(
    page: Page, link: str, place: Path, tmp_path: Path, expected_errors: list[str]
) -> None:
    visit(page, link)
    sizes = []

    def second_is_lost(route: Route) -> None:
        sizes.append(len(route.request.post_data))
        if len(sizes) == 2:
            route.abort()
        else:
            route.continue_()

    page.context.route("**/collect", second_is_lost)
    large = json.dumps({"label": "12", "strokes": [[[1 / 3, 1 / 3, 1 / 3]] * 20_000]})
    many = drawn(30, points=4000)
    dialog = load(page, tmp_path / "d.jsonl", many + large)
    status = send(dialog)
    expect(status).to_contain_text("cannot be reached")
    arrived = len(labels(place))
    assert 0 < arrived < 30
    expect(status).to_contain_text(f"{arrived} drawings are on the disk of")
    expect(send(dialog)).to_contain_text(f"{30 - arrived} drawings are on the disk of")
    expect(status).to_contain_text("1 drawing is too large to be sent. 31 drawings kept")
    assert max(sizes) <= 500_000 and sum(sizes) > len(many) > 1_000_000
    assert collected(place) == many
    expected_errors.append("ERR_FAILED")
