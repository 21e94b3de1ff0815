"""Save and load a network, in two formats that are replaced together."""

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
OVERHEAD = 500_000  # bytes of a file in addition to its weights: names and settings of layers
EXPECTED_SHAPES = f"{(None, SIZE, SIZE, 1)} to {(None, CLASSES)}"
NAMES = ("digits.keras", "final_mnist_cnn.h5")  # the main file, and the same network in HDF5


def save(network: keras.Model, out: Path) -> list[Path]:
    """Write `out/digits.keras` and `out/final_mnist_cnn.h5`, without an optimiser.

    Both are written to a temporary directory first, so that a full disk or a kill leaves the
    previous files in place.
    """
    temporary = out / "saving.tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    require_free_space(temporary, len(NAMES) * (FLOAT * network.count_params() + OVERHEAD))
    inference = keras.Model(network.input, network.output, name=network.name)
    with silence_hdf5_warning():
        for name in NAMES:
            inference.save(temporary / name)
    for name in NAMES:
        os.replace(temporary / name, out / name)
    temporary.rmdir()
    return [out / name for name in NAMES]


@contextlib.contextmanager
def silence_hdf5_warning() -> Iterator[None]:
    """Suppress Keras' warning, in absl's log, that HDF5 is a legacy format."""
    previous = absl.logging.get_verbosity()
    absl.logging.set_verbosity(absl.logging.ERROR)
    try:
        yield
    finally:
        absl.logging.set_verbosity(previous)


def load_network(path: Path) -> keras.Model:
    """Load a saved network: (batch, 28, 28, 1) to (batch, 10).

    Raises OSError, in one line, if the file is missing, unreadable or has other shapes.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such model. `make train` writes one.")
    try:
        network = keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises many kinds of errors for damaged files
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise OSError(f"{path}: not a Keras model that can be loaded ({reason[0]})") from None
    shapes = f"{network.input_shape} to {network.output_shape}"
    if shapes != EXPECTED_SHAPES:
        raise OSError(f"{path}: maps {shapes}; a digit network must map {EXPECTED_SHAPES}")
    return network
