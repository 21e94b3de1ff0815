"""A drawing, and one line of a drawings file: a drawing and what its writer meant by it.

    {"label": "2026", "strokes": [[[x, y, t], …], …]}

A drawing is strokes of points `[x, y]` or `[x, y, ms]`, y down, in any unit; `check` is the twin of
`checkDrawing` in `web/ink.js`. Without numpy, so that `server.py` can take drawings in.
"""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Real

MAX_LINE = 8_000_000  # characters: a hundred thousand points need less
MAX_LABEL = 64
MAX_COORDINATE = 1e12  # beyond it differences of coordinates lose their meaning
MAX_POINTS = 100_000  # hours of drawing: more is a broken file
MAX_STROKES = 300  # sixty symbols of five; dense hatching of more would take seconds to read
LARGEST = sys.float_info.max  # whole numbers may be larger, and are infinite elsewhere
LISTS = (list, tuple)

Drawing = Sequence[Sequence[Sequence[float]]]


class DataError(ValueError):
    """Data that cannot be used: one line that says what is wrong and what to do."""


class InkError(ValueError):
    """Ink that cannot be drawn; the message says which stroke and why."""


def check(drawing: object) -> None:
    """Raise InkError unless it is a drawing, of lists or tuples."""
    if not isinstance(drawing, LISTS):
        raise InkError("the drawing is not a list of strokes")
    if not drawing:
        raise InkError("the drawing has no strokes")
    if len(drawing) > MAX_STROKES:
        raise InkError(f"the drawing has more than {MAX_STROKES} strokes")
    for number, stroke in enumerate(drawing, 1):
        if not isinstance(stroke, LISTS):
            raise InkError(f"stroke {number} is not a list of points")
    if sum(map(len, drawing)) > MAX_POINTS:
        raise InkError(f"the drawing has more than {MAX_POINTS} points")
    for number, stroke in enumerate(drawing, 1):
        if not stroke:
            raise InkError(f"stroke {number} has no points")
        for point in stroke:
            check_point(point, number)


def check_point(point: object, number: int) -> None:
    """Raise InkError unless it is a point; `number` names its stroke."""
    if not isinstance(point, LISTS) or not 2 <= len(point) <= 3 or not all(map(is_number, point)):
        raise InkError(f"stroke {number} has a point that is not [x, y] or [x, y, ms]")
    x, y, *time = point
    for coordinate in (x, y):
        if not abs(coordinate) < math.inf:
            raise InkError(f"stroke {number} has a coordinate that is not a finite number")
        if abs(coordinate) > MAX_COORDINATE:
            raise InkError(f"stroke {number} has a coordinate beyond {MAX_COORDINATE:.0e}")
    if time and not abs(time[0]) <= LARGEST:
        raise InkError(f"stroke {number} has a time that is not a finite number")


def is_number(found: object) -> bool:
    """Whether it is a number; in an array's row they are of numpy's types."""
    return type(found) in (float, int) or (isinstance(found, Real) and type(found) is not bool)


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
