"""The page and its peers beside each other: tables and a picture of what measure.py measured."""

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from bench.medians import median, median_and_quartiles, percentile, short, times
from bench.page import strokes, trace
from bench.page.contenders import OURS
from train.reporting import figures
from train.reporting.format import markdown_table


def tables(data: dict[str, Any]) -> str:
    """All of it in Markdown."""
    parts = [
        "Each contender in turn, in one headless run; the peers with the convnet of the Keras "
        "example (float32), which refuses nothing. Median (quartiles); x is times digitpad's. "
        "digitpad always finds by itself which strokes are one digit. A peer is told, with "
        "digits given apart; in one drawing it finds them by digitpad's own search.",
        loading_table(data),
        *(settled_table(data, kind) for kind in (strokes.STROKES, *strokes.LENGTHS)),
        tasks_sentence(data),
        *(f"{fault}." for fault in data["unusable"].values()),
    ]
    return "\n\n".join(parts)


def loading_table(data: dict[str, Any]) -> str:
    """Bytes, requests and the first reading."""
    loads = data["first reading, ms"]
    head = ["From nothing to the first reading", "Brotli", "requests", "fetched after"]
    for setting in loads:
        head += [f"{setting}, ms", "x"]
    rows = []
    for name, seen in data["visits"].items():
        row = [named(name, seen), f"{seen['bytes until the first reading'] / 1000:,.0f} kB"]
        row += [seen["requests until the first reading"], f"{seen['bytes after it'] / 1000:.0f} kB"]
        for by_name in loads.values():
            row += [median_and_quartiles(by_name[name]), ratio(median, by_name, name)]
        rows.append(row)
    return markdown_table(head, rows)


def settled_table(data: dict[str, Any], kind: str) -> str:
    """How long readings take once all is loaded."""
    rows = []
    speeds = data["settled, ms"][kind]
    head = [f"Settled: {kind}"]
    for speed in speeds:
        head += [f"{speed}, ms", "x", "95th percentile", "x"]
    right = data["read right"].get(kind, {})
    head += ["read right"] if right else []
    for name, seen in data["visits"].items():
        row = [named(name, seen)]
        for by_name in speeds.values():
            row += [median_and_quartiles(by_name[name]), ratio(median, by_name, name)]
            row += [short(late(by_name[name])), ratio(late, by_name, name)]
        row += [f"{right[name]:.0%}"] if right else []
        rows.append(row)
    return markdown_table(head, rows)


def late(values: Sequence[float]) -> float:
    """The 95th percentile."""
    return percentile(values, 95)


def ratio(
    measure: Callable[[Sequence[float]], float], by_name: dict[str, list[float]], name: str
) -> str:
    """A contender's figure over ours; nothing for ours itself."""
    if name == OURS.name:
        return ""
    return times(measure(by_name[name]), measure(by_name[OURS.name]))


def named(name: str, seen: dict[str, Any]) -> str:
    """A contender with the backend that it took by itself."""
    told = "default" in name
    return f"{name} ({seen['backend']})" if told else name


def tasks_sentence(data: dict[str, Any]) -> str:
    """What the trace says."""
    found = data["tasks while drawing, CPU slowed 4x"]
    return (
        f"digitpad while drawing, CPU slowed 4x: {found['strokes']} strokes of "
        f"{len(found['longest'])} numbers with {found['digits']} digits, {found['tasks']:,} tasks "
        f"of the main thread. The longest took {short(max(found['longest']))} ms; {found['over']} "
        f"took more than {trace.LONG} ms."
    )


@matplotlib.rc_context(figures.STYLE)
def picture(data: dict[str, Any]) -> Figure:
    """A panel for bytes, first reading, wait after a stroke and a number of eight digits."""
    drawn = figures.figure(9, 5)
    panels = drawn.subplots(2, 2, sharey=True).flat
    names = list(data["visits"])[::-1]
    settled = data["settled, ms"]
    sizes = [data["visits"][name]["bytes until the first reading"] / 1000 for name in names]
    bars = panels[0].barh(names, sizes, color=figures.BLUE, height=0.6)
    panels[0].bar_label(bars, fmt="{:,.0f}", padding=3)
    panels[0].set(title="until the first reading, kB after Brotli", xlim=(0, 1.15 * max(sizes)))
    panels[0].grid(visible=False)
    for axes, title, groups in (
        (panels[1], "navigation to first reading, ms", data["first reading, ms"]),
        (panels[2], "from a stroke's end to its reading, ms", settled[strokes.STROKES]),
        (panels[3], "eight digits in one drawing, ms", settled[strokes.FOUND]),
    ):
        for style, (label, by_name) in zip(figures.KINDS, groups.items(), strict=False):
            middle = [median(by_name[name]) for name in names]
            below = [
                value - percentile(by_name[n], 5) for n, value in zip(names, middle, strict=True)
            ]
            above = [late(by_name[n]) - value for n, value in zip(names, middle, strict=True)]
            look = {"color": style["color"], "fmt": style["marker"], "capsize": 2, "linewidth": 1}
            axes.errorbar(middle, names, xerr=[below, above], label=label, **look)
        axes.set(title=f"{title} (median, 5–95%)")
        axes.set(xscale="log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(axis="x", labelrotation=45)
        axes.legend(loc="best")
    return drawn
