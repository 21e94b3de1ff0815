"""Properties of every reader of files: for any input, a valid result or an error of one line."""

import gzip
import io
import json
import lzma
import shutil
import tarfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

import server
from export import meta
from export.runtime_bundle import ExportError
from files.drawings import DataError
from tests.soak.drawings import drawings
from tests.soak.mutations import Content, altered, mutated
from train import data
from train.data import drawings as drawings_files
from train.data import idx
from train.data.dataset import Digits
from train.data.unipen import characters
from train.data.unipen.characters import UnipenError
from train.ink import SIZE, InkError, render

ROOT = Path(__file__).parents[2]
COLLECTION = ROOT / "tests/fixtures/unipen"
DRAWINGS = ROOT / "tests/fixtures/digits.jsonl"


@dataclass(frozen=True)
class Property:
    """A property of every input: `check` raises if it does not hold."""

    name: str
    inputs: st.SearchStrategy
    check: Callable[[Any], None]


def read_or_explain(read: Callable[[], Any], *errors: type[Exception]) -> Any:
    """Return the result of `read`, or None if it raises one of `errors` with a one-line message."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return read()
        except errors as error:
            line = str(error)
            assert line.strip() and "\n" not in line and "\r" not in line, f"not one line: {line!r}"
            assert len(line) < 2000, f"{len(line)} characters of error"
            return None


def check_field(field: np.ndarray) -> None:
    """Check that a field has the network's shape and range, and some ink."""
    assert field.shape == (SIZE, SIZE) and field.dtype == np.float32
    assert np.isfinite(field).all() and field.min() >= 0 and field.max() <= 1
    assert field.sum() > 1, "there is hardly any ink"


def check_digits(digits: Digits | None) -> None:
    """Check shapes and types of a data set."""
    if digits is None:
        return
    for images, labels in (
        (digits.train_images, digits.train_labels),
        (digits.test_images, digits.test_labels),
    ):
        assert images.shape == (len(labels), SIZE, SIZE) and images.dtype == np.uint8
        assert len(labels) > 0 and labels.dtype == np.int64
        assert labels.min() >= 0 and labels.max() <= 9


def check_ink(drawing: object) -> None:
    """Check that a drawing renders, the same at any size, or raises InkError."""
    field = read_or_explain(lambda: render(drawing), InkError)
    if field is None:
        return
    check_field(field)
    largest = max(abs(float(x)) for stroke in drawing for point in stroke for x in point[:2])
    if not 0 < largest < 1e-300:
        return  # scaling larger numbers by a power of two is exact and changes nothing
    larger = [[[float(x) * 2.0**900 for x in point[:2]] for point in s] for s in drawing]
    difference = np.abs(render(larger) - field).max()
    assert difference < 1e-5, "the tiny drawing differs from the large one"


def readers(folder: Path) -> list[Property]:
    """Return all properties, which write to `folder`."""
    return [
        Property("ink.render", drawings(), check_ink),
        drawings_reader(folder),
        unipen_reader(folder / "unipen"),
        unipen_archive(folder),
        csv_reader(folder),
        npz_reader(folder),
        idx_reader(folder),
        picture_reader(folder / "pictures"),
        meta_reader(folder / "web"),
    ]


def drawings_reader(folder: Path) -> Property:
    """Return the property of drawings files."""
    path = folder / "drawings.jsonl"
    whole = DRAWINGS.read_bytes()
    short = b'{"label": "7", "strokes": [[[0, 0, 0], [5, 0.5, 16], [2, 9, 40]], [[1, 1]]]}\n' * 2
    label = st.sampled_from(["7", "2026", "", "x" * 65, "\ud800", "\0", 7, None])
    lines = st.builds(lambda a, b: Content(line(a, b)), label, drawings())

    def check(content: bytes) -> None:
        path.write_bytes(content)
        for entry in read_or_explain(lambda: list(drawings_files.read(path)), DataError) or ():
            assert 0 < len(entry.label) <= 64
            check_field(render(entry.strokes))

    return Property("drawings", mutated([whole, short, short]) | lines, check)


def line(label: object, strokes: object) -> bytes:
    """Return a line of a drawings file."""
    try:
        return json.dumps({"label": label, "strokes": strokes}).encode()
    except (ValueError, RecursionError):  # too many digits or too deep for Python
        return b'{"label": "1", "strokes": [[[' + b"9" * 5000 + b", 0]]]}"


def check_inks(path: Path) -> None:
    """Check that UNIPEN's characters and words can be cleaned and rendered."""
    for category in ("1a", characters.WORDS):
        inks = read_or_explain(lambda each=category: list(characters.read(path, each)), UnipenError)
        for ink in characters.clean(inks)[0] if inks else ():
            check_field(render(ink.strokes))


