"""Ink of every mark, of digits and of letters, drawn by lines, each a little different."""

import numpy as np

from train.data.unipen.characters import SPLITS, Ink
from train.samples.unipen_ink import UnipenInk

CIRCLE = [(0.5 + 0.5 * np.cos(a), 0.5 + 0.5 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 20)]
ARC = [(0.3 * np.cos(a), 0.5 + 0.5 * np.sin(a)) for a in np.linspace(-np.pi / 2, np.pi / 2, 12)]
SHAPES = {
    ".": [[(0, 0), (0.1, 0.05)]],
    ",": [[(0.1, 0), (0.1, 0.2), (0, 0.4)]],
    "-": [[(0, 0), (1, 0)]],
    "+": [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, 1)]],
    "/": [[(0, 1), (0.5, 0)]],
    ":": [[(0, 0), (0.1, 0.05)], [(0, 0.6), (0.1, 0.65)]],
    "(": [[(-x, y) for x, y in ARC]],
    ")": [ARC],
    "#": [
        *([(x, 0), (x, 1)] for x in (0.3, 0.7)),
        *([(0, y), (1, y)] for y in (0.3, 0.7)),
    ],
    "%": [[(0.3 * x, 0.3 * y) for x, y in CIRCLE], [(0, 1), (1, 0)]],
    "$": [[(1, 0.2), (0, 0.3), (1, 0.7), (0, 0.8)], [(0.5, 0), (0.5, 1)]],
    "0": [CIRCLE],
    "7": [[(0, 0), (1, 0), (0.4, 1)]],
    "x": [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
}
COPIES = 12


def drawn_ink() -> UnipenInk:
    """Return the shapes in every split."""
    rng = np.random.default_rng(0)

    def inks(labels: str, split: str) -> list[Ink]:
        return [varied(label, split, rng) for label in labels for _ in range(COPIES)]

    marks = "".join(label for label in SHAPES if not label.isalnum())
    return UnipenInk(
        {split: inks("07", split) for split in SPLITS},
        {
            "symbols": {split: inks(marks, split) for split in SPLITS},
            "letters": {split: inks("x", split) for split in SPLITS},
        },
        {},
        "drawn",
    )


def varied(label: str, split: str, rng: np.random.Generator) -> Ink:
    """Draw a shape, each point moved a little."""
    strokes = [(np.array(s) + rng.normal(0, 0.02, (len(s), 2))).tolist() for s in SHAPES[label]]
    return Ink(strokes, label, f"abc/{split}", "1d/abc/a.dat#1")
