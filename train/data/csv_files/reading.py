"""Read the rows of a CSV file of digits; errors name the row and the column."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path

import numpy as np

from files.drawings import DataError
from train.data.csv_files.layout import (
    BYTE_ORDER_MARK,
    PIXELS,
    SIDE,
    UNKNOWN,
    Layout,
    is_label,
    label_of_rows,
    number_of,
    quote,
    recognise,
)
from train.data.csv_files.opening import open_text

LOWEST, HIGHEST = -1, 255  # of a pixel; `train.data.pixels` tells the scales apart


def read_labelled(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read pixels (n, 28, 28), uint8 or float32 as the file has them, and labels (n,) int64.

    Raises DataError that names the row.
    """
    table, layout = read_table(path, labelled=True)
    label = label_of_rows(path, table) if layout.label == UNKNOWN else layout.label
    pixels = np.delete(table, label, axis=1)
    return pixels.reshape(-1, SIDE, SIDE), table[:, label].astype(np.int64)


def read_unlabelled(path: Path) -> np.ndarray:
    """Read pixels (n, 28, 28) of a file without labels, as `read_labelled` does."""
    return read_table(path, labelled=False)[0].reshape(-1, SIDE, SIDE)


def read_table(path: Path, labelled: bool) -> tuple[np.ndarray, Layout]:
    """Read all rows, (n, columns), and their layout. Raises DataError that names the row.

    Rows are numbered as in a spreadsheet: a header is row 1.
    """
    wanted = "train.csv" if labelled else "test.csv"
    try:
        with open_text(path, wanted) as file:
            layout = recognise(path, file.readline(), labelled)
        for dtype in (np.uint8, np.float32):  # most files hold whole numbers, which read faster
            with rows_of(path, wanted, layout) as lines:
                table = parse(lines, layout, dtype)
            if table is not None:
                return table, layout
        with rows_of(path, wanted, layout) as lines:
            raise DataError(describe_first_error(path, lines, layout))
    except OSError as problem:
        raise DataError(f"{path} cannot be read: {problem.strerror}") from None


@contextmanager
def rows_of(path: Path, wanted: str, layout: Layout) -> Iterator[Iterable[str]]:
    """Open a file at its first row of values."""
    with open_text(path, wanted) as file:
        first = file.readline()
        yield file if layout.has_header else chain([first.removeprefix(BYTE_ORDER_MARK)], file)


def parse(lines: Iterable[str], layout: Layout, dtype: type) -> np.ndarray | None:
    """Parse rows as (n, columns); None if a value is invalid or there are no rows.

    42,000 rows take about a second as uint8.
    """
    # Not pandas: with dtype uint8, its read_csv turns 256 into 0 and -1 into 255 without an error.
    delimiter = None if layout.delimiter == " " else layout.delimiter
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "input contained no data"
        # numpy reads 0.9 as the integer 0, and warns of that alone.
        warnings.simplefilter("error", DeprecationWarning)
        try:
            cleaned = map(layout.clean, lines)
            table = np.loadtxt(cleaned, dtype, delimiter=delimiter, comments=None, ndmin=2)
        except (ValueError, DeprecationWarning):
            return None
    if not len(table) or table.shape[1] != len(layout.names):
        return None
    if layout.label not in (None, UNKNOWN) and not is_label(table[:, layout.label]).all():
        return None
    if dtype is not np.uint8 and not ((table >= LOWEST) & (table <= HIGHEST)).all():
        return None
    return table


def describe_first_error(path: Path, lines: Iterable[str], layout: Layout) -> str:
    """Describe, in one line with the row, why a CSV file does not parse."""
    row, is_empty = layout.first_row, True
    lines = iter(lines)
    while block := list(islice(lines, 1000)):
        is_empty = is_empty and not any(map(str.strip, block))
        # Checking value by value is slow: only a block that does not parse needs it.
        if parse(block, layout, np.float32) is None and (fault := find_fault(block, layout)):
            return f"{path}, row {row + fault[0]}: {fault[1]}"
        row += len(block)
    if is_empty:
        return f"{path} has no rows below its header: expected {PIXELS} pixels in each"
    return f"{path} is not a table of numbers from 0 to {HIGHEST}"


def find_fault(lines: list[str], layout: Layout) -> tuple[int, str] | None:
    """Return the index of the first line with an invalid value, and a description; or None."""
    for number, line in enumerate(lines):
        fields = layout.split(line)
        if not any(fields) and len(fields) < 2:
            continue
        if len(fields) != len(layout.names):
            return number, f"{len(fields)} values, expected {len(layout.names)}"
        for column, field in enumerate(fields):
            value = number_of(field)
            if column == layout.label:
                if value is None or not is_label(np.float64(value)):
                    return number, describe(layout, column, field, "a whole number from 0 to 9")
            elif value is None or not LOWEST <= value <= HIGHEST:
                return number, describe(layout, column, field, f"a number from 0 to {HIGHEST}")
    return None


def describe(layout: Layout, column: int, field: str, expected: str) -> str:
    """Describe an invalid value."""
    return f"{layout.names[column]} is {quote(field)}, expected {expected}"
