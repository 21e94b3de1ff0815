"""Compose pictures of amounts, dates, times and telephone numbers, with marks drawn by hand.

Digits are MNIST's; marks are lines through a few points, each time other ones.
"""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageDraw

from bench.pictures.kinds import GAPS, on_paper
from bench.pictures.photos import BOX, FINE, Picture, Pool, encoded, enlarged, padded, rotated
from train.marks.composition import KINDS
from train.marks.pictures import trace

# What is asked for where a kind is read.
STRINGS = {
    "amounts": ".,$%",
    "dates": "/-.",
    "times": ":",
    "telephone numbers": "()+-",
    "others": "#-+/",
}
HEIGHT = 40, 110  # of the digits, in pixels
PEN = 0.07, 0.13  # of the marks, in heights
MAX_ROTATION = 3  # degrees
WOBBLE = 0.015  # of points, in heights, standard deviation
ABOVE = 0.4  # heights, for marks that are higher or lower than digits

Points = list[tuple[float, float]]
Strokes = list[Points]


def circle(x: float, y: float, radius: float) -> Points:
    """Draw round."""
    turns = np.linspace(0, 2 * np.pi, 16)
    return [(x + radius * np.cos(turn), y + radius * np.sin(turn)) for turn in turns]


def arc(rng: np.random.Generator, way: int) -> Strokes:
    """Draw a bracket that bulges to the left (-1) or to the right (1)."""
    depth, over = rng.uniform(0.15, 0.3), rng.uniform(0.05, 0.2)
    down = np.linspace(-1, 1, 9)
    x = way * depth * (1 - down**2)
    return [list(zip(x.tolist(), (0.5 + (0.5 + over) * down).tolist(), strict=True))]


def hatch(rng: np.random.Generator) -> Strokes:
    """Draw two bars down and two across."""
    lean, wide = rng.uniform(0, 0.15), rng.uniform(0.6, 0.8)
    down = [[(wide * at + lean, 0.05), (wide * at - lean / 2, 0.95)] for at in (0.33, 0.67)]
    return [*down, *([(-0.05, y), (wide + 0.05, y - 0.04)] for y in (0.35, 0.65))]


def percent(rng: np.random.Generator) -> Strokes:
    """Draw two rings with a slash between them."""
    radius, wide = rng.uniform(0.12, 0.17), rng.uniform(0.6, 0.8)
    rings = [circle(0.1, radius, radius), circle(wide - 0.1, 1 - radius, radius)]
    return [*rings, [(wide - 0.1, 0), (0.1, 1)]]


def dollar(rng: np.random.Generator) -> Strokes:
    """Draw an S with a bar through it."""
    wide, over = rng.uniform(0.4, 0.55), rng.uniform(0.08, 0.18)
    ess = [(1, 0.2), (0.7, 0.03), (0.3, 0.05), (0.03, 0.22), (0.2, 0.42), (0.75, 0.55)]
    ess += [(0.97, 0.76), (0.75, 0.95), (0.3, 0.98), (0, 0.8)]
    bar = [(0.52 * wide, -over), (0.48 * wide, 1 + over)]
    return [[(wide * x, y) for x, y in ess], bar]


# Strokes in heights of the digits, y from their top down.
SHAPES: dict[str, Callable[[np.random.Generator], Strokes]] = {
    ".": lambda rng: [[(0, rng.uniform(0.92, 1.0))]],
    ",": lambda rng: [[(0.06, 0.92), (-rng.uniform(0, 0.12), rng.uniform(1.1, 1.25))]],
    "-": lambda rng: [[(0, y := rng.uniform(0.42, 0.6)), (rng.uniform(0.3, 0.6), y)]],
    "+": lambda rng: [
        [(0, 0.52), (size := rng.uniform(0.4, 0.65), 0.52)],
        [(size / 2, 0.52 - size / 2), (size / 2, 0.52 + size / 2)],
    ],
    "/": lambda rng: [
        [(rng.uniform(0.35, 0.65), -rng.uniform(0, 0.2)), (0, 1 + rng.uniform(0, 0.2))]
    ],
    ":": lambda rng: [[(0, rng.uniform(0.25, 0.4))], [(0, rng.uniform(0.75, 0.92))]],
    "(": lambda rng: arc(rng, -1),
    ")": lambda rng: arc(rng, 1),
    "#": hatch,
    "%": percent,
    "$": dollar,
}


def strings_of(
    kind: str, images: np.ndarray, labels: np.ndarray, count: int, seed: int
) -> Iterator[Picture]:
    """Yield `count` pictures of a kind in STRINGS, of images (n, 28, 28) uint8 with labels (n,)."""
    pool, rng = Pool(images, labels), np.random.default_rng(seed)
    for _ in range(count):
        text = KINDS[kind](rng)
        yield Picture(text, encoded(written(pool, text, rng)))


def written(pool: Pool, text: str, rng: np.random.Generator) -> np.ndarray:
    """Write a string on paper; return its pixels, (rows, columns, 3) uint8."""
    height = rng.uniform(*HEIGHT)
    pen = rng.uniform(*PEN)
    glyphs = [
        centred(enlarged(pool.spell(each, rng)[0], height / BOX), height)
        if each.isdigit()
        else marked(SHAPES[each](rng), pen, height, rng)
        for each in text
    ]
    parts = [glyphs[0]]
    for glyph in glyphs[1:]:
        parts += [np.zeros((glyph.shape[0], round(rng.uniform(*GAPS) * height))), glyph]
    ink = rotated(np.hstack(parts), rng.uniform(-MAX_ROTATION, MAX_ROTATION))
    return on_paper(padded(ink, 0, 0.6 * height, rng), rng)


def centred(glyph: np.ndarray, height: float) -> np.ndarray:
    """Put a digit in the middle of a field with room above and below."""
    field = np.zeros((round((1 + 2 * ABOVE) * height), glyph.shape[1]))
    top = (field.shape[0] - glyph.shape[0]) // 2
    field[top : top + glyph.shape[0]] = glyph[: field.shape[0]]
    return field


def marked(strokes: Strokes, pen: float, height: float, rng: np.random.Generator) -> np.ndarray:
    """Draw a mark with a round pen, both in heights, in a field as high as that of a digit."""
    lines = [np.array(each) + rng.normal(0, WOBBLE, (len(each), 2)) for each in strokes]
    left = min(line[:, 0].min() for line in lines) - pen
    right = max(line[:, 0].max() for line in lines) + pen
    rows, columns = round((1 + 2 * ABOVE) * height), round((right - left) * height)
    sheet = Image.new("L", (FINE * columns, FINE * rows))
    canvas = ImageDraw.Draw(sheet)
    scale = FINE * height
    for line in lines:
        width = pen * (rng.uniform(1.1, 1.6) if len(line) == 1 else 1)
        trace(canvas, scale * (line + [-left, ABOVE]), scale * width)
    return np.asarray(sheet.reduce(FINE)) / 255
