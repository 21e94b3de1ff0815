"""UNIPEN's file format: data files, what they include, and the pieces of ink that are characters.

A file is a row of blocks, each begun by a keyword such as `.PEN_DOWN` in the first column. Every
non-empty block of coordinates, pen down or pen up, is a component; `.SEGMENT` names components by
their number in the file and what it includes, from 0. Format: I. Guyon et al., "UNIPEN project of
on-line data exchange and recognizer benchmarks", ICPR 1994.
"""

import math
import re
from dataclasses import dataclass, field

from files.drawings import MAX_COORDINATE, MAX_POINTS, MAX_STROKES
from train.data.unipen.files import MAX_INCLUDED, Files, UnipenError, shown

NUMBER = r"([0-9]{1,9})"
PIECE = re.compile(f"{NUMBER}(?::{NUMBER})?(?:-{NUMBER}(?::{NUMBER})?)?")
SEGMENT = re.compile(r'CHARACTER\s+([^\s"]+)(?:[ \t]+([^\s"]+))?(?:[ \t]+"((?:\\.|[^"\\])*)")?')

Stroke = list[list[float]]

MAX_DEPTH = 100  # files that include one another; those of categories 1a to 1d, 2


@dataclass(frozen=True)
class Piece:
    """Part of a delineation: components `first` to `last`, both included, counted from 0.

    The first component may begin at point `start` and the last one end with point `end`, counted
    from 0 and included; `end` is None where the last component is taken to its end.
    """

    first: int
    last: int
    start: int = 0
    end: int | None = None


@dataclass(frozen=True)
class Component:
    """A non-empty block of coordinates, as text until somebody wants its points."""

    down: bool
    values: str
    columns: tuple[str, ...]  # of .COORD
    stretch: float  # of x, where the tablet is finer along one axis
    writer: str


@dataclass(frozen=True)
class Segment:
    """A character that a data file names; `label` is "" where the file gives none."""

    delineation: str
    label: str


@dataclass
class Page:
    """What a data file and the files that it includes say, in their order."""

    writer: str
    columns: tuple[str, ...] = ()
    resolution: dict[str, float] = field(default_factory=dict)
    components: list[Component] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    included: int = 0


def parse(files: Files, name: str, writer: str) -> Page:
    """Read a data file and all that it includes; `writer` is who wrote until a file says who."""
    page = Page(writer)
    _parse(files, name, page, ())
    return page


def parse_delineation(text: str) -> list[Piece]:
    """Return the pieces of a delineation such as `12-14,16` or `260:3-261:5`.

    Raises UnipenError for anything else, and for a piece that ends before it begins.
    """
    pieces = []
    for part in text.split(","):
        match = PIECE.fullmatch(part)
        if not match:
            raise UnipenError(
                f"{shown(part)} in delineation {shown(text)} is not like 3, 3-5 or 3:1-5:2"
            )
        first, start, last, end = (
            None if group is None else int(group) for group in match.groups()
        )
        if last is None:  # one component, or one point of it
            last, end = first, start
        piece = Piece(first, last, start or 0, end)
        if last < first or (last == first and end is not None and end < piece.start):
            raise UnipenError(f"{shown(part)} in delineation {shown(text)} ends before it begins")
        pieces.append(piece)
    return pieces


def cut(components: list[Component], delineation: str) -> tuple[list[Stroke], str]:
    """Return the strokes of a delineation and the writer of its first component.

    Strokes are pen-down ink alone, points [x, y] or [x, y, ms], y down, times from the first point.
    """
    pieces = parse_delineation(delineation)
    strokes: list[Stroke] = []
    count = 0
    for piece in pieces:
        if piece.last >= len(components):
            raise UnipenError(f"there is no component {piece.last}, only {len(components)}")
        for index in range(piece.first, piece.last + 1):
            if components[index].down:
                strokes.append(_part(points(components[index]), piece, index))
                count += len(strokes[-1])
            if count > MAX_POINTS or len(strokes) > MAX_STROKES:
                raise UnipenError(
                    f"it has more than {MAX_POINTS} points or {MAX_STROKES} strokes: mend it"
                )
    return _from_zero(strokes), components[pieces[0].first].writer


