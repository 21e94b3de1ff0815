"""Digits that people wrote with a pen on a tablet: the UNIPEN collection.

    python -m train.data.unipen unipen-train_r01_v07-1abcd.tar.xz

UNIPEN train_r01_v07 (CC BY 4.0, https://doi.org/10.5281/zenodo.1195803) has the categories 1a
(digits), 1b (upper-case letters), 1c (lower-case letters) and 1d (symbols). `read` yields the
characters, `clean` drops what nobody could learn from, `split` says which writers are for testing.
"""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from train.data.unipen.files import UnipenError, find
from train.data.unipen.format import cut, parse

__all__ = ["Ink", "UnipenError", "by_writer", "clean", "read", "split", "summary"]

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Ink:
    """One written character.

    `strokes` is a drawing: lists of points [x, y] or [x, y, ms], y down, pen-down ink alone, in the
    tablet's unit; `writer` is what `split` takes; `source` is the data file and the number of the
    segment in it, from 1.
    """

    strokes: list[list[list[float]]]
    label: str
    writer: str
    source: str


def read(path: str | os.PathLike, category: str = "1a") -> Iterator[Ink]:
    """Yield every character of a category, in the order of the files' names.

    `path` is the archive (`.tar.xz`) or a directory with `data/` and `include/` somewhere below. A
    writer is `contributor/writer`, such as `app/HarveyLehtman`: the contributor is the first
    directory under the category, the writer is the `.WRITER_ID` in force where the character's ink
    begins, capitals as they are and runs of spaces as one; a file without one goes by the name of
    its own directory. Raises UnipenError, one line, for what cannot be read.
    """
    files = find(path, category)
    for name in files.data:
        folders = PurePosixPath(name).parts[2:-1]
        page = parse(files, name, writer=folders[-1] if folders else category)
        for number, segment in enumerate(page.segments, start=1):
            source = f"{name.removeprefix('data/')}#{number}"
            try:
                strokes, writer = cut(page.components, segment.delineation)
            except UnipenError as error:
                raise UnipenError(f"UNIPEN segment {source}: {error}") from None
            contributor = folders[0] if folders else category
            yield Ink(strokes, segment.label, f"{contributor}/{writer}", source)


def by_writer(inks: Iterable[Ink]) -> dict[str, list[Ink]]:
    """Characters by who wrote them."""
    hands: defaultdict[str, list[Ink]] = defaultdict(list)
    for ink in inks:
        hands[ink.writer].append(ink)
    return dict(hands)


def clean(inks: Iterable[Ink]) -> tuple[list[Ink], Counter]:
    """Return the characters worth learning from and, by reason, how many were dropped.

    In this order: no label; fewer than 3 points; no extent (all points in one place); the same ink
    under different labels, of which none is kept; duplicates (the same ink under the same label),
    of which the first is kept. Ink is the same when its strokes have equal coordinates in equal
    order, whoever wrote it, times aside. No model has a say.
    """
    dropped: Counter = Counter()
    labels = defaultdict(set)
    sound = []
    for ink in inks:
        if flaw := _flaw(ink):
            dropped[flaw] += 1
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
    """Return "train", "validation" or "test": the one split of writers, for every figure."""
    remainder = int(hashlib.sha256(writer.encode()).hexdigest(), 16) % 5
    return {0: "test", 1: "validation"}.get(remainder, "train")


def summary(inks: Iterable[Ink], dropped: Counter | None = None) -> str:
    """Return a table of writers, characters and labels in each split, then the drops by reason."""
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


def _flaw(ink: Ink) -> str | None:
    """Say why a character is of no use by itself, or None."""
    places = [(point[0], point[1]) for stroke in ink.strokes for point in stroke]
    if not ink.label:
        return "no label"
    if len(places) < 3:
        return "fewer than 3 points"
    return "no extent" if len(set(places)) == 1 else None
