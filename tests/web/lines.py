"""Lines of digits, drawn one below another."""

import math
import random

from tests.conftest import Strokes

STEEPEST = math.radians(15)
HEIGHT = 100.0


def moved(strokes: Strokes, x: float, y: float) -> Strokes:
    return [[[point[0] + x, point[1] + y] for point in stroke] for stroke in strokes]


def box(strokes: Strokes) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom."""
    xs, ys = zip(*[point[:2] for stroke in strokes for point in stroke], strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def line(
    drawings: dict[str, Strokes], text: str, slope: float, chance: random.Random, sizes: float
) -> Strokes:
    """Draw digits about HEIGHT high, on a baseline that starts at the origin."""
    strokes: Strokes = []
    right = 0.0
    for label in text:
        left, top, _, bottom = box(drawings[label])
        scale = HEIGHT * chance.uniform(1 - sizes, 1 + sizes) / (bottom - top)
        digit = [[[scale * (x - left), scale * (y - top)] for x, y in s] for s in drawings[label]]
        width, height = box(digit)[2:]
        middle = -HEIGHT / 2 - math.tan(slope) * (right + width / 2)
        lift = HEIGHT * chance.uniform(-0.1, 0.1)
        strokes += moved(digit, right, middle - height / 2 + lift)
        right += width + HEIGHT * chance.uniform(0.08, 0.45)
    return strokes


def lines(
    drawings: dict[str, Strokes], count: int, chance: random.Random
) -> tuple[Strokes, list[str], list[list[int]]]:
    """Draw lines one below another; return the strokes, the texts and each line's strokes."""
    slope = chance.uniform(-STEEPEST, STEEPEST)
    strokes: Strokes = []
    texts, indices = [], []
    middle, baseline = 0.0, 0.0
    for _ in range(count):
        text = "".join(chance.choices("0123456789", k=chance.randint(1, 6)))
        own = max(-STEEPEST, min(STEEPEST, slope + math.radians(chance.uniform(-2, 2))))
        row = line(drawings, text, own, chance, 0.25)
        width = box(row)[2]
        start = middle + HEIGHT * chance.uniform(-1, 1) - width / 2
        indices.append(list(range(len(strokes), len(strokes) + len(row))))
        strokes += moved(row, start, baseline - math.tan(slope) * start)
        texts.append(text)
        middle = start + width / 2
        baseline += HEIGHT * (1 + chance.uniform(0.5, 1.5))
    return strokes, texts, indices


def two_lines(drawings: dict[str, Strokes], upper: str, lower: str) -> Strokes:
    chance = random.Random(0)
    rows = [line(drawings, text, 0, chance, 0) for text in (upper, lower)]
    return [*rows[0], *moved(rows[1], 0, 1.6 * HEIGHT)]
