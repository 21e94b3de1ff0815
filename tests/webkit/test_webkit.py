"""The page in WebKitGTK, Safari's engine, through its WebDriver: `make engines`.

Not part of `make test`, which runs in Chromium. The target installs Debian's `webkit2gtk-driver`
and `xvfb`.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from export.browser.page import WEB
from tests.conftest import FIXTURES, Strokes
from tests.web.page.test_hosting import python_http_server

pytestmark = pytest.mark.filterwarnings("ignore:setting remote_server_addr:DeprecationWarning")

TIMEOUT_SECONDS = 120  # only for hangs
VALUE = "return document.querySelector(arguments[0]).value"
READ = """const [drawing, done] = arguments;
const pad = document.querySelector("digit-pad");
pad.ready.then(recognizer => recognizer.read(drawing)).then(({ text, symbols }) =>
    done([text, symbols.map(({ pixels }) => Array.from(pixels))]));"""

EARLY = """<!doctype html><html lang="en"><title>Early</title><link rel="icon" href="data:,">
<script src="first-stroke.js"></script><digit-pad></digit-pad></html>"""
BEGUN = [(20, 30), (60, 40), (100, 60), (30, 70), (50, 80)]  # one stroke, and the next one's start
ENDED = [(90, 85), (130, 70)]


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.WebKitGTK]:
    """Start WebKit on a virtual screen."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, **quiet) as screen:
        os.environ["DISPLAY"] = f":{screen.stdout.readline().strip()}"
        try:
            browser = webdriver.WebKitGTK(options=webdriver.WebKitGTKOptions())
            browser.set_script_timeout(TIMEOUT_SECONDS)
            browser.set_page_load_timeout(TIMEOUT_SECONDS)
            yield browser
            browser.quit()
        finally:
            screen.terminate()


def open_page(driver: webdriver.WebKitGTK, url: str) -> None:
    """Open a page and wait until the models of its pads are loaded."""
    driver.get(url)
    until(driver, "return document.querySelector('digit-pad')?.ready !== undefined")
    driver.execute_async_script(
        "const done = arguments[0]; Promise.all(Array.from(document.querySelectorAll('digit-pad'),"
        "pad => pad.ready)).then(() => done())"
    )


def until(driver: webdriver.WebKitGTK, script: str, *arguments: Any) -> Any:
    wait = WebDriverWait(driver, TIMEOUT_SECONDS)
    return wait.until(lambda driver: driver.execute_script(script, *arguments))


def draw(driver: webdriver.WebKitGTK, pad: str, strokes: Strokes, kind: str = "mouse") -> None:
    """Draw on a pad's surface; points in 0..1 of the largest square in its middle."""
    x, y, width, height = driver.execute_script(
        "const box = document.querySelector(arguments[0]).shadowRoot.querySelector('.surface')"
        ".getBoundingClientRect(); return [box.x, box.y, box.width, box.height]",
        pad,
    )
    side = min(width, height)
    left, top = x + (width - side) / 2, y + (height - side) / 2
    for stroke in strokes:
        actions = ActionBuilder(driver, mouse=PointerInput(kind, kind), duration=5)
        for number, point in enumerate(stroke):
            actions.pointer_action.move_to_location(
                round(left + side * point[0]), round(top + side * point[1])
            )
            if number == 0:
                actions.pointer_action.pointer_down()
        actions.pointer_action.pointer_up()
        actions.perform()


def test_every_digit_drawn_is_read(
    driver: webdriver.WebKitGTK, site: str, drawings: dict[str, Strokes]
) -> None:
    open_page(driver, site)
    for label, strokes in drawings.items():
        draw(driver, "#pad", strokes)
        until(driver, f"return document.querySelector('#pad').value === '{label}'")
        driver.find_element(By.ID, "clear").click()
        until(driver, "return document.querySelector('#number').textContent === ''")


def test_a_number_is_read_shown_and_corrected(
    driver: webdriver.WebKitGTK, site: str, drawings: dict[str, Strokes]
) -> None:
    open_page(driver, site)
    for k, digit in enumerate("204"):
        strokes = [
            [[0.1 + 0.35 * k + 0.3 * x, 0.3 + 0.4 * y] for x, y in s] for s in drawings[digit]
        ]
        draw(driver, "#pad", strokes)
    until(driver, "return document.querySelector('#number').textContent === '204'")
    assert "sure, read in" in driver.find_element(By.ID, "caption").text
    driver.find_element(By.CSS_SELECTOR, "#number button").click()
    driver.find_element(By.CSS_SELECTOR, "#shares button:nth-child(8)").click()
    until(driver, "return document.querySelector('#pad').value === '704'")


def test_the_page_renders_strokes_as_python_does(
    driver: webdriver.WebKitGTK, site: str
) -> None:
    from train.ink import WIDTH, render

    open_page(driver, site)
    lines = (FIXTURES / "digits.jsonl").read_text(encoding="utf-8").splitlines()
    for line in map(json.loads, lines):
        text, (pixels,) = driver.execute_async_script(READ, line["strokes"])
        assert text == line["label"]
        expected = render(line["strokes"], WIDTH).ravel()
        assert pixels == pytest.approx(expected.tolist(), abs=1e-5)


def test_a_scribble_and_a_dot_are_rejected(driver: webdriver.WebKitGTK, site: str) -> None:
    open_page(driver, site)
    draw(driver, "#pad", [[[0.5, 0.5], [0.5, 0.5]]])
    until(driver, "return document.querySelector('#pad').value === '?'")
    draw(driver, "#pad", [[[0.2 + 0.6 * (k % 2), 0.1 + 0.06 * k] for k in range(14)]])
    until(driver, "return /^[?]+$/.test(document.querySelector('#pad').value)")


