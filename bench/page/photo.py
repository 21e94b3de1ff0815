"""Measure pictures: accuracy by kind, and for 12 megapixels the time and the longest task."""

import queue
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image
from playwright.sync_api import Browser, Page

from bench.medians import format_number, median_and_quartiles
from bench.page import trace
from bench.page.contenders import OURS, opened
from bench.peers.drawings import number
from bench.peers.site import BEST_QUALITY, FAST_QUALITY, serving
from bench.pictures.confirmed import confirmed
from bench.pictures.kinds import KINDS, pictures_of
from bench.pictures.photos import Picture, Reading, pictures
from bench.pictures.photos import read as read_pictures
from bench.pictures.strings import STRINGS, strings_of
from bench.result import Result
from export.browser.launch import launch
from export.browser.page import MAX_BROWSERS, model_page, pop_all
from train import data
from train.network.build import MARK_LABELS
from train.reporting.format import markdown_table

Pair = tuple[Picture, Reading]
T = TypeVar("T")

SIZE = (4000, 3000)
TIMED_PICTURES = 7
COUNT = 60  # pictures of a kind
SURE = 0.95
SEED = 12
CHECKED = 0.85  # below it the page asks to check the reading, see web/dialogs/picture.js
KINDS_HEAD = [
    *("Pictures", "n", "Read exactly", "of these, to be checked"),
    *("Wrong without a sign", f"surer than {SURE:.0%}"),
]
STRINGS_HEAD = [
    *("Strings", "n", "Read exactly with their marks", "with all marks", "to be checked"),
    *("Wrong without a sign", f"surer than {SURE:.0%}"),
]
OF_STRINGS = (
    "Pictures of digits and marks, these drawn by lines, read with the marks of their kind, and "
    "with all marks. The other columns are those with the marks of their kind."
)
WITHOUT_SIGN = (
    "Signs of a wrong reading are a ? in it, and the page's word that more writing could not be "
    "read, that the reading is to be checked, or that it may be upside down. Lines and numbers "
    "that are apart count as read only if they are apart in the reading."
)
MEBIBYTE = 1 << 20
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
    """Read pictures, each a new one. Raises BrowserError, DataError and others."""
    digits = confirmed(data.load("mnist"))
    shown = pictures(digits.test_images, digits.test_labels, 1 if smoke else TIMED_PICTURES, SEED)
    times: list[float] = []
    longest: list[float] = []
    memory: list[float] = []
    read_as: list[tuple[str, str]] = []
    with serving(FAST_QUALITY if smoke else BEST_QUALITY) as site, launch() as browser:
        first = number("4", random.Random(SEED))[0]
        with opened(browser, f"{site.address}/{OURS.path}", first) as page:
            page.locator("html[data-model=ready]").wait_for()
            page.get_by_role("button", name="Picture").click()
            for photo in shown:
                report(str(len(times) + 1))
                with peak_memory(browser, memory):
                    milliseconds, text, tasks = read(browser, page, enlarge(photo.png))
                times.append(milliseconds)
                longest.append(max(tasks))
                read_as.append((photo.text, text))
    correct = sum(shown == text for shown, text in read_as)
    row = [*map(median_and_quartiles, (times, longest)), format_number(max(longest))]
    used = format_number(max(memory)) if memory else "not measured"
    rows = [[*row, used, f"{correct} of {len(times)}"]]
    head = [
        *("From choosing to the reading, ms", "Longest task, ms", "at most"),
        *("Memory, MiB, at most", "Read right"),
    ]
    text = (
        f"Pictures of {SIZE[0]} by {SIZE[1]} pixels (JPEG), each a new one; tasks of the page's "
        "main thread; memory that the page's process takes in addition while it reads one (on "
        "Linux). Median (quartiles)."
    )
    count = 1 if smoke else COUNT
    by_kind = for_each(list(KINDS), partial(read_kind, digits, count))
    accuracy = markdown_table(KINDS_HEAD, [accuracy_row(*each) for each in by_kind.items()])
    by_string = for_each(list(STRINGS), partial(read_strings, digits, count))
    of_strings = markdown_table(STRINGS_HEAD, [string_row(*each) for each in by_string.items()])
    halves = {kind: pairs[: max(1, count // 2)] for kind, pairs in by_kind.items()}
    with_marks = for_each(list(KINDS), partial(read_with_marks, halves))
    numbers = [sum(map(exactly_read, numbers_in(each))) for each in (halves, with_marks)]
    same = (
        f"Of {len(numbers_in(halves)):,} pictures of digits alone, the first of each kind above, "
        f"{numbers[0]:,} are read exactly, and {numbers[1]:,} while all marks are read."
    )
    found = {
        "ms": times,
        "longest task, ms": longest,
        "memory, MiB": memory,
        "shown and read": read_as,
        "kinds": facts(by_kind),
        "kinds, while all marks are read": facts(with_marks),
        "strings": {kind: facts(each) for kind, each in by_string.items()},
    }
    tables = "\n\n".join(
        [text, markdown_table(head, rows), WITHOUT_SIGN, accuracy, OF_STRINGS, of_strings, same]
    )
    return Result("photo", tables, found, None)


def read_kind(digits: data.Digits, count: int, page: Page, kind: str) -> list[Pair]:
    """Read `count` pictures of a kind; return them with their readings."""
    report(kind)
    shown = pictures_of(kind, digits.test_images, digits.test_labels, count, SEED)
    return read_all(page, list(shown), "")


def read_with_marks(by_kind: Mapping[str, Sequence[Pair]], page: Page, kind: str) -> list[Pair]:
    """Read the pictures of a kind once more, while all marks are read."""
    report(f"{kind} with marks")
    return read_all(page, [picture for picture, _ in by_kind[kind]], MARK_LABELS)


def read_strings(digits: data.Digits, count: int, page: Page, kind: str) -> dict[str, list[Pair]]:
    """Read `count` pictures of a kind of string, with the kind's marks, and with all."""
    report(kind)
    shown = list(strings_of(kind, digits.test_images, digits.test_labels, count, SEED))
    asked = {"its marks": STRINGS[kind], "all marks": MARK_LABELS}
    return {name: read_all(page, shown, marks) for name, marks in asked.items()}


def report(what: str) -> None:
    """Print a line of progress to stderr."""
    print(f"photo: {what}", file=sys.stderr, flush=True)


def read_all(page: Page, shown: Sequence[Picture], marks: str) -> list[Pair]:
    """Read pictures; return them with their readings."""
    return list(zip(shown, read_pictures(page, [each.png for each in shown], marks), strict=True))


def for_each(kinds: Sequence[str], read_kind: Callable[[Page, str], T]) -> dict[str, T]:
    """Return what a function reads of each kind, in as many pages as cores at once."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for kind in kinds:
        waiting.put(kind)
    found: dict[str, T] = {}

    def read_waiting() -> None:
        with model_page() as page:
            for kind in pop_all(waiting):
                found[kind] = read_kind(page, kind)

    with ThreadPoolExecutor(MAX_BROWSERS) as pool:
        for worker in [pool.submit(read_waiting) for _ in range(MAX_BROWSERS)]:
            worker.result()
    return {kind: found[kind] for kind in kinds}


def string_row(kind: str, pairs: Mapping[str, Sequence[Pair]]) -> list[str]:
    """Count the strings of a kind that are read exactly, and those wrong without a sign."""
    every = sum(map(exactly_read, pairs["all marks"])) / len(pairs["all marks"])
    _, count, own, checked, unsigned, sure = accuracy_row(kind, pairs["its marks"])
    return [kind, count, own, f"{every:.1%}", checked, unsigned, sure]


def exactly_read(pair: Pair) -> bool:
    """Return whether a picture is read as what it shows."""
    picture, reading = pair
    return picture.text == reading.text


def numbers_in(by_kind: Mapping[str, Sequence[Pair]]) -> list[Pair]:
    """Return the pictures of digits alone."""
    return [pair for pairs in by_kind.values() for pair in pairs if "?" not in pair[0].text]


def facts(by_kind: Mapping[str, Sequence[Pair]]) -> dict[str, list[dict[str, Any]]]:
    """Return what is shown and read, for the file of results."""
    return {
        kind: [{"shown": picture.text, **asdict(reading)} for picture, reading in pairs]
        for kind, pairs in by_kind.items()
    }


def accuracy_row(kind: str, pairs: Sequence[Pair]) -> list[str]:
    """Count the pictures of a kind that are read exactly, and those wrong without a sign."""
    exact = [reading for picture, reading in pairs if picture.text == reading.text]
    unsigned = [
        reading
        for picture, reading in pairs
        if picture.text != reading.text and not has_sign(reading)
    ]
    checked = sum(has_sign(reading) for reading in exact if "?" not in reading.text)
    sure = sum(reading.confidence > SURE for reading in unsigned)
    share = f"{len(exact) / len(pairs):.1%}"
    return [kind, *map(str, (len(pairs), share, checked, len(unsigned), sure))]


def has_sign(reading: Reading) -> bool:
    """Tell whether the page shows that a reading may be wrong."""
    told = reading.missing or reading.ambiguous or reading.confidence < CHECKED
    return told or "?" in reading.text


def read(browser: Browser, page: Page, photo: bytes) -> tuple[float, str, list[float]]:
    """Choose a picture in the dialog.

    Returns:
        milliseconds until it is read, the text, and the milliseconds of each task meanwhile.
    """
    files = page.get_by_label("Choose a picture")
    files.wait_for(state="attached")  # the dialog's module is fetched when the button is pressed
    page.evaluate(WATCH)
    with tempfile.TemporaryDirectory(prefix="digitpad-bench-") as folder:
        path = Path(folder, "photo.jpg")  # as bytes, the page's thread would decode base64
        path.write_bytes(photo)

        def choose() -> None:
            files.set_input_files(path)
            page.evaluate("answered")

        tasks = trace.tasks(browser, page, choose)
    return page.evaluate("answered"), page.locator("dialog output").inner_text(), tasks


@contextmanager
def peak_memory(browser: Browser, peaks: list[float]) -> Iterator[None]:
    """Append by how many MiB the pages' processes grow at most meanwhile; nothing without Linux."""
    session = browser.new_browser_cdp_session()
    running = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    folders = [Path("/proc", str(each["id"])) for each in running if each["type"] == "renderer"]
    folders = [folder for folder in folders if folder.exists()]
    for folder in folders:
        # Forgets the peak: https://docs.kernel.org/filesystems/proc.html
        Path(folder, "clear_refs").write_text("5")
    before = {folder: status(folder, "VmRSS") for folder in folders}
    yield
    growth = [status(each, "VmHWM") - rss for each, rss in before.items() if each.exists()]
    peaks.extend([max(growth) / MEBIBYTE] if growth else [])


def status(folder: Path, name: str) -> int:
    """Return the bytes that a process's status says under a name."""
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path(folder, "status").read_text(), re.MULTILINE)
    return 1024 * int(found[1]) if found else 0


def enlarge(png: bytes) -> bytes:
    """Return a picture as a JPEG of SIZE."""
    file = BytesIO()
    with Image.open(BytesIO(png)) as picture:
        picture.resize(SIZE, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()
