"""MNIST: from the cache, or fetched from wherever it can be had, checked and kept."""

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
    """MNIST from the cache, or fetched, checked and cached. Raises DataError if it cannot be had.

    A cached file that is truncated, altered or unreadable is named, discarded and fetched again.
    """
    path = atomic.cache_dir() / "mnist.npz"
    if path.exists():
        try:
            return as_digits(read_npz(path))
        except DataError as problem:
            say(f"MNIST: the copy in {path} is discarded ({problem}) and fetched again")
            with contextlib.suppress(OSError):
                path.unlink()
    arrays = fetch()
    try:
        atomic.write_atomically(path, lambda file: np.savez_compressed(file, **arrays))
        say(f"MNIST: checked, and kept in {path}")
    except OSError as problem:
        say(f"MNIST: not kept, as {path} cannot be written ({problem.strerror or problem})")
    return as_digits(arrays)


def as_digits(arrays: Arrays) -> Digits:
    """The four arrays as Digits, once they are found to be MNIST. Raises DataError if not."""
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
    """MNIST from the first source that gives it whole. Raises DataError with what each one said."""
    problems = []
    for name, source in SOURCES.items():
        say(f"MNIST: trying {name}")
        with tempfile.TemporaryDirectory(prefix="digitpad-") as folder:
            try:
                arrays = source(Path(folder))
                check(arrays)
                return arrays
            except (DataError, OSError) as problem:
                problems.append(f"{name}: {problem}")
                say(f"MNIST: {problems[-1]}")
    raise DataError(
        f"MNIST could not be fetched ({'; '.join(problems)}). Connect to the network, "
        "or name a copy: --data mnist.npz, or --data DIR with its four IDX files"
    )


def say(line: str) -> None:
    """A line of progress, on stderr."""
    print(line, file=sys.stderr, flush=True)
