"""Load the dataset that `--data` names."""

import os
from pathlib import Path

import numpy as np

from files.drawings import DataError
from train.data import image_folder, kaggle, mnist, mnist_files
from train.data.dataset import Digits, hold_out

ACCEPTED = "mnist, kaggle, a .csv like Kaggle's, an .npz like Keras', or a folder"


def load(source: str = "mnist", seed: int = 0) -> Digits:
    """Load a dataset of labelled digits.

    Args:
        source: `mnist`; `kaggle`; a CSV file like Kaggle's train.csv; an .npz file with the arrays
            of Keras' mnist.npz; a folder of the four IDX files; or a folder of images with a
            sub-folder for each digit.
        seed: of the split, for sources without a test set.

    Raises:
        DataError: the source cannot be used; the message is one line.
    """
    path = Path(source).expanduser()
    if source == "mnist":
        return mnist.load()
    if source == "kaggle":
        return hold_out("kaggle", *kaggle.read_csv(kaggle.fetch()), seed)
    # Path.exists raises for a name that is too long.
    if not source or not os.path.exists(path):
        raise DataError(f"{source}: no such file or folder; --data takes {ACCEPTED}")
    if path.is_dir():
        if mnist_files.find(path):
            return from_arrays(path, mnist_files.read_folder(path))
        return hold_out(path.resolve().name, *image_folder.read_folder(path), seed, fraction=0.2)
    if path.suffix.lower() == ".csv":
        return hold_out(path.name, *kaggle.read_csv(path), seed)
    if path.suffix.lower() == ".npz":
        return from_arrays(path, mnist_files.read_npz(path))
    raise DataError(f"{source}: not a supported kind of file; --data takes {ACCEPTED}")


def from_arrays(path: Path, arrays: mnist_files.Arrays) -> Digits:
    """Make a dataset of training and test arrays, MNIST's own or others."""
    for part in ("train", "test"):
        check_part(path, part, arrays[f"x_{part}"], arrays[f"y_{part}"])
    try:
        return mnist.as_digits(arrays)
    except DataError:  # not MNIST
        count = len(arrays["y_test"])
        sentence = f"the {count:,} test digits of {path.name}, which is not MNIST"
    images = arrays["x_train"].astype(np.uint8), arrays["x_test"].astype(np.uint8)
    labels = arrays["y_train"].astype(np.int64), arrays["y_test"].astype(np.int64)
    return Digits(path.stem, images[0], labels[0], images[1], labels[1], sentence)


def check_part(path: Path, part: str, images: np.ndarray, labels: np.ndarray) -> None:
    """Raise DataError unless these are n > 0 images of 28x28 in 0..255 and n labels in 0..9."""
    for name, array, shape, highest in (
        (f"y_{part}", labels, (labels.size,), 9),
        (f"x_{part}", images, (labels.size, 28, 28), 255),
    ):
        if array.dtype.kind not in "iu" or array.shape != shape or 0 in shape:
            raise DataError(
                f"{path}: {name} is {array.dtype} of shape {array.shape}, "
                f"expected whole numbers of shape {shape}, at least one"
            )
        if array.min() < 0 or array.max() > highest:
            raise DataError(f"{path}: {name} has values outside 0 to {highest}")
