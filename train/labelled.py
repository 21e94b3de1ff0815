"""One line of a drawings file: a drawing and what its writer meant by it.

    {"label": "2026", "strokes": [[[x, y, t], …], …]}

Without numpy: `train.drawings` reads such lines, and `server.py` takes them in.
"""

import json
from dataclasses import dataclass, field

from train.error import DataError
from train.strokes import Drawing, InkError, check

MAX_LINE = 8_000_000  # characters: a hundred thousand points need less
MAX_LABEL = 64


@dataclass(frozen=True)
class Labelled:
    """A drawing, what its writer meant by it, and where it stands: `FILE, line 12`."""

    label: str
    strokes: Drawing
    place: str = field(default="", compare=False)


def parse(line: str, place: str) -> Labelled:
    """One line's drawing.

    Raises:
        DataError: it is none; one line that begins with `place` and says why.
    """
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
        check(strokes)
    except InkError as error:
        raise DataError(f"{place}: {error}") from None
    return Labelled(label, strokes, place)


def line_of(entry: Labelled) -> bytes:
    """The line, in ASCII, with its end: whatever a label holds, no terminal and no path."""
    held = {"label": entry.label, "strokes": entry.strokes}
    return json.dumps(held, separators=(",", ":"), allow_nan=False).encode() + b"\n"
