"""MNIST from the cache, or downloaded from the first mirror that works, verified and cached."""

import contextlib
import sys
import tempfile
from pathlib import Path

import numpy as np

from files import atomic
from files.drawings import DataError
from train.data.dataset import Digits
from train.data.mnist_files import Arrays, check, read_npz
from train.data.mnist_mirrors import SOURCES


def load() -> Digits:
    """Load MNIST from the cache, or download, verify and cache it.

    A damaged cached file is reported, deleted and downloaded again. Raises DataError if no mirror
    works.
    """
    path = atomic.cache_dir() / "mnist.npz"
    if path.exists():
        try:
            return as_digits(read_npz(path))
        except DataError as problem:
            log(f"MNIST: the copy in {path} is discarded ({problem}) and downloaded again")
            with contextlib.suppress(OSError):
                path.unlink()
    arrays = fetch()
    try:
        atomic.write_atomically(path, lambda file: np.savez_compressed(file, **arrays))
        log(f"MNIST: verified, and saved in {path}")
    except OSError as problem:
        log(f"MNIST: not saved, because {path} cannot be written ({problem.strerror or problem})")
    return as_digits(arrays)


def as_digits(arrays: Arrays) -> Digits:
    """Make a dataset of four arrays. Raises DataError unless their checksums are MNIST's."""
    check(arrays)
    return Digits(
        "MNIST",
        arrays["x_train"],
        arrays["y_train"].astype(np.int64),
        arrays["x_test"],
        arrays["y_test"].astype(np.int64),
        "MNIST's own 10,000 test digits, read once, after training",
    )


def fetch() -> Arrays:
    """Download MNIST from the first mirror that works. Raises DataError that lists each failure."""
    problems = []
    for name, source in SOURCES.items():
        log(f"MNIST: trying {name}")
        with tempfile.TemporaryDirectory(prefix="digitpad-") as folder:
            try:
                arrays = source(Path(folder))
                check(arrays)
                return arrays
            except (DataError, OSError) as problem:
                problems.append(f"{name}: {problem}")
                log(f"MNIST: {problems[-1]}")
    raise DataError(
        f"MNIST could not be downloaded ({'; '.join(problems)}). Connect to the network, "
        "or give a copy: --data mnist.npz, or --data DIR with its four IDX files"
    )


def log(line: str) -> None:
    """Print a line of progress to stderr."""
    print(line, file=sys.stderr, flush=True)
