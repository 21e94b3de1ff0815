"""CSV files of digits: the layouts that go round are read, and errors name the row."""

import gzip
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from files import limits
from files.drawings import DataError
from train import data
from train.data.csv_files import opening
from train.data.csv_files.reading import read_labelled, read_unlabelled

COLUMNS = ["label", *(f"pixel{number}" for number in range(784))]
HEADER = ",".join(COLUMNS)
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
    images, labels = read_labelled(path)
    assert images.shape == (2, 28, 28) and images.dtype == np.uint8
    assert (images[0, 0, 0], images[0, 1, 1], images.sum()) == (255, 8, 263)
    assert labels.tolist() == [7, 0]
    assert labels.dtype == np.int64


def test_byte_order_marks_quotes_and_windows_line_ends_are_accepted(csv):
    quoted = ",".join(f'"{name}"' for name in COLUMNS)
    path = csv("\ufeff" + quoted, row("7"), "", row(" 3"), row('"4"', pixel9='"12"'), end="\r\n")
    images, labels = read_labelled(path)
    assert labels.tolist() == [7, 3, 4] and images[2, 0, 9] == 12


SIDES = [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)]
ONE_TO_784 = [f"pixel{number}" for number in range(1, 785)]
VALUES = [["5", *BLANK[:400], "200", *BLANK[401:]], ["9", *BLANK[:391], "17", *BLANK[392:]]]
FIRST = [[values[0], *values[1:]] for values in VALUES]
LAST = [[*values[1:], values[0]] for values in VALUES]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([["label", *SIDES], *FIRST], id="named row by row"),
        pytest.param([["Class", *(f"V{k}" for k in range(2, 786))], *FIRST], id="named as by R"),
        pytest.param([["digit", *map(str, range(784))], *FIRST], id="named by numbers"),
        pytest.param([[str(k) for k in range(785)], *FIRST], id="columns counted by pandas"),
        pytest.param([[str(k) for k in range(785)], *LAST], id="counted, label last"),
        pytest.param(FIRST, id="without a header"),
        pytest.param(LAST, id="without a header, label last"),
        pytest.param([[*ONE_TO_784, "class"], *LAST], id="label last"),
        pytest.param([[*ONE_TO_784, "what"], *LAST], id="label last, under another name"),
        pytest.param([["what", *SIDES], *FIRST], id="label first, under another name"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", " "])
def test_layouts_that_go_round_are_read(csv, rows, delimiter):
    images, labels = read_labelled(csv(*map(delimiter.join, rows)))
    assert labels.tolist() == [5, 9]
    assert (images[0].reshape(784)[400], images[1].reshape(784)[391]) == (200, 17)
    assert images.sum() == 217


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_decimal_commas_are_read_where_they_separate_nothing(csv, delimiter):
    rows = [["label", *ONE_TO_784], ["3", *BLANK[:99], "0,75", *BLANK[100:]], ["1,0", *BLANK]]
    images, labels = read_labelled(csv(*map(delimiter.join, rows)))
    assert labels.tolist() == [3, 1]
    assert images.reshape(2, 784)[0, 99] == 0.75


@pytest.mark.parametrize("value", ["0.25", "2.5e-1", "+.25", "1", "253.0", "-0.5"])
def test_fractions_are_not_cut_off(csv, value):
    images, _ = read_labelled(csv(HEADER, row("3", pixel5=value), row("2")))
    assert images[0, 0, 5] == float(value)


def test_a_gzipped_file_is_read(csv, tmp_path):
    path = tmp_path / "digits.csv.gz"
    path.write_bytes(gzip.compress(csv(HEADER, *CROSSES).read_bytes()))
    assert data.load(str(path)).name == "digits.csv.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"digits\.csv\.gz is damaged: download"):
        data.load(str(path))


CROSSES = [row(str(k % 10), pixel406="255", pixel378="200") for k in range(30)]


def write_zip(path, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return path


def test_kaggles_archive_is_read_as_it_was_downloaded(tmp_path):
    path = write_zip(
        tmp_path / "digit-recognizer.zip",
        sample_submission_csv="ImageId,Label\n1,0\n",
        test_csv="\n".join([PIXELS_ONLY, ",".join(BLANK)]),
        train_csv="\n".join([HEADER, *CROSSES]),
    )
    assert len(data.load(str(path)).train_labels) == 27
    assert read_unlabelled(path).shape == (1, 28, 28)


def test_of_an_archive_of_mnist_as_csv_the_training_digits_are_read(tmp_path):
    """Kaggle has several such archives, with headers that name rows and columns."""
    header = ",".join(["label", *SIDES])
    path = write_zip(
        tmp_path / "archive.zip",
        **{"mnist-test_csv": f"{header}\n{row('3')}", "mnist-train_csv": f"{header}\n{row('5')}"},
    )
    assert read_labelled(path)[1].tolist() == [5]


def test_an_archive_of_one_csv_is_read_whatever_its_name(tmp_path):
    content = "\n".join([HEADER, *CROSSES])
    path = write_zip(tmp_path / "own.zip", folder__mine_csv=content, read_me="hello")
    assert len(read_labelled(path)[1]) == 30


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a_csv": "x", "b_csv": "y"}, r"holds a\.csv, b\.csv: unpack it"),
        ({"a_txt": "x"}, "holds no CSV file: unpack it"),
    ],
)
def test_an_archive_that_does_not_tell_which_file_is_rejected(tmp_path, files, message):
    with pytest.raises(DataError, match=message):
        data.load(str(write_zip(tmp_path / "own.zip", **files)))


