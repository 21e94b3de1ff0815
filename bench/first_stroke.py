"""Draw on the page while it loads over a slow connection, and count the strokes that are lost."""

import random
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from bench.medians import median_and_quartiles
from bench.page.contenders import SETTLE_MS, VIEW, first_reading, opened, throttle
from bench.peers import drawings
from bench.peers.site import BEST_QUALITY, FAST_QUALITY, WEB, serving
from bench.result import Result
from export.browser.launch import launch
from train.reporting.format import markdown_table

# A slow mobile connection: 400 kbit/s in bytes per second, and milliseconds.
SLOW = {"downloadThroughput": 400e3 / 8, "uploadThroughput": 400e3 / 8, "latency": 150}
SETTINGS: dict[str, dict] = {
    "400 kbit/s": {"network": SLOW},
    "CPU slowed 6x": {"cpu": 6},
    "400 kbit/s, CPU slowed 6x": {"network": SLOW, "cpu": 6},
}
WITH, WITHOUT = "with first-stroke.js", "without"
FOLDERS = {WITHOUT: "without", WITH: "ours"}
ROUNDS = 5
SCRIPT = "first-stroke.js"
SEED = 5
STEP, LENGTH = 9, 25  # CSS pixels between strokes, and of a stroke
NOTE = """addEventListener("pointerdown", ({ clientX, clientY, timeStamp }) =>
    (globalThis.downs ??= []).push([clientX, clientY, timeStamp]), true);
const observer = new MutationObserver(() => {
    if (!document.querySelector("digit-pad")) return;
    observer.disconnect();
    // The frame after the first one that has the pad: that one was painted.
    requestAnimationFrame(() => requestAnimationFrame((time) => (globalThis.paint = time)));
});
observer.observe(document, { childList: true, subtree: true });"""
IS_DEFINED = "customElements.get('digit-pad') !== undefined"
FOUND = """() => {
    const pad = document.querySelector("digit-pad");
    const { x, y } = pad.getBoundingClientRect();
    return {
        downs: globalThis.downs ?? [],
        kept: pad.drawing.map(([first]) =>
            [x + pad.clientLeft + first[0], y + pad.clientTop + first[1]]),
        paint: globalThis.paint,
    };
}"""


@dataclass(frozen=True)
class Visit:
    """Milliseconds since navigation, and numbers of strokes.

    `paint`: the pad is painted, which may be after the first paint of the page; `ink`: the first
    stroke that is kept begins.
    """

    paint: float
    ink: float
    reading: float
    drawn: int  # strokes begun after the pad is painted
    lost: int


def run(smoke: bool) -> Result:
    """Visit the page with and without the script in turn. Raises BrowserError and others."""
    settings = list(SETTINGS)[:1] if smoke else list(SETTINGS)
    rounds = 1 if smoke else ROUNDS
    found: dict[str, dict[str, list[Visit]]] = {
        setting: {variant: [] for variant in FOLDERS} for setting in settings
    }
    with (
        serving(FAST_QUALITY if smoke else BEST_QUALITY) as site,
        launch() as browser,
        tempfile.TemporaryDirectory(prefix="digitpad-bench-") as folder,
    ):
        site.folders[FOLDERS[WITHOUT]] = [without_script(Path(folder)), WEB]
        for number in range(rounds):
            for setting in settings:
                message = f"first-stroke: {setting}, round {number + 1} of {rounds}"
                print(message, file=sys.stderr, flush=True)
                for variant, path in FOLDERS.items():
                    url = f"{site.address}/{path}/"
                    found[setting][variant].append(visit(browser, url, SETTINGS[setting]))
    data = {
        "visits": {
            setting: {variant: [asdict(each) for each in visits] for variant, visits in row.items()}
            for setting, row in found.items()
        }
    }
    return Result("first-stroke", table(found), data, None)


def without_script(folder: Path) -> Path:
    """Write the page without the script into a folder, and return that."""
    lines = (WEB / "index.html").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if SCRIPT not in line]
    (folder / "index.html").write_text("".join(kept), encoding="utf-8")
    return folder


def visit(browser: Browser, url: str, setting: dict) -> Visit:
    """Draw while the page loads; in a second visit, measure the time to the first reading."""
    context = browser.new_context(viewport=VIEW)
    try:
        context.add_init_script(NOTE)
        page = context.new_page()
        page.wait_for_timeout(SETTLE_MS)
        throttle(page, **setting)
        page.goto(url, wait_until="commit")
        draw_until_defined(page)
        found = page.evaluate(FOUND)
    finally:
        context.close()
    drawing = drawings.number("4", random.Random(SEED))[0]
    with opened(browser, url, drawing, setting) as page:
        reading = first_reading(page)["first"]
    kept = {(round(x), round(y)) for x, y in found["kept"]}
    after = [(at, (round(x), round(y))) for x, y, at in found["downs"] if at >= found["paint"]]
    lost = [place for _, place in after if place not in kept]
    ink = min(at for at, place in after if place in kept)
    return Visit(found["paint"], ink, reading, len(after), len(lost))


def draw_until_defined(page: Page) -> None:
    """Draw short strokes, one beside the other, from now until the pad is defined."""
    left, top, columns = VIEW["width"] // 2 - 400, VIEW["height"] // 2 - 150, 40
    session = page.context.new_cdp_session(page)
    pressed = {"button": "left", "clickCount": 1}
    number, is_defined = 0, False
    while not is_defined:
        is_defined = page.evaluate(IS_DEFINED)  # and three more strokes
        for _ in range(3):
            x, y = left + STEP * (number % columns), top + 2 * LENGTH * (number // columns % 6)
            for kind, down in (("mousePressed", 0), ("mouseMoved", 1), ("mouseReleased", 1)):
                place = {"x": x, "y": y + down * LENGTH, "buttons": 1}
                session.send("Input.dispatchMouseEvent", {"type": kind, **place, **pressed})
            number += 1


def table(found: dict[str, dict[str, list[Visit]]]) -> str:
    """Format the visits as Markdown."""
    head = ["Milliseconds since navigation", "", "pad painted", "takes ink", "first reading"]
    head += ["strokes after the paint", "lost"]
    rows = []
    for setting, variants in found.items():
        for variant, visits in variants.items():
            row = [setting, variant]
            row += [
                median_and_quartiles([getattr(each, name) for each in visits])
                for name in ("paint", "ink", "reading")
            ]
            drawn, lost = sum(each.drawn for each in visits), sum(each.lost for each in visits)
            rows.append([*row, drawn, f"{lost} ({lost / drawn:.0%})"])
    return (
        "Short strokes, drawn one after the other from navigation until the pad is defined. The "
        f"page with the script and without, in turn. Latency {SLOW['latency']} ms. Median "
        "(quartiles).\n\n" + markdown_table(head, rows)
    )
