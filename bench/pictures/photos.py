"""Compose pictures of numbers like photographs, from MNIST digits and a seed.

Ink is (rows, columns) in [0, 1], lengths are in pixels.
"""

import base64
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw
from playwright.sync_api import Page

DIGITS = 4
HEIGHTS = 40, 120  # range of a digit's height, in pixels
BOX = 20  # side of a digit in MNIST's images
MAX_ROTATION = math.radians(5)
LIGHT = 0.6, 1.0  # brightness from one side of the picture to the other
NOISE = 8 / 255
RULED = 0.25  # contrast of ruled lines
PAPER, INKS = (250, 248, 240), ((10, 10, 12), (25, 35, 110))  # black to dark blue
BOARD, CHALKS = (38, 62, 50), ((225, 225, 220), (250, 250, 250))
INKED = 0.35  # shade in MNIST's images from which crisp ink begins, so that thin strokes hold
HOLES = {"0": 1, "6": 1, "8": 2, "9": 1}  # in each digit
TRIES = 30  # images of a digit to choose from, where not each will do
EDGE = 1.5  # pixels: width of the soft edge of crisp ink
FINE = 4  # strokes are drawn this many times larger, so that their edges are soft
BATCH_SIZE = 20  # pictures per message to the page
READ = """async ([pictures, marks]) => {
    const { readPicture } = await import("/picture/read-picture.js");
    const readings = [];
    for (const picture of pictures) {
        const bytes = Uint8Array.from(atob(picture), character => character.charCodeAt(0));
        const { bitmap, text, confidence, missing, ambiguous } =
            await readPicture(recognizer, new Blob([bytes]), { marks });
        bitmap.close();
        readings.push({ text, confidence, missing, ambiguous });
    }
    return readings;
}"""


@dataclass(frozen=True)
class Picture:
    """A picture as a PNG file, and the number that it shows."""

    text: str
    png: bytes


@dataclass(frozen=True)
class Reading:
    """What the page reads on a picture."""

    text: str  # lines apart by a line break, numbers of a line by a space; ? for a non-digit
    confidence: float  # in [0, 1]
    missing: bool  # whether the page reports more writing that it could not read
    ambiguous: bool = False  # whether it reports that the picture may be upside down


@dataclass(frozen=True)
class Pool:
    """Digits to choose from: images (n, 28, 28) uint8 and labels (n,)."""

    images: np.ndarray
    labels: np.ndarray

    def spell(self, text: str, rng: np.random.Generator) -> list[np.ndarray]:
        """Return an image of each digit of a text, cropped."""
        places = (np.flatnonzero(self.labels == int(digit)) for digit in text)
        return [crop(self.images[rng.choice(each)]) for each in places]

    def clear(self, digit: str, rng: np.random.Generator) -> np.ndarray:
        """Return an image of a digit in one piece with open holes, if TRIES images have one."""
        for _ in range(TRIES):
            (image,) = self.spell(digit, rng)
            if euler_number(image > 255 * INKED) == 1 - HOLES.get(digit, 0):
                break
        return image


def pictures(
    images: np.ndarray, labels: np.ndarray, count: int, seed: int, chalk: bool = False
) -> Iterator[Picture]:
    """Yield `count` pictures, composed of images (n, 28, 28) uint8 with labels (n,)."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        text, pixels = photographed(Pool(images, labels), rng, chalk)
        yield Picture(text, encoded(pixels))


def photographed(pool: Pool, rng: np.random.Generator, chalk: bool) -> tuple[str, np.ndarray]:
    """Compose four digits in ink on ruled paper, or in chalk on a board."""
    chosen = rng.integers(len(pool.labels), size=DIGITS)
    alpha = page(pool.images[chosen], rng)
    return "".join(map(str, pool.labels[chosen])), coloured(alpha, rng, chalk)


def page(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Place digits side by side on a sheet; return its ink, (rows, columns) in [0, 1]."""
    height = rng.uniform(*HEIGHTS)
    scale = height / BOX
    scaled = [resize(crop(digit), scale) for digit in digits]
    gaps = rng.uniform(0.12, 0.5, size=len(scaled)) * height
    wide = int(sum(each.shape[1] for each in scaled) + gaps.sum())
    line = np.zeros((int(1.6 * height), wide + int(height)))
    left = 0.25 * height
    for each, gap in zip(scaled, gaps, strict=True):
        top = int((line.shape[0] - each.shape[0]) / 2 + rng.uniform(-0.06, 0.06) * height)
        line[top : top + each.shape[0], int(left) : int(left) + each.shape[1]] = each
        left += each.shape[1] + gap
    angle = math.degrees(rng.uniform(-MAX_ROTATION, MAX_ROTATION))
    rotated = Image.fromarray((255 * line).astype(np.uint8)).rotate(
        angle, Image.Resampling.BICUBIC, expand=True
    )
    ink = np.asarray(rotated) / 255
    rows = int(ink.shape[0] * rng.uniform(1.3, 3))
    columns = int(ink.shape[1] * rng.uniform(1.1, 1.8))
    sheet = np.zeros((rows, columns))
    y, x = rng.integers(rows - ink.shape[0] + 1), rng.integers(columns - ink.shape[1] + 1)
    sheet[y : y + ink.shape[0], x : x + ink.shape[1]] = ink
    return sheet


