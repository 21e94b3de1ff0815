"""Parse UNIPEN's file format: data files, their includes, and segments: characters or words.

A file is a sequence of blocks, each started by a keyword such as `.PEN_DOWN` in the first column.
Every non-empty block of coordinates, pen down or pen up, is a component; `.SEGMENT` names
components by their number in the file and its includes, from 0. In a file of words whose numbers
all lie below the number of its pen-down components, these alone are counted. Format: I. Guyon et
al., "UNIPEN project of on-line data exchange and recognizer benchmarks", ICPR 1994.
"""

import math
import re
from dataclasses import dataclass, field

from files.drawings import MAX_COORDINATE, MAX_POINTS, MAX_STROKES
from files.quoting import quote, shorten
from train.data.unipen.files import MAX_INCLUDED, Files, UnipenError

NUMBER = r"([0-9]{1,9})"
PIECE = re.compile(f"{NUMBER}(?::{NUMBER})?(?:-{NUMBER}(?::{NUMBER})?)?")
SEGMENT = re.compile(
    r'(?:CHARACTER|WORD)\s+([^\s"]+)(?:[ \t]+([^\s"]+))?(?:[ \t]+"((?:\\.|[^"\\])*)")?'
)

Stroke = list[list[float]]

MAX_DEPTH = 100  # of nested includes; those of categories 1a to 1d have 2


@dataclass(frozen=True)
class Piece:
    """Part of a delineation: components `first` to `last`, both included, counted from 0.

    It begins at point `start` of the first component and ends with point `end` of the last one,
    counted from 0 and included; `end` is None for the last point.
    """

    first: int
    last: int
    start: int = 0
    end: int | None = None


@dataclass(frozen=True)
class Component:
    """A non-empty block of coordinates, kept as text; `points` parses it."""

    down: bool
    values: str
    columns: tuple[str, ...]  # of .COORD
    x_scale: float  # points per inch of y divided by those of x
    writer: str


@dataclass(frozen=True)
class Segment:
    """A character or word of a data file; `label` is "" if the file gives none."""

    delineation: str
    label: str


@dataclass
class ParsedFile:
    """Contents of a data file and its includes, in order; `level` is that of the segments."""

    writer: str
    level: str
    columns: tuple[str, ...] = ()
    resolution: dict[str, float] = field(default_factory=dict)
    components: list[Component] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    included: int = 0


def parse(files: Files, name: str, writer: str, level: str = "CHARACTER") -> ParsedFile:
    """Parse a data file and its includes.

    Args:
        files: all files.
        name: the data file.
        writer: applies until the first `.WRITER_ID`.
        level: of the segments to collect, "CHARACTER" or "WORD".
    """
    parsed = ParsedFile(writer, level)
    _parse(files, name, parsed, ())
    if level == "WORD":
        try:
            parsed.components = numbered_by_words(parsed)
        except UnipenError as error:
            raise UnipenError(f"UNIPEN file {shorten(name)}: {error}") from None
    return parsed


def numbered_by_words(parsed: ParsedFile) -> list[Component]:
    """Return the components that a file of words counts: the pen-down ones if all numbers fit."""
    pieces = (piece for each in parsed.segments for piece in parse_delineation(each.delineation))
    highest = max((piece.last for piece in pieces), default=0)
    pen_down = [component for component in parsed.components if component.down]
    return pen_down if highest < len(pen_down) else parsed.components


def parse_delineation(text: str) -> list[Piece]:
    """Parse a delineation such as `12-14,16` or `260:3-261:5`.

    Raises UnipenError for anything else, and for a piece that ends before it begins.
    """
    pieces = []
    for part in text.split(","):
        match = PIECE.fullmatch(part)
        if not match:
            raise UnipenError(
                f"{quote(part)} in delineation {quote(text)} is not like 3, 3-5 or 3:1-5:2"
            )
        first, start, last, end = (
            None if group is None else int(group) for group in match.groups()
        )
        if last is None:  # one component, or one point of it
            last, end = first, start
        piece = Piece(first, last, start or 0, end)
        if last < first or (last == first and end is not None and end < piece.start):
            raise UnipenError(f"{quote(part)} in delineation {quote(text)} ends before it begins")
        pieces.append(piece)
    return pieces


def extract_strokes(components: list[Component], delineation: str) -> tuple[list[Stroke], str]:
    """Return the strokes of a delineation and the writer of its first component.

    Strokes are pen-down ink only, points [x, y] or [x, y, ms], y down, times from the first point.
    """
    pieces = parse_delineation(delineation)
    strokes: list[Stroke] = []
    count = 0
    for piece in pieces:
        if piece.last >= len(components):
            raise UnipenError(f"there is no component {piece.last}, only {len(components)}")
        for index in range(piece.first, piece.last + 1):
            if components[index].down:
                strokes.append(_clip(points(components[index]), piece, index))
                count += len(strokes[-1])
            if count > MAX_POINTS or len(strokes) > MAX_STROKES:
                raise UnipenError(
                    f"it has more than {MAX_POINTS} points or {MAX_STROKES} strokes: fix it"
                )
    return _shift_times(strokes), components[pieces[0].first].writer


