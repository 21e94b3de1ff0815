"""Drawings, and the lines of a drawings file: JSON Lines of labelled drawings.

    {"label": "2026", "strokes": [[[x, y, t], …], …]}

A drawing is a list of strokes, a stroke a list of points `[x, y]` or `[x, y, ms]`, y down, in any
unit. `check` mirrors `checkDrawing` in `web/ink.js`. `server.py` imports this module, so it does
without numpy.
"""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Real

MAX_LINE = 8_000_000  # characters; MAX_POINTS points need fewer
MAX_LABEL = 64
MAX_COORDINATE = 1e12  # larger coordinates leave differences too little precision
MAX_POINTS = 100_000  # hours of drawing; a file with more is broken
MAX_STROKES = 300  # 60 symbols of five strokes; reading dense hatching takes seconds
MAX_FLOAT = sys.float_info.max  # larger integers are Infinity in JavaScript
LISTS = (list, tuple)

Drawing = Sequence[Sequence[Sequence[float]]]


class DataError(ValueError):
    """Data that cannot be used. The message is one line: what is wrong and what to do."""


class InkError(ValueError):
    """A drawing that cannot be rendered. The message says which stroke and why."""


def check(drawing: object) -> None:
    """Raise InkError unless `drawing` is a valid drawing of lists or tuples."""
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
    """Raise InkError unless `point` is valid; `number` counts its stroke from 1."""
    if not isinstance(point, LISTS) or not 2 <= len(point) <= 3 or not all(map(is_number, point)):
        raise InkError(f"stroke {number} has a point that is not [x, y] or [x, y, ms]")
    x, y, *time = point
    for coordinate in (x, y):
        if not abs(coordinate) < math.inf:
            raise InkError(f"stroke {number} has a coordinate that is not a finite number")
        if abs(coordinate) > MAX_COORDINATE:
            raise InkError(f"stroke {number} has a coordinate beyond {MAX_COORDINATE:.0e}")
    if time and not abs(time[0]) <= MAX_FLOAT:
        raise InkError(f"stroke {number} has a time that is not a finite number")


def is_number(value: object) -> bool:
    """Check for a real number, numpy's scalars included and bool excluded."""
    return type(value) in (float, int) or (isinstance(value, Real) and type(value) is not bool)


@dataclass(frozen=True)
class LabelledDrawing:
    """A drawing with its label; `source` is where it was read from: `FILE, line 12`."""

    label: str
    strokes: Drawing
    source: str = field(default="", compare=False)


def parse(line: str, source: str) -> LabelledDrawing:
    """Parse one line of a drawings file.

    Raises:
        DataError: the line holds no labelled drawing; the message begins with `source`.
    """
    if len(line) > MAX_LINE:
        raise DataError(f"{source}: longer than {MAX_LINE:,} characters; remove the line")
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        raise DataError(f"{source}: not JSON; fix or remove the line") from None
    if not isinstance(entry, dict) or not {"label", "strokes"} <= entry.keys():
        raise DataError(f'{source}: needs "label" and "strokes"')
    label, strokes = entry["label"], entry["strokes"]
    if not isinstance(label, str) or not 0 < len(label) <= MAX_LABEL:
        raise DataError(f"{source}: the label must be a string of 1 to {MAX_LABEL} characters")
    if not isinstance(strokes, list) or not all(isinstance(stroke, list) for stroke in strokes):
        raise DataError(f"{source}: the strokes must be lists of points")
    try:
        check(strokes)
    except InkError as error:
        raise DataError(f"{source}: {error}") from None
    return LabelledDrawing(label, strokes, source)


def to_line(entry: LabelledDrawing) -> bytes:
    """Return the entry as a line of ASCII JSON, which no terminal interprets, newline included."""
    fields = {"label": entry.label, "strokes": entry.strokes}
    return json.dumps(fields, separators=(",", ":"), allow_nan=False).encode() + b"\n"
