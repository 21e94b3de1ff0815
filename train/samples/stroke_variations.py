"""Variations of how strokes are written, for drawings to train on.

Each models something that differs between people, pens and tablets, and is drawn at random for each
drawing. Strokes are (n, 2) float arrays of x and y, y down, in any unit; `size` is the longer side
of the drawing in the same unit.
"""

from collections.abc import Callable, Sequence
from types import MappingProxyType

import numpy as np

from train.ink import WIDTH, Drawing
from train.samples.numbers import direction, ligature

Strokes = list[np.ndarray]

PEN_DOWN = 0.25  # probability of not lifting the pen between two strokes
REVERSED = 0.3  # probability that the second stroke is then written from its other end
THINNED = 0.35  # probability of dropping points
KEPT_POINTS = (12, 40)  # of a drawing whose points are thinned out
UNEVENNESS = 0.8  # of the pen's speed where points are thinned out, as a log factor
ENDS = 0.4  # probability of cutting strokes short or overshooting
CUT = 0.1  # longest part cut off an end, relative to the stroke's length
OVERSHOOT = 0.05  # longest part added to an end, relative to the drawing's size
WARP = 0.04  # largest displacement by each wave, relative to the drawing's size
HOOKED = 0.06  # probability of a hook at an end of a stroke
HOOK = (0.03, 0.12)  # its length, relative to the drawing's size


def keep_pen_down(strokes: Strokes, size: float, rng: np.random.Generator) -> Strokes:
    """Connect a stroke to the next, as when a 7's bar or a 4's stem is added in one movement."""
    joined = strokes[:1]
    for stroke in strokes[1:]:
        if rng.random() >= PEN_DOWN:
            joined.append(stroke)
            continue
        if rng.random() < REVERSED:
            stroke = reverse(stroke)
        line = ligature(joined[-1], stroke, ("straight", "curved")[rng.integers(2)])
        joined[-1] = np.concatenate([joined[-1], line, stroke])
    return joined


def thin_points(strokes: Strokes, size: float, rng: np.random.Generator) -> Strokes:
    """Drop points, as a slow tablet or a fast hand does; a stroke's ends stay.

    The distance between the points that are kept follows the pen's speed, which changes along the
    stroke.
    """
    if rng.random() >= THINNED:
        return strokes
    lengths = [length_along(stroke) for stroke in strokes]
    total = sum(float(length[-1]) for length in lengths)
    spacing = total / rng.uniform(*KEPT_POINTS)
    thinned = []
    for stroke, length in zip(strokes, lengths, strict=True):
        count = int(np.ceil(length[-1] / spacing)) if spacing > 0 else 0
        phase = np.linspace(0, 2 * np.pi, count) + rng.uniform(0, 2 * np.pi)
        steps = np.cumsum(np.exp(UNEVENNESS * np.sin(phase)))
        kept = np.searchsorted(length, steps / steps[-1] * length[-1]) if count else []
        last = len(stroke) - 1
        thinned.append(stroke[np.union1d(np.minimum(kept, last), [0, last]).astype(int)])
    return thinned


def move_ends(strokes: Strokes, size: float, rng: np.random.Generator) -> Strokes:
    """Cut the ends of strokes short, or let them overshoot."""
    if rng.random() >= ENDS:
        return strokes
    return [
        reverse(move_end(reverse(move_end(stroke, size, rng)), size, rng)) for stroke in strokes
    ]


def move_end(stroke: np.ndarray, size: float, rng: np.random.Generator) -> np.ndarray:
    """Cut a stroke short at its end, or lengthen it in the direction in which it ends."""
    if len(stroke) < 2:
        return stroke
    if rng.random() < 0.5:
        added = direction(reverse(stroke)) * rng.uniform(0, OVERSHOOT) * size
        return np.concatenate([stroke, [stroke[-1] + added]])
    length = length_along(stroke)
    kept = int(np.searchsorted(length, length[-1] * (1 - rng.uniform(0, CUT)), side="right"))
    return stroke[: max(2, kept)]


