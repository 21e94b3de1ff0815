"""Pictures where Firefox protects its user from tracking by changing what canvases return."""

import pytest
from playwright.sync_api import Page, expect

from bench.pictures.photos import pictures
from tests.conftest import LAPTOP, Pen, Strokes, Watched
from tests.firefox.launch import launch
from tests.web.dialogs.test_picture import choose
from train import data

RESIST = "privacy.resistFingerprinting"


@pytest.fixture
def shown() -> tuple[bytes, str]:
    """Return a picture, and the number on it."""
    digits = data.load("mnist")
    picture = next(pictures(digits.test_images, digits.test_labels, 1, 7))
    return picture.png, picture.text


@pytest.mark.parametrize(
    ("preferences", "noise"),
    [
        ({RESIST: True}, True),
        ({RESIST: True, f"{RESIST}.exemptedDomains": "127.0.0.1"}, False),  # what the page advises
        ({"privacy.fingerprintingProtection": True}, False),  # as in private windows
    ],
    ids=["resisting", "exempted", "private"],
)
def test_a_number_is_read_and_a_picture_that_is_noise_is_named_so(
    site: str,
    draw: Pen,
    drawings: dict[str, Strokes],
    shown: tuple[bytes, str],
    preferences: dict[str, object],
    noise: bool,
) -> None:
    png, text = shown
    with launch(**preferences) as browser:
        watched = Watched(browser)
        page: Page = watched.context(**LAPTOP).new_page()
        page.goto(site)
        draw(page, drawings["4"])
        expect(page.locator("#number")).to_have_text("4")
        choose(page, png)
        if noise:
            status = page.locator("dialog p[role=status]")
            expect(status).to_contain_text(f"about:config, {RESIST}.exemptedDomains")
        expect(page.locator("dialog output")).to_have_text("" if noise else text)
        watched.close()
        watched.check()