def crop(digit: np.ndarray) -> np.ndarray:
    """Remove empty rows and columns around a digit."""
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    return digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def resize(digit: np.ndarray, scale: float) -> np.ndarray:
    """Enlarge a digit by a factor; return it in [0, 1]."""
    rows, columns = (max(1, round(side * scale)) for side in digit.shape)
    picture = Image.fromarray(digit).resize((columns, rows), Image.Resampling.BICUBIC)
    return np.asarray(picture) / 255


def coloured(ink: np.ndarray, rng: np.random.Generator, chalk: bool) -> np.ndarray:
    """Colour ink as on ruled paper, or chalk on a board, in uneven light.

    Returns (rows, columns, 3) uint8.
    """
    rows, columns = ink.shape
    ground = np.array(BOARD if chalk else PAPER, float) / 255
    first, second = np.array(CHALKS if chalk else INKS, float) / 255
    colour = first + rng.random() * (second - first)
    sheet = np.tile(ground, (rows, columns, 1))
    step, thick = int(rng.integers(24, 70)), int(rng.integers(1, 4))
    ruled = (np.arange(rows) + rng.integers(step)) % step < thick
    sheet[ruled] += RULED * (float(chalk) - sheet[ruled])
    sheet = sheet + ink[..., None] * (colour - sheet)
    return in_light(sheet, rng)


def in_light(
    sheet: np.ndarray, rng: np.random.Generator, darkest: float = LIGHT[0], noise: float = NOISE
) -> np.ndarray:
    """Light colours (rows, columns, 3) in [0, 1] from one side, with noise; return uint8."""
    rows, columns = sheet.shape[:2]
    angle = rng.uniform(0, 2 * math.pi)
    y, x = np.mgrid[0:rows, 0:columns]
    along = math.cos(angle) * x / columns + math.sin(angle) * y / rows
    along = (along - along.min()) / (along.max() - along.min())
    sheet = sheet * (darkest + (LIGHT[1] - darkest) * along)[..., None]
    noisy = sheet + rng.normal(0, noise, size=sheet.shape)
    return (255 * noisy.clip(0, 1)).astype(np.uint8)


def encoded(pixels: np.ndarray) -> bytes:
    """Return pixels as a PNG file."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def number(rng: np.random.Generator, least: int, most: int) -> str:
    """Choose a number of `least` to `most` digits."""
    return "".join(map(str, rng.integers(10, size=rng.integers(least, most + 1))))


def enlarged(digit: np.ndarray, scale: float) -> np.ndarray:
    """Enlarge a digit in uint8 by a factor, with crisp edges."""
    rows, columns = (max(1, round(side * scale)) for side in digit.shape)
    resized = Image.fromarray(digit).resize((columns, rows), Image.Resampling.LANCZOS)
    contrast = max(1, 2 * scale / EDGE)  # MNIST's edges are about two pixels wide
    return (0.5 + contrast * (np.asarray(resized) / 255 - INKED)).clip(0, 1)


def row(
    glyphs: Sequence[np.ndarray], gaps: Sequence[float], jitter: float, rng: np.random.Generator
) -> np.ndarray:
    """Put glyphs side by side at one middle, each moved up or down by at most `jitter`."""
    edge = math.ceil(jitter)
    tall = max(glyph.shape[0] for glyph in glyphs) + 2 * edge
    wide = sum(glyph.shape[1] for glyph in glyphs) + sum(max(0, math.ceil(gap)) for gap in gaps)
    ink, left = np.zeros((tall, wide)), 0.0
    for glyph, gap in zip(glyphs, [*gaps, 0], strict=True):
        top = round((tall - glyph.shape[0]) / 2 + rng.uniform(-jitter, jitter))
        place = ink[max(0, top) :, int(left) :][: glyph.shape[0], : glyph.shape[1]]
        np.maximum(place, glyph[: place.shape[0], : place.shape[1]], out=place)
        left = max(0, left + glyph.shape[1] + gap)
    return ink[:, : math.ceil(left)]


def touching_gap(first: np.ndarray, second: np.ndarray) -> float:
    """Return the gap, below 0, at which two glyphs of `row` just touch."""
    tall = max(first.shape[0], second.shape[0])
    spaces = np.full((2, tall), np.inf)
    for space, glyph in zip(spaces, (first[:, ::-1], second), strict=True):
        top = round((tall - glyph.shape[0]) / 2)
        inked = glyph > 0.5
        empty = np.where(inked.any(axis=1), inked.argmax(axis=1), np.inf)
        space[top : top + glyph.shape[0]] = empty
    return -spaces.sum(axis=0).min()


def padded(ink: np.ndarray, least: float, most: float, rng: np.random.Generator) -> np.ndarray:
    """Add a margin from `least` to `most` on each side."""
    sides = rng.uniform(least, most, size=(2, 2)).round().astype(int)
    return np.pad(ink, sides)


def cropped(ink: np.ndarray, rows: bool = True) -> np.ndarray:
    """Remove empty columns around ink, and empty rows."""
    if rows:
        return crop(np.where(ink > 0.1, ink, 0))
    columns = np.flatnonzero((ink > 0.1).any(axis=0))
    return ink[:, columns[0] : columns[-1] + 1]


def rotated(ink: np.ndarray, degrees: float) -> np.ndarray:
    """Rotate ink counterclockwise, on a sheet that grows with it."""
    picture = Image.fromarray((255 * ink).astype(np.uint8))
    return np.asarray(picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True)) / 255


def ruling(
    shape: tuple[int, int], spacing: float, thick: float, first: float, slope: float
) -> np.ndarray:
    """Rule lines across a sheet, one of them from row `first` at the left."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    along = (y - first - slope * x) % spacing
    return (thick / 2 + 0.5 - np.minimum(along, spacing - along)).clip(0, 1)


