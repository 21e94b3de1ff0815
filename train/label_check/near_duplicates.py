"""Drawings that are there more than once: saved twice, copied, or with hardly a change."""

from collections.abc import Sequence

import numpy as np

from train.ink import Drawing

POINTS = 24  # of a path
# Root mean square distance of two paths, in the longer side of the ink. Of 10,809 digits of UNIPEN
# 0.5% have another of their writer's so near (at 0.02 1.6%, most of them 1s, which are alike), and
# of 1,500 rounded to a hundredth of their side 95% are so near to what they were.
NEAR = 0.01
BLOCK = 512  # drawings compared with all others at once


def near(drawings: Sequence[Drawing]) -> list[tuple[int, int]]:
    """Pairs of drawings of the same ink or almost: indices (earlier, later), one for each later.

    Place, size and time make no difference; the order and the direction of strokes do.
    """
    paths = np.array([path(drawing) for drawing in drawings]).reshape(len(drawings), -1)
    strokes = np.array([len(drawing) for drawing in drawings])
    lengths = (paths**2).sum(axis=1)
    found = []
    for start in range(0, len(paths), BLOCK):
        block = slice(start, start + BLOCK)
        squares = lengths[block, None] + lengths - 2 * paths[block] @ paths.T
        alike = (squares < POINTS * NEAR**2) & (strokes[block, None] == strokes)
        # The first that a drawing is like; an earlier one than itself, or none.
        firsts = alike.argmax(axis=1)
        found += [(int(first), start + k) for k, first in enumerate(firsts) if first < start + k]
    return found


def path(drawing: Drawing) -> np.ndarray:
    """How the pen went: (POINTS, 2) evenly along all strokes, in sides of the ink's box."""
    points = np.array([point[:2] for stroke in drawing for point in stroke], float)
    low, high = points.min(axis=0), points.max(axis=0)
    side = (high - low).max() or 1.0
    points = (points - low) / side - (high - low) / side / 2
    travelled = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    even = np.linspace(0, travelled[-1], POINTS)
    return np.stack([np.interp(even, travelled, points[:, axis]) for axis in (0, 1)], axis=1)
