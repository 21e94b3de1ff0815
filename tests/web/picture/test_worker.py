"""The worker that finds symbols on pictures: one for several pictures, while it is needed."""

import base64
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.conftest import until

READ_ENDED = """async picture => {
    const { src } = document.querySelector("script[type=module]");
    const { readPicture } = await import(new URL("picture/read-picture.js", src));
    const recognizer = await document.querySelector("digit-pad").ready;
    const bytes = Uint8Array.from(atob(picture), character => character.charCodeAt(0));
    const signal = AbortSignal.abort();
    return (await readPicture(recognizer, new Blob([bytes]), { signal })).text;
}"""


def one(high: int) -> dict[str, Any]:
    """Draw a 1 of a height as a picture to choose."""
    file, picture = BytesIO(), Image.new("L", (160, 160), 255)
    ImageDraw.Draw(picture).line([(84, 80 - high // 2), (76, 80 + high // 2)], fill=0, width=9)
    picture.save(file, "PNG")
    return {"name": f"{high}.png", "mimeType": "image/png", "buffer": file.getvalue()}


@pytest.fixture
def dialog(open_page: Callable[..., Page], site: str) -> Page:
    """Open the dialog of a page whose clock the test drives."""
    page = open_page()
    page.clock.install()
    page.goto(site)
    expect(page.locator("html")).to_have_attribute("data-model", "ready")
    page.get_by_role("button", name="Picture").click()
    return page


def choose(page: Page, picture: dict[str, Any]) -> None:
    page.get_by_label("Choose a picture").set_input_files(picture)
    expect(page.locator("dialog p[role=status]")).not_to_contain_text("Looking at the picture")


def test_the_next_picture_is_read_by_the_same_worker(dialog: Page) -> None:
    started: list[str] = []
    dialog.on("worker", lambda worker: started.append(worker.url.rsplit("/", 1)[1]))
    for high in (100, 80, 120):
        choose(dialog, one(high))
        expect(dialog.locator("dialog output")).to_have_text("1")
    assert started == ["worker.js"]


def test_a_worker_without_pictures_ends(dialog: Page) -> None:
    choose(dialog, one(100))
    (worker,) = dialog.workers
    with worker.expect_event("close"):
        dialog.clock.fast_forward(31_000)
    choose(dialog, one(80))
    expect(dialog.locator("dialog output")).to_have_text("1")


def test_a_picture_that_cannot_be_read_leaves_no_worker(dialog: Page) -> None:
    choose(dialog, one(100))
    (worker,) = dialog.workers
    with worker.expect_event("close"):
        choose(dialog, {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    choose(dialog, one(100))
    expect(dialog.locator("dialog output")).to_have_text("1")


def test_a_reading_that_was_ended_before_it_began_leaves_no_worker(dialog: Page) -> None:
    picture = base64.b64encode(one(100)["buffer"]).decode()
    assert dialog.evaluate(READ_ENDED, picture) == "1"
    until(dialog, lambda: dialog.workers == [])
