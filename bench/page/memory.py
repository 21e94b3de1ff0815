"""Measure the page's JavaScript heap and tensors over ten thousand readings."""

import random
import sys
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from playwright.sync_api import Page

from bench.medians import format_number
from bench.page.contenders import OURS, first_reading, opened
from bench.peers import drawings
from bench.peers.site import BEST_QUALITY, FAST_QUALITY, serving
from bench.result import Result
from export.browser.launch import launch
from export.browser.page import FETCH_ALL
from train.reporting import figures
from train.reporting.format import markdown_table

READINGS, INTERVAL = 10_000, 500
WARM_UP = 600  # readings; the recognizer caches predictions of the last 500 groups of strokes
LENGTHS = (1, 2, 3)  # digits per number, in turn
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
    """Read many drawings, and measure heap and tensors at intervals."""
    readings, interval, warm_up = (40, 20, 20) if smoke else (READINGS, INTERVAL, WARM_UP)
    rng = random.Random(SEED)
    with serving(FAST_QUALITY if smoke else BEST_QUALITY) as site, launch() as browser:
        first = drawings.number("4", rng)[0]
        with opened(browser, f"{site.address}/{OURS.path}", first) as page:
            first_reading(page)
            page.evaluate(FETCH_ALL)
            symbols = read(page, warm_up, rng)
            points = [usage(page, 0)]
            for done in range(interval, readings + 1, interval):
                print(f"memory: reading {done:,} of {readings:,}", file=sys.stderr, flush=True)
                symbols += read(page, interval, rng)
                points.append(usage(page, done))
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


def read(page: Page, count: int, rng: random.Random) -> int:
    """Read `count` new numbers; return how many symbols were found."""
    lengths = [LENGTHS[k % len(LENGTHS)] for k in range(count)]
    numbers = [drawings.numbers(length, 1, rng)[0] for length in lengths]
    return page.evaluate(READ, numbers)


def usage(page: Page, done: int) -> dict[str, int]:
    """Return heap in use after garbage collection, in bytes, and tensors, after `done` readings."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return {"readings": done, "heap": heap, "tensors": page.evaluate(TENSORS)}


def tables(data: dict[str, Any]) -> str:
    """Format the values before and after as Markdown."""
    heap = [data[f"heap {when}, bytes"] / 1e6 for when in ("before", "after")]
    tensors = [data[f"tensors {when}"] for when in ("before", "after")]
    rows = [
        [
            "JavaScript heap after a collection, MB",
            *map(format_number, (*heap, heap[1] - heap[0])),
        ],
        ["tensors", *tensors, tensors[1] - tensors[0]],
    ]
    head = [f"{data['readings']:,} readings", "before", "after", "more"]
    text = (
        "Drawings of one to three digits, each a new one, read in one visit, "
        f"{data['symbols read']:,} symbols in all. The first measurement follows a warm-up that "
        "fills the recognizer's cache."
    )
    return f"{text}\n\n{markdown_table(head, rows)}"


@matplotlib.rc_context(figures.STYLE)
def picture(points: list[dict[str, int]]) -> Figure:
    """Plot heap and tensors over readings."""
    figure = figures.figure(7.2, 2.6)
    done = [point["readings"] for point in points]
    panels = figure.subplots(1, 2)
    for axes, line, name, unit in zip(
        panels, figures.LINES, ("heap", "tensors"), (1e6, 1), strict=True
    ):
        axes.plot(done, [point[name] / unit for point in points], **line)
        axes.set(xlabel="readings", ylim=(0, None))
    panels[0].set(title="JavaScript heap, MB")
    panels[1].set(title="tensors")
    return figure
