"""Size limits for input files: larger ones are mistakes or attacks and would fill the memory."""

from pathlib import Path

from files.drawings import DataError

MAX_FILE = 1 << 30  # bytes; Kaggle's train.csv has 77 MB, UNIPEN's digits as drawings 30 MB
MAX_UNPACKED = 1 << 30  # bytes; MNIST has 55 MB, EMNIST's 280,000 digits 220 MB
MAX_PIXELS = 64_000_000  # of an image; most phone cameras take 12 to 50 million


def check_size(path: Path) -> None:
    """Raise DataError if a file is larger than MAX_FILE, and OSError if it is missing."""
    size = path.stat().st_size
    if size > MAX_FILE:
        raise DataError(f"{path} has {size:,} bytes, more than the limit of {MAX_FILE:,}: split it")
