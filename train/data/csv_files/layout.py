"""Recognise the layout of a CSV file of digits by its first line.

Read are a label and 784 pixels, row by row from the top, in the layouts in which copies of MNIST go
round: Kaggle's `label,pixel0,...,pixel783`; `label,1x1,1x2,...,28x28`; `pixel1,...,pixel784,class`;
without a header; separated by commas, semicolons, tabs or spaces.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from files import quoting
from files.drawings import DataError

SIDE = 28
PIXELS = SIDE * SIDE
LABELS = {"label", "labels", "class", "digit", "target", "y"}  # names of the label's column
DELIMITERS = (";", "\t", ",", " ")  # a decimal comma comes with one of the first two
BYTE_ORDER_MARK = "\ufeff".encode().decode("latin-1")  # Excel writes it at the start of UTF-8 files
EXPECTED = "a label and 28 x 28 pixels"
FIRST, LAST, UNKNOWN = 0, PIXELS, -1  # columns of the label


@dataclass(frozen=True)
class Layout:
    """How to read the rows of a CSV file.

    `names` are those of all columns, for messages. `label` is the label's column: UNKNOWN if only
    the rows can tell, None if there is none.
    """

    delimiter: str
    names: Sequence[str]
    label: int | None
    has_header: bool

    @property
    def first_row(self) -> int:
        """The number of the first row of values, as in a spreadsheet."""
        return 2 if self.has_header else 1

    def split(self, line: str) -> list[str]:
        """Split a line into fields without quotes."""
        return split(line, self.delimiter)

    def clean(self, line: str) -> str:
        """Return a line without quotes and decimal commas."""
        line = line.replace('"', "")
        return line if self.delimiter == "," else line.replace(",", ".")


def split(line: str, delimiter: str) -> list[str]:
    """Split a line into fields without quotes and surrounding space."""
    line = line.removeprefix(BYTE_ORDER_MARK).rstrip("\r\n").replace('"', "")
    fields = line.split() if delimiter == " " else line.split(delimiter)
    return [field.strip() for field in fields]


def recognise(path: Path, line: str, labelled: bool) -> Layout:
    """Recognise the layout by the first line of a file. Raises DataError that names the file."""
    if not line.removeprefix(BYTE_ORDER_MARK).strip():
        raise DataError(f"{path} is empty, or its first row is: expected {EXPECTED} in each row")
    count = PIXELS + labelled
    fields, delimiter = max(
        ((split(line, each), each) for each in DELIMITERS),
        key=lambda found: (len(found[0]) == count, len(found[0])),
    )
    has_header = is_header(fields)
    if len(fields) != count:
        raise DataError(f"{path}, row 1: {describe_count(fields, labelled, has_header)}")
    if not has_header:
        names = [f"column {number}" for number in range(1, count + 1)]
        return Layout(delimiter, names, UNKNOWN if labelled else None, False)
    label = find_label(path, fields) if labelled else None
    pixels = [name for number, name in enumerate(fields) if number != label or label == UNKNOWN]
    if label != UNKNOWN and (fault := find_disorder(pixels)):
        raise DataError(f"{path}, row 1: {fault}")
    names = [quoting.shorten(decoded(field)) for field in fields]
    return Layout(delimiter, names, label, True)


def is_header(fields: Sequence[str]) -> bool:
    """Tell whether fields are names: some are no numbers, or they count up as pandas' do."""
    if not all(map(is_number, fields)):
        return True
    return len(fields) > 2 and all(int_of(b) == int_of(a) + 1 for a, b in pairwise(fields))


def describe_count(fields: Sequence[str], labelled: bool, has_header: bool) -> str:
    """Describe a first line with too few or too many fields."""
    if labelled and len(fields) == PIXELS and not (has_header and find_disorder(fields)):
        return "has no labels, like Kaggle's test.csv: give its train.csv"
    if not labelled and has_header and len(fields) == PIXELS + 1 and LABELS & lowered(fields):
        return "has labels, like Kaggle's train.csv: give its test.csv"
    expected = PIXELS + labelled
    kind = EXPECTED if labelled else "28 x 28 pixels"
    numbered = [name for name in fields if name.lower() not in LABELS]
    fault = find_disorder(numbered) if has_header and len(fields) > 2 else None
    return f"{len(fields)} columns, expected {expected}: {kind}{f' ({fault})' if fault else ''}"


