"""Kaggle's CSV files and their download; errors name the row."""

import kagglehub
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kagglehub.exceptions import UnauthenticatedError

from files import limits
from files.drawings import DataError
from train import data
from train.data import kaggle

HEADER = ",".join(kaggle.COLUMNS)
PIXELS_ONLY = HEADER.removeprefix("label,")
BLANK = ["0"] * 784


def row(label="0", **pixels):
    """A row of the CSV; `pixel3="9"` sets one of its pixels."""
    values = list(BLANK)
    for name, value in pixels.items():
        values[int(name.removeprefix("pixel"))] = value
    return ",".join([label, *values])


@pytest.fixture
def csv(tmp_path):
    """Write lines to train.csv."""

    def write(*lines, end="\n"):
        path = tmp_path / "train.csv"
        path.write_bytes("".join(line + end for line in lines).encode())
        return path

    return write


def test_rows_become_images(csv):
    path = csv(HEADER, row("7", pixel0="255", pixel29="8"), row("0"))
    images, labels = kaggle.read_csv(path)
    assert images.shape == (2, 28, 28)
    assert (images[0, 0, 0], images[0, 1, 1], images.sum()) == (255, 8, 263)
    assert labels.tolist() == [7, 0]
    assert labels.dtype == np.int64


def test_byte_order_marks_quotes_and_windows_line_ends_are_accepted(csv):
    quoted = ",".join(f'"{name}"' for name in kaggle.COLUMNS)
    path = csv("\ufeff" + quoted, row("7"), "", row(" 3"), end="\r\n")
    assert kaggle.read_csv(path)[1].tolist() == [7, 3]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "is empty"),
        ((HEADER,), "no rows below"),
        ((HEADER, ""), "not a table"),
        ((HEADER.removeprefix("label,"), row()), "has no labels, like Kaggle's test.csv"),
        (("id," + HEADER, row()), "row 1: column 1 is 'id' where .* has 'label'"),
        ((HEADER.replace("pixel2,", ""), row()), "row 1: column 4 is 'pixel3' where .*'pixel2'"),
        ((HEADER + ",pixel784", row()), "row 1: 786 columns, expected 785"),
        (("label,pixel0", "7,0"), "row 1: 2 columns, expected 785"),
        (("7" + ",0" * 784,), "row 1: column 1 is '7'"),
        ((HEADER, row(), row() + ",0"), "row 3: 786 values, expected 785"),
        ((HEADER, row(), row()[:-2]), "row 3: 784 values, expected 785"),
        ((HEADER, "1,2", "1,2"), "row 2: 2 values, expected 785"),
        ((HEADER, row(), "", row("10")), "row 4: label is '10', expected .* from 0 to 9"),
        ((HEADER, row("-1")), "row 2: label is '-1'"),
        ((HEADER, row(), row(pixel783="256")), "row 3: pixel783 is '256', .* from 0 to 255"),
        ((HEADER, row(pixel5="0.5")), "row 2: pixel5 is '0.5', expected a whole number"),
        ((HEADER, row(pixel5="")), "row 2: pixel5 is ''"),
        ((HEADER, row(pixel5="nan")), "row 2: pixel5 is 'nan'"),
        ((HEADER, row(pixel5="9" * 5000)), f"row 2: pixel5 is '{'9' * 40}',"),
        ((HEADER, row(pixel5="\x00")), r"row 2: pixel5 is '\\x00'"),
    ],
)
def test_an_invalid_csv_is_rejected_with_the_row(csv, lines, message):
    path = csv(*lines)
    with pytest.raises(DataError, match=message) as problem:
        kaggle.read_csv(path)
    assert str(problem.value).startswith(str(path))
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((HEADER, row()), "has labels, like Kaggle's train.csv: give its test.csv"),
        ((PIXELS_ONLY.replace("pixel2,", ""),), "row 1: column 3 is 'pixel3' where Kaggle's test"),
        ((PIXELS_ONLY.removesuffix(",pixel783"),), "row 1: 783 columns, expected 784"),
        ((PIXELS_ONLY,), "no rows below .* expected Kaggle's test.csv"),
        ((PIXELS_ONLY, ",".join(BLANK), row()), "row 3: 785 values, expected 784"),
        ((PIXELS_ONLY, ",".join(["256", *BLANK[1:]])), "row 2: pixel0 is '256'"),
    ],
)
def test_an_invalid_test_csv_is_rejected_with_the_row(csv, lines, message):
    with pytest.raises(DataError, match=message) as problem:
        kaggle.read_test_csv(csv(*lines))
    assert "\n" not in str(problem.value)


