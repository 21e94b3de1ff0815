"""Find drawings that occur more than once, exactly or almost."""

from collections.abc import Sequence

import numpy as np

from train.ink import Drawing

POINTS = 24  # of a resampled path
# Root mean square distance of two paths, in units of the longer side of the ink. Of UNIPEN's 10,809
# digits 0.5% are this close to another of their writer (at 0.02 1.6%, most of them 1s). Of 1,500
# rounded to a hundredth of their side, 95% stay this close to the original.
MAX_RMS_DISTANCE = 0.01
BLOCK_SIZE = 512  # drawings compared with all others at a time


def find_near_duplicates(drawings: Sequence[Drawing]) -> list[tuple[int, int]]:
    """Find pairs of (almost) equal drawings: indices (earlier, later), one pair for each later one.

    Position, size and times are ignored; order and direction of strokes are not.
    """
    paths = np.array([resample_path(drawing) for drawing in drawings]).reshape(len(drawings), -1)
    strokes = np.array([len(drawing) for drawing in drawings])
    lengths = (paths**2).sum(axis=1)
    found = []
    for start in range(0, len(paths), BLOCK_SIZE):
        block = slice(start, start + BLOCK_SIZE)
        squares = lengths[block, None] + lengths - 2 * paths[block] @ paths.T
        alike = (squares < POINTS * MAX_RMS_DISTANCE**2) & (strokes[block, None] == strokes)
        # argmax finds the first match; a match at or after the drawing itself is none.
        firsts = alike.argmax(axis=1)
        found += [(int(first), start + k) for k, first in enumerate(firsts) if first < start + k]
    return found


def resample_path(drawing: Drawing) -> np.ndarray:
    """Resample all strokes evenly to (POINTS, 2), centred, the longer side of the ink as unit."""
    points = np.array([point[:2] for stroke in drawing for point in stroke], float)
    low, high = points.min(axis=0), points.max(axis=0)
    side = (high - low).max() or 1.0
    points = (points - low) / side - (high - low) / side / 2
    travelled = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    even = np.linspace(0, travelled[-1], POINTS)
    return np.stack([np.interp(even, travelled, points[:, axis]) for axis in (0, 1)], axis=1)
