"""The user's handwriting: stored, saved, loaded, deleted, and used for reading."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import tap
from tests.web.page.test_accessibility import complaints
from train.data import drawings as drawings_files

pytestmark = pytest.mark.usefixtures("ready")

FORBIDDEN = "Object.defineProperty(globalThis, 'indexedDB', { get() { throw new Error('no') } })"
FULL = """IDBObjectStore.prototype.put = () => {
    throw new DOMException("there is no room", "QuotaExceededError");
}"""
DAMAGED = """() => new Promise(resolve => {
    const request = indexedDB.open("digitpad", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("drawings");
    request.onsuccess = () => {
        const change = request.result.transaction("drawings", "readwrite");
        change.objectStore("drawings").put({ label: "4", strokes: "none" }, "one");
        change.objectStore("drawings").put(7, "two");
        change.oncomplete = () => { request.result.close(); resolve(); };
    };
})"""
SHARES = """navigator.canShare = () => true;
globalThis.shared = new Promise(resolve => {
    navigator.share = async ({ files: [file] }) => resolve([file.name, await file.text()]);
});"""
ADAPTED = """async ([examples, drawing]) => {
    const { src } = document.querySelector("script[type=module]");
    const { createPersonalizer } = await import(new URL("personal/adaptation.js", src));
    const recognizer = await document.querySelector("digit-pad").ready;
    const [before] = recognizer.readNow(drawing).symbols;
    recognizer.personalizer = createPersonalizer(examples);
    const [after] = recognizer.readNow(drawing).symbols;
    return [before, after].map(({ digit, probabilities }) => [digit, Array.from(probabilities)]);
}"""


def correct(page: Page, draw: Callable[..., None], drawing: Any, digit: str) -> None:
    draw(page, drawing)
    expect(page.locator("#number button")).to_have_count(1)
    read = "reading.symbols.0.strokes.length"  # wait, or only its first strokes are read
    expect(page.locator("digit-pad")).to_have_js_property(read, len(drawing))
    page.get_by_role("button", name=f"this is a {digit}").click()
    expect(page.locator("#number")).to_have_text(digit)
    page.get_by_role("button", name="Clear").click()


def teach(page: Page, draw: Callable[..., None], drawings: dict[str, Any]) -> None:
    for digit in "14579":
        correct(page, draw, drawings[digit], digit)


def opened(page: Page) -> Locator:
    page.get_by_role("button", name="Your handwriting").click()
    return page.get_by_role("dialog", name="Your handwriting")


DOWNLOAD = pytest.mark.chromium("a downloaded file")


def saved(page: Page, dialog: Locator, folder: Path) -> Path:
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Save drawings").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_five_digits_are_kept_used_and_restored_at_the_next_visit(page, draw, drawings):
    dialog = opened(page)
    expect(dialog).to_contain_text("0 drawings kept on this device. Correct or confirm 5 more")
    expect(dialog.get_by_role("switch")).to_be_disabled()
    page.keyboard.press("Escape")
    teach(page, draw, drawings)
    dialog = opened(page)
    expect(dialog).to_contain_text("5 drawings kept on this device.")
    expect(dialog.get_by_role("switch")).to_be_checked()
    assert complaints(page) == []
    dialog.get_by_role("switch").uncheck()
    page.reload()
    dialog = opened(page)
    expect(dialog).to_contain_text("5 drawings kept on this device.")
    expect(dialog.get_by_role("switch")).not_to_be_checked()


@DOWNLOAD
def test_copying_a_number_confirms_its_digits(page, draw, drawings, tmp_path):
    page.context.grant_permissions(["clipboard-write"])
    draw(page, drawings["4"])
    expect(page.locator("#number")).to_have_text("4")
    for _ in range(2):  # equal drawings are stored once
        page.locator("#copy").click()  # for two seconds it is named "Copied"
    page.get_by_role("button", name="this is a 9").click()  # and is the last announcement
    dialog = opened(page)
    expect(dialog).to_contain_text("1 drawing kept")
    (line,) = saved(page, dialog, tmp_path).read_text().splitlines()
    assert json.loads(line)["label"] == "9"


@DOWNLOAD
def test_saved_drawings_can_be_loaded_and_trained_on(
    page, draw, drawings, tmp_path, open_page, site
):
    teach(page, draw, drawings)
    path = saved(page, opened(page), tmp_path)
    strokes, labels, others = drawings_files.digits([path])
    assert (sorted(labels), others) == ([1, 4, 5, 7, 9], 0)
    assert len(strokes) == 5
    other = open_page()
    other.goto(site)
    dialog = opened(other)
    other.get_by_label("Load drawings").set_input_files(path)
    expect(dialog).to_contain_text("5 drawings loaded. 5 drawings kept on this device.")
    delete = dialog.get_by_role("button", name="Delete all")
    other.once("dialog", lambda question: question.dismiss())
    delete.click()
    expect(dialog).to_contain_text("5 drawings kept")
    other.once("dialog", lambda question: question.accept())
    delete.click()
    expect(dialog).to_contain_text("All deleted. 0 drawings kept")
    other.reload()
    expect(opened(other)).to_contain_text("0 drawings kept")


@pytest.mark.chromium("a coarse pointer")
def test_a_phone_shares_the_saved_file(phone, site, touch, drawings):
    phone.add_init_script(SHARES)
    phone.goto(site)
    correct(phone, touch, drawings["4"], "4")
    tap(opened(phone).get_by_role("button", name="Save drawings"))
    name, text = phone.evaluate("shared")
    assert name == "digitpad-drawings.txt"  # Chrome on Android shares no .jsonl
    assert json.loads(text)["label"] == "4"


@pytest.mark.parametrize("size", [(844, 390), (568, 320), (320, 480)])
def test_its_button_is_visible_on_a_low_screen(page, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    expect(page.get_by_role("button", name="Your handwriting")).to_be_in_viewport()


def test_an_invalid_drawings_file_is_reported_and_changes_nothing(page, tmp_path):
    path = tmp_path / "other.jsonl"
    path.write_text('{"label": "4", "strokes": [[[0, 0], [1, 1]]]}\n{"label": "x"}\n')
    dialog = opened(page)
    page.get_by_label("Load drawings").set_input_files(path)
    expect(dialog).to_contain_text("Line 2 of the file is no drawing")
    expect(dialog).to_contain_text("0 drawings kept")


@pytest.mark.parametrize("fault", [FORBIDDEN, FULL])
def test_without_storage_drawings_last_until_the_page_is_closed(page, draw, drawings, fault):
    page.add_init_script(fault)
    page.reload()
    teach(page, draw, drawings)
    dialog = opened(page)
    expect(dialog).to_contain_text("5 drawings kept until you close this page")
    expect(dialog.get_by_role("switch")).to_be_checked()
    footer = page.locator("footer")
    expect(footer).to_contain_text("Your drawings are kept until you close this page, because")


def test_damaged_stored_drawings_are_skipped(page, draw, drawings):
    page.evaluate(DAMAGED)
    correct(page, draw, drawings["4"], "4")
    expect(opened(page)).to_contain_text("1 drawing kept on this device.")


def test_corrections_improve_readings_and_break_none(page, drawings):
    examples = [{"label": digit, "strokes": drawings[digit]} for digit in "02345"]
    before, after = page.evaluate(ADAPTED, [examples, drawings["8"]])
    assert before[0] == after[0] == 8
    assert after[1] == pytest.approx(before[1], abs=0.01)
    # This writer's sevens look like ones.
    seven = {"label": "7", "strokes": drawings["1"]}
    before, after = page.evaluate(ADAPTED, [[*examples, seven], drawings["1"]])
    assert (before[0], after[0]) == (1, 7)


def test_one_wrong_label_does_not_change_a_clear_reading(page, drawings):
    examples = [{"label": digit, "strokes": drawings[digit]} for digit in "01235"]
    wrong = {"label": "9", "strokes": drawings["4"]}
    before, after = page.evaluate(ADAPTED, [[*examples, wrong], drawings["4"]])
    assert (before[0], after[0]) == (4, 4)


def test_its_code_is_fetched_on_demand(open_page, site):
    page, asked = open_page(), []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    page.goto(site)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    lazy = {"handwriting.js", "store.js", "adaptation.js", "dialog.js"}
    assert not lazy & set(asked)