def one_short_line(raised) -> bool:
    said = str(raised.value)
    return "\n" not in said and len(said) < 500


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["label", "pixel0" + "é" * 70_000, *COLUMNS[2:]], id="long and in order"),
        pytest.param(["label", *COLUMNS[1:-1], "x" * 70_000], id="long and no number"),
        pytest.param(["label" * 9_000, *COLUMNS[1:]], id="a long name of the label"),
        pytest.param(["label\x1b[2J\v0", *COLUMNS[1:]], id="control characters"),
    ],
)
def test_a_header_is_quoted_in_part(csv, names):
    with pytest.raises(DataError, match="train.csv, row") as raised:
        read_labelled(csv(",".join(names), row("x" * 70_000, pixel0="y" * 70_000)))
    assert one_short_line(raised)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("name", ["a" * 60_000 + ".csv", "two\nlines.csv"])
def test_names_in_an_archive_are_quoted_in_part(tmp_path, name):
    path = tmp_path / "own.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for each in (name, "b.csv"):
            archive.writestr(each, "x")
    with pytest.raises(DataError, match=r"own\.zip holds ") as raised:
        data.load(str(path))
    assert one_short_line(raised)


def test_a_damaged_archive_and_one_that_unpacks_to_too_much_are_rejected(tmp_path, monkeypatch):
    path = write_zip(tmp_path / "own.zip", train_csv="\n".join([HEADER, *CROSSES]))
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(DataError, match=r"own\.zip is damaged"):
        read_labelled(path)
    path.write_bytes(whole)
    monkeypatch.setattr(opening, "MAX_UNPACKED", 1000)
    with pytest.raises(DataError, match=r"own\.zip unpacks to more than 1,000 bytes"):
        read_labelled(path)


def test_utf_16_is_rejected_with_a_remedy(tmp_path):
    (tmp_path / "excel.csv").write_bytes("\n".join([HEADER, *CROSSES]).encode("utf-16"))
    with pytest.raises(DataError, match="is in UTF-16: save it as CSV in UTF-8"):
        read_labelled(tmp_path / "excel.csv")


