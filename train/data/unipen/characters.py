"""UNIPEN's characters: read, clean, and split by writer.

    python -m train.data.unipen unipen-train_r01_v07-1abcd.tar.xz

UNIPEN train_r01_v07 (CC BY 4.0, https://doi.org/10.5281/zenodo.1195803) has the categories 1a
(digits), 1b (upper-case letters), 1c (lower-case letters) and 1d (symbols). `read` yields the
characters, `clean` drops unusable ones, `split` assigns writers to train, validation or test.
"""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from train.data.unipen.files import UnipenError, find
from train.data.unipen.format import extract_strokes, parse

__all__ = ["Ink", "UnipenError", "clean", "group_by_writer", "read", "split", "summary"]

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Ink:
    """One written character.

    `strokes` is a drawing: lists of points [x, y] or [x, y, ms], y down, pen-down ink only, in the
    tablet's unit. `writer` is `contributor/writer`. `source` is the data file and the number of
    the segment in it, from 1.
    """

    strokes: list[list[list[float]]]
    label: str
    writer: str
    source: str


def read(path: str | os.PathLike, category: str = "1a") -> Iterator[Ink]:
    """Yield every character of a category, ordered by file name.

    A writer is `contributor/writer`, such as `app/HarveyLehtman`: the contributor is the first
    directory under the category, the writer the `.WRITER_ID` in force where the character's ink
    begins, case kept and runs of spaces joined; without one, the name of the file's directory.

    Args:
        path: the archive (`.tar.xz`), or a directory with `data/` and `include/` somewhere below.
        category: one of CATEGORIES.

    Raises:
        UnipenError: the data cannot be read; the message is one line.
    """
    files = find(path, category)
    for name in files.data:
        folders = PurePosixPath(name).parts[2:-1]
        parsed = parse(files, name, writer=folders[-1] if folders else category)
        for number, segment in enumerate(parsed.segments, start=1):
            source = f"{name.removeprefix('data/')}#{number}"
            try:
                strokes, writer = extract_strokes(parsed.components, segment.delineation)
            except UnipenError as error:
                raise UnipenError(f"UNIPEN segment {source}: {error}") from None
            contributor = folders[0] if folders else category
            yield Ink(strokes, segment.label, f"{contributor}/{writer}", source)


def group_by_writer(inks: Iterable[Ink]) -> dict[str, list[Ink]]:
    """Group characters by writer."""
    hands: defaultdict[str, list[Ink]] = defaultdict(list)
    for ink in inks:
        hands[ink.writer].append(ink)
    return dict(hands)


def clean(inks: Iterable[Ink]) -> tuple[list[Ink], Counter]:
    """Drop unusable characters; return the others and the number dropped by reason.

    Reasons, in this order: no label; fewer than 3 points; no extent (all points in one place); the
    same ink under different labels (all are dropped); duplicates (same ink and label; the first is
    kept). Ink is the same if the coordinates of all strokes are equal in equal order; writer and
    times are ignored. No model is involved.
    """
    dropped: Counter = Counter()
    labels = defaultdict(set)
    sound = []
    for ink in inks:
        if reason := _drop_reason(ink):
            dropped[reason] += 1
        else:
            key = tuple(tuple((point[0], point[1]) for point in stroke) for stroke in ink.strokes)
            labels[key].add(ink.label)
            sound.append((key, ink))
    kept: dict[tuple, Ink] = {}
    for key, ink in sound:
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
    """Format a table of writers, characters and labels by split, and the drops by reason."""
    inks = list(inks)
    labels = sorted({ink.label for ink in inks})
    rows = [["split", "writers", "characters", *labels]]
    for name in (*SPLITS, "all"):
        part = [ink for ink in inks if name in ("all", split(ink.writer))]
        count = Counter(ink.label for ink in part)
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


def _drop_reason(ink: Ink) -> str | None:
    """Return why a character alone is unusable, or None."""
    places = [(point[0], point[1]) for stroke in ink.strokes for point in stroke]
    if not ink.label:
        return "no label"
    if len(places) < 3:
        return "fewer than 3 points"
    return "no extent" if len(set(places)) == 1 else None
