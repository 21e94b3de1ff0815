"""Pictures: how many are read right; how soon, of 12 megapixels, and the page's longest task."""

import random
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from bench.medians import median_and_quartiles, short
from bench.page import trace
from bench.page.contenders import OURS, opened
from bench.peers.drawings import number
from bench.peers.site import BEST, QUICK, serving
from bench.result import Result
from export.browser.launch import launch
from export.browser.page import model_page
from tests.pictures import pictures
from tests.pictures import read as read_pictures
from train import data
from train.reporting.format import markdown_table

SIZE = (4000, 3000)
ROUNDS = 7
COUNT = 300
SEED = 12
WATCH = """() => {
    const output = document.querySelector("dialog output");
    let chosen = 0;
    document.addEventListener("change", event => (chosen = event.timeStamp), { capture: true });
    globalThis.answered = new Promise(resolve => {
        const look = () => output.textContent && resolve(performance.now() - chosen);
        new MutationObserver(look).observe(output, { childList: true });
    });
}"""


def run(smoke: bool) -> Result:
    """Have photographs read, each another one. Raises BrowserError, DataError and others."""
    digits = data.load("mnist")
    shown = pictures(digits.test_images, digits.test_labels, 1 if smoke else ROUNDS, SEED)
    times: list[float] = []
    longest: list[float] = []
    read_as: list[tuple[str, str]] = []
    with serving(QUICK if smoke else BEST) as site, launch() as browser:
        first = number("4", random.Random(SEED))[0]
        with opened(browser, f"{site.address}/{OURS.path}", first) as page:
            page.locator("html[data-model=ready]").wait_for()
            page.get_by_role("button", name="Picture").click()
            for photo in shown:
                print(f"photo: {len(times) + 1}", file=sys.stderr, flush=True)
                milliseconds, text, tasks = read(browser, page, enlarged(photo.png))
                times.append(milliseconds)
                longest.append(max(tasks))
                read_as.append((photo.text, text))
    right = sum(shown == said for shown, said in read_as)
    row = [*map(median_and_quartiles, (times, longest)), short(max(longest))]
    rows = [[*row, f"{right} of {len(times)}"]]
    head = ["From choosing to the reading, ms", "Longest task, ms", "at most", "Read right"]
    told = (
        f"Photographs of {SIZE[0]} by {SIZE[1]} pixels (JPEG), each another; tasks of the page's "
        "main thread. Median (quartiles)."
    )
    shares = markdown_table(
        ["Numbers of four digits", "Read right"], exact(digits, 4 if smoke else COUNT)
    )
    found = {"ms": times, "longest task, ms": longest, "shown and read": read_as}
    return Result("photo", f"{told}\n\n{markdown_table(head, rows)}\n\n{shares}", found, None)


def exact(digits: data.Digits, count: int) -> list[list[str]]:
    """How many pictures of tests/pictures.py are read right, in ink and in chalk."""
    rows = []
    with model_page() as page:
        for name, chalk in (("ink on ruled paper", False), ("chalk on a board", True)):
            shown = list(pictures(digits.test_images, digits.test_labels, count, SEED, chalk))
            said = read_pictures(page, [picture.png for picture in shown])
            right = sum(text == each.text for text, each in zip(said, shown, strict=True))
            rows.append([name, f"{right / count:.1%} of {count}"])
    return rows


def read(browser: Browser, page: Page, photo: bytes) -> tuple[float, str, list[float]]:
    """Choose a photograph: milliseconds until it is read, as what, and those of all tasks."""
    page.evaluate(WATCH)
    files = page.get_by_label("Choose a picture")
    with tempfile.TemporaryDirectory(prefix="digitpad-bench-") as folder:
        path = Path(folder, "photo.jpg")  # what is given as bytes, the page's thread unpacks
        path.write_bytes(photo)

        def choose() -> None:
            files.set_input_files(path)
            page.evaluate("answered")

        tasks = trace.tasks(browser, page, choose)
    return page.evaluate("answered"), page.locator("dialog output").inner_text(), tasks


def enlarged(png: bytes) -> bytes:
    """A picture as a JPEG of SIZE."""
    file = BytesIO()
    with Image.open(BytesIO(png)) as picture:
        picture.resize(SIZE, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()
