"""Pictures of digits on disk: one, or a folder with one sub-folder a digit (`DIR/7/*.png`)."""

import math
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from files.drawings import DataError
from files.limits import MAX_PIXELS
from train.ink import InkError, normalise

LEAST = 5  # pictures of a digit: one in five is held out, so that each digit is judged
ENOUGH = 4_000_000  # pixels: a digit is read from 784
LITTER = {"Thumbs.db", "desktop.ini", "__MACOSX"}  # what file managers leave behind
# Of what Pillow opens, pictures alone: for others, PostScript among them, it runs programs.
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "DIB", "GIF", "PPM", "TGA", "ICO")
Image.init()  # or Pillow knows the commonest of them alone
# What Pillow's readers turn damage into.
DAMAGE = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError),
    *(AssertionError, AttributeError, MemoryError, NotImplementedError, RuntimeError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)


def read_picture(path: Path) -> np.ndarray:
    """Grey values of a picture, (rows, columns) float64, as it is meant to be seen.

    Transparent parts are white paper; a photo is turned as its EXIF orientation says; 16 bits stay
    16 bits. Raises DataError that names the file.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of slight damage, and of sizes that are checked below
            return shades(path)
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{path}: no such picture") from None
    except DAMAGE:
        raise DataError(f"{path} cannot be read as a picture: mend or remove it") from None


def shades(path: Path) -> np.ndarray:
    """As `read_picture`, but damage is whatever Pillow makes of it."""
    with Image.open(path, formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise DataError(
                f"{path} has {image.width} x {image.height} pixels, more than the {MAX_PIXELS:,} "
                "that are read: make it smaller"
            )
        image = smaller(ImageOps.exif_transpose(image))
        if image.mode in ("I", "F") or image.mode.startswith("I;16"):
            return np.asarray(image, np.float64)  # converting these to "L" would clip them
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return np.asarray(Image.alpha_composite(paper, image).convert("L"), np.float64)


def smaller(image: Image.Image) -> Image.Image:
    """An image of more than ENOUGH pixels, reduced: as floats it would take gigabytes."""
    factor = math.isqrt(image.width * image.height // ENOUGH)
    if factor < 2:
        return image
    if image.mode.startswith("I;16"):
        image = image.convert("I")
    elif image.mode not in ("I", "F"):
        image = image.convert("RGBA")
    return image.reduce(factor)


def read_digit(path: Path) -> np.ndarray:
    """The field of a picture of one digit, (28, 28) float32 in [0, 1], ink high."""
    try:
        return normalise(read_picture(path))
    except InkError as problem:
        raise DataError(f"{path}: {problem}") from None


def read_folder(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28) uint8 and labels (n,) int64, by digit, then by file name.

    A digit may be missing. Raises DataError that names an odd folder or an unreadable picture, or
    says of which digit there are too few.
    """
    pictures = find(folder)
    for digit, paths in pictures.items():
        if len(paths) < LEAST:
            raise DataError(
                f"{folder / digit} has {len(paths)} pictures: at least {LEAST} of a digit are "
                "needed to learn from some and be judged by others"
            )
    images = [read_digit(path) for paths in pictures.values() for path in paths]
    labels = [int(digit) for digit, paths in pictures.items() for _ in paths]
    return np.rint(np.stack(images) * 255).astype(np.uint8), np.array(labels, np.int64)


def find(folder: Path) -> dict[str, list[Path]]:
    """The picture files of each digit that has a sub-folder. Raises DataError if there is none."""
    wanted = "expected sub-folders 0 to 9 with the pictures of each digit"
    pictures = {}
    for entry in visible(folder):
        if entry.is_dir():
            if entry.name not in set("0123456789"):
                raise DataError(f"{entry} is not named after a digit: {wanted}")
            pictures[entry.name] = visible(entry)
        elif entry.suffix.lower() in Image.registered_extensions():
            raise DataError(f"{entry} stands outside the digits' folders: {wanted}")
    if not pictures:
        raise DataError(f"{folder} has no pictures: {wanted}, or the four IDX files of MNIST")
    return pictures


def visible(folder: Path) -> list[Path]:
    """What stands in a folder, by name, without hidden files and file managers' litter."""
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as problem:
        raise DataError(f"{folder} cannot be read: {problem.strerror}") from None
    return [entry for entry in entries if entry.name[0] != "." and entry.name not in LITTER]