def test_a_test_csv_may_start_with_any_pixel_value(csv):
    images = kaggle.read_test_csv(csv(PIXELS_ONLY, ",".join(["255", *BLANK[1:]])))
    assert images.shape == (1, 28, 28) and images[0, 0, 0] == 255


def test_an_error_far_down_is_found(csv):
    path = csv(HEADER, *[row()] * 2500, row("x"), *[row()] * 100)
    with pytest.raises(DataError, match="row 2502: label is 'x'"):
        kaggle.read_csv(path)


def test_a_file_that_is_not_text_is_rejected_with_the_row(csv):
    path = csv(HEADER)
    path.write_bytes(path.read_bytes() + row().encode() + b"\n\xff\xfe\x00" + row().encode())
    with pytest.raises(DataError, match="row 3: label is"):
        kaggle.read_csv(path)


def test_a_file_above_the_size_limit_is_not_read(csv, monkeypatch):
    monkeypatch.setattr(limits, "MAX_FILE", 100)
    with pytest.raises(DataError, match="more than the limit of 100"):
        kaggle.read_csv(csv(HEADER, row()))


VALUES = st.one_of(
    st.integers(-10, 300).map(str),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters=",")),
)


@settings(max_examples=60, deadline=None)
@given(value=VALUES, column=st.sampled_from(["label", "pixel0", "pixel783"]))
def test_any_value_is_read_as_a_number_or_rejected(tmp_path_factory, value, column):
    path = tmp_path_factory.mktemp("csv") / "train.csv"
    changed = row(value) if column == "label" else row(**{column: value})
    path.write_text(f"{HEADER}\n{row()}\n{changed}\n", encoding="utf-8")
    try:
        images, labels = kaggle.read_csv(path)
    except DataError as problem:
        assert f"row 3: {column} is " in str(problem)
    else:
        found = labels[1] if column == "label" else images[1].reshape(784)[int(column[5:])]
        assert found == int(value)


def test_a_csvs_test_digits_are_held_out_of_its_own_rows(csv):
    path = csv(HEADER, *[row(str(n % 10), pixel0=str(n)) for n in range(200)])
    digits = data.load(str(path), seed=5)
    assert digits.name == "train.csv"
    seen = [*digits.train_images[:, 0, 0], *digits.test_images[:, 0, 0]]
    assert sorted(seen) == list(range(200))
    assert np.bincount(digits.test_labels).tolist() == [2] * 10
    assert "20 of the 200 digits of train.csv itself" in digits.held_out
    assert "not MNIST's test set" in digits.held_out


def test_a_download_from_kaggle_is_read(csv, monkeypatch):
    path = csv(HEADER, *[row(str(n % 10)) for n in range(20)])
    requested = []
    monkeypatch.setattr(
        kagglehub, "competition_download", lambda name: requested.append(name) or str(path.parent)
    )
    assert data.load("kaggle").name == "kaggle"
    assert requested == ["digit-recognizer"]


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (UnauthenticatedError(), r"make a token .* ~/\.kaggle/kaggle\.json"),
        (ConnectionError("no\nroute"), r"could not be downloaded \(no route\): check the network"),
    ],
)
def test_a_failed_download_is_reported_in_one_line_with_a_remedy(monkeypatch, raised, message):
    def fail(_):
        raise raised

    monkeypatch.setattr(kagglehub, "competition_download", fail)
    with pytest.raises(DataError, match=message) as problem:
        data.load("kaggle")
    assert "--data train.csv" in str(problem.value)
    assert "\n" not in str(problem.value)


def test_without_credentials_nothing_is_downloaded(monkeypatch, tmp_path):
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="Kaggle asks who you are"):
        kaggle.fetch()
