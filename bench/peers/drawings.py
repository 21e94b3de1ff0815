"""Drawings to read: the fixtures' ink, each time a little different."""

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

FIXTURE = Path(__file__).parents[2] / "tests/fixtures/digits.jsonl"
SIDE = 200  # of a digit's square, as on a pad of that many CSS pixels
TURN, SLANT, SIZE = math.radians(6), 0.12, 0.12  # how far a copy may differ from the original
GAP = 0.08  # of a digit's height, from one's ink to the next one's

Strokes = list[list[list[float]]]


def originals() -> dict[str, Strokes]:
    """A drawing of each digit by its label, points in [0, 1]."""
    lines = map(json.loads, FIXTURE.read_text(encoding="utf-8").splitlines())
    return {line["label"]: line["strokes"] for line in lines}


def varied(strokes: Strokes, chance: random.Random) -> Strokes:
    """The same ink turned, slanted and stretched a little, in the same unit."""
    turn, slant = chance.uniform(-TURN, TURN), chance.uniform(-SLANT, SLANT)
    wide, high = (chance.uniform(1 - SIZE, 1 + SIZE) for _ in "xy")
    sine, cosine = math.sin(turn), math.cos(turn)

    def placed(x: float, y: float) -> list[float]:
        x, y = (x - 0.5) * wide, (y - 0.5) * high
        x -= slant * y
        return [round(0.5 + x * cosine - y * sine, 5), round(0.5 + x * sine + y * cosine, 5)]

    return [[placed(x, y) for x, y, *_ in stroke] for stroke in strokes]


def digits(chance: random.Random) -> Iterator[tuple[str, Strokes]]:
    """Yield drawings of one digit and their labels without end, each ten holding all digits."""
    drawn = originals()
    while True:
        order = list(drawn)
        chance.shuffle(order)
        for label in order:
            yield label, varied(drawn[label], chance)


def number(labels: str, chance: random.Random) -> list[Strokes]:
    """Drawings of digits, side by side in one coordinate system: a list of strokes for each."""
    drawn, placed, left = originals(), [], 0.0
    for label in labels:
        strokes = varied(drawn[label], chance)
        across = [x for stroke in strokes for x, _ in stroke]
        shift = left - min(across)
        left += max(across) - min(across) + GAP
        placed.append([[[SIDE * (x + shift), SIDE * y] for x, y in stroke] for stroke in strokes])
    return placed


def numbers(length: int, count: int, chance: random.Random) -> list[list[Strokes]]:
    """So many numbers of so many digits drawn at random."""
    return [number("".join(chance.choices("0123456789", k=length)), chance) for _ in range(count)]
