"""Take the README's pictures of the page: `python -m docs.pictures`.

`page.png` shows numbers read on a desktop and a phone; `writing.gif` shows a number being written.
"""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from export.browser.launch import launch
from export.browser.page import MODEL, WEB, serving

HERE = Path(__file__).parent
DIGITS = HERE.parent / "tests/fixtures/digits.jsonl"
DESKTOP, PHONE, SLIP = (1280, 800), (390, 800), (420, 560)
POINTS_PER_FRAME = 3
FRAME_MS = 60
PAUSE_MS = 1500


def main() -> None:
    """Write both pictures."""
    lines = map(json.loads, DIGITS.read_text(encoding="utf-8").splitlines())
    digits = {line["label"]: line["strokes"] for line in lines}
    with serving(WEB, MODEL) as site, launch() as browser:
        shots = []
        for size, text, scheme in ((DESKTOP, "2026", "light"), (PHONE, "407", "dark")):
            page = opened(browser, f"{site}/index.html", size, scheme)
            for _ in written(page, digits, text):
                pass
            page.wait_for_timeout(500)
            shots.append(picture(page))
        side_by_side(shots).save(HERE / "page.png", optimize=True)
        page = opened(browser, f"{site}/index.html", SLIP, "light")
        frames = [picture(page)]
        frames += [picture(page) for _ in written(page, digits, "2026")]
        page.wait_for_timeout(500)
        frames.append(picture(page))
    small = [frame.convert("P", palette=Image.Palette.ADAPTIVE, colors=48) for frame in frames]
    times = [PAUSE_MS, *[FRAME_MS] * (len(frames) - 2), 2 * PAUSE_MS]
    small[0].save(
        HERE / "writing.gif", save_all=True, append_images=small[1:], duration=times, loop=0
    )


def opened(browser: Browser, url: str, size: tuple[int, int], scheme: str) -> Page:
    """Open the page without its animation, and wait until the network is loaded."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(url)
    page.locator("html[data-model=ready]").wait_for()
    return page


def written(page: Page, digits: dict, text: str) -> Iterator[None]:
    """Write digits side by side with the mouse; yield after every few points."""
    box = page.locator("digit-pad").bounding_box()
    assert box
    cell = box["width"] / (len(text) + 0.3)
    height = min(0.7 * box["height"], 1.5 * cell)
    for position, digit in enumerate(text):
        middle = box["x"] + cell * (position + 0.65)
        for stroke in digits[digit]:
            for number, (x, y) in enumerate(stroke):
                page.mouse.move(
                    middle + (x - 0.5) * height, box["y"] + box["height"] / 2 + (y - 0.5) * height
                )
                if number == 0:
                    page.mouse.down()
                if number % POINTS_PER_FRAME == 0:
                    yield
            page.mouse.up()
            page.wait_for_timeout(150)  # for the reading
            yield


def picture(page: Page) -> Image.Image:
    """Return a screenshot."""
    return Image.open(BytesIO(page.screenshot())).convert("RGB")


def side_by_side(shots: list[Image.Image]) -> Image.Image:
    """Join pictures of the same height in a row."""
    row = Image.new("RGB", (sum(shot.width for shot in shots), shots[0].height))
    left = 0
    for shot in shots:
        row.paste(shot, (left, 0))
        left += shot.width
    return row


if __name__ == "__main__":
    main()
