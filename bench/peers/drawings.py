"""Randomly augmented copies of the drawings in tests/fixtures/."""

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

FIXTURE = Path(__file__).parents[2] / "tests/fixtures/digits.jsonl"
SIDE = 200  # of a digit's square, in CSS pixels
MAX_ROTATION, MAX_SHEAR, MAX_STRETCH = math.radians(6), 0.12, 0.12
GAP = 0.08  # between two digits, as a share of their height

Strokes = list[list[list[float]]]


def originals() -> dict[str, Strokes]:
    """Return a drawing of each digit by its label, points in [0, 1]."""
    lines = map(json.loads, FIXTURE.read_text(encoding="utf-8").splitlines())
    return {line["label"]: line["strokes"] for line in lines}


def augmented(strokes: Strokes, rng: random.Random) -> Strokes:
    """Rotate, shear and stretch strokes with points in [0, 1] at random."""
    angle, shear = rng.uniform(-MAX_ROTATION, MAX_ROTATION), rng.uniform(-MAX_SHEAR, MAX_SHEAR)
    wide, high = (rng.uniform(1 - MAX_STRETCH, 1 + MAX_STRETCH) for _ in "xy")
    sine, cosine = math.sin(angle), math.cos(angle)

    def transform(x: float, y: float) -> list[float]:
        x, y = (x - 0.5) * wide, (y - 0.5) * high
        x -= shear * y
        return [round(0.5 + x * cosine - y * sine, 5), round(0.5 + x * sine + y * cosine, 5)]

    return [[transform(x, y) for x, y, *_ in stroke] for stroke in strokes]


def digits(rng: random.Random) -> Iterator[tuple[str, Strokes]]:
    """Yield labels and drawings of digits forever, all ten in each ten."""
    drawings = originals()
    while True:
        order = list(drawings)
        rng.shuffle(order)
        for label in order:
            yield label, augmented(drawings[label], rng)


def number(labels: str, rng: random.Random) -> list[Strokes]:
    """Return a number as one drawing per digit, side by side, in CSS pixels."""
    drawings, number, left = originals(), [], 0.0
    for label in labels:
        strokes = augmented(drawings[label], rng)
        across = [x for stroke in strokes for x, _ in stroke]
        shift = left - min(across)
        left += max(across) - min(across) + GAP
        number.append([[[SIDE * (x + shift), SIDE * y] for x, y in stroke] for stroke in strokes])
    return number


def numbers(length: int, count: int, rng: random.Random) -> list[list[Strokes]]:
    """Return `count` random numbers of `length` digits."""
    return [number("".join(rng.choices("0123456789", k=length)), rng) for _ in range(count)]
