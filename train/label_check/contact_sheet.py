"""Drawings on one sheet, so that a slip strikes the eye: sorted by label, doubtful ones framed."""

from collections.abc import Collection, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.collections import LineCollection

from files.atomic import write_atomically
from train.data.drawings import LabelledDrawing
from train.reporting import figures

COLUMNS = 20
MOST = 1000  # drawings on a sheet: more take long, and nobody looks at them all
INSIDE = 0.72  # of a place's side that the longer side of a drawing takes
PEN = 1.2  # points
LONGEST = 12  # characters of a label that fit below a drawing


@matplotlib.rc_context(figures.STYLE)
def write(path: Path, entries: Sequence[LabelledDrawing], doubtful: Collection[int] = ()) -> int:
    """Write a PNG of n > 0 drawings, `path` whole; return how many it shows: all, or MOST of them.

    Args:
        path: of the picture.
        entries: drawings.
        doubtful: indices of those that are framed.
    """
    order = sorted(range(len(entries)), key=lambda k: (len(entries[k].label), entries[k].label, k))
    chosen = [order[k] for k in np.linspace(0, len(order) - 1, min(MOST, len(order))).astype(int)]
    axes = figures.grid_axes(COLUMNS, -(-len(chosen) // COLUMNS))
    lines, frames = [], []
    for place, index in enumerate(chosen):
        row, column = divmod(place, COLUMNS)
        lines += placed(entries[index], column + 0.5, row + 0.4)
        axes.text(column + 0.5, row + 0.8, caption(entries[index].label), ha="center", va="top")
        if index in doubtful:
            left, right, top, bottom = column + 0.04, column + 0.96, row + 0.03, row + 0.99
            frames.append([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
    axes.add_collection(LineCollection(lines, colors="black", linewidths=PEN, capstyle="round"))
    axes.add_collection(LineCollection(frames, colors=figures.ORANGE, linewidths=2))
    write_atomically(path, lambda file: figures.save(axes.figure, file))
    return len(chosen)


def placed(entry: LabelledDrawing, x: float, y: float) -> list[np.ndarray]:
    """A drawing's strokes, (n, 2) each, round a point of the sheet; dots become short lines."""
    strokes = [np.array([point[:2] for point in stroke], float) for stroke in entry.strokes]
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    side = (high - low).max() or 1.0
    scale = INSIDE * np.array([1, 1 / figures.CELL_ASPECT])  # places are higher than they are wide
    moved = [((s - low) / side - (high - low) / side / 2) * scale + (x, y) for s in strokes]
    return [s if len(s) > 1 else np.concatenate([s, s + 0.01]) for s in moved]


def caption(label: str) -> str:
    """A label as the sheet's letters can show it: no formulas, no other scripts, not too long."""
    shown = label if len(label) <= LONGEST else label[: LONGEST - 1] + "~"
    return ascii(shown)[1:-1].replace("$", r"\$")