def stroke(shape: tuple[int, int], y: np.ndarray, x: np.ndarray, pen: float) -> np.ndarray:
    """Draw a line through points with a round pen."""
    rows, columns = shape
    picture = Image.new("L", (FINE * columns, FINE * rows))
    draw = ImageDraw.Draw(picture)
    points = [(FINE * each_x, FINE * each_y) for each_x, each_y in zip(x, y, strict=True)]
    draw.line(points, 255, round(FINE * pen), "curve")
    for point in points:
        draw.circle(point, FINE * pen / 2, 255)
    return np.asarray(picture.reduce(FINE)) / 255


def pen_width(ink: np.ndarray) -> float:
    """Estimate the width of a stroke as twice its area by the length of its outline."""
    inked = np.pad(ink > 0.5, 1)
    edges = sum(np.count_nonzero(np.diff(inked, axis=axis)) for axis in (0, 1))
    # Edges along pixels are 4 / pi as long as an outline in all directions.
    return 2 * np.count_nonzero(inked) / (math.pi / 4 * edges)


def euler_number(inked: np.ndarray) -> int:
    """Return the number of pieces less the number of holes (Gray 1971, 8-connected)."""
    field = np.pad(inked, 1).astype(int)
    squares = np.array([field[:-1, :-1], field[:-1, 1:], field[1:, 1:], field[1:, :-1]])
    count = squares.sum(axis=0)
    diagonal = (count == 2) & (squares[0] == squares[2])
    return int((count == 1).sum() - (count == 3).sum() - 2 * diagonal.sum()) // 4


def dilated(ink: np.ndarray, radius: float) -> np.ndarray:
    """Thicken ink by a round pen, in a field that grows by its radius on each side."""
    edge = math.ceil(radius)
    field = np.pad(ink, edge)
    thick = field.copy()
    for distance in np.linspace(0, radius, edge + 1)[1:]:
        for angle in np.linspace(0, 2 * math.pi, 24, endpoint=False):
            shift = round(distance * math.sin(angle)), round(distance * math.cos(angle))
            np.maximum(thick, np.roll(field, shift, (0, 1)), out=thick)
    return thick


def thinned(inked: np.ndarray) -> np.ndarray:
    """Reduce booleans to lines of one pixel.

    Zhang and Suen, A fast parallel algorithm for thinning digital patterns,
    https://doi.org/10.1145/357994.358023.
    """
    field = np.pad(inked, 1)
    changed = True
    while changed:
        changed = False
        for second in (False, True):
            ring = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
            around = np.array([np.roll(field, (-y, -x), (0, 1)) for y, x in ring])
            count = around.sum(axis=0)
            starts = (~around & np.roll(around, -1, axis=0)).sum(axis=0)
            north, east, south, west = around[::2]
            kept = north & west & (east | south) if second else east & south & (north | west)
            ends = field & (count >= 2) & (count <= 6) & (starts == 1) & ~kept
            field = field & ~ends
            changed |= bool(ends.any())
    return field[1:-1, 1:-1]


def read(page: Page, files: Sequence[bytes], marks: str = "") -> list[Reading]:
    """Read pictures, and marks on them, in a page of `export.browser.page.model_page`."""
    readings: list[Reading] = []
    for start in range(0, len(files), BATCH_SIZE):
        batch = [base64.b64encode(file).decode() for file in files[start : start + BATCH_SIZE]]
        readings += [Reading(**each) for each in page.evaluate(READ, [batch, marks])]
    return readings
