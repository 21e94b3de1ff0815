"""Cache UNIPEN's cleaned characters, because reading the archive takes a minute."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np

from files.atomic import cache_dir, write_atomically
from train.data.mnist_files import DECODE_ERRORS
from train.data.unipen import characters
from train.data.unipen.characters import Ink

READER_SOURCES = ("characters.py", "files.py", "format.py")


def read_clean(path: str | Path, category: str) -> tuple[list[Ink], Counter]:
    """Read the clean characters of a category; return them and the number dropped by reason.

    An archive is read once and cached until it or the code that reads it changes. Times are left
    out. Raises UnipenError with a one-line message.
    """
    if not Path(path).is_file():  # a directory's size and time do not show changes inside
        return characters.clean(characters.read(path, category))
    file = cache_dir() / f"unipen-{category}-{fingerprint(Path(path))}.npz"
    try:
        return load(file)
    except (KeyError, *DECODE_ERRORS):  # missing or damaged
        inks, dropped = characters.clean(characters.read(path, category))
        write_atomically(file, lambda out: np.savez(out, **to_arrays(inks, dropped)))
        return load(file)


def fingerprint(archive: Path) -> str:
    """Hash the archive's path, size and time and the code that reads it."""
    status = archive.stat()
    digest = hashlib.sha256(f"{archive.resolve()} {status.st_size} {status.st_mtime_ns}".encode())
    for source in READER_SOURCES:
        digest.update(Path(__file__).with_name(source).read_bytes())
    return digest.hexdigest()[:16]


def to_arrays(inks: list[Ink], dropped: Counter) -> dict[str, np.ndarray]:
    """Flatten characters into arrays of points, points per stroke, strokes per character, texts."""
    strokes = [stroke for ink in inks for stroke in ink.strokes]
    texts = [[ink.label, ink.writer, ink.source] for ink in inks]
    return {
        "points": np.array([point[:2] for stroke in strokes for point in stroke], float),
        "lengths": np.array([len(stroke) for stroke in strokes], int),
        "counts": np.array([len(ink.strokes) for ink in inks], int),
        "texts": np.array(json.dumps([texts, dropped])),
    }


def load(file: Path) -> tuple[list[Ink], Counter]:
    """Load characters that `to_arrays` flattened, and the number dropped by reason."""
    with np.load(file) as arrays:
        points, lengths, counts = arrays["points"], arrays["lengths"], arrays["counts"]
        texts, dropped = json.loads(str(arrays["texts"]))
    strokes = [part.tolist() for part in np.split(points, np.cumsum(lengths)[:-1])]
    ends = np.cumsum(counts)
    inks = [
        Ink(strokes[end - count : end], *text)
        for end, count, text in zip(ends, counts, texts, strict=True)
    ]
    return inks, Counter(dropped)
