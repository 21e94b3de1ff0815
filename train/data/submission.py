"""What Kaggle's Digit Recognizer wants back: `ImageId,Label`, a row for each of its test.csv."""

from pathlib import Path

import numpy as np

from files.atomic import write_atomically
from files.drawings import DataError

HEADER = "ImageId,Label"
ROWS = 28_000  # of the competition's test.csv


def write(path: Path, labels: np.ndarray) -> None:
    """Write (n,) digits, numbered from 1 in their order; `path` is replaced whole."""
    rows = [f"{number},{label}" for number, label in enumerate(labels, 1)]
    text = "\n".join([HEADER, *rows]) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def check_place(path: Path, test_csv: Path) -> None:
    """Raise DataError where a submission would take the place of what it is made from."""
    if path.is_dir():
        raise DataError(f"{path} is a folder: name a file with --out")
    if path.exists() and path.samefile(test_csv):
        raise DataError(f"{path} is what is to be read: name another file with --out")


def remark(test_csv: Path, rows: int) -> str | None:
    """What to say of a file that cannot be the competition's; None of one that can."""
    if rows == ROWS:
        return None
    return f"{test_csv} has {rows:,} rows, the competition's {ROWS:,}: Kaggle takes no other number"
