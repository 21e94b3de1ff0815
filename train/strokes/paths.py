"""Preprocess a symbol's strokes into the path that the second network reads.

Mirrors `web/recognition/strokes.js`. A path runs along all strokes in the order of writing and
along the movements between them. It is sampled at equal distances, so that neither the speed of the
pen nor the rate of the tablet matters.
"""

from collections.abc import Sequence

import numpy as np

from train.ink import Drawing

POINTS = 48
CHANNELS = 7  # x, y, pen down, direction (cosine, sine), turn (cosine, sine)
EPSILON = 1e-6  # keeps directions of points at one place finite

WARPS = 2  # waves that displace each coordinate
WARP = 0.015  # standard deviation of their amplitudes, half the longer side being 1
WAVES = 1.2  # standard deviation of their spatial frequency, in radians
ROTATION, SHEAR, STRETCH = 0.036, 0.06, 0.036  # standard deviations: radians, tangent, logarithm
JITTER = 0.006  # standard deviation of a point


def sample_path(drawing: Drawing) -> np.ndarray:
    """Sample the path of a drawing, (POINTS, 3) float64: x, y, and whether the pen is down.

    The box of the points is centred and its longer side goes from -1 to 1. A drawing without extent
    gives zeros.
    """
    strokes = [np.array([point[:2] for point in stroke], np.float64) for stroke in drawing]
    points = np.concatenate(strokes)
    pen = np.concatenate([np.arange(len(stroke)) > 0 for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    unit = (high - low).max() / 2
    if not unit > 0:
        return np.zeros((POINTS, 3))
    points = (points - (low + high) / 2) / unit
    at = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    wanted = np.linspace(0, at[-1], POINTS)
    # The segment that holds each wanted place, named by the point at its end.
    ends = np.clip(np.searchsorted(at, wanted, side="left"), 1, len(at) - 1)
    lengths = at[ends] - at[ends - 1]
    share = np.minimum(1, (wanted - at[ends - 1]) / np.where(lengths > 0, lengths, 1))
    share = np.where(lengths > 0, share, 0)[:, None]
    places = points[ends - 1] + share * (points[ends] - points[ends - 1])
    return np.column_stack([places, pen[ends]])


def sample_paths(drawings: Sequence[Drawing]) -> np.ndarray:
    """Sample the paths of drawings, (n, POINTS, 3) float32."""
    sampled = [sample_path(drawing) for drawing in drawings]
    return np.array(sampled, np.float32).reshape(-1, POINTS, 3)


def features(paths: np.ndarray) -> np.ndarray:
    """Add directions and turns to (n, POINTS, 3) paths: the network's (n, POINTS, 1, CHANNELS)."""
    places = paths[..., :2]
    steps = np.diff(places, axis=1)
    steps = np.concatenate([steps, steps[:, -1:]], axis=1)
    directions = steps / (np.linalg.norm(steps, axis=-1, keepdims=True) + EPSILON)
    before, after = directions[:, :-1], directions[:, 1:]
    turns = np.zeros_like(directions)
    turns[:, 1:, 0] = (before * after).sum(axis=-1)
    turns[:, 1:, 1] = before[..., 0] * after[..., 1] - before[..., 1] * after[..., 0]
    return np.concatenate([paths, directions, turns], axis=-1).astype(np.float32)[:, :, None]


def vary_paths(paths: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Warp, shear, stretch, rotate and jitter (n, POINTS, 3) paths at random, and box them again.

    `strength` multiplies all deviations but the jitter.
    """
    count = len(paths)
    x, y = paths[..., 0], paths[..., 1]
    for _ in range(WARPS):
        dx, dy = (strength * wave(x, y, rng) for _ in range(2))
        x, y = x + dx, y + dy
    shear, angle = (
        rng.normal(0, deviation * strength, (count, 1)) for deviation in (SHEAR, ROTATION)
    )
    width, height = np.exp(rng.normal(0, STRETCH * strength, (2, count, 1)))
    x, y = (x + shear * y) * width, y * height
    x, y = np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y
    places = np.stack([x, y], axis=-1)
    places += rng.normal(0, JITTER, places.shape)
    low, high = places.min(axis=1, keepdims=True), places.max(axis=1, keepdims=True)
    unit = (high - low).max(axis=-1, keepdims=True) / 2
    places = (places - (low + high) / 2) / np.where(unit > 0, unit, 1)
    return np.concatenate([places, paths[..., 2:]], axis=-1).astype(np.float32)


def wave(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a displacement that changes smoothly over the plane, another one for each path."""
    along, across = rng.normal(0, WAVES, (2, len(x), 1))
    phase = rng.uniform(0, 2 * np.pi, (len(x), 1))
    return rng.normal(0, WARP, (len(x), 1)) * np.sin(along * x + across * y + phase)
