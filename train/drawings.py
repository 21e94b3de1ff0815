"""The page's own files: one drawing a line, `{"label": "2026", "strokes": [[[x, y, t], …], …]}`.

`python -m train.drawings FILE…` says what is in such files; see `train/inventory.py`.
"""

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from train.digits import DataError
from train.ink import Drawing, InkError, segments
from train.limits import check_size

MAX_LINE = 8_000_000  # characters: a hundred thousand points need less
MAX_LABEL = 64


@dataclass(frozen=True)
class Labelled:
    """A drawing, what its writer meant by it, and where it stands: `FILE, line 12`."""

    label: str
    strokes: Drawing
    place: str = ""


DIGITS = frozenset("0123456789")


def read(path: Path) -> Iterator[Labelled]:
    """Yield every drawing of a file; blank lines are passed over.

    Raises:
        DataError: the file or a line cannot be used; the message names the line and why.
    """
    try:
        check_size(path)
        with path.open(encoding="utf-8-sig") as lines:  # some editors begin it with a mark
            for number, line in enumerate(iter(lambda: lines.readline(MAX_LINE + 1), ""), 1):
                if line.strip():
                    yield parse(line, f"{path}, line {number}")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable file of drawings ({error})") from None


def parse(line: str, place: str) -> Labelled:
    """One line's drawing; `place` names it in errors."""
    if len(line) > MAX_LINE:
        raise DataError(f"{place}: longer than {MAX_LINE:,} characters; take the line out")
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        raise DataError(f"{place}: not JSON; mend or take out the line") from None
    if not isinstance(entry, dict) or not {"label", "strokes"} <= entry.keys():
        raise DataError(f'{place}: needs "label" and "strokes"')
    label, strokes = entry["label"], entry["strokes"]
    if not isinstance(label, str) or not 0 < len(label) <= MAX_LABEL:
        raise DataError(f"{place}: the label must be a text of 1 to {MAX_LABEL} characters")
    if not isinstance(strokes, list) or not all(isinstance(stroke, list) for stroke in strokes):
        raise DataError(f"{place}: the strokes must be lists of points")
    try:
        segments(strokes)
        check_numbers(strokes)
    except InkError as error:
        raise DataError(f"{place}: {error}") from None
    return Labelled(label, strokes, place)


def check_numbers(strokes: Drawing) -> None:
    """Raise InkError unless every point is two or three finite numbers, as the page has it."""
    for number, stroke in enumerate(strokes, 1):
        for point in stroke:
            whole = isinstance(point, list) and len(point) in (2, 3)
            if not whole or not all(type(x) in (int, float) and abs(x) < math.inf for x in point):
                raise InkError(f"stroke {number} has a point that is not [x, y] or [x, y, ms]")


def digits(paths: list[Path]) -> tuple[list[Drawing], list[int], int]:
    """Drawings of single digits, their labels, and how many others the files hold."""
    found = [entry for path in paths for entry in read(path)]
    single = [entry for entry in found if entry.label in DIGITS]
    return (
        [entry.strokes for entry in single],
        [int(entry.label) for entry in single],
        len(found) - len(single),
    )


if __name__ == "__main__":
    from train.inventory import main

    sys.exit(main())