def test_undo_and_redo_by_keyboard(
    driver: webdriver.WebKitGTK, site: str, drawings: dict[str, Strokes]
) -> None:
    open_page(driver, site)
    draw(driver, "#pad", drawings["4"])
    until(driver, "return document.querySelector('#pad').value === '4'")
    for key, count in (("z", 1), ("y", 2)):
        ActionChains(driver).key_down(Keys.CONTROL).send_keys(key).key_up(Keys.CONTROL).perform()
        until(driver, f"return document.querySelector('#pad').drawing.length === {count}")


def test_a_form_accepts_drawing_and_typing(
    driver: webdriver.WebKitGTK, site: str, drawings: dict[str, Strokes]
) -> None:
    open_page(driver, f"{site}embed.html")
    draw(driver, "#pieces", drawings["3"])
    entry = driver.execute_script(
        "return document.querySelector('#order').shadowRoot.querySelector('input')"
    )
    entry.send_keys("2026")
    driver.find_element(By.CSS_SELECTOR, "form button:not([type])").click()
    until(driver, "return document.querySelector('#sent')?.hidden === false")
    text = driver.find_element(By.ID, "sent").text
    assert text == "Sent: order 2026, pieces 3, price –, day –, phone –, remark –"


def test_an_empty_required_pad_blocks_submission_and_reset_clears_it(
    driver: webdriver.WebKitGTK, site: str, drawings: dict[str, Strokes]
) -> None:
    open_page(driver, f"{site}embed.html")
    driver.find_element(By.CSS_SELECTOR, "form button:not([type])").click()
    assert driver.execute_script("return location.search") == ""
    assert driver.execute_script("return document.querySelector('#order').validity.valueMissing")
    draw(driver, "#order", drawings["3"])
    until(driver, "return document.querySelector('#order').value === '3'")
    assert driver.execute_script("return document.querySelector('#order').validity.patternMismatch")
    driver.find_element(By.CSS_SELECTOR, "[type=reset]").click()
    until(driver, "return document.querySelector('#order').value === ''")


def test_touch_draws_and_does_not_scroll(
    driver: webdriver.WebKitGTK, site: str, drawings: dict[str, Strokes]
) -> None:
    open_page(driver, site)
    draw(driver, "#pad", drawings["8"], kind="touch")
    until(driver, "return document.querySelector('#pad').value === '8'")
    assert driver.execute_script("return [scrollX, scrollY]") == [0, 0]


@pytest.mark.parametrize(
    "style", ["transform: scale(.8) rotate(20deg)", "scale: 1.3", "translate: 30px 9px"]
)
def test_ink_is_under_the_pointer(driver: webdriver.WebKitGTK, site: str, style: str) -> None:
    open_page(driver, f"{site}embed.html")
    driver.execute_script("document.querySelector('main').style.cssText = arguments[0]", style)
    driver.execute_script("document.querySelector('#order').scrollIntoView({ block: 'center' })")
    draw(driver, "#order", [[[0.3, 0.3], [0.4, 0.4], [0.6, 0.6]]])
    distance = driver.execute_script("""
        const surface = document.querySelector("#order").shadowRoot.querySelector(".surface");
        const [ink, all] = [surface.querySelector("path"), surface].map(one => {
            const { x, y, width, height } = one.getBoundingClientRect();
            return [x + width / 2, y + height / 2, Math.min(width, height)];
        });
        return Math.hypot(ink[0] - all[0] + 0.05 * all[2], ink[1] - all[1] + 0.05 * all[2]);""")
    assert distance < 1.5  # the pointer moves by whole pixels


@pytest.mark.parametrize("kind", ["mouse", "touch"])
def test_strokes_from_before_the_script_are_kept(
    driver: webdriver.WebKitGTK, tmp_path: Path, kind: str
) -> None:
    shutil.copytree(WEB, tmp_path, dirs_exist_ok=True)
    (tmp_path / "early.html").write_text(EARLY)
    with python_http_server(tmp_path) as url:
        driver.get(f"{url}early.html")
        x, y = driver.execute_script(
            "const { x, y } = document.querySelector('digit-pad').getBoundingClientRect();"
            "return [x + 1, y + 1]"
        )
        actions = ActionBuilder(driver, mouse=PointerInput(kind, kind), duration=5)
        for number, point in enumerate(BEGUN):
            actions.pointer_action.move_to_location(round(x + point[0]), round(y + point[1]))
            if number in (0, 3):
                actions.pointer_action.pointer_down()
            if number == 2:
                actions.pointer_action.pointer_up()
        actions.perform()
        until(driver, "return document.querySelectorAll('digit-pad path').length === 2")
        driver.execute_script("import('./digit-pad.js')")
        until(driver, "return document.querySelector('digit-pad').drawing?.length === 1")
        for point in ENDED:
            actions.pointer_action.move_to_location(round(x + point[0]), round(y + point[1]))
        actions.pointer_action.pointer_up()
        actions.perform()
        until(driver, "return document.querySelector('digit-pad').drawing.length === 2")
        drawn = driver.execute_script("return document.querySelector('digit-pad').drawing")
    first, second = ([tuple(point[:2]) for point in stroke] for stroke in drawn)
    assert first == BEGUN[:3]
    assert second == [*BEGUN[3:], *ENDED]
