"""Several tabs: what one does to the user's drawings, the others follow at once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.personal.test_handwriting import correct, opened, teach
from tests.web.personal.test_store import STORE

DRAWINGS = 7
FULL = """() => {
    IDBObjectStore.prototype.put = () => { throw new DOMException("", "QuotaExceededError"); };
}"""
PERSONAL = """async () => {
    const recognizer = await document.querySelector("digit-pad").ready;
    return recognizer.personalizer !== null;
}"""
BACK = f"""async () => {{
    {STORE}
    await store.put([example(1)]);
    const seen = new Promise(resolve => {{ store.onchange = () => resolve(labels(store)); }});
    dispatchEvent(new PageTransitionEvent("pagehide", {{ persisted: true }}));
    const other = await ExampleStore.open();
    await other.clear();
    await other.put([example(2)]);
    const before = labels(store);
    dispatchEvent(new PageTransitionEvent("pageshow", {{ persisted: true }}));
    return [before, await seen];
}}"""
CANCELLED = """async () => {
    const { src } = document.querySelector("script[type=module]");
    const load = name => import(new URL(name, src));
    const [{ ExampleStore }, { DrawingUpload }] = await Promise.all(
        [load("personal/store.js"), load("personal/upload.js")]);
    const [mine, theirs] = [await ExampleStore.open(), await ExampleStore.open()];
    const points = Array.from({ length: 20000 }, (_, k) => [k / 3, k / 7, k]);
    const examples = [1, 2, 3].map(k => ({ label: String(k), strokes: [[[k, k, 0], ...points]] }));
    await mine.put(examples);
    let requests = 0;
    const cleared = new Promise(resolve => { mine.onchange = resolve; });
    globalThis.fetch = async () => {
        requests++;
        await theirs.clear();
        await cleared;
        return new Response(JSON.stringify({ kept: 1 }));
    };
    history.replaceState(null, "", "#collect=" + "a".repeat(43));
    const said = await DrawingUpload.take().send(mine, () => {});
    return [requests, said];
}"""


@pytest.fixture
def tabs(page: Page, ready: None) -> tuple[Page, Page]:
    """Open the page in two tabs, of which none has drawings yet."""
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("html")).to_have_attribute("data-model", "ready")
    other.wait_for_timeout(1500)  # until it has loaded what it defers
    return page, other


def load(page: Page, folder: Path, count: int = DRAWINGS) -> Locator:
    """Load a file with drawings and return the dialog."""
    lines = ({"label": str(k % 10), "strokes": [[[0, 0], [k, 9]]]} for k in range(count))
    path = folder / "drawings.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    dialog = opened(page)
    page.get_by_label("Load drawings").set_input_files(path)
    expect(dialog.get_by_role("status")).to_contain_text(f"{count} drawings loaded.")
    return dialog


def expect_personal(page: Page, expected: bool) -> None:
    for _ in range(100):
        if page.evaluate(PERSONAL) is expected:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"personal readings: expected {expected}")


def test_an_import_is_used_in_a_tab_that_had_no_drawings(tabs, tmp_path) -> None:
    one, two = tabs
    load(one, tmp_path)
    expect_personal(two, True)
    two.reload()
    expect_personal(two, True)


def test_an_open_dialog_follows_imports_the_switch_and_deletions(tabs, tmp_path) -> None:
    one, two = tabs
    theirs = opened(two)
    expect(theirs.get_by_role("status")).to_contain_text("0 drawings kept")
    mine = load(one, tmp_path)
    expect(theirs.get_by_role("status")).to_contain_text(f"{DRAWINGS} drawings kept")
    expect(theirs.get_by_role("switch")).to_be_checked()
    for on in (False, True):
        mine.get_by_role("switch").set_checked(on)
        expect(theirs.get_by_role("switch")).to_be_checked(checked=on)
        expect_personal(two, on)
    one.once("dialog", lambda question: question.accept())
    mine.get_by_role("button", name="Delete all").click()
    expect(theirs.get_by_role("status")).to_contain_text("0 drawings kept")
    expect(theirs.get_by_role("switch")).to_be_disabled()
    expect_personal(two, False)


def test_deleting_reaches_drawings_that_another_tab_could_not_store(
    tabs: tuple[Page, Page], draw: Callable[..., None], drawings: dict[str, Any]
) -> None:
    one, two = tabs
    two.evaluate(FULL)
    teach(two, draw, drawings)
    theirs = opened(two)
    expect(theirs.get_by_role("status")).to_contain_text("5 drawings kept until you close")
    one.once("dialog", lambda question: question.accept())
    opened(one).get_by_role("button", name="Delete all").click()
    expect(theirs.get_by_role("status")).to_contain_text("0 drawings kept on this device.")
    expect_personal(two, False)


def test_a_drawing_added_after_the_deletion_does_not_bring_others_back(
    tabs: tuple[Page, Page], tmp_path: Path, draw: Callable[..., None], drawings: dict[str, Any]
) -> None:
    one, two = tabs
    mine = load(one, tmp_path)
    expect_personal(two, True)
    one.once("dialog", lambda question: question.accept())
    mine.get_by_role("button", name="Delete all").click()
    expect(mine.get_by_role("status")).to_contain_text("All deleted.")
    correct(two, draw, drawings["4"], "4")
    expect(mine.get_by_role("status")).to_contain_text("1 drawing kept on this device.")


def test_a_tab_that_was_frozen_follows_when_it_goes_on(tabs, tmp_path) -> None:
    """Browsers freeze tabs in the background, and what others announce waits."""
    one, two = tabs
    mine = load(one, tmp_path)
    expect_personal(two, True)
    session = two.context.new_cdp_session(two)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    one.once("dialog", lambda question: question.accept())
    mine.get_by_role("button", name="Delete all").click()
    expect(mine.get_by_role("status")).to_contain_text("All deleted.")
    session.send("Page.setWebLifecycleState", {"state": "active"})
    expect_personal(two, False)
    expect(opened(two).get_by_role("status")).to_contain_text("0 drawings kept on this device.")


@pytest.mark.usefixtures("ready")
def test_a_page_that_the_user_comes_back_to_reads_again_what_is_stored(page: Page) -> None:
    assert page.evaluate(BACK) == [["1"], ["2"]]


@pytest.mark.usefixtures("ready")
def test_drawings_deleted_while_they_are_sent_are_not_sent(page: Page) -> None:
    requests, said = page.evaluate(CANCELLED)
    assert requests == 1
    assert "is on the disk" in said
