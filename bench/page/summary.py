"""Tables and plots of the comparison that measure.py makes."""

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from bench.medians import format_number, format_ratio, median, median_and_quartiles, percentile
from bench.page import strokes, trace
from bench.page.contenders import OURS
from train.reporting import figures
from train.reporting.format import markdown_table


def tables(data: dict[str, Any]) -> str:
    """Format all tables as Markdown."""
    parts = [
        "Each contender in turn, in one headless run; the peers use the convnet of the Keras "
        "example (float32), which rejects nothing. Median (quartiles); x is the ratio to digitpad. "
        "digitpad always segments strokes itself. Digits given apart are segmented for the peers; "
        "digits in one drawing they find with digitpad's segmentation.",
        loading_table(data),
        *(settled_table(data, kind) for kind in (strokes.STROKES, *strokes.LENGTHS)),
        tasks_sentence(data),
        *(f"{fault}." for fault in data["unusable"].values()),
    ]
    return "\n\n".join(parts)


def loading_table(data: dict[str, Any]) -> str:
    """Format bytes, requests and the time to the first reading."""
    loads = data["first reading, ms"]
    head = ["From nothing to the first reading", "Brotli", "requests", "fetched after"]
    for setting in loads:
        head += [f"{setting}, ms", "x"]
    rows = []
    for name, visit in data["visits"].items():
        row = [label_of(name, visit), f"{visit['bytes until the first reading'] / 1000:,.0f} kB"]
        row += [visit["requests until the first reading"]]
        row += [f"{visit['bytes after it'] / 1000:.0f} kB"]
        for by_name in loads.values():
            row += [median_and_quartiles(by_name[name]), ratio(median, by_name, name)]
        rows.append(row)
    return markdown_table(head, rows)


def settled_table(data: dict[str, Any], kind: str) -> str:
    """Format the times of one task on a warm page."""
    rows = []
    speeds = data["settled, ms"][kind]
    head = [f"Settled: {kind}"]
    for speed in speeds:
        head += [f"{speed}, ms", "x", "95th percentile", "x"]
    accuracies = data["read right"].get(kind, {})
    head += ["read right"] if accuracies else []
    for name, visit in data["visits"].items():
        row = [label_of(name, visit)]
        for by_name in speeds.values():
            row += [median_and_quartiles(by_name[name]), ratio(median, by_name, name)]
            row += [format_number(percentile_95(by_name[name]))]
            row += [ratio(percentile_95, by_name, name)]
        row += [f"{accuracies[name]:.0%}"] if accuracies else []
        rows.append(row)
    return markdown_table(head, rows)


def percentile_95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return percentile(values, 95)


def ratio(
    statistic: Callable[[Sequence[float]], float], by_name: dict[str, list[float]], name: str
) -> str:
    """Format the ratio of a contender's statistic to ours; "" for ours itself."""
    if name == OURS.name:
        return ""
    return format_ratio(statistic(by_name[name]), statistic(by_name[OURS.name]))


def label_of(name: str, visit: dict[str, Any]) -> str:
    """Return a contender's name, with the backend if it chose that itself."""
    chosen = "default" in name
    return f"{name} ({visit['backend']})" if chosen else name


def tasks_sentence(data: dict[str, Any]) -> str:
    """Summarise the trace."""
    found = data["tasks while drawing, CPU slowed 4x"]
    return (
        f"digitpad while drawing, CPU slowed 4x: {found['strokes']} strokes of "
        f"{len(found['longest'])} numbers with {found['digits']} digits, {found['tasks']:,} tasks "
        f"of the main thread. The longest took {format_number(max(found['longest']))} ms; "
        f"{found['over']} took more than {trace.LONG_TASK_MS} ms."
    )


@matplotlib.rc_context(figures.STYLE)
def picture(data: dict[str, Any]) -> Figure:
    """Plot bytes, first reading, time after a stroke, and a number of eight digits."""
    figure = figures.figure(9, 5)
    panels = figure.subplots(2, 2, sharey=True).flat
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
            medians = [median(by_name[name]) for name in names]
            pairs = [(by_name[name], value) for name, value in zip(names, medians, strict=True)]
            below = [value - percentile(values, 5) for values, value in pairs]
            above = [percentile_95(values) - value for values, value in pairs]
            look = {"color": style["color"], "fmt": style["marker"], "capsize": 2, "linewidth": 1}
            axes.errorbar(medians, names, xerr=[below, above], label=label, **look)
        axes.set(title=f"{title} (median, 5–95%)")
        axes.set(xscale="log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(axis="x", labelrotation=45)
        axes.legend(loc="best")
    return figure
