"""UNIPEN's characters, cleaned, and kept between runs: reading the archive takes a minute."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np

from files.atomic import cache_dir, write_atomically
from train.data.mnist_files import DAMAGE
from train.data.unipen import characters
from train.data.unipen.characters import Ink

READERS = ("characters.py", "files.py", "format.py")


def collect(path: str | Path, category: str) -> tuple[list[Ink], Counter]:
    """The clean characters of a category, and how many were dropped, by reason.

    An archive is read once; after that the characters come from the cache, until the archive or the
    code that reads it changes. Times are left out. Raises UnipenError, one line.
    """
    if not Path(path).is_file():  # a directory may change without a sign
        return characters.clean(characters.read(path, category))
    file = cache_dir() / f"unipen-{category}-{fingerprint(Path(path))}.npz"
    try:
        return load(file)
    except (KeyError, *DAMAGE):  # not there, or broken: read again
        inks, dropped = characters.clean(characters.read(path, category))
        write_atomically(file, lambda aside: np.savez(aside, **packed(inks, dropped)))
        return load(file)


def fingerprint(archive: Path) -> str:
    """Changes with the archive and with the code that reads it."""
    facts = archive.stat()
    digest = hashlib.sha256(f"{archive.resolve()} {facts.st_size} {facts.st_mtime_ns}".encode())
    for source in READERS:
        digest.update(Path(__file__).with_name(source).read_bytes())
    return digest.hexdigest()[:16]


def packed(inks: list[Ink], dropped: Counter) -> dict[str, np.ndarray]:
    """Characters as a few arrays: all points, the lengths of strokes, the strokes of characters."""
    strokes = [stroke for ink in inks for stroke in ink.strokes]
    texts = [[ink.label, ink.writer, ink.source] for ink in inks]
    return {
        "points": np.array([point[:2] for stroke in strokes for point in stroke], float),
        "lengths": np.array([len(stroke) for stroke in strokes], int),
        "counts": np.array([len(ink.strokes) for ink in inks], int),
        "texts": np.array(json.dumps([texts, dropped])),
    }


def load(file: Path) -> tuple[list[Ink], Counter]:
    """What `packed` packed."""
    with np.load(file) as held:
        points, lengths, counts = held["points"], held["lengths"], held["counts"]
        texts, dropped = json.loads(str(held["texts"]))
    strokes = [part.tolist() for part in np.split(points, np.cumsum(lengths)[:-1])]
    ends = np.cumsum(counts)
    inks = [
        Ink(strokes[end - count : end], *text)
        for end, count, text in zip(ends, counts, texts, strict=True)
    ]
    return inks, Counter(dropped)
