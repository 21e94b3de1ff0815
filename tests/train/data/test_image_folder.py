"""Folders of pictures: every file format is read, and unexpected content is reported."""

import numpy as np
import pytest
from PIL import Image

from files.drawings import DataError
from train import data
from train.data import image_folder

# A 7, dark on light, in a picture of 40 rows and 30 columns.
GREY = np.full((40, 30), 255, np.uint8)
GREY[8:12, 6:24] = 0
GREY[12:34, 18:22] = 0


@pytest.fixture(scope="module")
def seven():
    """Return the normalised 7."""
    return image_folder.normalise(GREY.astype(float))


@pytest.fixture
def folder(tmp_path):
    """Return a folder with five pictures of each digit."""
    for digit in range(10):
        (tmp_path / str(digit)).mkdir()
        for number in range(5):
            ink = GREY.copy()
            ink[8 : 12 + digit, 6 : 9 + number] = 0
            Image.fromarray(ink).save(tmp_path / str(digit) / f"{number}.png")
    return tmp_path


def transparent():
    """Return black ink on transparent black."""
    return Image.fromarray(np.stack([np.zeros_like(GREY), 255 - GREY], axis=-1), "LA")


def light_on_transparent(shade):
    """Return light ink on transparent black, or on transparent white as most programs write it."""
    grey = np.where(GREY == 0, 230, shade).astype(np.uint8)
    return Image.fromarray(np.stack([grey, 255 - GREY], axis=-1), "LA")


def palette():
    """Return an image whose palette indices do not follow the brightness."""
    image = Image.fromarray(np.where(GREY == 0, 200, 3).astype(np.uint8), "P")
    shades = [0] * 768
    shades[9:12] = [255, 255, 255]
    image.putpalette(shades)
    return image


def transparent_palette():
    image = Image.fromarray(np.where(GREY == 0, 1, 0).astype(np.uint8), "P")
    image.putpalette([0] * 768)
    image.info["transparency"] = 0
    return image


def sixteen_bits():
    """Return values in the top eighth of the range, which clipping to 8 bits would lose."""
    return Image.fromarray((57344 + GREY.astype(np.uint16) * 32).astype(np.uint16))


FORMATS = {
    "grey.png": lambda: Image.fromarray(GREY),
    "light on dark.png": lambda: Image.fromarray(255 - GREY),
    "colour.png": lambda: Image.fromarray(GREY).convert("RGB"),
    "transparent.png": transparent,
    "light on transparent.png": lambda: light_on_transparent(0),
    "light on transparent white.png": lambda: light_on_transparent(255),
    "palette.png": palette,
    "transparent palette.png": transparent_palette,
    "transparent.gif": transparent_palette,
    "sixteen bits.png": sixteen_bits,
    "sixteen bits.tif": sixteen_bits,
    "floats.tif": lambda: Image.fromarray(GREY.astype(np.float32) / 255),
    "two shades.bmp": lambda: Image.fromarray(GREY).convert("1"),
    "print.jpg": lambda: Image.fromarray(GREY).convert("CMYK"),
    "photo.JPG": lambda: Image.fromarray(GREY),
    "web.webp": lambda: Image.fromarray(GREY).convert("RGB"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_picture_format_gives_the_same_digit(tmp_path, seven, name):
    options = {"quality": 98} if name.lower().endswith(("jpg", "webp")) else {}
    FORMATS[name]().save(tmp_path / name, **options)
    field = image_folder.read_digit(tmp_path / name)
    assert np.abs(field - seven).max() < (0.1 if options else 1e-6)


@pytest.mark.parametrize("name", FORMATS)
def test_a_very_large_picture_is_downscaled_when_it_is_read(tmp_path, monkeypatch, name):
    options = {"quality": 98} if name.lower().endswith(("jpg", "webp")) else {}
    FORMATS[name]().save(tmp_path / name, **options)
    monkeypatch.setattr(image_folder, "DOWNSCALE_ABOVE", 300)
    assert image_folder.read_picture(tmp_path / name).shape == (20, 15)
    half = image_folder.normalise(GREY[::2, ::2].astype(float))
    field = image_folder.read_digit(tmp_path / name)
    assert np.abs(field - half).max() < (0.15 if options else 1e-5)


def test_a_photo_is_rotated_by_its_exif_orientation(tmp_path, seven):
    turned = Image.fromarray(np.rot90(GREY))
    exif = turned.getexif()
    exif[0x0112] = 6  # orientation: rotate by 90 degrees clockwise
    turned.save(tmp_path / "photo.png", exif=exif)
    assert np.abs(image_folder.read_digit(tmp_path / "photo.png") - seven).max() < 1e-6


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "cannot be read as a picture"),
        (b"<svg></svg>", "cannot be read as a picture"),
        (None, "no such picture"),
    ],
)
def test_a_file_that_is_not_a_picture_is_reported(tmp_path, contents, message):
    path = tmp_path / "digit.png"
    if contents is not None:
        path.write_bytes(contents)
    with pytest.raises(DataError, match=rf"digit\.png:? {message}"):
        image_folder.read_digit(path)


