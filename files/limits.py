"""How much of a file is read: what is larger is a mistake or malice, and would fill the memory."""

from pathlib import Path

from files.drawings import DataError

MAX_FILE = 1 << 30  # bytes; Kaggle's train.csv has 77 MB, all of UNIPEN's digits as drawings 30 MB
MAX_UNPACKED = 1 << 30  # bytes; MNIST has 55 MB, EMNIST's 280,000 digits 220 MB
MAX_PIXELS = 64_000_000  # of a picture; phones mostly take 12 to 50 million


def check_size(path: Path) -> None:
    """Raise DataError for a file too large to be what this project reads, OSError for none."""
    size = path.stat().st_size
    if size > MAX_FILE:
        raise DataError(
            f"{path} has {size:,} bytes, more than the {MAX_FILE:,} that are read: divide it"
        )
