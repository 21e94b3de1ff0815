"""The sources that `--data` accepts, and the errors for others."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from files.drawings import DataError
from train import data
from train.data import idx, mnist_files


@pytest.fixture
def arrays():
    """Return random digits, with paper around them, in the layout of Keras' mnist.npz."""
    random = np.random.default_rng(1)
    images = np.zeros((30, 28, 28), np.uint8)
    images[:, 4:24, 7:21] = random.integers(0, 256, (30, 20, 14), np.uint8)
    return {
        "x_train": images[:20],
        "y_train": np.arange(20, dtype=np.uint8) % 10,
        "x_test": images[20:],
        "y_test": np.arange(10, dtype=np.uint8),
    }


@pytest.fixture
def write_npz(arrays, tmp_path):
    """Return a function that writes the arrays, some of them replaced, to an .npz file."""

    def write(**replaced):
        path = tmp_path / "own.npz"
        np.savez(path, **{**arrays, **replaced})
        return str(path)

    return write


def test_a_custom_npz_keeps_its_test_set(write_npz, arrays):
    digits = data.load(write_npz())
    assert digits.name == "own"
    assert np.array_equal(digits.train_images, arrays["x_train"])
    assert np.array_equal(digits.test_labels, arrays["y_test"])
    assert digits.train_labels.dtype == np.int64
    assert digits.held_out == "the 10 test digits of own.npz, which is not MNIST"


def test_a_copy_of_mnist_is_recognised_by_its_checksums(tmp_path):
    digits = data.load("mnist")
    train = {"x_train": digits.train_images, "y_train": digits.train_labels.astype(np.uint8)}
    test = {"x_test": digits.test_images, "y_test": digits.test_labels.astype(np.uint8)}
    np.savez(tmp_path / "copy.npz", **train, **test)
    assert data.load(str(tmp_path / "copy.npz")).name == "MNIST"


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"x_train": np.zeros((20, 784), np.uint8)}, r"x_train is uint8 of shape \(20, 784\)"),
        ({"x_train": np.zeros((19, 28, 28), np.uint8)}, r"x_train .* expected .*\(20, 28, 28\)"),
        ({"x_test": np.zeros((10, 28, 28), np.complex64)}, "x_test is complex64"),
        ({"x_test": np.full((10, 28, 28), -2)}, "x_test has values outside 0 to 255"),
        ({"x_test": np.zeros((10, 28, 28), np.float32)}, "x_test: every pixel is 0"),
        ({"y_test": np.arange(10.0)}, "y_test is float64 .* expected whole numbers"),
        ({"x_test": np.full((10, 28, 28), 256)}, "x_test has values outside 0 to 255"),
        ({"y_test": np.arange(1, 11)}, "y_test has values outside 0 to 9"),
        ({"y_train": np.zeros((0,), int), "x_train": np.zeros((0, 28, 28), int)}, "at least one"),
        ({"y_train": np.array(7)}, "y_train is int64 of shape"),
    ],
)
def test_wrong_arrays_in_an_npz_are_reported(write_npz, replaced, message):
    with pytest.raises(DataError, match=message):
        data.load(write_npz(**replaced))


def test_an_npz_without_labels_or_with_other_content_is_an_error(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, x_train=np.zeros((1, 28, 28)))
    with pytest.raises(DataError, match=r"images\.npz has no array y_train"):
        data.load(str(path))
    path.write_bytes(b"no zip")
    with pytest.raises(DataError, match=r"images\.npz is damaged or not an \.npz file"):
        data.load(str(path))


def test_a_folder_of_idx_files_is_read(arrays, tmp_path):
    for key, (name, _) in mnist_files.FILES.items():
        stream = idx.header(arrays[key].shape) + arrays[key].tobytes()
        path = tmp_path / f"{name}.{mnist_files.idx_suffix(key)}.gz"
        path.write_bytes(gzip.compress(stream))
    digits = data.load(str(tmp_path))
    assert np.array_equal(digits.test_images, arrays["x_test"])
    path.unlink()
    with pytest.raises(DataError, match="has no t10k-labels-idx1-ubyte beside"):
        data.load(str(tmp_path))


@pytest.mark.parametrize("source", ["nowhere", "x" * 5000, "\0", ""])
def test_an_unknown_source_is_an_error_that_lists_the_valid_ones(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="--data takes mnist, kaggle"):
        data.load(source)


def test_an_unsupported_file_type_is_an_error(tmp_path):
    (tmp_path / "digits.txt").write_text("7")
    with pytest.raises(DataError, match="not a supported kind of file"):
        data.load(str(tmp_path / "digits.txt"))


def test_an_npz_above_the_size_limit_is_not_unpacked(write_npz, monkeypatch):
    monkeypatch.setattr(mnist_files, "MAX_UNPACKED", 1000)
    with pytest.raises(DataError, match="unpacks to more than 1,000 bytes"):
        data.load(write_npz())


def test_an_array_with_a_truncated_header_is_reported(write_npz):
    path = Path(write_npz())
    path.write_bytes(path.read_bytes().replace(b"(20, 28, 28), }", b"(20, 28, 28, 2 ", 1))
    with pytest.raises(DataError, match="is damaged"):
        data.load(str(path))