def warp(strokes: Strokes, size: float, rng: np.random.Generator) -> Strokes:
    """Bend the plane smoothly: a wave of x and one of y along random directions."""
    points = np.concatenate(strokes)
    scaled = (points - points.min(axis=0)) / (size or 1.0)
    # At most one and a half periods over the drawing, so that no stroke is bent into another shape.
    frequencies = rng.uniform(-1.5, 1.5, (2, 2)) * 2 * np.pi
    phases = rng.uniform(0, 2 * np.pi, 2)
    moved = points + size * rng.uniform(0, WARP, 2) * np.sin(scaled @ frequencies.T + phases)
    return np.split(moved, np.cumsum([len(stroke) for stroke in strokes])[:-1])


def add_hooks(strokes: Strokes, size: float, rng: np.random.Generator) -> Strokes:
    """Add short hooks where the pen meets or leaves the paper."""
    hooked = []
    for stroke in strokes:
        for _ in range(2):
            if len(stroke) > 1 and rng.random() < HOOKED:
                stroke = np.concatenate([[stroke[0] + hook(stroke, size, rng)], stroke])
            stroke = reverse(stroke)
        hooked.append(stroke)
    return hooked


def hook(stroke: np.ndarray, size: float, rng: np.random.Generator) -> np.ndarray:
    """Return a hook's (x, y) from a stroke's first point: aside of, or back along the stroke."""
    angle = rng.choice([-1, 1]) * rng.uniform(np.pi / 3, np.pi * 0.9)
    cos, sin = np.cos(angle), np.sin(angle)
    away = direction(stroke)
    return np.array([[cos, -sin], [sin, cos]]) @ away * rng.uniform(*HOOK) * size


# In the order in which they are applied.
VARIATIONS: MappingProxyType[str, Callable[[Strokes, float, np.random.Generator], Strokes]]
VARIATIONS = MappingProxyType(
    {
        "hooks": add_hooks,
        "ends": move_ends,
        "pen-down": keep_pen_down,
        "warp": warp,
        "points": thin_points,
    }
)


def vary(strokes: Strokes, names: Sequence[str], rng: np.random.Generator) -> Strokes:
    """Apply the variations of the given names, in the order of VARIATIONS."""
    size = float(np.ptp(np.concatenate(strokes), axis=0).max())
    for name, variation in VARIATIONS.items():
        if name in names:
            strokes = variation(strokes, size, rng)
    return strokes


def length_along(stroke: np.ndarray) -> np.ndarray:
    """Return the (n,) length of a stroke up to each of its points."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])


def reverse(stroke: np.ndarray) -> np.ndarray:
    """Return a stroke written from its end."""
    return stroke[::-1]


def augment_strokes(
    drawing: Drawing, rng: np.random.Generator, variations: Sequence[str] = ()
) -> tuple[Drawing, float]:
    """Augment a drawing as if someone else had written it: slant, aspect, angle, jitter, pen width.

    Args:
        drawing: strokes as in `train.ink`.
        rng: source of chance.
        variations: names of VARIATIONS to apply first.

    Returns:
        The drawing and a pen width in field units, both for `ink.render`.
    """
    slant = rng.uniform(-0.45, 0.45)  # tangent; the range of UNIPEN's writers
    aspect = np.exp(rng.uniform(-np.log(1.3), np.log(1.3)))
    angle = rng.uniform(-0.12, 0.12)  # radians
    width = WIDTH * np.exp(rng.uniform(np.log(0.6), np.log(1.6)))  # fineliner to felt tip
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ [[aspect, slant], [0, 1]]
    strokes = [np.array([point[:2] for point in stroke], float) for stroke in drawing]
    strokes = [stroke @ matrix.T for stroke in vary(strokes, variations, rng)]
    points = np.concatenate(strokes)
    size = np.ptp(points, axis=0).max()
    jitter = rng.uniform(0, 0.006) * size  # sampling error of the pen and tremor of the hand
    return [(stroke + rng.normal(0, jitter, stroke.shape)).tolist() for stroke in strokes], width
