"""Read drawings files saved by the page, JSON Lines of labelled drawings (`files/drawings.py`).

`python -m train.drawings PATH…` summarises such files.
"""

import os
from collections.abc import Iterator, Sequence
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


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Replace each folder by its *.jsonl files, sorted by name; hidden files are skipped.

    A server that collects drawings writes a file for each request, which can be more files than
    fit on a command line.

    Raises:
        DataError: a folder has no such file, or cannot be listed.
    """
    found: list[Path] = []
    for path in paths:
        found += files_in(path) if path.is_dir() else [path]
    return found


def files_in(folder: Path) -> list[Path]:
    """Return the *.jsonl files of a folder, sorted by name. Raises DataError."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise DataError(f"{folder}: not a readable folder of drawings ({error})") from None
    files = [
        folder / name for name in names if name.endswith(".jsonl") and not name.startswith(".")
    ]
    if not files:
        raise DataError(f"{folder}: this folder has no *.jsonl file of drawings")
    return files


def digits(paths: Sequence[Path]) -> tuple[list[Drawing], list[int], int]:
    """Return the drawings of single digits, their labels, and the number of other drawings.

    Args:
        paths: files, or folders of files.
    """
    found = [entry for path in find_files(paths) for entry in read(path)]
    single = [entry for entry in found if entry.label in DIGITS]
    return (
        [entry.strokes for entry in single],
        [int(entry.label) for entry in single],
        len(found) - len(single),
    )
