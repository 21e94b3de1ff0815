"""The trained network on disk: two files of the same weights, swapped in whole."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import absl.logging
import keras

from files.atomic import require_free_space
from train.ink import SIZE
from train.network.build import CLASSES

FLOAT = 4  # bytes
OVERHEAD = 500_000  # bytes of a file besides its weights: the layers' names and settings
MAPPED = f"{(None, SIZE, SIZE, 1)} to {(None, CLASSES)}"
NAMES = ("digits.keras", "final_mnist_cnn.h5")  # the truth, and the same in HDF5


def save(network: keras.Model, out: Path) -> list[Path]:
    """Write `out/digits.keras` and `out/final_mnist_cnn.h5`, without an optimiser.

    Both are written aside first: a full disk or a kill leaves the files that were there.
    """
    aside = out / "saving.tmp"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    require_free_space(aside, len(NAMES) * (FLOAT * network.count_params() + OVERHEAD))
    inference = keras.Model(network.input, network.output, name=network.name)
    with no_word_of_a_legacy():
        for name in NAMES:
            inference.save(aside / name)
    for name in NAMES:
        os.replace(aside / name, out / name)
    aside.rmdir()
    return [out / name for name in NAMES]


@contextlib.contextmanager
def no_word_of_a_legacy() -> Iterator[None]:
    """Keras calls HDF5 a legacy, in absl's log; here it is a promise."""
    before = absl.logging.get_verbosity()
    absl.logging.set_verbosity(absl.logging.ERROR)
    try:
        yield
    finally:
        absl.logging.set_verbosity(before)


def load_network(path: Path) -> keras.Model:
    """A saved network of digits: (batch, 28, 28, 1) to (batch, 10).

    Raises OSError, one line, when there is none, it cannot be read or is of other shapes.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such model; `make train` writes one")
    try:
        network = keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises whatever the file's format makes it stumble on
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise OSError(f"{path}: not a Keras model that can be loaded ({reason[0]})") from None
    mapped = f"{network.input_shape} to {network.output_shape}"
    if mapped != MAPPED:
        raise OSError(f"{path}: maps {mapped}; a network of digits maps {MAPPED}")
    return network
