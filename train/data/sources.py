"""Load the dataset that `--data` names."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from files.drawings import DataError
from train.data import image_folder, kaggle, mnist, mnist_files
from train.data.csv_files.reading import read_labelled
from train.data.dataset import Digits, hold_out
from train.data.pixels import to_ink

ACCEPTED = "mnist, kaggle, a .csv with labels and pixels, an .npz like Keras', or a folder"
IMAGES = ("x_train", "x_test")
CSV_ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".zip")


def load(source: str = "mnist", seed: int = 0) -> Digits:
    """Load a dataset of labelled digits.

    Args:
        source: `mnist`; `kaggle`; a CSV file like Kaggle's train.csv, gzipped or in a zip archive
            or not; an .npz file with the arrays of Keras' mnist.npz; a folder of the four IDX
            files; or a folder of images with a sub-folder for each digit.
        seed: of the split, for sources without a test set.

    Raises:
        DataError: the source cannot be used; the message is one line.
    """
    path = Path(source).expanduser()
    if source == "mnist":
        return mnist.load()
    if source == "kaggle":
        return from_csv("kaggle", kaggle.fetch(), seed)
    # Path.exists raises for a name that is too long.
    if not source or not os.path.exists(path):
        raise DataError(f"{source}: no such file or folder; --data takes {ACCEPTED}")
    if path.is_dir():
        if mnist_files.find(path):
            return from_arrays(path, mnist_files.read_folder(path))
        return hold_out(path.resolve().name, *image_folder.read_folder(path), seed, fraction=0.2)
    if path.name.lower().endswith(CSV_ENDINGS):
        return from_csv(path.name, path, seed)
    if path.suffix.lower() == ".npz":
        return from_arrays(path, mnist_files.read_npz(path))
    raise DataError(f"{source}: not a supported kind of file; --data takes {ACCEPTED}")


def from_csv(name: str, path: Path, seed: int) -> Digits:
    """Make a dataset of a CSV file; a part of it is held out."""
    pixels, labels = read_labelled(path)
    images, note = to_ink(pixels, str(path))
    return replace(hold_out(name, images, labels, seed), notes=tuple(filter(None, [note])))


def from_arrays(path: Path, arrays: mnist_files.Arrays) -> Digits:
    """Make a dataset of training and test arrays, MNIST's own or others."""
    for part in ("train", "test"):
        check_part(path, part, arrays[f"x_{part}"], arrays[f"y_{part}"])
    try:
        return mnist.as_digits(arrays)
    except DataError:  # not MNIST
        count = len(arrays["y_test"])
        sentence = f"the {count:,} test digits of {path.name}, which is not MNIST"
    images, notes = zip(*(to_ink(arrays[key], f"{path}: {key}") for key in IMAGES), strict=True)
    labels = arrays["y_train"].astype(np.int64), arrays["y_test"].astype(np.int64)
    notes = tuple(filter(None, notes))
    return Digits(path.stem, images[0], labels[0], images[1], labels[1], sentence, notes)


def check_part(path: Path, part: str, images: np.ndarray, labels: np.ndarray) -> None:
    """Raise DataError unless these are n > 0 images of 28x28 and n whole labels in 0..9.

    Which scale the images have is for `to_ink` to tell.
    """
    for name, array, shape, kinds, lowest, highest in (
        (f"y_{part}", labels, (labels.size,), "iu", 0, 9),
        (f"x_{part}", images, (labels.size, 28, 28), "iufb", -1, 255),
    ):
        if array.dtype.kind not in kinds or array.shape != shape or 0 in shape:
            raise DataError(
                f"{path}: {name} is {array.dtype} of shape {array.shape}, expected "
                f"{'whole ' if kinds == 'iu' else ''}numbers of shape {shape}, at least one"
            )
        if array.min() < lowest or array.max() > highest:
            raise DataError(f"{path}: {name} has values outside 0 to {highest}")