def find_label(path: Path, names: Sequence[str]) -> int:
    """Find the label's column by the header. Raises DataError if it cannot be told."""
    named = [number for number, name in enumerate(names) if name.lower() in LABELS]
    if len(named) == 1:
        return named[0]
    if named:
        both = " and ".join(quote(names[number]) for number in named[:2])
        raise DataError(f"{path}, row 1: both {both} could be the label: remove one of them")
    first, last = (find_disorder(pixels) for pixels in (names[1:], names[:-1]))
    if first and last:
        odd = next((name for name in names if not re.search(r"\d", name)), names[0])
        raise DataError(
            f"{path}, row 1: {quote(odd)} is neither a value nor a name of a column like label, "
            "pixel0, pixel1 or 1x1, 1x2: name the columns, or remove the line if it is no header"
        )
    if not first and not last:
        return UNKNOWN
    return FIRST if last else LAST


def find_disorder(names: Sequence[str]) -> str | None:
    """Describe why the names of pixels do not count them row by row, or return None."""
    numbers = [tuple(map(int, re.findall(r"\d{1,9}", name))) for name in names]
    start = numbers[0]
    if len(start) == 2:
        for number, name in enumerate(names):
            row, column = divmod(number, SIDE)
            if numbers[number] != (start[0] + row, start[1] + column):
                before = f"after {quote(names[number - 1])} " if number else ""
                return f"{before}comes {quote(name)}, and pixels go row by row: 1x1, 1x2"
        return None
    for number, name in enumerate(names):
        if len(start) != 1:
            return f"{quote(name)} does not number a pixel"
        if numbers[number] != (start[0] + number,):
            return f"after {quote(names[number - 1])} comes {quote(name)}"
    return None


def label_of_rows(path: Path, table: np.ndarray) -> int:
    """Find the label's column in rows whose header does not tell: the first or the last.

    Pixels at a corner are paper, which is the same everywhere. Raises DataError if that does not
    tell them apart.
    """
    candidates = []
    for column in (FIRST, LAST):
        values = np.unique(table[:, column])
        if len(values) > 1 and is_label(values).all():
            candidates.append((bool(values[-1] > 1), column))  # 0 and 1 may be pixels
    candidates.sort()
    if not candidates or (len(candidates) == 2 and candidates[0][0] == candidates[1][0]):
        found = "both could be" if candidates else "neither is"
        raise DataError(
            f"{path}: of the first and the last column, {found} the label, a digit from 0 to 9: "
            "add a header, label,pixel0,pixel1,... or pixel0,pixel1,...,label"
        )
    return candidates[-1][1]


def is_label(values: np.ndarray) -> np.ndarray:
    """Tell which values are whole numbers from 0 to 9."""
    return (values >= 0) & (values <= 9) & (values == np.floor(values))


def is_number(field: str) -> bool:
    """Tell whether a field is a finite number, with a decimal point or comma."""
    return number_of(field) is not None


def number_of(field: str) -> float | None:
    """Return the finite number that a field holds, or None."""
    field = field.replace(",", ".")
    if len(field) > 400 or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", field, re.A):
        return None
    value = float(field)
    return value if abs(value) < float("inf") else None


def int_of(field: str) -> float:
    """Return a field as a whole number, NaN if it is not one."""
    return int(field) if field.isascii() and field.isdigit() and len(field) < 9 else float("nan")


def lowered(names: Sequence[str]) -> set[str]:
    """Return names in lower case."""
    return {name.lower() for name in names}


def quote(field: str) -> str:
    """Quote a field for a message, decoded as UTF-8."""
    return quoting.quote(decoded(field))


def decoded(field: str) -> str:
    """Decode a field, read as Latin-1, as UTF-8."""
    return field.encode("latin-1").decode("utf-8", "replace")
