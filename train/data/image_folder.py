"""Read image files of digits: one, or a folder with a sub-folder for each digit (`DIR/7/*.png`)."""

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

MIN_PER_DIGIT = 5  # images; a fifth of each digit is held out for testing
DOWNSCALE_ABOVE = 4_000_000  # pixels; a digit needs 784
IGNORED_NAMES = {"Thumbs.db", "desktop.ini", "__MACOSX"}  # written by file managers
# Raster formats only: for others, such as PostScript, Pillow runs external programs.
IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "DIB", "GIF", "PPM", "TGA", "ICO")
Image.init()  # loads all plugins; open() alone would know only the most common formats
# Exceptions that Pillow's decoders raise on damaged files.
DECODE_ERRORS = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError),
    *(AssertionError, AttributeError, MemoryError, NotImplementedError, RuntimeError),
    *(struct.error, zlib.error, Image.DecompressionBombError),
)


def read_picture(path: Path) -> np.ndarray:
    """Read an image as grey values, (rows, columns) float64.

    Transparent pixels become white, or black behind light ink; the EXIF orientation is applied,
    16-bit values stay 16 bits. Raises DataError that names the file.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # slight damage, and sizes that are checked below
            return to_grayscale(path)
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{path}: no such picture") from None
    except DECODE_ERRORS:
        raise DataError(f"{path} cannot be read as a picture: fix or remove it") from None


def to_grayscale(path: Path) -> np.ndarray:
    """Read an image as `read_picture` does, without translating Pillow's exceptions."""
    with Image.open(path, formats=IMAGE_FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise DataError(
                f"{path} has {image.width} x {image.height} pixels, more than the {MAX_PIXELS:,} "
                "allowed: make it smaller"
            )
        image = downscale(ImageOps.exif_transpose(image))
        if image.mode in ("I", "F") or image.mode.startswith("I;16"):
            return np.asarray(image, np.float64)  # converting these to "L" would clip them
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, paper_for(image))
        return np.asarray(Image.alpha_composite(paper, image).convert("L"), np.float64)


def paper_for(image: Image.Image) -> str:
    """Return the colour to put behind an RGBA image: white, or black for light ink alone."""
    grey, alpha = np.asarray(image.convert("LA")).transpose(2, 0, 1)
    shown = grey[alpha > 127]
    return "black" if len(shown) < grey.size and len(shown) and shown.min() > 127 else "white"


def downscale(image: Image.Image) -> Image.Image:
    """Reduce an image of more than DOWNSCALE_ABOVE pixels; as floats it would take gigabytes."""
    factor = math.isqrt(image.width * image.height // DOWNSCALE_ABOVE)
    if factor < 2:
        return image
    if image.mode.startswith("I;16"):
        image = image.convert("I")
    elif image.mode not in ("I", "F"):
        image = image.convert("RGBA")
    return image.reduce(factor)


def read_digit(path: Path) -> np.ndarray:
    """Read an image of one digit as (28, 28) float32 in [0, 1], ink high."""
    try:
        return normalise(read_picture(path))
    except InkError as problem:
        raise DataError(f"{path}: {problem}") from None


def read_folder(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read images (n, 28, 28) uint8 and labels (n,) int64, ordered by digit and file name.

    A digit may be missing. Raises DataError that names an unexpected folder, an unreadable image or
    a digit with too few images.
    """
    pictures = find_images(folder)
    for digit, paths in pictures.items():
        if len(paths) < MIN_PER_DIGIT:
            raise DataError(
                f"{folder / digit} has {len(paths)} pictures: at least {MIN_PER_DIGIT} of a digit "
                "are needed for training and testing"
            )
    images = [read_digit(path) for paths in pictures.values() for path in paths]
    labels = [int(digit) for digit, paths in pictures.items() for _ in paths]
    return np.rint(np.stack(images) * 255).astype(np.uint8), np.array(labels, np.int64)


def find_images(folder: Path) -> dict[str, list[Path]]:
    """List the files of each digit's sub-folder. Raises DataError if there are none."""
    wanted = "expected sub-folders 0 to 9 with the pictures of each digit"
    pictures = {}
    for entry in list_visible(folder):
        if entry.is_dir():
            if entry.name not in set("0123456789"):
                raise DataError(f"{entry} is not named after a digit: {wanted}")
            pictures[entry.name] = list_visible(entry)
        elif entry.suffix.lower() in Image.registered_extensions():
            raise DataError(f"{entry} is outside the digits' folders: {wanted}")
    if not pictures:
        raise DataError(f"{folder} has no pictures: {wanted}, or the four IDX files of MNIST")
    return pictures


def list_visible(folder: Path) -> list[Path]:
    """List a folder by name, without hidden files and IGNORED_NAMES."""
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as problem:
        raise DataError(f"{folder} cannot be read: {problem.strerror}") from None
    return [entry for entry in entries if entry.name[0] != "." and entry.name not in IGNORED_NAMES]
