"""Whole numbers for segmentation: single digits of one hand, put beside each other on a line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.data.unipen.characters import Ink, group_by_writer
from train.ink import Drawing

# Between neighbouring boxes, in the digits' mean height: loose, as most people write, touching.
GAPS = {"wide": (0.25, 0.6), "normal": (0.08, 0.3), "tight": (-0.05, 0.08)}
JITTER = 0.08  # of the mean height, up and down
REFUSED = "?"  # what a mark between digits reads as
MARKS = ("dot", "comma", "dash")


@dataclass(frozen=True)
class Number:
    """A drawing, what it says, and the indices of the strokes of each of its symbols."""

    text: str
    strokes: Drawing
    symbols: list[list[int]]


@dataclass(frozen=True)
class Line:
    """How the digits stand on a line.

    `gap` is a range as in GAPS; digits differ in size by up to the factor `sizes`, climb by `slope`
    and are turned, all together, by `turn`, both radians; with `late` the last stroke of one is
    drawn after the next digit; a mark stands after the digit `mark`, or nowhere.
    """

    gap: tuple[float, float] = GAPS["normal"]
    sizes: float = 1.0
    slope: float = 0.0
    turn: float = 0.0
    late: bool = False
    mark: int | None = None


def compose(
    inks: Sequence[Ink], line: Line, rng: np.random.Generator, stranger: Ink | None = None
) -> Number:
    """Write digits beside each other, in their own sizes but for `line.sizes`.

    Where the line has a mark it is the `stranger`, about as high as the digits, or else one that is
    made up.
    """
    drawings = [arrays(ink) for ink in inks]
    reach = np.log(line.sizes) / 2
    factors = np.exp(rng.uniform(-reach, reach, len(drawings)))
    drawings = [[s * factor for s in d] for d, factor in zip(drawings, factors, strict=True)]
    height = float(np.mean([extent(each)[1] for each in drawings])) or 1.0
    labels = [ink.label for ink in inks]
    if line.mark is not None:
        drawing = fitted(arrays(stranger), height, rng) if stranger else mark(height, rng)
        drawings.insert(line.mark + 1, drawing)
        labels.insert(line.mark + 1, REFUSED)
    placed, right = [], 0.0
    for drawing, label in zip(drawings, labels, strict=True):
        low, high = corners(drawing)
        x = right + height * rng.uniform(*line.gap) if placed else 0.0
        middle = 0.0 if label == REFUSED else (low[1] + high[1]) / 2
        y = height * rng.uniform(-JITTER, JITTER) - np.tan(line.slope) * x
        placed.append([stroke + [x - low[0], y - middle] for stroke in drawing])
        right = x + high[0] - low[0]
    return assembled("".join(labels), placed, line, rng)


def assembled(
    text: str, drawings: Sequence[Sequence[np.ndarray]], line: Line, rng: np.random.Generator
) -> Number:
    """One drawing of many, in the order of writing."""
    order = [(k, n) for k, drawing in enumerate(drawings) for n in range(len(drawing))]
    several = [k for k, drawing in enumerate(drawings[:-1]) if len(drawing) > 1]
    if line.late and several:
        k = several[rng.integers(len(several))]
        bar = (k, len(drawings[k]) - 1)
        order.remove(bar)
        order.insert(max(i for i, (owner, _) in enumerate(order) if owner == k + 1) + 1, bar)
    cos, sin = np.cos(line.turn), np.sin(line.turn)
    matrix = np.array([[cos, -sin], [sin, cos]])
    strokes = [(drawings[k][n] @ matrix).tolist() for k, n in order]
    symbols = [
        [i for i, (owner, _) in enumerate(order) if owner == k] for k in range(len(drawings))
    ]
    return Number(text, strokes, symbols)


def arrays(ink: Ink) -> list[np.ndarray]:
    """Strokes of (n, 2) points."""
    return [np.array([point[:2] for point in stroke], float) for stroke in ink.strokes]


def fitted(
    drawing: Sequence[np.ndarray], height: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """A drawing about as large as digits are high, with its middle at y = 0."""
    low, high = corners(drawing)
    scale = height * rng.uniform(0.5, 1.1) / max(*(high - low), 1e-9)
    return [(stroke - (low + high) / 2) * scale for stroke in drawing]


def mark(height: float, rng: np.random.Generator) -> list[np.ndarray]:
    """A dot or a comma on the line's foot, or a dash half way up, round y = 0 in the middle."""
    kind = MARKS[rng.integers(len(MARKS))]
    if kind == "dot":
        steps = rng.normal(0, 0.01 * height, (rng.integers(1, 5), 2))
        return [np.cumsum(steps, axis=0) + [0, 0.45 * height]]
    ends = {"comma": ((0.08, 0.4), (0.0, 0.6)), "dash": ((0.0, 0.0), (0.45, 0.0))}[kind]
    spread = rng.normal(0, 0.04, (2, 2))
    start, end = (np.array(ends) + spread) * height * rng.uniform(0.7, 1.3)
    return [np.linspace(start, end, 8)]


def corners(drawing: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest x and y."""
    points = np.concatenate(drawing)
    return points.min(axis=0), points.max(axis=0)


def extent(drawing: Sequence[np.ndarray]) -> np.ndarray:
    """Width and height."""
    low, high = corners(drawing)
    return high - low


def writers_with_at_least(inks: Sequence[Ink], least: int) -> list[list[Ink]]:
    """The ink of each writer who wrote at least so many digits."""
    return [hand for _, hand in sorted(group_by_writer(inks).items()) if len(hand) >= least]
