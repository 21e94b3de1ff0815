"""Kaggle's Digit Recognizer: download, read its CSV files, write a submission.

A row of train.csv is `label,pixel0,...,pixel783`, pixels row by row from the top, ink high;
test.csv has the same columns without the label. The 42,000 + 28,000 digits are MNIST's 70,000 in
another order.
"""

import warnings
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from files.atomic import write_atomically
from files.drawings import DataError
from files.limits import check_size
from train.data.download import one_line

PIXELS = 28 * 28
TEST_ROWS = 28_000  # of test.csv; Kaggle accepts a submission of this length only
COLUMNS = ["label", *(f"pixel{i}" for i in range(PIXELS))]
BYTE_ORDER_MARK = "\ufeff".encode().decode("latin-1")  # Excel writes it at the start of UTF-8 files
COMPETITION = "digit-recognizer"
RULES_URL = f"https://www.kaggle.com/competitions/{COMPETITION}/rules"


def fetch() -> Path:
    """Return train.csv from kagglehub's cache, or download it with the user's credentials."""
    import kagglehub  # slow to import, and needed only here
    from kagglehub.exceptions import UnauthenticatedError

    try:
        return Path(kagglehub.competition_download(COMPETITION)) / "train.csv"
    except UnauthenticatedError:
        raise DataError(
            "Kaggle asks who you are: make a token at https://www.kaggle.com/settings and save it "
            "as ~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and KAGGLE_KEY; or download "
            "train.csv by hand and give --data train.csv"
        ) from None
    except Exception as problem:  # kagglehub raises a dozen types, those of requests included
        raise DataError(
            f"Kaggle's {COMPETITION} could not be downloaded ({one_line(str(problem))}): check the "
            f"network and your token, and accept the rules at {RULES_URL}; or give --data train.csv"
        ) from None


def read_csv(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read train.csv: images (n, 28, 28) uint8 and labels (n,) int64.

    Raises DataError that names the row.
    """
    table = read_table(path, COLUMNS)
    return table[:, 1:].reshape(-1, 28, 28), table[:, 0].astype(np.int64)


def read_test_csv(path: Path) -> np.ndarray:
    """Read test.csv: images (n, 28, 28) uint8. Raises DataError that names the row."""
    return read_table(path, COLUMNS[1:]).reshape(-1, 28, 28)


def write_submission(path: Path, labels: np.ndarray) -> None:
    """Write the predicted digits of test.csv, (n,) integers in its order; images count from 1."""
    rows = np.column_stack([np.arange(1, len(labels) + 1), labels])
    write_atomically(
        path,
        lambda file: np.savetxt(file, rows, "%d", ",", header="ImageId,Label", comments=""),
    )


def read_table(path: Path, columns: Sequence[str]) -> np.ndarray:
    """Read all rows, (n, columns) uint8. Raises DataError that names the row.

    Rows are numbered as in a spreadsheet: the header is row 1.
    """
    try:
        check_size(path)
        # Latin-1 accepts any bytes. Characters beyond it can crash np.loadtxt, which passes them to
        # C's isdigit (numpy 2.1; found by hypothesis).
        with open(path, encoding="latin-1") as file:
            check_columns(path, file.readline().removeprefix(BYTE_ORDER_MARK), columns)
            table = parse_rows(file, columns)
    except OSError as problem:
        raise DataError(f"{path} cannot be read: {problem.strerror}") from None
    if table is None:
        raise DataError(describe_first_error(path, columns))
    return table


def file_name(columns: Sequence[str]) -> str:
    """Return Kaggle's name of the file that has these columns."""
    return "Kaggle's train.csv" if columns[0] == "label" else "Kaggle's test.csv"


def check_columns(path: Path, line: str, columns: Sequence[str]) -> None:
    """Raise DataError unless the header names these columns."""
    names = [name.strip().strip('"') for name in line.strip().split(",")]
    if names == [""]:
        raise DataError(f"{path} is empty: expected {file_name(columns)}")
    if names == COLUMNS[1:] != columns:
        raise DataError(f"{path} has no labels, like Kaggle's test.csv: give its train.csv")
    if names == COLUMNS != columns:
        raise DataError(f"{path} has labels, like Kaggle's train.csv: give its test.csv")
    for number, (name, expected) in enumerate(zip(names, columns, strict=False), 1):
        if name != expected:
            raise DataError(
                f"{path}, row 1: column {number} is {quote(name)} where {file_name(columns)} has "
                f"{expected!r}; expected {','.join(columns[:2])},...,{columns[-1]}"
            )
    if len(names) != len(columns):
        raise DataError(f"{path}, row 1: {len(names)} columns, expected {len(columns)}")


def parse_rows(lines: Iterable[str], columns: Sequence[str]) -> np.ndarray | None:
    """Parse rows of CSV as (n, columns) uint8; None if a value is invalid or there are no rows.

    42,000 rows take about a second.
    """
    # Not pandas: with dtype uint8, its read_csv turns 256 into 0 and -1 into 255 without an error.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "input contained no data"
        try:
            table = np.loadtxt(lines, np.uint8, delimiter=",", comments=None, ndmin=2)
        except ValueError:
            return None
    fits = len(table) and table.shape[1] == len(columns)
    return table if fits and (columns[0] != "label" or table[:, 0].max() <= 9) else None


def describe_first_error(path: Path, columns: Sequence[str]) -> str:
    """Describe, in one line with the row, why a CSV file does not parse."""
    row = 2
    with open(path, encoding="latin-1") as file:
        next(file)
        while block := list(islice(file, 1000)):
            # Checking value by value is slow: only a block that does not parse needs it.
            if parse_rows(block, columns) is None and (fault := find_invalid_value(block, columns)):
                return f"{path}, row {row + fault[0]}: {fault[1]}"
            row += len(block)
    if row == 2:
        return f"{path} has no rows below its header: expected {file_name(columns)}"
    return f"{path} is not a table of whole numbers from 0 to 255"


def find_invalid_value(lines: list[str], columns: Sequence[str]) -> tuple[int, str] | None:
    """Return the index of the first line with an invalid value, and a description; or None."""
    for number, line in enumerate(lines):
        fields = line.rstrip("\n").split(",")
        if fields == [""]:
            continue
        if len(fields) != len(columns):
            return number, f"{len(fields)} values, expected {len(columns)}"
        for name, field in zip(columns, fields, strict=True):
            highest = 9 if name == "label" else 255
            if not is_integer(field.strip()) or int(field) > highest:
                whole = f"a whole number from 0 to {highest}"
                return number, f"{name} is {quote(field)}, expected {whole}"
    return None


def is_integer(field: str) -> bool:
    """Check for ASCII digits only, fewer than 20 so that converting them is fast."""
    return field.isascii() and field.isdigit() and len(field) < 20


def quote(field: str) -> str:
    """Quote a field for a message: decoded as UTF-8 and cut to 40 characters."""
    return repr(field.encode("latin-1").decode("utf-8", "replace")[:40])
