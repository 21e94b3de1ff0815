"""Measure reading time against the symbols of a drawing and the points of a stroke."""

import random
import sys
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from bench.medians import format_number, median, median_and_quartiles, percentile
from bench.page import strokes
from bench.page.contenders import OURS
from bench.peers import drawings
from bench.peers.drawings import Strokes
from bench.peers.site import BEST_QUALITY, FAST_QUALITY, serving
from bench.result import Result
from export.browser.launch import launch
from train.network.build import MARK_LABELS
from train.reporting import figures
from train.reporting.format import markdown_table

SYMBOLS = (1, 2, 4, 8, 16)
POINTS = (10, 30, 100, 300, 1000, 3000, 10_000)
SEED = 8
ONE_STROKE_DIGITS = "023689"  # in tests/fixtures/digits.jsonl

Times = dict[int, list[float]]


def run(smoke: bool) -> Result:
    """Read drawings of growing size, each a new one, every size once per round."""
    symbols, points, rounds = (SYMBOLS[:3], POINTS[:3], 2) if smoke else (SYMBOLS, POINTS, 40)
    rng = random.Random(SEED)
    by_symbols: Times = {count: [] for count in symbols}
    with_marks: Times = {count: [] for count in symbols}
    by_points: Times = {count: [] for count in points}
    quality = FAST_QUALITY if smoke else BEST_QUALITY
    with (
        serving(quality) as site,
        launch() as browser,
        strokes.settled(browser, site, OURS) as page,
    ):
        warm_up = [drawings.number("12345678", rng) for _ in range(5)]
        strokes.time_readings(page, warm_up, True, MARK_LABELS)
        for done in range(rounds):
            print(f"growth: round {done + 1} of {rounds}", file=sys.stderr, flush=True)
            for count in symbols:
                for found, marks in ((by_symbols, ""), (with_marks, MARK_LABELS)):
                    number = drawings.numbers(count, 1, rng)
                    found[count] += strokes.time_readings(page, number, True, marks)[0]
            for count, found in by_points.items():
                found += strokes.time_readings(page, [[stroke_with_points(count, rng)]], True)[0]
    data = {
        "ms by symbols": by_symbols,
        "ms by symbols with marks": with_marks,
        "ms by points in a stroke": by_points,
    }
    text = tables(by_symbols, with_marks, by_points)
    return Result("growth", text, data, picture(by_symbols, by_points))


def stroke_with_points(count: int, rng: random.Random) -> Strokes:
    """Return a digit of one stroke with `count` points at equal distances."""
    digit = drawings.number(rng.choice(ONE_STROKE_DIGITS), rng)[0]
    stroke = np.array(digit[0])
    steps = np.hypot(*np.diff(stroke, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    wanted = np.linspace(0, along[-1], count)
    x, y = (np.interp(wanted, along, stroke[:, axis]) for axis in (0, 1))
    return [np.column_stack([x, y]).round(3).tolist()]


def tables(by_symbols: Times, with_marks: Times, by_points: Times) -> str:
    """Format the tables as Markdown."""
    text = "Each drawing is a new one; every size was read once per round. Median (quartiles)."
    return "\n\n".join(
        [
            text,
            rows("Symbols", by_symbols, True),
            rows("Symbols, while all marks are read", with_marks, True),
            rows("Points in a stroke", by_points, False),
        ]
    )


def rows(title: str, found: Times, each: bool) -> str:
    """Format one table; with `each`, add the time per symbol."""
    head = [title, "ms", "95th percentile", *(["ms each"] if each else [])]
    lines = []
    for count, values in found.items():
        line: list[Any] = [f"{count:,}", median_and_quartiles(values)]
        line += [format_number(percentile(values, 95))]
        lines.append([*line, *([format_number(median(values) / count)] if each else [])])
    return markdown_table(head, lines)


@matplotlib.rc_context(figures.STYLE)
def picture(by_symbols: Times, by_points: Times) -> Figure:
    """Plot reading time over symbols and over points."""
    figure = figures.figure(7.2, 2.8)
    panels = figure.subplots(1, 2)
    for axes, line, found, what in zip(
        panels,
        figures.LINES,
        (by_symbols, by_points),
        ("symbols", "points in a stroke"),
        strict=True,
    ):
        counts = list(found)
        axes.plot(counts, [median(values) for values in found.values()], **line)
        low, high = ([percentile(v, share) for v in found.values()] for share in (5, 95))
        axes.fill_between(counts, low, high, color=line["color"], alpha=0.15, linewidth=0)
        axes.set(title="reading time, ms (median, 5–95%)", xlabel=what, xscale="log", yscale="log")
        axes.set_xticks(counts, [f"{count:,}" for count in counts])
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_minor_formatter(NullFormatter())
    return figure
