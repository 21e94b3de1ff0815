"""What a drawing is: strokes of points `[x, y]` or `[x, y, ms]`, y down, in any unit.

Without numpy, so that `server.py` can tell a drawing as well; twin of `checkDrawing` in
`web/ink.js`.
"""

import math
import sys
from collections.abc import Sequence
from numbers import Real

MAX_COORDINATE = 1e12  # beyond it differences of coordinates lose their meaning
MAX_POINTS = 100_000  # hours of drawing: more is a broken file
MAX_STROKES = 300  # sixty symbols of five; dense hatching of more would take seconds to read
LARGEST = sys.float_info.max  # whole numbers may be larger, and are infinite elsewhere
LISTS = (list, tuple)

Drawing = Sequence[Sequence[Sequence[float]]]


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
