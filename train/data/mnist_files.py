"""Read and verify copies of MNIST: Keras' mnist.npz, or the four IDX files.

MNIST is by Yann LeCun and Corinna Cortes, CC BY-SA 3.0 as Keras' documentation states it.
"""

import hashlib
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from files.drawings import DataError
from files.limits import MAX_UNPACKED
from train.data import idx

# The four raw IDX files by the keys of Keras' mnist.npz, with their published MD5s.
FILES = {
    "x_train": ("train-images", "6bbc9ace898e44ae57da46a324031adb"),
    "y_train": ("train-labels", "a25bea736e30d166cdddb491f175f624"),
    "x_test": ("t10k-images", "2646ac647ad5339dbf082846283269ea"),
    "y_test": ("t10k-labels", "27ae3e4e09519cfbb04c329615203637"),
}
# Exceptions that np.load raises on damage in the zip, a member, an array's header or its data.
DECODE_ERRORS = (
    *(OSError, EOFError, ValueError, TypeError, SyntaxError, AttributeError, IndexError),
    *(ArithmeticError, MemoryError, NotImplementedError, RuntimeError),
    *(struct.error, tokenize.TokenError, zlib.error, zipfile.BadZipFile),
)

Arrays = Mapping[str, np.ndarray]  # the keys of FILES -> arrays


def check(arrays: Arrays) -> None:
    """Raise DataError unless the arrays, written as IDX files, have the published MD5s."""
    for key, (name, published_md5) in FILES.items():
        array = np.ascontiguousarray(arrays[key])
        md5 = hashlib.md5(idx.header(array.shape), usedforsecurity=False)
        md5.update(array.data)
        if array.dtype != np.uint8 or md5.hexdigest() != published_md5:
            raise DataError(f"{name} is not MNIST's: its MD5 is not the published one")


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of Keras' mnist.npz. Raises DataError that names the file."""
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            if sum(member.file_size for member in file.zip.infolist()) > MAX_UNPACKED:
                raise DataError(f"{path} unpacks to more than {MAX_UNPACKED:,} bytes: split it")
            return {key: file[key] for key in FILES}
    except KeyError as problem:
        raise DataError(f"{path} has no array {problem.args[0]}") from None
    except DataError:
        raise
    except PermissionError:
        raise DataError(f"{path} cannot be read: permission denied") from None
    except DECODE_ERRORS:
        raise DataError(f"{path} is damaged or not an .npz file") from None


def read_folder(folder: Path) -> dict[str, np.ndarray]:
    """Read a folder of the four IDX files. Raises DataError that names a bad file."""
    found = find(folder)
    for key, (name, _) in FILES.items():
        if key not in found:
            raise DataError(f"{folder} has no {name}-{idx_suffix(key)} beside its other IDX files")
    return {key: idx.read(path) for key, path in found.items()}


def find(folder: Path) -> dict[str, Path]:
    """Find IDX files in a folder by the keys of FILES; `-` or `.` before `idx`, gzipped or not."""
    found = {}
    for key, (name, _) in FILES.items():
        for end in ("", ".gz"):
            for mark in "-.":
                path = folder / f"{name}{mark}{idx_suffix(key)}{end}"
                if key not in found and path.is_file():
                    found[key] = path
    return found


def idx_suffix(key: str) -> str:
    """Return the suffix of an IDX file's name: its number of dimensions and its type."""
    return "idx3-ubyte" if key.startswith("x") else "idx1-ubyte"