def points(component: Component) -> Stroke:
    """Return the points of a component, x in units of y, y down, as [x, y] or [x, y, ms]."""
    width = len(component.columns)
    try:
        values = [float(value) for value in component.values.split()]
    except ValueError as error:
        raise UnipenError(f"{shown(str(error))[1:-1]} among its points") from None
    if len(values) % width or not all(map(math.isfinite, values)):
        raise UnipenError(f"its points are not rows of {width} numbers")
    column = {name: values[index::width] for index, name in enumerate(component.columns)}
    xs = [x * component.stretch for x in column["X"]]
    if not all(abs(number) <= MAX_COORDINATE for number in [*xs, *column["Y"]]):
        raise UnipenError(f"it has a point beyond {MAX_COORDINATE:.0e}")
    ys = [0.0 - y for y in column["Y"]]  # UNIPEN's y grows upward; 0.0 - y is never -0.0
    rows = zip(xs, ys, column["T"], strict=True) if "T" in column else zip(xs, ys, strict=True)
    return [list(row) for row in rows]


def _part(stroke: Stroke, piece: Piece, index: int) -> Stroke:
    """Return what a piece takes of component `index`."""
    start = piece.start if index == piece.first else 0
    end = piece.end if index == piece.last and piece.end is not None else len(stroke) - 1
    if max(start, end) >= len(stroke):
        raise UnipenError(f"component {index} has no point {max(start, end)}, only {len(stroke)}")
    return stroke[start : end + 1]


def _from_zero(strokes: list[Stroke]) -> list[Stroke]:
    """Let times begin at 0, or leave them out where some strokes have none."""
    if not all(len(stroke[0]) == 3 for stroke in strokes):
        return [[point[:2] for point in stroke] for stroke in strokes]
    return [[[x, y, t - strokes[0][0][2]] for x, y, t in stroke] for stroke in strokes]


def _parse(files: Files, name: str, page: Page, above: tuple[str, ...]) -> None:
    """Add to the page what a file says; `above` are the files that led to it."""
    if name in above:
        raise UnipenError(f"UNIPEN file {name} includes itself")
    for block in re.split(r"(?m)^\.(?=[A-Z])", files.text(name))[1:]:
        keyword, *rest = block.split(maxsplit=1)
        text = rest[0].rstrip() if rest else ""
        line = text.split("\n", 1)[0]
        if keyword == "INCLUDE":
            page.included += 1
            if page.included > MAX_INCLUDED or len(above) > MAX_DEPTH:
                raise UnipenError(f"UNIPEN file {name} includes too many files: mend it")
            _parse(files, files.included(line.strip(), name), page, (*above, name))
        elif keyword == "WRITER_ID":
            page.writer = " ".join(line.split()) or page.writer
        elif keyword == "COORD":
            page.columns = tuple(line.split())
        elif re.fullmatch(r"[XY]_POINTS_PER_(INCH|MM)", keyword):
            page.resolution[keyword[0]] = _positive(line, name, keyword)
        elif keyword in ("PEN_DOWN", "PEN_UP") and text:
            _add_component(page, name, keyword == "PEN_DOWN", text)
        elif keyword == "SEGMENT" and text.startswith("CHARACTER"):
            _add_segment(page, name, text)


def _add_component(page: Page, name: str, down: bool, values: str) -> None:
    if not {"X", "Y"} <= set(page.columns):
        raise UnipenError(f"UNIPEN file {name} has ink before a .COORD that names X and Y")
    stretch = page.resolution.get("Y", 1.0) / page.resolution.get("X", 1.0)
    page.components.append(Component(down, values, page.columns, stretch, page.writer))


def _add_segment(page: Page, name: str, text: str) -> None:
    match = SEGMENT.match(text)
    if not match:
        raise UnipenError(f"UNIPEN file {name} has a .SEGMENT that names no components")
    # Only quote and backslash are escaped; "\\@" is KAIST's own mark for what is no character.
    label = re.sub(r'\\(["\\])', r"\1", match[3] or "")
    page.segments.append(Segment(match[1], label))


def _positive(text: str, name: str, keyword: str) -> float:
    try:
        number = float(text.split()[0])
    except (ValueError, IndexError):
        number = math.nan
    if not 0 < number < math.inf:
        raise UnipenError(f"UNIPEN file {name}: .{keyword} is not a positive number")
    return number