def unipen_reader(folder: Path) -> Property:
    """Return the property of a UNIPEN folder with one damaged file."""
    shutil.copytree(COLLECTION, folder)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    files = [path for path in files if path.name != "README" and "1b" not in path.parts]
    originals = {path: path.read_bytes() for path in files}

    def check(change: tuple[Path, bytes]) -> None:
        path, content = change
        path.write_bytes(content)
        check_inks(folder)
        path.write_bytes(originals[path])

    changes = st.sampled_from(files).flatmap(
        lambda path: st.tuples(st.just(path), mutated([originals[path]]))
    )
    return Property("unipen", changes, check)


def unipen_archive(folder: Path) -> Property:
    """Return the property of a UNIPEN archive, damaged before or after compression."""
    path = folder / "unipen.tar.xz"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for part in ("data", "include"):
            archive.add(COLLECTION / part, arcname=part)
    plain = packed.getvalue().rstrip(b"\0") + bytes(1024)

    def check(content: bytes) -> None:
        path.write_bytes(content)
        check_inks(path)

    after = mutated([lzma.compress(plain, preset=0)])
    before = mutated([plain]).map(lambda tar: Content(lzma.compress(tar, preset=0)))
    return Property("unipen.tar.xz", after | before, check)


def csv_reader(folder: Path) -> Property:
    """Return the property of Kaggle's train.csv."""
    path = folder / "train.csv"
    rows = [",".join(map(str, [k % 10, *([0] * 400), 255, *([k] * 383)])) for k in range(12)]
    header = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    whole = "\n".join([header, *rows, ""]).encode()

    def check(content: bytes) -> None:
        path.write_bytes(content)
        check_digits(read_or_explain(lambda: data.load(str(path)), DataError))

    return Property("kaggle.csv", mutated([whole]), check)


def ten_digits() -> dict[str, np.ndarray]:
    images = np.zeros((20, SIZE, SIZE), np.uint8)
    images[:, 4:24, 12:16] = np.arange(20)[:, None, None] + 200
    labels = (np.arange(20) % 10).astype(np.uint8)
    return {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}


def npz_reader(folder: Path) -> Property:
    """Return the property of .npz files, compressed or not."""
    path = folder / "digits.npz"
    originals = []
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, **ten_digits())
        originals.append(file.getvalue())

    def check(content: bytes) -> None:
        path.write_bytes(content)
        check_digits(read_or_explain(lambda: data.load(str(path)), DataError))

    return Property("npz", mutated(originals), check)


def idx_reader(folder: Path) -> Property:
    """Return the property of IDX files, gzipped or not."""
    path = folder / "train-images-idx3-ubyte"
    images = ten_digits()["x_train"]
    plain = idx.header(images.shape) + images.tobytes()

    def check(content: bytes) -> None:
        path.write_bytes(content)
        found = read_or_explain(lambda: idx.read(path), DataError)
        assert found is None or (found.dtype == np.uint8 and found.size > 0)

    packed = mutated([plain]).map(lambda content: Content(gzip.compress(content, 1)))
    return Property("idx", mutated([plain, gzip.compress(plain)]) | packed, check)


def picture_reader(folder: Path) -> Property:
    """Return the property of a picture folder with one damaged file."""
    grey = np.full((20, 16), 255, np.uint8)
    grey[4:16, 7:9] = 0
    picture = Image.fromarray(grey)
    for digit in "17":
        (folder / digit).mkdir(parents=True)
        for number in range(5):
            picture.save(folder / digit / f"{number}.png")
    originals = []
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA", "ICO"):
        file = io.BytesIO()
        picture.save(file, kind)
        originals.append(file.getvalue())

    def check(content: bytes) -> None:
        (folder / "7" / "4.png").write_bytes(content)
        check_digits(read_or_explain(lambda: data.load(str(folder)), DataError))

    return Property("pictures", mutated(originals), check)


def meta_reader(web: Path) -> Property:
    """Return the property of meta.json, as server and export read it."""
    shutil.copytree(ROOT / "web/model", web / "model")
    (web / "index.html").touch()
    path = web / "model" / "meta.json"
    whole = path.read_bytes()
    files = json.loads(whole)["files"]
    short = json.dumps({"format": 1, "files": files}).encode()

    def check(content: bytes) -> None:
        path.write_bytes(content)
        complaint = server.find_missing_file(web)
        assert complaint is None or ("\n" not in complaint and len(complaint) < 2000)
        found = read_or_explain(lambda: meta.read(path.parent), ExportError)
        if complaint is None and found is not None:
            digests = {name: facts["sha256"] for name, facts in found["files"].items()}
            assert digests.items() <= {name: each["sha256"] for name, each in files.items()}.items()

    return Property("meta.json", mutated([whole, short]) | altered(whole) | altered(short), check)
