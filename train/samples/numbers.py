"""Compose multi-digit numbers, for segmentation, from single digits of one writer."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.data.unipen.characters import Ink, group_by_writer
from train.ink import Drawing

# Gaps between neighbouring bounding boxes, relative to the digits' mean height.
GAPS = {"wide": (0.25, 0.6), "normal": (0.08, 0.3), "tight": (-0.05, 0.08)}
JITTER = 0.08  # vertical, relative to the mean height
NON_DIGIT_TEXT = "?"  # expected reading of a mark between digits
MARKS = ("dot", "comma", "dash")
# How the pen goes on from one digit to the next without being lifted.
LIGATURES = ("straight", "curved", "touch")
TOUCH = (-0.1, 0.02)  # gap of digits whose ink meets, relative to the mean height
HANDLE = 0.4  # of a curved ligature, relative to its length


@dataclass(frozen=True)
class Number:
    """A drawing, its expected text, and the stroke indices of each symbol; none if unknown.

    `owners`, of joined numbers, has the symbol of each point of each stroke; None for the points of
    a line that joins two symbols.
    """

    text: str
    strokes: Drawing
    symbols: list[list[int]]
    owners: list[list[int | None]] | None = None


@dataclass(frozen=True)
class Line:
    """Layout of the digits of a number.

    `gap` is a range as in GAPS. Digits differ in size by up to the factor `sizes`, rise by `slope`
    and are rotated together by `turn`, both in radians. With `late`, the last stroke of one digit
    is drawn after the next digit. A mark follows the digit with index `mark`, if given.
    """

    gap: tuple[float, float] = GAPS["normal"]
    sizes: float = 1.0
    slope: float = 0.0
    turn: float = 0.0
    late: bool = False
    mark: int | None = None


def compose(
    inks: Sequence[Ink], line: Line, rng: np.random.Generator, non_digit: Ink | None = None
) -> Number:
    """Place digits side by side, in their original sizes times `line.sizes`.

    The mark, if the line has one, is the `non_digit` scaled to the digits' height, or else a
    random dot, comma or dash.
    """
    drawings = [stroke_arrays(ink) for ink in inks]
    reach = np.log(line.sizes) / 2
    factors = np.exp(rng.uniform(-reach, reach, len(drawings)))
    drawings = [[s * factor for s in d] for d, factor in zip(drawings, factors, strict=True)]
    height = float(np.mean([extent(each)[1] for each in drawings])) or 1.0
    labels = [ink.label for ink in inks]
    if line.mark is not None:
        made = scale_to_height(stroke_arrays(non_digit), height, rng) if non_digit else None
        drawings.insert(line.mark + 1, made or mark(height, rng))
        labels.insert(line.mark + 1, NON_DIGIT_TEXT)
    placed, right = [], 0.0
    for drawing, label in zip(drawings, labels, strict=True):
        low, high = bounding_box(drawing)
        x = right + height * rng.uniform(*line.gap) if placed else 0.0
        middle = 0.0 if label == NON_DIGIT_TEXT else (low[1] + high[1]) / 2
        y = height * rng.uniform(-JITTER, JITTER) - np.tan(line.slope) * x
        placed.append([stroke + [x - low[0], y - middle] for stroke in drawing])
        right = x + high[0] - low[0]
    return assemble("".join(labels), placed, line, rng)


def assemble(
    text: str, drawings: Sequence[Sequence[np.ndarray]], line: Line, rng: np.random.Generator
) -> Number:
    """Join drawings into one number, strokes in the order of writing."""
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


def join(number: Number, rng: np.random.Generator, share: float = 1.0) -> Number:
    """Write neighbouring digits in one stroke: at least two, others with probability `share`.

    The last stroke of one digit goes on to the first stroke of the next: on a straight or a curved
    line, or with the next digit moved left until it touches. Marks stay apart; `number` has no
    late bar. Without neighbouring digits, it is returned as it is.
    """
    count = len(number.symbols) - 1
    digits = [NON_DIGIT_TEXT not in pair for pair in itertools.pairwise(number.text)]
    if not any(digits):
        return number
    joined = (rng.random(count) < share) & digits
    joined[rng.choice(np.flatnonzero(digits))] = True
    kinds = [LIGATURES[k] for k in rng.integers(len(LIGATURES), size=count)]
    drawings = [[np.array(number.strokes[k]) for k in symbol] for symbol in number.symbols]
    height = float(np.mean([extent(each)[1] for each in drawings])) or 1.0
    strokes, owners = [*drawings[0]], [[0] * len(stroke) for stroke in drawings[0]]
    shift = 0.0
    for k, (left, right) in enumerate(itertools.pairwise(drawings)):
        if joined[k] and kinds[k] == "touch":
            gap = bounding_box(right)[0][0] - bounding_box(left)[1][0]
            shift += height * rng.uniform(*TOUCH) - gap
        first, *others = [stroke + [shift, 0.0] for stroke in right]
        if joined[k]:
            line = ligature(strokes[-1], first, kinds[k])
            strokes[-1] = np.concatenate([strokes[-1], line, first])
            owners[-1] = owners[-1] + [None] * len(line) + [k + 1] * len(first)
        else:
            strokes.append(first)
            owners.append([k + 1] * len(first))
        strokes += others
        owners += [[k + 1] * len(stroke) for stroke in others]
    symbols = [[i for i, each in enumerate(owners) if k in each] for k in range(count + 1)]
    return Number(number.text, [stroke.tolist() for stroke in strokes], symbols, owners)


def ligature(before: np.ndarray, after: np.ndarray, kind: str) -> np.ndarray:
    """Return the (n, 2) points between two strokes, about as dense as theirs; none for a touch."""
    start, end = before[-1], after[0]
    length = float(np.hypot(*(end - start)))
    steps = np.concatenate([np.hypot(*np.diff(each, axis=0).T) for each in (before, after)])
    spacing = float(steps[steps > 0].mean()) if (steps > 0).any() else length
    count = 0 if kind == "touch" or length == 0 else int(np.ceil(length / spacing)) - 1
    t = np.linspace(0, 1, count + 2)[1:-1, None]
    if kind != "curved":
        return start + t * (end - start)
    # A cubic Bezier curve that leaves and arrives in the strokes' own directions.
    leave = start + HANDLE * length * direction(before[::-1])
    arrive = end + HANDLE * length * direction(after)
    return (
        (1 - t) ** 3 * start
        + 3 * t * (1 - t) ** 2 * leave
        + 3 * t**2 * (1 - t) * arrive
        + t**3 * end
    )


def direction(stroke: np.ndarray) -> np.ndarray:
    """Return the unit vector that leads out of a stroke at its first point; 0 for a dot."""
    ahead = stroke[: max(2, len(stroke) // 10)]
    away = ahead[0] - ahead[-1]
    return away / (np.hypot(*away) or 1.0)


def stroke_arrays(ink: Ink) -> list[np.ndarray]:
    """Convert strokes to arrays of (n, 2) points, without times."""
    return [np.array([point[:2] for point in stroke], float) for stroke in ink.strokes]


def scale_to_height(
    drawing: Sequence[np.ndarray], height: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """Scale a drawing to about the height of digits, centred at y = 0."""
    low, high = bounding_box(drawing)
    scale = height * rng.uniform(0.5, 1.1) / max(*(high - low), 1e-9)
    return [(stroke - (low + high) / 2) * scale for stroke in drawing]


def mark(height: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Draw a dot or comma at the baseline, or a dash at mid-height, y = 0 being the middle."""
    kind = MARKS[rng.integers(len(MARKS))]
    if kind == "dot":
        steps = rng.normal(0, 0.01 * height, (rng.integers(1, 5), 2))
        return [np.cumsum(steps, axis=0) + [0, 0.45 * height]]
    ends = {"comma": ((0.08, 0.4), (0.0, 0.6)), "dash": ((0.0, 0.0), (0.45, 0.0))}[kind]
    offsets = rng.normal(0, 0.04, (2, 2))
    start, end = (np.array(ends) + offsets) * height * rng.uniform(0.7, 1.3)
    return [np.linspace(start, end, 8)]


def bounding_box(drawing: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the minimum and the maximum x and y."""
    points = np.concatenate(drawing)
    return points.min(axis=0), points.max(axis=0)


def extent(drawing: Sequence[np.ndarray]) -> np.ndarray:
    """Return width and height."""
    low, high = bounding_box(drawing)
    return high - low


def writers_with_at_least(inks: Sequence[Ink], minimum: int) -> list[list[Ink]]:
    """Group characters by writer, leaving out writers of fewer than `minimum`."""
    return [digits for _, digits in sorted(group_by_writer(inks).items()) if len(digits) >= minimum]
