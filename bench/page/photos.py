"""Compose pictures of numbers like photographs, from MNIST digits and a seed."""

import base64
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image
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
BATCH_SIZE = 20  # pictures per message to the page
READ = """async pictures => {
    const { readBlocks } = await import("/dialogs/picture.js");
    const worker = new Worker("/picture/worker.js", { type: "module" });
    const texts = [];
    for (const picture of pictures) {
        const bytes = Uint8Array.from(atob(picture), character => character.charCodeAt(0));
        const answer = await new Promise((resolve, reject) => {
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = reject;
            worker.postMessage(new Blob([bytes]));
        });
        const found = await readBlocks(recognizer, answer.blocks);
        texts.push(found.map(({ digit }) => digit ?? "?").join(""));
    }
    worker.terminate();
    return texts;
}"""


@dataclass(frozen=True)
class Picture:
    """A picture as a PNG file, and the number that it shows."""

    text: str
    png: bytes


def pictures(
    images: np.ndarray, labels: np.ndarray, count: int, seed: int, chalk: bool = False
) -> Iterator[Picture]:
    """Yield `count` pictures, composed of images (n, 28, 28) uint8 with labels (n,)."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        chosen = rng.integers(len(labels), size=DIGITS)
        alpha = page(images[chosen], rng)
        pixels = coloured(alpha, rng, chalk)
        yield Picture("".join(map(str, labels[chosen])), encoded(pixels))


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
    angle = rng.uniform(0, 2 * math.pi)
    y, x = np.mgrid[0:rows, 0:columns]
    along = math.cos(angle) * x / columns + math.sin(angle) * y / rows
    along = (along - along.min()) / (along.max() - along.min())
    sheet = sheet * (LIGHT[0] + (LIGHT[1] - LIGHT[0]) * along)[..., None]
    noisy = sheet + rng.normal(0, NOISE, size=sheet.shape)
    return (255 * noisy.clip(0, 1)).astype(np.uint8)


def encoded(pixels: np.ndarray) -> bytes:
    """Return pixels as a PNG file."""
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def read(page: Page, files: Sequence[bytes]) -> list[str]:
    """Read pictures in a page of `export.browser.page.model_page`; return the numbers."""
    texts: list[str] = []
    for start in range(0, len(files), BATCH_SIZE):
        batch = [base64.b64encode(file).decode() for file in files[start : start + BATCH_SIZE]]
        texts += page.evaluate(READ, batch)
    return texts
