"""Cache UNIPEN's cleaned characters and words, because reading an archive takes a minute."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from files.atomic import cache_dir, write_atomically
from train.data.mnist_files import DECODE_ERRORS
from train.data.unipen import characters
from train.data.unipen.characters import Ink, UnipenError
from train.data.unipen.files import MissingCategoryError

READER_SOURCES = ("characters.py", "files.py", "format.py", "mislabelled.py")


def read_clean(
    paths: Sequence[str | Path], category: str, required: bool = True
) -> tuple[list[Ink], Counter]:
    """Read the clean inks of a category; return them and the number dropped by reason.

    An archive is read once and cached until it or the code that reads it changes. Times are left
    out.

    Args:
        paths: archives and directories; inks of all that hold the category are joined.
        category: one of CATEGORIES.
        required: whether one of the paths has to hold the category.

    Raises:
        UnipenError: with a one-line message.
    """
    found = [read_path(path, category) for path in paths]
    held = [each for each in found if each]
    if required and not held:
        raise UnipenError(
            f"{', '.join(map(str, paths))}: no data/{category}/ with files of UNIPEN category "
            f"{category}; give an archive or a directory that holds it too"
        )
    inks = [ink for each, _ in held for ink in each]
    dropped = sum((counted for _, counted in held), Counter())
    if len(held) > 1:
        inks, duplicates = characters.clean(inks)
        dropped += duplicates
    return inks, dropped


def read_path(path: str | Path, category: str) -> tuple[list[Ink], Counter] | None:
    """Read the clean inks of a category in one archive or directory; None if it holds none."""
    if not Path(path).is_file():  # a directory's size and time do not show changes inside
        return read_uncached(path, category)
    file = cache_dir() / f"unipen-{category}-{fingerprint(Path(path))}.npz"
    try:
        return load(file)
    except (KeyError, *DECODE_ERRORS):  # missing or damaged
        found = read_uncached(path, category)
        write_atomically(file, lambda out: np.savez(out, **to_arrays(found)))
        return load(file)


def read_uncached(path: str | Path, category: str) -> tuple[list[Ink], Counter] | None:
    """Read and clean a category; None if the path does not hold it."""
    try:
        return characters.clean(characters.read(path, category))
    except MissingCategoryError:
        return None


def fingerprint(archive: Path) -> str:
    """Hash the archive's path, size and time and the code that reads it."""
    status = archive.stat()
    digest = hashlib.sha256(f"{archive.resolve()} {status.st_size} {status.st_mtime_ns}".encode())
    for source in READER_SOURCES:
        digest.update(Path(__file__).with_name(source).read_bytes())
    return digest.hexdigest()[:16]


def to_arrays(found: tuple[list[Ink], Counter] | None) -> dict[str, np.ndarray]:
    """Flatten inks into arrays of points, points per stroke, strokes per ink, texts."""
    inks, dropped = found or ([], None)
    strokes = [stroke for ink in inks for stroke in ink.strokes]
    texts = [[ink.label, ink.writer, ink.source] for ink in inks]
    return {
        "points": np.array([point[:2] for stroke in strokes for point in stroke], float),
        "lengths": np.array([len(stroke) for stroke in strokes], int),
        "counts": np.array([len(ink.strokes) for ink in inks], int),
        "texts": np.array(json.dumps([texts, dropped])),
    }


def load(file: Path) -> tuple[list[Ink], Counter] | None:
    """Load inks that `to_arrays` flattened, and the number dropped by reason."""
    with np.load(file) as arrays:
        points, lengths, counts = arrays["points"], arrays["lengths"], arrays["counts"]
        texts, dropped = json.loads(str(arrays["texts"]))
    if dropped is None:
        return None
    strokes = [part.tolist() for part in np.split(points, np.cumsum(lengths)[:-1])]
    ends = np.cumsum(counts)
    inks = [
        Ink(strokes[end - count : end], *text)
        for end, count, text in zip(ends, counts, texts, strict=True)
    ]
    return inks, Counter(dropped)
