"""The report's pictures. Legible in grey: every line has a marker and a dash of its own."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter
from PIL import Image

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#777777"  # M. Okabe and K. Ito's, safe to tell apart
LINES = (
    {"color": BLUE, "marker": "o", "linestyle": "-"},
    {"color": ORANGE, "marker": "s", "linestyle": "--"},
)
KINDS = (  # of what is no digit
    {"color": BLUE, "marker": "o", "linestyle": "-"},
    {"color": ORANGE, "marker": "s", "linestyle": "--"},
    {"color": "#009e73", "marker": "^", "linestyle": "-."},
    {"color": "#000000", "marker": "x", "linestyle": ":"},
    {"color": "#cc79a7", "marker": "D", "linestyle": (0, (7, 2))},
    {"color": "#56b4e9", "marker": "v", "linestyle": (0, (3, 1, 1, 1, 1, 1))},
)
FEWEST = 0.0005  # of digits refused, where the curve's logarithmic axis begins
DPI = 144
PLACE, TALL = 0.8, 1.24  # inches that a digit takes, and how much higher that is with its caption
TITLE = 2.6  # places that a row's title takes
COLOURS = 64  # of a saved picture's palette: enough for text and ink, a third of the bytes
STYLE = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "legend.frameon": False,
}


def figure(width: float, height: float) -> Figure:
    """An empty figure, in inches; without pyplot, which would keep it and look for a screen."""
    return Figure(figsize=(width, height), layout="constrained")


def save(drawn: Figure, path: Path) -> None:
    """Write a PNG with a small palette; equal figures give equal bytes."""
    held = io.BytesIO()
    drawn.savefig(held, format="png", dpi=DPI, metadata={"Software": None})
    palette = Image.open(held).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    palette.save(path, "PNG", optimize=True)


@matplotlib.rc_context(STYLE)
def confusion(path: Path, matrix: np.ndarray) -> None:
    """Counts of (10, 10) digits meant and read; mistakes are shaded, the diagonal is not."""
    drawn = figure(4.6, 4.4)
    axes = drawn.add_subplot()
    mistakes = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    shades = LinearSegmentedColormap.from_list("mistakes", ["white", ORANGE])
    axes.imshow(mistakes, cmap=shades, vmin=0, vmax=max(5, mistakes.max()))
    for meant, row in enumerate(matrix):
        for read, count in enumerate(row):
            style = {"color": GREY} if meant == read else {"weight": "bold"}
            axes.text(read, meant, count or "·", ha="center", va="center", **style)
    digits = range(len(matrix))
    axes.set(xticks=digits, yticks=digits, xlabel="read as", ylabel="meant")
    axes.grid(visible=False)
    axes.spines[:].set(visible=True, color="#cccccc")
    axes.tick_params(length=0)
    save(drawn, path)


@matplotlib.rc_context(STYLE)
def learning_curves(path: Path, history: Sequence[dict]) -> None:
    """Loss and share misread of each epoch, on training (varied) and on validation images."""
    drawn = figure(7.2, 2.9)
    epochs = [entry.get("epoch", number) for number, entry in enumerate(history, 1)]
    for axes, quantity in zip(drawn.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for line, prefix, label in zip(
            LINES, ("", "val_"), ("training", "validation"), strict=True
        ):
            values = np.array([entry.get(prefix + quantity, np.nan) for entry in history])
            axes.plot(epochs, 1 - values if quantity == "accuracy" else values, label=label, **line)
        axes.set(xlabel="epoch", yscale="log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend()
    drawn.axes[0].set(title="loss")
    drawn.axes[1].set(title="share misread")
    drawn.axes[0].yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    drawn.axes[1].yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    save(drawn, path)


@matplotlib.rc_context(STYLE)
def reliability(path: Path, sets: Sequence[tuple[str, Sequence[dict]]]) -> None:
    """Accuracy against confidence in bins; below, how many samples each bin holds."""
    drawn = figure(3.4 * len(sets), 4.2)
    columns = drawn.subplots(2, len(sets), squeeze=False, sharex=True, height_ratios=(3, 1)).T
    for (above, below), (name, bins) in zip(columns, sets, strict=True):
        above.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="as sure as right")
        confidence, accuracy = ([each[key] for each in bins] for key in ("confidence", "accuracy"))
        low, high = np.transpose([each["interval"] for each in bins])
        bars = np.clip([np.subtract(accuracy, low), np.subtract(high, accuracy)], 0, None)
        above.errorbar(confidence, accuracy, bars, fmt="o", color=BLUE, capsize=2, label="measured")
        above.set(title=name, ylabel="accuracy", xlim=(0, 1), ylim=(0, 1.02))
        above.legend(loc="lower right")
        middle = [(each["from"] + each["to"]) / 2 for each in bins]
        below.bar(middle, [each["samples"] for each in bins], width=0.09, color=GREY)
        below.set(yscale="log", xlabel="confidence", ylabel="samples", ylim=(0.8, None))
    save(drawn, path)


@matplotlib.rc_context(STYLE)
def refusal(path: Path, curve: Sequence[dict], shipped: dict) -> None:
    """Share of each kind of non-digit refused against the share of digits that this costs.

    Args:
        path: of the picture.
        curve: as `train.evaluation.rejection.curve` gives it, with one kind at least.
        shipped: the same of the threshold that the network goes with.
    """
    panels = by_material(shipped["negatives"])
    names = list(dict.fromkeys(name for kinds in panels.values() for name in kinds))
    drawn = figure(4.5 * len(panels) if len(panels) > 1 else 6, 3.9)
    cost = [max(FEWEST, *point["digits"].values()) for point in curve]
    paid = max(FEWEST, *shipped["digits"].values())
    all_axes = drawn.subplots(1, len(panels), squeeze=False, sharey=True).flat
    for axes, (title, kinds) in zip(all_axes, panels.items(), strict=True):
        axes.axvline(paid, color=GREY, linewidth=1)
        for name, kind in kinds.items():
            number = names.index(name)
            line = KINDS[number % len(KINDS)]
            shares = [point["negatives"][kind] for point in curve]
            # A marker every so often, at another place on each line, so that none hides another.
            axes.plot(cost, shares, label=name, markevery=(2 * number, 12), **line)
            axes.plot(paid, shipped["negatives"][kind], **line | {"linestyle": ""}, markersize=7)
        axes.set(title=title, xscale="log", xlabel="share of digits refused, in the worst test set")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
        axes.legend(loc="best")
    all_axes[0].set(ylabel="share of non-digits refused", ylim=(None, 1.01))
    save(drawn, path)


def by_material(kinds: Iterable[str]) -> dict[str, dict[str, str]]:
    """Kinds by what they are made of, each by its short name: `pairs of pictures` are `pairs`."""
    panels: dict[str, dict[str, str]] = {}
    for kind in kinds:
        name, _, material = kind.partition(" of ")
        panels.setdefault(f"made of {material}" if material else "in ink", {})[name] = kind
    return panels


@matplotlib.rc_context(STYLE)
def robustness(path: Path, trials: Sequence[dict]) -> None:
    """Accuracy over the levels of each trial, a line for each network."""
    columns = 4 if len(trials) > 6 else 3
    rows = -(-len(trials) // columns)
    drawn = figure(9, 2.2 * rows + 0.3)
    panels = drawn.subplots(rows, columns, squeeze=False, sharey=True).flat
    for trial, axes in zip(trials, panels, strict=False):
        for line, (name, accuracy) in zip(LINES, trial["accuracy"].items(), strict=False):
            axes.plot(trial["levels"], accuracy, label=name, **line)
        axes.set_xticks(trial["levels"][::2])
        axes.set(title=trial["name"], xlabel=trial["unit"].replace(", ", ",\n"), ylim=(0, 1.03))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    for axes in list(panels):
        axes.set_axis_off()
    if len(trials[0]["accuracy"]) > 1:
        drawn.legend(*drawn.axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
    save(drawn, path)


@matplotlib.rc_context(STYLE)
def gallery(path: Path, images: np.ndarray, captions: Sequence[str], columns: int = 10) -> None:
    """(n, 28, 28) images, n > 0, each over its caption, dark on light."""
    axes = sheet(columns, -(-len(images) // columns))
    for place, (image, caption) in enumerate(zip(images, captions, strict=True)):
        show(axes, image, caption, column=place % columns, row=place // columns)
    save(axes.figure, path)


@matplotlib.rc_context(STYLE)
def rows_of_digits(
    path: Path, rows: Sequence[tuple[str, np.ndarray, Sequence[str]]], columns: int = 10
) -> None:
    """Titled rows of digits: (title, (n, 28, 28) images, a caption each), at most `columns`."""
    axes = sheet(columns + TITLE, len(rows))
    for row, (title, images, captions) in enumerate(rows):
        axes.text(0, row + 0.4, title, va="center", linespacing=1.5)
        for column, (image, caption) in enumerate(zip(images, captions, strict=True)):
            show(axes, image, caption, column=column + TITLE, row=row)
    save(axes.figure, path)


def sheet(columns: float, rows: int) -> Axes:
    """Empty axes of places for digits. One for all of them: an axes for each takes minutes."""
    drawn = Figure(figsize=(columns * PLACE, rows * PLACE * TALL))
    axes = drawn.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, columns), ylim=(rows, 0))
    axes.set_axis_off()
    return axes


def show(axes: Axes, image: np.ndarray, caption: str, column: float, row: float) -> None:
    """One digit, dark on light, in a thin frame at a place, with its caption below."""
    left, right, top, bottom = column + 0.06, column + 0.94, row + 0.03, row + 0.03 + 0.88 / TALL
    extent = (left, right, bottom, top)
    ink = 255 - image.astype(int)
    axes.imshow(ink, cmap="gray", vmin=0, vmax=255, extent=extent, interpolation="nearest")
    frame = {"color": "#cccccc", "linewidth": 0.5}
    axes.plot([left, right, right, left, left], [top, top, bottom, bottom, top], **frame, marker="")
    axes.text((left + right) / 2, bottom + 0.03, caption, ha="center", va="top", fontsize=7.5)
    axes.set_aspect("auto")