def points(component: Component) -> Stroke:
    """Return the points of a component, x in units of y, y down, as [x, y] or [x, y, ms]."""
    width = len(component.columns)
    try:
        values = [float(value) for value in component.values.split()]
    except ValueError as error:
        raise UnipenError(f"{shorten(str(error))} among its points") from None
    if len(values) % width or not all(map(math.isfinite, values)):
        raise UnipenError(f"its points are not rows of {width} numbers")
    column = {name: values[index::width] for index, name in enumerate(component.columns)}
    xs = [x * component.x_scale for x in column["X"]]
    if not all(abs(number) <= MAX_COORDINATE for number in [*xs, *column["Y"]]):
        raise UnipenError(f"it has a point beyond {MAX_COORDINATE:.0e}")
    ys = [0.0 - y for y in column["Y"]]  # UNIPEN's y grows upward; 0.0 - y is never -0.0
    rows = zip(xs, ys, column["T"], strict=True) if "T" in column else zip(xs, ys, strict=True)
    return [list(row) for row in rows]


def _clip(stroke: Stroke, piece: Piece, index: int) -> Stroke:
    """Return the part of component `index` that a piece covers."""
    start = piece.start if index == piece.first else 0
    end = piece.end if index == piece.last and piece.end is not None else len(stroke) - 1
    if max(start, end) >= len(stroke):
        raise UnipenError(f"component {index} has no point {max(start, end)}, only {len(stroke)}")
    return stroke[start : end + 1]


def _shift_times(strokes: list[Stroke]) -> list[Stroke]:
    """Shift times to begin at 0; drop them if some strokes have none."""
    if not all(len(stroke[0]) == 3 for stroke in strokes):
        return [[point[:2] for point in stroke] for stroke in strokes]
    return [[[x, y, t - strokes[0][0][2]] for x, y, t in stroke] for stroke in strokes]


def _parse(files: Files, name: str, parsed: ParsedFile, ancestors: tuple[str, ...]) -> None:
    """Parse a file into `parsed`; `ancestors` are the files that include it."""
    if name in ancestors:
        raise UnipenError(f"UNIPEN file {shorten(name)} includes itself")
    for block in re.split(r"(?m)^\.(?=[A-Z])", files.text(name))[1:]:
        keyword, *rest = block.split(maxsplit=1)
        text = rest[0].rstrip() if rest else ""
        line = text.split("\n", 1)[0]
        if keyword == "INCLUDE":
            parsed.included += 1
            if parsed.included > MAX_INCLUDED or len(ancestors) > MAX_DEPTH:
                raise UnipenError(f"UNIPEN file {shorten(name)} includes too many files: fix it")
            _parse(files, files.included(line.strip(), name), parsed, (*ancestors, name))
        elif keyword == "WRITER_ID":
            parsed.writer = " ".join(line.split()) or parsed.writer
        elif keyword == "COORD":
            parsed.columns = tuple(line.split())
        elif re.fullmatch(r"[XY]_POINTS_PER_(INCH|MM)", keyword):
            parsed.resolution[keyword[0]] = _positive(line, name, keyword)
        elif keyword in ("PEN_DOWN", "PEN_UP") and text:
            _add_component(parsed, name, keyword == "PEN_DOWN", text)
        elif keyword == "SEGMENT" and text.startswith(parsed.level):
            _add_segment(parsed, name, text)


def _add_component(parsed: ParsedFile, name: str, down: bool, values: str) -> None:
    if not {"X", "Y"} <= set(parsed.columns):
        raise UnipenError(f"UNIPEN file {shorten(name)} has ink before a .COORD that names X and Y")
    x_scale = parsed.resolution.get("Y", 1.0) / parsed.resolution.get("X", 1.0)
    parsed.components.append(Component(down, values, parsed.columns, x_scale, parsed.writer))


def _add_segment(parsed: ParsedFile, name: str, text: str) -> None:
    match = SEGMENT.match(text)
    if not match:
        raise UnipenError(f"UNIPEN file {shorten(name)} has a .SEGMENT that names no components")
    # Only quote and backslash are escapes; KAIST marks non-characters with a literal "\\@".
    label = re.sub(r'\\(["\\])', r"\1", match[3] or "")
    parsed.segments.append(Segment(match[1], label))


def _positive(text: str, name: str, keyword: str) -> float:
    try:
        number = float(text.split()[0])
    except (ValueError, IndexError):
        number = math.nan
    if not 0 < number < math.inf:
        raise UnipenError(f"UNIPEN file {shorten(name)}: .{keyword} is not a positive number")
    return number
