"""Draw the report's figures with matplotlib; markers and dashes keep lines apart in greyscale."""

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

# Blue and orange are of M. Okabe and K. Ito's palette, "Color Universal Design", 2008.
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#777777"
LINES = (
    {"color": BLUE, "marker": "o", "linestyle": "-"},
    {"color": ORANGE, "marker": "s", "linestyle": "--"},
)
KINDS = (  # lines of up to six kinds of non-digits
    {"color": BLUE, "marker": "o", "linestyle": "-"},
    {"color": ORANGE, "marker": "s", "linestyle": "--"},
    {"color": "#009e73", "marker": "^", "linestyle": "-."},
    {"color": "#000000", "marker": "x", "linestyle": ":"},
    {"color": "#cc79a7", "marker": "D", "linestyle": (0, (7, 2))},
    {"color": "#56b4e9", "marker": "v", "linestyle": (0, (3, 1, 1, 1, 1, 1))},
)
MIN_REJECTED_SHARE = 0.0005  # of digits; start of the logarithmic axis
DPI = 144
CELL, CELL_ASPECT = 0.8, 1.24  # width of a digit's cell in inches, and its height / width
TITLE_CELLS = 2.6  # width of a row's title, in cells
PALETTE_SIZE = 64  # colours of a PNG; a third of the bytes of a full-colour one
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
    """Create an empty figure, in inches, without pyplot, which would keep it in memory."""
    return Figure(figsize=(width, height), layout="constrained")


def save(canvas: Figure, path: Path) -> None:
    """Write a PNG with a small palette; equal figures give equal bytes."""
    held = io.BytesIO()
    canvas.savefig(held, format="png", dpi=DPI, metadata={"Software": None})
    palette = Image.open(held).convert("RGB").quantize(PALETTE_SIZE, dither=Image.Dither.NONE)
    palette.save(path, "PNG", optimize=True)


@matplotlib.rc_context(STYLE)
def confusion(path: Path, matrix: np.ndarray) -> None:
    """Draw a (10, 10) confusion matrix with shaded errors."""
    canvas = figure(4.6, 4.4)
    axes = canvas.add_subplot()
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
    save(canvas, path)


@matplotlib.rc_context(STYLE)
def learning_curves(path: Path, history: Sequence[dict]) -> None:
    """Draw loss and error rate by epoch, on augmented training images and on validation."""
    canvas = figure(7.2, 2.9)
    epochs = [entry.get("epoch", number) for number, entry in enumerate(history, 1)]
    for axes, quantity in zip(canvas.subplots(1, 2), ("loss", "accuracy"), strict=True):
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
    canvas.axes[0].set(title="loss")
    canvas.axes[1].set(title="share misread")
    canvas.axes[0].yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    canvas.axes[1].yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    save(canvas, path)


@matplotlib.rc_context(STYLE)
def reliability(path: Path, sets: Sequence[tuple[str, Sequence[dict]]]) -> None:
    """Draw accuracy against confidence for each test set, above the samples of each bin."""
    canvas = figure(3.4 * len(sets), 4.2)
    columns = canvas.subplots(2, len(sets), squeeze=False, sharex=True, height_ratios=(3, 1)).T
    for (above, below), (name, bins) in zip(columns, sets, strict=True):
        above.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="calibrated")
        confidence, accuracy = ([each[key] for each in bins] for key in ("confidence", "accuracy"))
        low, high = np.transpose([each["interval"] for each in bins])
        bars = np.clip([np.subtract(accuracy, low), np.subtract(high, accuracy)], 0, None)
        above.errorbar(confidence, accuracy, bars, fmt="o", color=BLUE, capsize=2, label="measured")
        above.set(title=name, ylabel="accuracy", xlim=(0, 1), ylim=(0, 1.02))
        above.legend(loc="lower right")
        middle = [(each["from"] + each["to"]) / 2 for each in bins]
        below.bar(middle, [each["samples"] for each in bins], width=0.09, color=GREY)
        below.set(yscale="log", xlabel="confidence", ylabel="samples", ylim=(0.8, None))
    save(canvas, path)


