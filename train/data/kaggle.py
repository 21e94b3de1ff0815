"""Kaggle's Digit Recognizer: its download, and the CSV that it comes in.

A row of its train.csv is `label,pixel0,...,pixel783`, pixels row by row from the top, ink high;
its test.csv is the same without labels.
Its 42,000 + 28,000 digits are MNIST's 70,000 in another order.
"""

import warnings
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from files.drawings import DataError
from files.limits import check_size
from train.data.download import one_line

PIXELS = 28 * 28
COLUMNS = ["label", *(f"pixel{i}" for i in range(PIXELS))]
BYTE_ORDER_MARK = "\ufeff".encode().decode("latin-1")  # what Excel begins UTF-8 with
COMPETITION = "digit-recognizer"
RULES = f"https://www.kaggle.com/competitions/{COMPETITION}/rules"


def fetch() -> Path:
    """Kaggle's train.csv, from kagglehub's cache or downloaded with the user's credentials."""
    import kagglehub  # not needed by anybody else
    from kagglehub.exceptions import UnauthenticatedError

    try:
        return Path(kagglehub.competition_download(COMPETITION)) / "train.csv"
    except UnauthenticatedError:
        raise DataError(
            "Kaggle asks who you are: make a token at https://www.kaggle.com/settings and save it "
            "as ~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and KAGGLE_KEY; or download "
            "train.csv by hand and give --data train.csv"
        ) from None
    except Exception as problem:  # its resolvers raise some dozen types, requests' among them
        raise DataError(
            f"Kaggle's {COMPETITION} could not be downloaded ({one_line(str(problem))}): check the "
            f"network and your token, and accept the rules at {RULES}; or give --data train.csv"
        ) from None


def read_csv(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Train.csv: images (n, 28, 28) uint8 and labels (n,) int64. Raises DataError with the row."""
    table = read_table(path, COLUMNS)
    return table[:, 1:].reshape(-1, 28, 28), table[:, 0].astype(np.int64)


def read_test_csv(path: Path) -> np.ndarray:
    """Test.csv: images (n, 28, 28) uint8. Raises DataError with the row's number."""
    return read_table(path, COLUMNS[1:]).reshape(-1, 28, 28)


def read_table(path: Path, columns: Sequence[str]) -> np.ndarray:
    """All rows, (n, columns) uint8. Raises DataError with the row's number.

    Rows are counted as a spreadsheet does: the line with the columns' names is row 1.
    """
    try:
        check_size(path)
        # Latin-1 reads any bytes. np.loadtxt must not meet characters beyond it: some crash it, as
        # it hands them to C's isdigit (numpy 2.1; hypothesis found it).
        with open(path, encoding="latin-1") as file:
            check_columns(path, file.readline().removeprefix(BYTE_ORDER_MARK), columns)
            table = parse(file, columns)
    except OSError as problem:
        raise DataError(f"{path} cannot be read: {problem.strerror}") from None
    if table is None:
        raise DataError(find_fault(path, columns))
    return table


def wanted(columns: Sequence[str]) -> str:
    """The file that has these columns, as Kaggle names it."""
    return "Kaggle's train.csv" if columns[0] == "label" else "Kaggle's test.csv"


def check_columns(path: Path, line: str, columns: Sequence[str]) -> None:
    """Raise DataError unless a file's first line names these columns."""
    names = [name.strip().strip('"') for name in line.strip().split(",")]
    if names == [""]:
        raise DataError(f"{path} is empty: expected {wanted(columns)}")
    if names == COLUMNS[1:] != columns:
        raise DataError(f"{path} has no labels, as Kaggle's test.csv: give its train.csv")
    if names == COLUMNS != columns:
        raise DataError(f"{path} has labels, as Kaggle's train.csv: give its test.csv")
    for number, (name, expected) in enumerate(zip(names, columns, strict=False), 1):
        if name != expected:
            raise DataError(
                f"{path}, row 1: column {number} is {shown(name)} where {wanted(columns)} has "
                f"{expected!r}; expected {','.join(columns[:2])},...,{columns[-1]}"
            )
    if len(names) != len(columns):
        raise DataError(f"{path}, row 1: {len(names)} columns, expected {len(columns)}")


def parse(lines: Iterable[str], columns: Sequence[str]) -> np.ndarray | None:
    """Rows of CSV as (n, columns) uint8; None where there is a fault, or no row.

    42,000 rows take two seconds.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "input contained no data"
        try:
            table = np.loadtxt(lines, np.uint8, delimiter=",", comments=None, ndmin=2)
        except ValueError:
            return None
    fits = len(table) and table.shape[1] == len(columns)
    return table if fits and (columns[0] != "label" or table[:, 0].max() <= 9) else None


def find_fault(path: Path, columns: Sequence[str]) -> str:
    """What is wrong with a CSV file that did not parse, with its row, in one line."""
    row = 2
    with open(path, encoding="latin-1") as file:
        next(file)
        while block := list(islice(file, 1000)):
            # Only the block that does not parse is worth the slow look, value by value.
            fault = first_fault(block, columns) if parse(block, columns) is None else None
            if fault:
                return f"{path}, row {row + fault[0]}: {fault[1]}"
            row += len(block)
    if row == 2:
        return f"{path} has no rows below its columns' names: expected {wanted(columns)}"
    return f"{path} is not a table of whole numbers from 0 to 255"


def first_fault(lines: list[str], columns: Sequence[str]) -> tuple[int, str] | None:
    """The index of the first of these lines of CSV with a fault, and what is wrong with it."""
    for number, line in enumerate(lines):
        fields = line.rstrip("\n").split(",")
        if fields == [""]:
            continue
        if len(fields) != len(columns):
            return number, f"{len(fields)} values, expected {len(columns)}"
        for name, field in zip(columns, fields, strict=True):
            highest = 9 if name == "label" else 255
            if not is_whole(field.strip()) or int(field) > highest:
                whole = f"a whole number from 0 to {highest}"
                return number, f"{name} is {shown(field)}, expected {whole}"
    return None


def is_whole(field: str) -> bool:
    """Whether a field is digits alone, and not so many that reading them takes long."""
    return field.isascii() and field.isdigit() and len(field) < 20


def shown(field: str) -> str:
    """A field that was read as Latin-1, for a message: quoted, decoded as UTF-8, not too long."""
    return repr(field.encode("latin-1").decode("utf-8", "replace")[:40])
