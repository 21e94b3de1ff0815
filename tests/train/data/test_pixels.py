"""Scale and polarity: images of every source end as uint8, paper 0 and ink 255, or are refused."""

import gzip

import numpy as np
import pytest
from PIL import Image

from files.drawings import DataError
from train import data
from train.data import idx, mnist_files
from train.data.pixels import to_ink

# Strokes of several shades and widths on black paper, a second one at the edge of some.
INK = np.zeros((40, 28, 28), np.uint8)
for number in range(40):
    INK[number, 5:23, 10 : 12 + number % 5] = 160 + number
    INK[number, 20 : 24 + number % 4, 6:20] = 255


@pytest.mark.parametrize("inverted", [False, True], ids=["light on dark", "dark on light"])
@pytest.mark.parametrize(
    ("scale", "of"),
    [
        (lambda images: images, ""),
        (lambda images: images.astype(np.int64), ""),
        (lambda images: images.astype(np.float64), ""),
        (lambda images: images / 255, "from 0 to 1"),
        (lambda images: (images / 255).astype(np.float16), "from 0 to 1"),
        (lambda images: (images / 255 + 1e-7).astype(np.float32), "from 0 to 1"),
        (lambda images: images / 127.5 - 1, "from -1 to 1"),
        (lambda images: images / 255 - 0.5, "from -0.5 to 0.5"),
    ],
)
def test_scale_and_polarity_are_put_right_and_said(scale, of, inverted):
    images, note = to_ink(scale(255 - INK if inverted else INK), "own.npz")
    assert images.dtype == np.uint8
    np.testing.assert_allclose(images, INK, atol=0.2 if "16" not in str(scale) else 1)
    scaled = f"pixels {of} were scaled to 0 to 255" if of else ""
    turned = "dark ink on light paper was inverted" if inverted else ""
    notes = ", and ".join(filter(None, (scaled, turned)))
    assert note == (f"own.npz: {notes}" if notes else "")


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
@pytest.mark.parametrize("inverted", [False, True], ids=["ink 1", "ink 0"])
def test_two_shades_are_scaled(dtype, inverted):
    binary = INK > 127
    images, note = to_ink((~binary if inverted else binary).astype(dtype), "own.npz")
    np.testing.assert_array_equal(images, np.where(binary, 255, 0))
    assert "pixels 0 or 1 were scaled to 0 to 255" in note
    assert ("inverted" in note) == inverted and "\n" not in note


def test_single_pictures_of_the_other_polarity_are_inverted_and_counted():
    mixed = INK.copy()
    mixed[3::10] = 255 - mixed[3::10]
    images, note = to_ink(mixed, "own.npz")
    np.testing.assert_array_equal(images, INK)
    assert note == "own.npz: dark ink on light paper was inverted in 4 of 40 pictures"


def test_blank_pictures_among_others_stay_blank():
    images, note = to_ink(np.concatenate([INK, np.zeros_like(INK[:5])]), "own.npz")
    assert note == "" and not images[40:].any()


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (INK * 0, "every pixel is 0, so there is no ink"),
        (INK * 0 + 255, "every pixel is 255, so there is no ink"),
        (INK // 16, "pixels go from 0 to 15, expected 0 to 255 or 0 to 1"),
        (INK * 100.0 / 255, "pixels go from 0 to 100,"),
        (INK / 1024, "pixels go from 0 to 0.249,"),
        ((INK - INK.mean()) / INK.std(), r"pixels go from -0\.\d+ to [23]\.\d+,"),
        (np.where(INK > 250, np.nan, INK), "a pixel is not a finite number"),
        (INK // 2 + 128, "pixels go from 128 to 255,"),
        (np.concatenate([INK, INK[:4] // 255]), "4 of 44 pictures have no pixel above 1, and"),
        (np.concatenate([INK, INK / 255]), "40 of 80 pictures have no pixel above 1, and"),
        (np.random.default_rng(0).random(INK.shape), "ink cannot be told from paper in"),
    ],
)
def test_other_scales_are_refused_in_one_line_with_a_remedy(images, message):
    with pytest.raises(DataError, match=message) as problem:
        to_ink(images, "own.npz")
    assert str(problem.value).startswith("own.npz: ") and "\n" not in str(problem.value)
    assert "give ink as 255 and paper as 0" in str(problem.value)


LABELS = np.arange(40, dtype=np.uint8) % 10


def write_csv(path, images):
    rows = [",".join(map(str, [k % 10, *row])) for k, row in enumerate(images)]
    (path / "own.csv").write_text("\n".join(rows))
    return path / "own.csv"


def write_npz(path, images):
    images = np.array(images).reshape(-1, 28, 28)
    np.savez(path / "own.npz", x_train=images, y_train=LABELS, x_test=images, y_test=LABELS)
    return path / "own.npz"


@pytest.mark.parametrize("write", [write_csv, write_npz])
@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(lambda ink: [[round(v / 255, 3) for v in row] for row in ink], id="0 to 1"),
        pytest.param(lambda ink: [[int(v > 99) for v in row] for row in ink], id="0 or 1"),
        pytest.param(lambda ink: [[255 - v for v in row] for row in ink], id="dark on light"),
        pytest.param(lambda ink: [[float(v <= 99) for v in row] for row in ink], id="1 or 0"),
    ],
)
def test_every_file_of_numbers_is_put_right(tmp_path, write, pixels):
    digits = data.load(str(write(tmp_path, pixels(INK.reshape(40, 784).tolist()))))
    images = np.concatenate([digits.train_images, digits.test_images])
    assert images.dtype == np.uint8 and images.max() == 255
    assert not images[:, :4].any() and images[:, 6:20, 10].min() > 150
    assert digits.notes and all("own." in note and "\n" not in note for note in digits.notes)


def test_idx_files_are_put_right(tmp_path):
    for key, (name, _) in mnist_files.FILES.items():
        array = LABELS if key.startswith("y") else (INK < 128).astype(np.uint8)
        path = tmp_path / f"{name}-{mnist_files.idx_suffix(key)}.gz"
        path.write_bytes(gzip.compress(idx.header(array.shape) + array.tobytes()))
    digits = data.load(str(tmp_path))
    np.testing.assert_array_equal(digits.test_images, np.where(INK < 128, 0, 255))
    assert [note.split(": ")[1] for note in digits.notes] == ["x_train", "x_test"]


def test_a_picture_folder_is_read_alike_in_every_scale_and_polarity(tmp_path):
    for digit, picture in enumerate([INK[7], 255 - INK[7], INK[7] // 255, 1 - INK[7] // 255]):
        (tmp_path / str(digit)).mkdir()
        for number in range(5):
            Image.fromarray(picture).save(tmp_path / str(digit) / f"{number}.png")
    digits = data.load(str(tmp_path))
    images = dict(zip(digits.train_labels.tolist(), digits.train_images, strict=True))
    np.testing.assert_array_equal(images[0], images[1])
    np.testing.assert_array_equal(images[2], images[3])
    assert images[2].max() > 200
