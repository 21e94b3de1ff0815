"""Read drawings files saved by the page, JSON Lines of labelled drawings (`files/drawings.py`).

`python -m train.drawings FILE…` summarises such files.
"""

from collections.abc import Iterator
from pathlib import Path

from files.drawings import MAX_LINE, DataError, Drawing, LabelledDrawing, parse
from files.limits import check_size

DIGITS = frozenset("0123456789")


def read(path: Path) -> Iterator[LabelledDrawing]:
    """Yield every drawing of a file; blank lines are skipped.

    Raises:
        DataError: the file or a line cannot be used; the message names the line and the reason.
    """
    try:
        check_size(path)
        with path.open(encoding="utf-8-sig") as lines:  # some editors write a byte order mark
            for number, line in enumerate(iter(lambda: lines.readline(MAX_LINE + 1), ""), 1):
                if line.strip():
                    yield parse(line, f"{path}, line {number}")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable file of drawings ({error})") from None


def digits(paths: list[Path]) -> tuple[list[Drawing], list[int], int]:
    """Return the drawings of single digits, their labels, and the number of other drawings."""
    found = [entry for path in paths for entry in read(path)]
    single = [entry for entry in found if entry.label in DIGITS]
    return (
        [entry.strokes for entry in single],
        [int(entry.label) for entry in single],
        len(found) - len(single),
    )
