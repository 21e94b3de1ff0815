"""UNIPEN's characters and numbers: read, clean, and split by writer.

    python -m train.data.unipen unipen-train_r01_v07-1abcd.tar.xz

UNIPEN train_r01_v07 (CC BY 4.0, https://doi.org/10.5281/zenodo.1195803) has the categories 1a
(digits), 1b (upper-case letters), 1c (lower-case letters), 1d (symbols) and 7 (words, of which only
those of digits and marks are read). `read` yields the characters or words, `clean` drops unusable
ones, `split` assigns writers to train, validation or test.
"""

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from files.quoting import shorten
from train.data.unipen.files import UnipenError, find
from train.data.unipen.format import Stroke, extract_strokes, parse
from train.data.unipen.mislabelled import is_mislabelled

__all__ = ["Ink", "UnipenError", "clean", "group_by_writer", "kind", "read", "split", "summary"]

SPLITS = ("train", "validation", "test")
WORDS = "7"  # the category of words
NUMBER = re.compile("(?=.*[0-9])[-0-9/:(),#]+")  # digits, with the marks of dates and telephones
# Two names for the same people: everyone in apd (words) is in apb (characters). One writer, one id.
SAME_PEOPLE = {"apd": "apb"}


@dataclass(frozen=True)
class Ink:
    """One written character, or a word of digits and marks.

    `strokes` is a drawing: lists of points [x, y] or [x, y, ms], y down, pen-down ink only, in the
    tablet's unit. `writer` is `contributor/writer`. `source` is the data file and the number of
    the segment in it, from 1, or the delineation of a word.
    """

    strokes: list[list[list[float]]]
    label: str
    writer: str
    source: str

    @property
    def category(self) -> str:
        """The category, such as "1a"."""
        return self.source.split("/")[0]

    @property
    def contributor(self) -> str:
        """The first part of the writer's name, the same in every category."""
        return self.writer.split("/")[0]

    @property
    def donor(self) -> str:
        """The contributor's directory, such as "hpp"; the category for a file outside of any."""
        folders = self.source.split("/")[:-1]
        return folders[1] if len(folders) > 1 else self.category


def read(path: str | os.PathLike, category: str = "1a") -> Iterator[Ink]:
    """Yield every character of a category, or every word of digits and marks, by file name.

    A writer is `contributor/writer`, such as `app/HarveyLehtman`: the contributor is the first
    directory under the category, or the one that SAME_PEOPLE gives for it, the writer the
    `.WRITER_ID` in force where the character's ink begins, case kept and runs of spaces joined;
    without one, the name of the file's directory. A pen that rests repeats its point; in a word
    the repeated ones are left out.

    Args:
        path: the archive (`.tar.xz`), or a directory with `data/` and `include/` somewhere below.
        category: one of CATEGORIES.

    Raises:
        UnipenError: the data cannot be read; the message is one line.
    """
    files = find(path, category)
    words = category == WORDS
    for name in files.data:
        folders = PurePosixPath(name).parts[2:-1] or (category,)
        parsed = parse(files, name, folders[-1], level="WORD" if words else "CHARACTER")
        contributor = SAME_PEOPLE.get(folders[0], folders[0])
        for number, segment in enumerate(parsed.segments, start=1):
            if words and not NUMBER.fullmatch(segment.label):
                continue
            source = f"{name.removeprefix('data/')}#{segment.delineation if words else number}"
            try:
                strokes, writer = extract_strokes(parsed.components, segment.delineation)
            except UnipenError as error:
                raise UnipenError(f"UNIPEN segment {shorten(source)}: {error}") from None
            if words:
                strokes = list(map(without_repeats, strokes))
            yield Ink(strokes, segment.label, f"{contributor}/{writer}", source)


def without_repeats(stroke: Stroke) -> Stroke:
    """Return a stroke without points that lie where the point before them does."""
    pairs = zip(stroke, stroke[1:], strict=False)
    return [*stroke[:1], *(point for before, point in pairs if point[:2] != before[:2])]


def group_by_writer(inks: Iterable[Ink]) -> dict[str, list[Ink]]:
    """Group characters by writer."""
    by_writer: defaultdict[str, list[Ink]] = defaultdict(list)
    for ink in inks:
        by_writer[ink.writer].append(ink)
    return dict(by_writer)


def kind(label: str) -> str:
    """Name what a word of digits and marks is."""
    if not label.isdigit():
        return "strings with marks"
    return "single digits" if len(label) == 1 else "numbers"


def clean(inks: Iterable[Ink]) -> tuple[list[Ink], Counter]:
    """Drop unusable characters; return the others and the number dropped by reason.

    Reasons, in this order: no label; ink that is not what the label says (listed in
    `mislabelled.py`); fewer than 3 points; no extent (all points in one place); the same ink under
    different labels (all are dropped); duplicates (same ink and label; the first is kept). Ink is
    the same if the coordinates of all strokes are equal in equal order; writer and times are
    ignored. No model is involved.
    """
    dropped: Counter = Counter()
    labels = defaultdict(set)
    usable = []
    for ink in inks:
        if reason := _drop_reason(ink):
            dropped[reason] += 1
        else:
            key = tuple(tuple((point[0], point[1]) for point in stroke) for stroke in ink.strokes)
            labels[key].add(ink.label)
            usable.append((key, ink))
    kept: dict[tuple, Ink] = {}
    for key, ink in usable:
        if len(labels[key]) > 1:
            dropped["same ink, different labels"] += 1
        elif key in kept:
            dropped["duplicate"] += 1
        else:
            kept[key] = ink
    return list(kept.values()), dropped


def split(writer: str) -> str:
    """Return the writer's split: "train", "validation" or "test"; all results use this split."""
    remainder = int(hashlib.sha256(writer.encode()).hexdigest(), 16) % 5
    return {0: "test", 1: "validation"}.get(remainder, "train")


def summary(inks: Iterable[Ink], dropped: Counter | None = None) -> str:
    """Format a table of writers, characters and labels by split, and the drops by reason.

    Words are counted by their kinds instead of labels.
    """
    inks = list(inks)
    labels = sorted({_column(ink) for ink in inks})
    rows = [["split", "writers", "characters", *labels]]
    for name in (*SPLITS, "all"):
        part = [ink for ink in inks if name in ("all", split(ink.writer))]
        count = Counter(map(_column, part))
        writers = {ink.writer for ink in part}
        rows.append([name, *map(str, (len(writers), len(part), *(count[a] for a in labels)))])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]
    if dropped is not None:
        lines.append(f"dropped: {dropped.total()}")
        lines += [f"  {count} {reason}" for reason, count in sorted(dropped.items())]
    return "\n".join(lines)


def _column(ink: Ink) -> str:
    """Return the column of `summary` that counts an ink."""
    return kind(ink.label) if ink.category == WORDS else ink.label


def _drop_reason(ink: Ink) -> str | None:
    """Return why a character alone is unusable, or None."""
    places = [(point[0], point[1]) for stroke in ink.strokes for point in stroke]
    if not ink.label:
        return "no label"
    if is_mislabelled(ink.source):
        return "ink that is not what the label says"
    if len(places) < 3:
        return "fewer than 3 points"
    return "no extent" if len(set(places)) == 1 else None
