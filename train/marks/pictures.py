"""Draw composed strings as photographs of paper, to fit what reads marks on pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from train.samples.numbers import Number, bounding_box

HEIGHT = 30, 110  # of the digits, in pixels
PEN = 0.05, 0.14  # width, in heights: with thicker ones, most marks touch a digit
DOT = 1.0, 1.6  # a point's width, in pens
TURN = np.radians(4)  # at most, either way
MARGIN = 0.2, 1.0  # around the writing, in heights
UNEVEN = 3.0  # times the least height of a string's digits: some of UNIPEN's have several scales
MOST = 1100  # pixels: longer strings are written smaller
FINE = 3  # drawn this many times larger, so that edges are soft
PAPER, INK = (0.75, 1.0), (0.02, 0.4)  # brightness
DARKEST = 0.7  # of the light, on one side
NOISE = 0.03  # at most


@dataclass(frozen=True)
class Picture:
    """A string on a picture: gray `pixels` (rows, columns) uint8 and where each symbol is.

    `boxes` (symbols, 4) are left, top, right and bottom, in pixels; `height` is that of the digits.
    """

    text: str
    pixels: np.ndarray
    boxes: np.ndarray
    height: float
    pen: float


def is_even(written: Number) -> bool:
    """Return whether a string's digits are of about one size."""
    tall = digit_heights(
        written.text, [[np.asarray(written.strokes[k]) for k in own] for own in written.symbols]
    )
    return max(tall) <= UNEVEN * min(tall)


def digit_heights(text: str, symbols: Sequence[Sequence[np.ndarray]]) -> list[float]:
    """Return the height of each digit."""
    return [
        np.ptp(np.concatenate(each)[:, 1])
        for label, each in zip(text, symbols, strict=True)
        if label.isdigit()
    ]


def draw(written: Number, rng: np.random.Generator) -> Picture:
    """Draw a string in a pen, size, slope and light of its own."""
    angle = rng.uniform(-TURN, TURN)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    strokes = [np.asarray(stroke, float)[:, :2] @ turn for stroke in written.strokes]
    symbols = [[strokes[k] for k in own] for own in written.symbols]
    low, high = bounding_box(strokes)
    unit = float(np.median(digit_heights(written.text, symbols))) or 1.0
    scale = min(rng.uniform(*HEIGHT) / unit, MOST / (high - low).max())
    height = scale * unit
    pen = max(1.5, rng.uniform(*PEN) * height)
    edges = pen + rng.uniform(*MARGIN, size=(2, 2)) * height
    moved = [[scale * (stroke - low) + edges[0] for stroke in each] for each in symbols]
    columns, rows = np.ceil(scale * (high - low) + edges.sum(axis=0)).astype(int)
    sheet = Image.new("L", (FINE * int(columns), FINE * int(rows)))
    canvas = ImageDraw.Draw(sheet)
    boxes = []
    for each in moved:
        widths = [pen * (rng.uniform(*DOT) if np.ptp(s, axis=0).max() == 0 else 1) for s in each]
        for stroke, width in zip(each, widths, strict=True):
            trace(canvas, FINE * stroke, FINE * width)
        reach = np.array(widths)[:, None] / 2
        lows = np.array([stroke.min(axis=0) for stroke in each]) - reach
        highs = np.array([stroke.max(axis=0) for stroke in each]) + reach
        boxes.append([*lows.min(axis=0), *highs.max(axis=0)])
    ink = np.asarray(sheet.reduce(FINE)) / 255
    return Picture(written.text, in_light(ink, rng), np.array(boxes), height, pen)


def trace(canvas: ImageDraw.ImageDraw, stroke: np.ndarray, width: float) -> None:
    """Draw a line through points (n, 2) with a round pen."""
    points = [tuple(point) for point in stroke]
    if len(points) > 1:
        canvas.line(points, 255, round(width), "curve")
    for point in points:
        canvas.circle(point, width / 2, 255)


def in_light(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Put ink on paper in light from one side, with noise; return uint8."""
    paper, dark = rng.uniform(*PAPER), rng.uniform(*INK)
    sheet = paper + ink * (dark - paper)
    ends = rng.uniform(DARKEST, 1, size=2)
    light = np.linspace(*ends, ink.shape[1])[None, :]
    noisy = sheet * light + rng.normal(0, rng.uniform(0, NOISE), ink.shape)
    return (255 * noisy.clip(0, 1)).astype(np.uint8)