@matplotlib.rc_context(STYLE)
def rejection(path: Path, curve: Sequence[dict], shipped: dict) -> None:
    """Draw the share of each kind of non-digit rejected against the false rejects of digits.

    Args:
        path: of the PNG.
        curve: from `train.evaluation.rejection.rejection_curve`, with at least one kind.
        shipped: an entry like those of `curve`, for the shipped threshold.
    """
    panels = by_material(shipped["negatives"])
    names = list(dict.fromkeys(name for kinds in panels.values() for name in kinds))
    canvas = figure(4.5 * len(panels) if len(panels) > 1 else 6, 3.9)
    cost = [max(MIN_REJECTED_SHARE, *point["digits"].values()) for point in curve]
    shipped_cost = max(MIN_REJECTED_SHARE, *shipped["digits"].values())
    panel_axes = canvas.subplots(1, len(panels), squeeze=False, sharey=True).flat
    for axes, (title, kinds) in zip(panel_axes, panels.items(), strict=True):
        axes.axvline(shipped_cost, color=GREY, linewidth=1)
        for name, kind in kinds.items():
            number = names.index(name)
            line = KINDS[number % len(KINDS)]
            shares = [point["negatives"][kind] for point in curve]
            # Markers are offset from line to line, so that they do not hide each other.
            axes.plot(cost, shares, label=name, markevery=(2 * number, 12), **line)
            axes.plot(
                shipped_cost, shipped["negatives"][kind], **line | {"linestyle": ""}, markersize=7
            )
        axes.set(title=title, xscale="log", xlabel="share of digits rejected, worst test set")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
        axes.legend(loc="best")
    panel_axes[0].set(ylabel="share of non-digits rejected", ylim=(None, 1.01))
    save(canvas, path)


def by_material(kinds: Iterable[str]) -> dict[str, dict[str, str]]:
    """Group kinds by material under short names: `pairs of pictures` becomes `pairs`."""
    panels: dict[str, dict[str, str]] = {}
    for kind in kinds:
        name, _, material = kind.partition(" of ")
        panels.setdefault(f"made of {material}" if material else "in ink", {})[name] = kind
    return panels


@matplotlib.rc_context(STYLE)
def robustness(path: Path, curves: Sequence[dict]) -> None:
    """Draw accuracy over the severities of each corruption, a line for each network."""
    columns = 4 if len(curves) > 6 else 3
    rows = -(-len(curves) // columns)
    canvas = figure(9, 2.2 * rows + 0.3)
    panels = canvas.subplots(rows, columns, squeeze=False, sharey=True).flat
    for curve, axes in zip(curves, panels, strict=False):
        for line, (name, accuracy) in zip(LINES, curve["accuracy"].items(), strict=False):
            axes.plot(curve["levels"], accuracy, label=name, **line)
        axes.set_xticks(curve["levels"][::2])
        axes.set(title=curve["name"], xlabel=curve["unit"].replace(", ", ",\n"), ylim=(0, 1.03))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    for axes in list(panels):
        axes.set_axis_off()
    if len(curves[0]["accuracy"]) > 1:
        canvas.legend(
            *canvas.axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=2
        )
    save(canvas, path)


@matplotlib.rc_context(STYLE)
def gallery(path: Path, images: np.ndarray, captions: Sequence[str], columns: int = 10) -> None:
    """Draw (n, 28, 28) images, n > 0, dark on light, each above its caption."""
    axes = grid_axes(columns, -(-len(images) // columns))
    for cell, (image, caption) in enumerate(zip(images, captions, strict=True)):
        draw_digit(axes, image, caption, column=cell % columns, row=cell // columns)
    save(axes.figure, path)


@matplotlib.rc_context(STYLE)
def rows_of_digits(
    path: Path, rows: Sequence[tuple[str, np.ndarray, Sequence[str]]], columns: int = 10
) -> None:
    """Draw rows of at most `columns` digits: (title, (n, 28, 28) images, n captions)."""
    axes = grid_axes(columns + TITLE_CELLS, len(rows))
    for row, (title, images, captions) in enumerate(rows):
        axes.text(0, row + 0.4, title, va="center", linespacing=1.5)
        for column, (image, caption) in enumerate(zip(images, captions, strict=True)):
            draw_digit(axes, image, caption, column=column + TITLE_CELLS, row=row)
    save(axes.figure, path)


def grid_axes(columns: float, rows: int) -> Axes:
    """Create one empty axes with a cell for each digit; an axes for each digit takes minutes."""
    canvas = Figure(figsize=(columns * CELL, rows * CELL * CELL_ASPECT))
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, columns), ylim=(rows, 0))
    axes.set_axis_off()
    return axes


def draw_digit(axes: Axes, image: np.ndarray, caption: str, column: float, row: float) -> None:
    """Draw a digit, dark on light, in a thin frame above its caption, in a cell."""
    left, right = column + 0.06, column + 0.94
    top, bottom = row + 0.03, row + 0.03 + 0.88 / CELL_ASPECT
    extent = (left, right, bottom, top)
    ink = 255 - image.astype(int)
    axes.imshow(ink, cmap="gray", vmin=0, vmax=255, extent=extent, interpolation="nearest")
    frame = {"color": "#cccccc", "linewidth": 0.5}
    axes.plot([left, right, right, left, left], [top, top, bottom, bottom, top], **frame, marker="")
    axes.text((left + right) / 2, bottom + 0.03, caption, ha="center", va="top", fontsize=7.5)
    axes.set_aspect("auto")
