"""Draw composed strings as photographs of paper, to fit what reads marks on pictures."""

from collections.abc import Mapping, Sequence
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
INKED = 0.35  # shade in MNIST's images from which ink begins, so that thin strokes hold

Images = Mapping[str, Sequence[np.ndarray]]


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


def draw(written: Number, rng: np.random.Generator, images: Images | None = None) -> Picture:
    """Draw a string in a pen, size, slope and light of its own.

    Args:
        written: the string.
        rng: chooses all of that.
        images: (28, 28) uint8 of each digit, to take the place of the string's own, as high as
            these; symbols behind them move to the right or left.
    """
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
    drawn, shift = [], 0.0
    for label, each in zip(written.text, symbols, strict=True):
        moved = [scale * (stroke - low) + edges[0] + [shift, 0] for stroke in each]
        symbol = inked(moved, pen, rng)
        if images and label.isdigit():
            image = images[label][rng.integers(len(images[label]))]
            symbol, before = glyph(image, symbol.box), symbol
            shift += symbol.box[2] - before.box[2]
        drawn.append(symbol)
    boxes = np.array([symbol.box for symbol in drawn])
    columns, rows = np.ceil(boxes[:, 2:].max(axis=0) + edges[1]).astype(int)
    ink = np.zeros((FINE * rows, FINE * columns), np.uint8)
    for symbol in drawn:
        place = ink[symbol.top :, symbol.left :]
        place = place[: symbol.ink.shape[0], : symbol.ink.shape[1]]
        np.maximum(place, symbol.ink[: place.shape[0], : place.shape[1]], out=place)
    soft = np.asarray(Image.fromarray(ink).reduce(FINE)) / 255
    return Picture(written.text, in_light(soft, rng), boxes, height, pen)


@dataclass(frozen=True)
class Symbol:
    """Ink of a symbol, FINE times larger, from `left` and `top` on; its `box` in pixels."""

    ink: np.ndarray
    left: int
    top: int
    box: np.ndarray


def inked(strokes: Sequence[np.ndarray], pen: float, rng: np.random.Generator) -> Symbol:
    """Draw strokes; a point is a little wider than the pen."""
    widths = [pen * (rng.uniform(*DOT) if np.ptp(s, axis=0).max() == 0 else 1) for s in strokes]
    reach = np.array(widths)[:, None] / 2
    low = (np.array([stroke.min(axis=0) for stroke in strokes]) - reach).min(axis=0)
    high = (np.array([stroke.max(axis=0) for stroke in strokes]) + reach).max(axis=0)
    left, top = np.floor(FINE * low).astype(int)
    columns, rows = np.ceil(FINE * high).astype(int) - [left, top] + 1
    sheet = Image.new("L", (int(columns), int(rows)))
    canvas = ImageDraw.Draw(sheet)
    for stroke, width in zip(strokes, widths, strict=True):
        trace(canvas, FINE * stroke - [left, top], FINE * width)
    return Symbol(np.asarray(sheet), int(left), int(top), np.array([*low, *high]))


def glyph(image: np.ndarray, box: np.ndarray) -> Symbol:
    """Enlarge the image of a digit to the height of a box, from the box's left edge on."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    cropped = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    left, top, _, bottom = box
    scale = (bottom - top) / cropped.shape[0]
    size = [max(1, round(FINE * scale * side)) for side in cropped.shape[::-1]]
    resized = np.asarray(Image.fromarray(cropped).resize(size, Image.Resampling.LANCZOS)) / 255
    crisp = (0.5 + max(1.0, scale) * (resized - INKED)).clip(0, 1)
    ink = (255 * crisp).astype(np.uint8)
    right = left + scale * cropped.shape[1]
    return Symbol(ink, round(FINE * left), round(FINE * top), np.array([left, top, right, bottom]))


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