SWAPPED = [*ONE_TO_784[:7], ONE_TO_784[8], ONE_TO_784[7], *ONE_TO_784[9:]]
DOWN = [f"{row}x{column}" for column in range(1, 29) for row in range(1, 29)]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "is empty"),
        (("", HEADER, row()), "or its first row is: expected a label and"),
        ((HEADER,), "no rows below"),
        ((HEADER, ""), "no rows below"),
        ((HEADER.removeprefix("label,"), row()), "has no labels, like Kaggle's test.csv"),
        ((",".join(BLANK), row()), "has no labels, like Kaggle's test.csv"),
        (("id," + HEADER, row()), "row 1: 786 columns, expected 785: a label and .*'id'"),
        ((HEADER.replace("pixel2,", ""), row()), "784 columns, .*after 'pixel1' comes 'pixel3'"),
        ((HEADER + ",pixel784", row()), "row 1: 786 columns, expected 785"),
        (("label,pixel0", "7,0"), "row 1: 2 columns, expected 785"),
        ((",".join(["label", *SWAPPED]), row()), "row 1: after 'pixel7' comes 'pixel9'"),
        ((",".join(["label", *DOWN]), row()), "after '1x1' comes '2x1', and pixels go row by row"),
        ((HEADER.replace("pixel9,", "class,"), row()), "both 'label' and 'class' could be"),
        ((",".join("abcdefg" * 112) + ",h", row()), "'a' is neither a value nor a name"),
        ((row("x"), row()), "row 1: 'x' is neither a value nor a name of a column"),
        (("7" + ",0" * 784,), "first and the last column, neither is the label.*add a header"),
        ((row("7"), row("3", pixel783="4")), "both could be the label.*add a header"),
        ((row("7"), row("13"), row("5")), "neither is the label"),
        ((row("7"), row("3"), row("4")[:-2]), "row 3: 784 values, expected 785"),
        ((row("7"), row("3", pixel8="x")), "row 2: column 10 is 'x', expected a number from 0"),
        ((HEADER, row(), row() + ",0"), "row 3: 786 values, expected 785"),
        ((HEADER, row(), row()[:-2]), "row 3: 784 values, expected 785"),
        ((HEADER, "1,2", "1,2"), "row 2: 2 values, expected 785"),
        ((HEADER, row(), "", row("10")), "row 4: label is '10', expected .* from 0 to 9"),
        ((HEADER, row("-1")), "row 2: label is '-1'"),
        ((HEADER, row("7.5")), "row 2: label is '7.5'"),
        ((HEADER, row(), row(pixel783="256")), "row 3: pixel783 is '256', .* from 0 to 255"),
        ((HEADER, row(pixel5="-2")), "row 2: pixel5 is '-2', expected a number from 0 to 255"),
        ((HEADER, row(pixel5="")), "row 2: pixel5 is ''"),
        ((HEADER, row(pixel5="nan")), "row 2: pixel5 is 'nan'"),
        ((HEADER, row(pixel5="inf")), "row 2: pixel5 is 'inf'"),
        ((HEADER, row(pixel5="9" * 5000)), f"row 2: pixel5 is '{'9' * 80}…',"),
        ((HEADER, row(pixel5="\x00")), r"row 2: pixel5 is '\\x00'"),
    ],
)
def test_an_invalid_csv_is_rejected_with_the_row(csv, lines, message):
    path = csv(*lines)
    with pytest.raises(DataError, match=message) as problem:
        read_labelled(path)
    assert str(problem.value).startswith(str(path))
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((HEADER, row()), "has labels, like Kaggle's train.csv: give its test.csv"),
        ((PIXELS_ONLY.replace("pixel2,", ""),), "783 columns.*after 'pixel1' comes 'pixel3'"),
        ((PIXELS_ONLY.removesuffix(",pixel783"),), "row 1: 783 columns, expected 784"),
        ((PIXELS_ONLY,), "no rows below .* expected 784 pixels"),
        ((PIXELS_ONLY, ",".join(BLANK), row()), "row 3: 785 values, expected 784"),
        ((PIXELS_ONLY, ",".join(["256", *BLANK[1:]])), "row 2: pixel0 is '256'"),
    ],
)
def test_an_invalid_test_csv_is_rejected_with_the_row(csv, lines, message):
    with pytest.raises(DataError, match=message) as problem:
        read_unlabelled(csv(*lines))
    assert "\n" not in str(problem.value)


def test_a_test_csv_may_start_with_any_pixel_value_and_have_no_header(csv):
    for header in ([PIXELS_ONLY], []):
        images = read_unlabelled(csv(*header, ",".join(["255", *BLANK[1:]])))
        assert images.shape == (1, 28, 28) and images[0, 0, 0] == 255


def test_an_error_far_down_is_found(csv):
    path = csv(HEADER, *[row()] * 2500, row("x"), *[row()] * 100)
    with pytest.raises(DataError, match="row 2502: label is 'x'"):
        read_labelled(path)


def test_a_file_that_is_not_text_is_rejected_with_the_row(csv):
    path = csv(HEADER)
    path.write_bytes(path.read_bytes() + row().encode() + b"\n\xff\xfe\x00" + row().encode())
    with pytest.raises(DataError, match="row 3: label is"):
        read_labelled(path)


def test_a_file_above_the_size_limit_is_not_read(csv, monkeypatch):
    monkeypatch.setattr(limits, "MAX_FILE", 100)
    with pytest.raises(DataError, match="more than the limit of 100"):
        read_labelled(csv(HEADER, row()))


TEXTS = st.one_of(
    st.integers(-10, 300).map(str),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters=',"')),
)


@settings(max_examples=60, deadline=None)
@given(value=TEXTS, column=st.sampled_from(["label", "pixel0", "pixel783"]))
def test_any_value_is_read_as_a_number_or_rejected(tmp_path_factory, value, column):
    path = tmp_path_factory.mktemp("csv") / "train.csv"
    changed = row(value) if column == "label" else row(**{column: value})
    path.write_text(f"{HEADER}\n{row()}\n{changed}\n", encoding="utf-8")
    try:
        images, labels = read_labelled(path)
    except DataError as problem:
        assert f"row 3: {column} is " in str(problem)
    else:
        found = labels[1] if column == "label" else images[1].reshape(784)[int(column[5:])]
        assert found == np.float32(value)


def test_a_csvs_test_digits_are_held_out_of_its_own_rows(csv):
    path = csv(HEADER, *[row(str(n % 10), pixel0=str(n)) for n in range(200)])
    digits = data.load(str(path), seed=5)
    assert digits.name == "train.csv"
    seen = [*digits.train_images[:, 0, 0], *digits.test_images[:, 0, 0]]
    assert sorted(seen) == list(range(200))
    assert np.bincount(digits.test_labels).tolist() == [2] * 10
    assert "20 of the 200 digits of train.csv itself" in digits.held_out
    assert "not MNIST's test set" in digits.held_out
    assert digits.notes == ()
