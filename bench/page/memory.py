"""What ten thousand readings leave behind: the page's JavaScript heap and its tensors."""

import random
import sys
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from playwright.sync_api import Page

from bench.medians import short
from bench.page.contenders import OURS, first_reading, opened
from bench.peers import drawings
from bench.peers.site import BEST, QUICK, serving
from bench.result import Result
from export.browser.launch import launch
from train.reporting import figures
from train.reporting.format import markdown_table

READINGS, PIECE = 10_000, 500
WARM = 600  # readings; the recogniser keeps what it saw of the last 500 groups of strokes
LENGTHS = (1, 2, 3)  # digits of the numbers, in turn
SEED = 7
READ = """async numbers => {
    const recognizer = await document.querySelector("digit-pad").ready;
    let symbols = 0;
    for (const digits of numbers) symbols += (await recognizer.read(digits.flat())).symbols.length;
    return symbols;
}"""
TENSORS = """async () => {
    const runtime = await import(new URL("vendor/tfjs.js", location.href));
    return runtime.memory().numTensors;
}"""


def run(smoke: bool) -> Result:
    """Read many drawings, and look at heap and tensors on the way."""
    readings, piece, warm = (40, 20, 20) if smoke else (READINGS, PIECE, WARM)
    chance = random.Random(SEED)
    with serving(QUICK if smoke else BEST) as site, launch() as browser:
        first = drawings.number("4", chance)[0]
        with opened(browser, f"{site.address}/{OURS.path}", first) as page:
            first_reading(page)
            symbols = read(page, warm, chance)
            points = [looked(page, 0)]
            for done in range(piece, readings + 1, piece):
                print(f"memory: reading {done:,} of {readings:,}", file=sys.stderr, flush=True)
                symbols += read(page, piece, chance)
                points.append(looked(page, done))
    before, after = points[0], points[-1]
    data = {
        "readings": readings,
        "symbols read": symbols,
        "heap before, bytes": before["heap"],
        "heap after, bytes": after["heap"],
        "tensors before": before["tensors"],
        "tensors after": after["tensors"],
        "points": points,
    }
    return Result("memory", tables(data), data, picture(points))


def read(page: Page, count: int, chance: random.Random) -> int:
    """Have numbers read that were not seen before; return how many symbols were found."""
    lengths = [LENGTHS[k % len(LENGTHS)] for k in range(count)]
    numbers = [drawings.numbers(length, 1, chance)[0] for length in lengths]
    return page.evaluate(READ, numbers)


def looked(page: Page, done: int) -> dict[str, int]:
    """Heap in use after a collection, in bytes, and how many tensors there are."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return {"readings": done, "heap": heap, "tensors": page.evaluate(TENSORS)}


def tables(data: dict[str, Any]) -> str:
    """Before and after, in Markdown."""
    heap = [data[f"heap {when}, bytes"] / 1e6 for when in ("before", "after")]
    tensors = [data[f"tensors {when}"] for when in ("before", "after")]
    rows = [
        ["JavaScript heap after a collection, MB", *map(short, heap), short(heap[1] - heap[0])],
        ["tensors", *tensors, tensors[1] - tensors[0]],
    ]
    head = [f"{data['readings']:,} readings", "before", "after", "more"]
    said = (
        "Drawings of one to three digits, each a new one, read in one visit, "
        f"{data['symbols read']:,} symbols in all; looked at first when the recogniser's memory "
        "of what it saw was full."
    )
    return f"{said}\n\n{markdown_table(head, rows)}"


@matplotlib.rc_context(figures.STYLE)
def picture(points: list[dict[str, int]]) -> Figure:
    """Heap and tensors over readings."""
    drawn = figures.figure(7.2, 2.6)
    done = [point["readings"] for point in points]
    panels = drawn.subplots(1, 2)
    for axes, line, name, unit in zip(
        panels, figures.LINES, ("heap", "tensors"), (1e6, 1), strict=True
    ):
        axes.plot(done, [point[name] / unit for point in points], **line)
        axes.set(xlabel="readings", ylim=(0, None))
    panels[0].set(title="JavaScript heap, MB")
    panels[1].set(title="tensors")
    return drawn
