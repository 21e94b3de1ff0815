"""Draw a contact sheet of labelled drawings, sorted by label, doubtful ones highlighted."""

from collections.abc import Collection, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.collections import LineCollection

from files.atomic import write_atomically
from train.data.drawings import LabelledDrawing
from train.reporting import figures

COLUMNS = 20
MAX_DRAWINGS = 1000  # drawing more takes long
FILL = 0.72  # longer side of a drawing, in cells
LINE_WIDTH = 1.2  # points
MAX_LABEL_LENGTH = 12  # characters that fit below a drawing


@matplotlib.rc_context(figures.STYLE)
def write(path: Path, entries: Sequence[LabelledDrawing], highlighted: Collection[int] = ()) -> int:
    """Write a PNG of n > 0 drawings; return how many it shows, at most MAX_DRAWINGS.

    Args:
        path: of the PNG, replaced atomically.
        entries: labelled drawings.
        highlighted: indices of the drawings to frame.
    """
    order = sorted(range(len(entries)), key=lambda k: (len(entries[k].label), entries[k].label, k))
    chosen = [
        order[k] for k in np.linspace(0, len(order) - 1, min(MAX_DRAWINGS, len(order))).astype(int)
    ]
    axes = figures.grid_axes(COLUMNS, -(-len(chosen) // COLUMNS))
    lines, frames = [], []
    for place, index in enumerate(chosen):
        row, column = divmod(place, COLUMNS)
        lines += place_strokes(entries[index], column + 0.5, row + 0.4)
        axes.text(column + 0.5, row + 0.8, caption(entries[index].label), ha="center", va="top")
        if index in highlighted:
            left, right, top, bottom = column + 0.04, column + 0.96, row + 0.03, row + 0.99
            frames.append([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
    axes.add_collection(
        LineCollection(lines, colors="black", linewidths=LINE_WIDTH, capstyle="round")
    )
    axes.add_collection(LineCollection(frames, colors=figures.ORANGE, linewidths=2))
    write_atomically(path, lambda file: figures.save(axes.figure, file))
    return len(chosen)


def place_strokes(entry: LabelledDrawing, x: float, y: float) -> list[np.ndarray]:
    """Scale a drawing into the cell around (x, y): (n, 2) strokes; dots become short lines."""
    strokes = [np.array([point[:2] for point in stroke], float) for stroke in entry.strokes]
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    side = (high - low).max() or 1.0
    scale = FILL * np.array([1, 1 / figures.CELL_ASPECT])  # cells are higher than wide
    moved = [((s - low) / side - (high - low) / side / 2) * scale + (x, y) for s in strokes]
    return [s if len(s) > 1 else np.concatenate([s, s + 0.01]) for s in moved]


def caption(label: str) -> str:
    """Shorten a label and escape it for matplotlib: ASCII only, no mathtext."""
    shown = label if len(label) <= MAX_LABEL_LENGTH else label[: MAX_LABEL_LENGTH - 1] + "~"
    return ascii(shown)[1:-1].replace("$", r"\$")