@pytest.mark.parametrize("end", ["png", "jpg", "gif", "tif", "bmp", "webp"])
def test_a_truncated_picture_is_reported(tmp_path, end):
    path = tmp_path / f"digit.{end}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    Image.fromarray(noise).convert("L" if end != "webp" else "RGB").save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=f"digit.{end} cannot be read as a picture"):
        image_folder.read_picture(path)


def test_a_picture_without_ink_is_reported(folder):
    Image.new("L", (20, 20), 255).save(folder / "7" / "3.png")
    with pytest.raises(DataError, match=r"7/3\.png: there is no ink"):
        data.load(str(folder))


def test_a_folder_is_read_in_the_order_of_labels_and_a_fifth_is_held_out(folder):
    digits = data.load(str(folder), seed=2)
    assert digits.name == folder.name
    assert digits.train_labels.tolist() == sorted(list(range(10)) * 4)
    assert digits.test_labels.tolist() == list(range(10))
    assert digits.train_images.shape == (40, 28, 28)
    assert digits.train_images.dtype == np.uint8
    assert digits.train_images.max() == 255
    assert digits.held_out.startswith(f"10 of the 50 digits of {folder.name} itself")
    again = data.load(str(folder), seed=2)
    assert np.array_equal(again.train_images, digits.train_images)


def test_files_left_by_file_managers_are_ignored(folder):
    for name in (".DS_Store", "7/.DS_Store", "7/Thumbs.db", "notes.txt"):
        (folder / name).write_bytes(b"no picture")
    (folder / ".thumbnails").mkdir()
    assert len(data.load(str(folder)).train_labels) == 40


def test_a_digit_may_be_missing(folder):
    for path in (folder / "3").iterdir():
        path.unlink()
    (folder / "3").rmdir()
    assert set(data.load(str(folder)).train_labels) == set(range(10)) - {3}


def test_too_few_pictures_of_a_digit_are_reported(folder):
    (folder / "3" / "0.png").unlink()
    with pytest.raises(DataError, match=r"3 has 4 pictures: at least 5 of a digit"):
        data.load(str(folder))


@pytest.mark.parametrize("name", ["10", "seven", "７"])
def test_a_folder_not_named_after_a_digit_is_reported(folder, name):
    (folder / name).mkdir()
    with pytest.raises(DataError, match=f"{name} is not named after a digit"):
        data.load(str(folder))


def test_a_picture_outside_the_digit_folders_is_reported(folder):
    (folder / "7" / "0.png").rename(folder / "0.png")
    with pytest.raises(DataError, match=r"0\.png is outside the digits' folders"):
        data.load(str(folder))


def test_a_folder_inside_a_digit_folder_is_reported(folder):
    (folder / "7" / "more").mkdir()
    with pytest.raises(DataError, match=r"7/more cannot be read as a picture"):
        data.load(str(folder))


def test_an_empty_folder_is_reported_with_the_expected_layout(tmp_path):
    with pytest.raises(DataError, match="has no pictures: expected sub-folders 0 to 9"):
        data.load(str(tmp_path))


def test_a_picture_above_the_pixel_limit_is_not_decoded(tmp_path, monkeypatch):
    path = tmp_path / "digit.png"
    Image.fromarray(GREY).save(path)
    monkeypatch.setattr(image_folder, "MAX_PIXELS", 1000)
    with pytest.raises(DataError, match=r"digit\.png has 30 x 40 pixels, more than the 1,000"):
        image_folder.read_digit(path)


def test_postscript_is_rejected_whatever_the_file_name(tmp_path):
    path = tmp_path / "digit.png"
    Image.fromarray(GREY).save(path, "EPS")
    with pytest.raises(DataError, match="cannot be read as a picture"):
        image_folder.read_digit(path)


def test_a_decompression_bomb_is_rejected_without_a_warning(tmp_path):
    path = tmp_path / "digit.png"
    Image.new("1", (13_000, 13_000)).save(path)
    with pytest.raises(DataError, match="13000 x 13000 pixels"):
        image_folder.read_digit(path)
