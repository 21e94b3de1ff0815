import hashlib
import io
import lzma
import os
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.data.unipen import files
from train.data.unipen.__main__ import main
from train.data.unipen.characters import Ink, UnipenError, clean, read, split, summary
from train.data.unipen.format import Piece, parse_delineation

COLLECTION = Path(__file__).parents[3] / "fixtures" / "unipen"
LINE = [[[0.0, 0.0], [0.0, 5.0], [0.0, 10.0]]]


@pytest.fixture
def characters():
    return {ink.source: ink for ink in read(COLLECTION)}


@pytest.fixture
def one_file(tmp_path):
    """Write a data file and the ink that it includes; return the collection's directory."""

    def write(segments: str, ink: str = ".COORD X Y\n.PEN_DOWN\n1 1\n2 2\n") -> Path:
        for name, text in (
            ("data/1a/abc/a.dat", f".INCLUDE abc/a.ink\n{segments}\n"),
            ("include/abc/a.ink", ink),
        ):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return write


def pack(archive: Path, folder: Path = COLLECTION, prefix: str = "") -> Path:
    with tarfile.open(archive, "w:xz") as tar:
        for name in ("include", "data"):
            tar.add(folder / name, arcname=prefix + name)
    return archive


def ink(strokes=LINE, label="1", writer="abc/Anna", source="1a/abc/a.dat#1") -> Ink:
    return Ink(strokes, label, writer, source)


def test_ink_is_read_through_a_chain_of_includes_with_y_down(characters):
    assert characters["1a/abc/abc1/one.dat#1"] == Ink(
        [[[0.0, 0.0], [0.0, -5.0], [0.0, -10.0]]], "1", "abc/Anna", "1a/abc/abc1/one.dat#1"
    )


def test_empty_blocks_are_not_components_and_pen_up_blocks_are_not_ink(characters):
    four = characters["1a/abc/abc1/one.dat#2"]
    assert four.strokes == [
        [[10.0, -10.0], [10.0, -5.0], [14.0, -5.0]],
        [[13.0, -10.0], [13.0, -5.0], [13.0, 0.0]],
    ]


def test_a_delineation_includes_the_points_at_its_ends(characters):
    assert characters["1a/abc/abc1/one.dat#3"].strokes == [
        [[25.0, -10.0], [30.0, -10.0], [35.0, -5.0]],
        [[30.0, -5.0]],
    ]


def test_a_delineation_joins_separate_pieces(characters):
    assert characters["1a/abc/abc1/one.dat#4"].strokes == [
        [[20.0, -10.0], [25.0, -10.0], [30.0, -10.0], [35.0, -5.0]],
        [[41.0, -1.0], [42.0, 0.0]],
    ]


def test_a_file_may_have_several_writers(characters):
    writers = [characters[f"1a/abc/abc1/one.dat#{number}"].writer for number in (1, 2, 3, 4)]
    assert writers == ["abc/Anna", "abc/Anna", "abc/Bert the Second", "abc/Bert the Second"]


def test_segments_of_words_are_not_read_as_characters(characters):
    assert [name for name in characters if "one.dat" in name] == [
        f"1a/abc/abc1/one.dat#{number}" for number in (1, 2, 3, 4)
    ]


def test_columns_have_any_order_times_start_at_zero_and_axes_share_a_unit(characters):
    assert characters["1a/xyz/times.dat#1"].strokes == [
        [[2.0, 0.0, 0.0], [4.0, -4.0, 10.0], [6.0, -8.0, 20.0]],
        [[10.0, 0.0, 100.0], [10.0, -8.0, 110.0]],
    ]


def test_latin_1_names_and_carriage_returns_are_read(characters):
    assert characters["1a/xyz/times.dat#1"].writer == "xyz/José Nuñez"
    assert characters["1a/xyz/old/old.dat#1"].strokes == [[[1.0, -1.0], [2.0, -2.0], [3.0, -1.0]]]


def test_a_writer_without_a_name_is_named_after_the_directory(characters):
    assert characters["1a/xyz/old/old.dat#1"].writer == "xyz/old"


def test_quality_and_label_may_be_missing_and_labels_may_contain_quotes(characters):
    labels = [characters[f"1a/xyz/times.dat#{number}"].label for number in (1, 2, 3, 4, 5)]
    assert labels == ["5", "", "", '"', "\\"]


def test_other_categories_are_read_by_name():
    assert [(ink.label, ink.writer) for ink in read(COLLECTION, "1b")] == [("V", "xyz/xyz")]
    with pytest.raises(UnipenError, match="no data/1c/ with files of"):
        list(read(COLLECTION, "1c"))
    with pytest.raises(UnipenError, match="'2' is not one of 1a, 1b, 1c, 1d, 7"):
        list(read(COLLECTION, "2"))


@pytest.mark.parametrize("prefix", ["", "./", "unipen/CDROM/"])
def test_the_archive_reads_like_the_directory(tmp_path, prefix):
    archive = pack(tmp_path / "unipen.tar.xz", prefix=prefix)
    assert list(read(archive)) == list(read(COLLECTION))


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.9, 0.99])
def test_a_truncated_archive_is_reported_in_one_line(tmp_path, share):
    content = pack(tmp_path / "unipen.tar.xz").read_bytes()
    short = tmp_path / "short.tar.xz"
    short.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UnipenError, match="short.tar.xz cannot be read") as error:
        list(read(short))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("left", [0, 1])
def test_an_archive_that_ends_inside_a_file_is_reported_in_one_line(tmp_path, left):
    archive, short = pack(tmp_path / "unipen.tar.xz"), tmp_path / "short.tar.xz"
    with tarfile.open(archive) as tar:
        last = max(each.offset_data for each in tar if "/1a/" in each.name and each.size)
    short.write_bytes(lzma.compress(lzma.decompress(archive.read_bytes())[: last + left]))
    with pytest.raises(UnipenError, match="short.tar.xz cannot be read") as error:
        list(read(short))
    assert "\n" not in str(error.value)


def test_a_missing_path_and_a_file_that_is_not_an_archive_are_reported(tmp_path):
    with pytest.raises(UnipenError, match="nowhere does not exist"):
        list(read(tmp_path / "nowhere"))
    with pytest.raises(UnipenError, match="cannot be read as a .tar.xz"):
        list(read(COLLECTION / "README"))
    with pytest.raises(UnipenError, match="holds no data/1a/"):
        list(read(tmp_path))


@pytest.mark.parametrize("name", ["../data/1a/a.dat", "/data/1a/a.dat", "data/1a/../../../a.dat"])
def test_an_archive_with_a_path_outside_itself_is_rejected(tmp_path, name):
    with tarfile.open(tmp_path / "bad.tar.xz", "w:xz") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(UnipenError, match="outside itself"):
        list(read(tmp_path / "bad.tar.xz"))


@pytest.mark.parametrize("limit", ["MAX_FILE", "MAX_ARCHIVE", "MAX_MEMBERS"])
def test_an_archive_above_the_size_limits_is_rejected(tmp_path, monkeypatch, limit):
    archive = pack(tmp_path / "large.tar.xz")
    monkeypatch.setattr(files, limit, 3)
    with pytest.raises(UnipenError, match="too large"):
        list(read(archive))


def test_two_collections_in_one_directory_are_rejected(tmp_path):
    for name in "ab":
        (tmp_path / name / "include").mkdir(parents=True)
        (tmp_path / name / "include" / "x.doc").write_text("")
    with pytest.raises(UnipenError, match="include/x.doc twice"):
        list(read(tmp_path))


@pytest.mark.parametrize(
    ("segment", "message"),
    [
        ('.SEGMENT CHARACTER 1 ? "1"', "a.dat#1: there is no component 1, only 1"),
        ('.SEGMENT CHARACTER 0-999999999 ? "1"', "there is no component 999999999"),
        ('.SEGMENT CHARACTER 0:0-0:2 ? "1"', "component 0 has no point 2, only 2"),
        ('.SEGMENT CHARACTER 0:5-0:6 ? "1"', "component 0 has no point 6, only 2"),
        ('.SEGMENT CHARACTER 0- ? "1"', "'0-' in delineation '0-' is not like"),
        (".SEGMENT CHARACTER", "names no components"),
        (".INCLUDE abc/none.ink", "data/1a/abc/a.dat includes 'abc/none.ink'"),
        (".INCLUDE ../data/1a/abc/a.dat", "data/1a/abc/a.dat includes itself"),
        (".INCLUDE ../../secret", "which is not under include/"),
    ],
)
def test_a_data_file_with_invalid_references_is_reported(one_file, segment, message):
    with pytest.raises(UnipenError, match="1a/abc/a.dat") as error:
        list(read(one_file(segment)))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".PEN_DOWN\n1 1\n", "ink before a .COORD"),
        (".COORD X Z\n.PEN_DOWN\n1 1\n", "ink before a .COORD that names X and Y"),
        (".COORD X Y\n.PEN_DOWN\n1 1 1\n", "not rows of 2 numbers"),
        (".COORD X Y\n.PEN_DOWN\n1 nan\n", "not rows of 2 numbers"),
        (".COORD X Y\n.PEN_DOWN\n1 one\n", "'one' among its points"),
        (".COORD X Y\n.X_POINTS_PER_MM 0\n", ".X_POINTS_PER_MM is not a positive number"),
        (".COORD X Y\n.X_POINTS_PER_MM\n", ".X_POINTS_PER_MM is not a positive number"),
        (".INCLUDE abc/a.ink\n", "include/abc/a.ink includes itself"),
        (".COORD X Y\n.PEN_DOWN\n1 1e13\n", "a point beyond 1e+12"),
        (".X_POINTS_PER_MM 1e-300\n.Y_POINTS_PER_MM 1e300\n.COORD X Y\n.PEN_DOWN\n0 0\n", "beyond"),
    ],
)
def test_invalid_ink_is_reported_in_one_line_with_its_file(one_file, text, message):
    with pytest.raises(UnipenError, match=r"abc/a\.(ink|dat)") as error:
        list(read(one_file('.SEGMENT CHARACTER 0 ? "1"', text)))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_exponentially_many_includes_are_reported(one_file):
    folder = one_file('.SEGMENT CHARACTER 0 ? "1"', ".INCLUDE abc/0.ink\n")
    for number in range(40):  # twice each: 2**40 times in total
        text = f".INCLUDE abc/{number + 1}.ink\n" * 2
        (folder / f"include/abc/{number}.ink").write_text(text)
    (folder / "include/abc/40.ink").write_text(".COORD X Y\n")
    with pytest.raises(UnipenError, match="includes too many files"):
        list(read(folder))


def test_a_very_long_chain_of_includes_is_reported(one_file):
    folder = one_file('.SEGMENT CHARACTER 0 ? "1"', ".INCLUDE abc/0.ink\n")
    for number in range(900):
        (folder / f"include/abc/{number}.ink").write_text(f".INCLUDE abc/{number + 1}.ink\n")
    with pytest.raises(UnipenError, match="includes too many files"):
        list(read(folder))


@pytest.mark.parametrize(
    "delineation", [",".join(["0-1"] * 200), ",".join(["0"] * 301)], ids=["points", "strokes"]
)
def test_a_character_with_too_much_ink_is_reported(one_file, delineation):
    ink = ".COORD X Y\n.PEN_DOWN\n" + "1 1\n" * 2000 + ".PEN_DOWN\n" + "2 2\n" * 2000
    with pytest.raises(UnipenError, match="more than 100000 points or 300 strokes"):
        list(read(one_file(f'.SEGMENT CHARACTER {delineation} ? "1"', ink)))


def test_an_archive_is_unpacked_only_up_to_the_size_limit(tmp_path, monkeypatch):
    archive = tmp_path / "unipen.tar.xz"
    packed = pack(tmp_path / "small.tar.xz").read_bytes()
    archive.write_bytes(packed + lzma.compress(bytes(40_000_000)))
    monkeypatch.setattr(files, "MAX_ARCHIVE", 30_000_000)
    with pytest.raises(UnipenError, match=r"unipen\.tar\.xz is too large"):
        list(read(archive))


def test_quotes_from_a_file_are_truncated(one_file):
    with pytest.raises(UnipenError) as error:
        list(read(one_file(f".SEGMENT CHARACTER {'9' * 5000} ?")))
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    "content",
    [
        b".SEGMENT CHARACTER 0-x ?\n",
        b".PEN_DOWN\n1 2\n",
        b".SEGMENT CHARACTER\n",
        b".INCLUDE ../a\n",
    ],
)
def test_names_of_files_are_quoted_in_part(tmp_path, content):
    with tarfile.open(tmp_path / "long.tar.xz", "w:xz") as tar:
        member = tarfile.TarInfo(f"data/1a/abc/{'long' * 5000}.dat")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    with pytest.raises(UnipenError, match="1a/abc/longlong") as error:
        list(read(tmp_path / "long.tar.xz"))
    assert len(str(error.value)) < 400 and "\n" not in str(error.value)


def test_cleaning_counts_every_reason_and_keeps_the_first_of_duplicates():
    other = [[[0.0, 0.0], [3.0, 3.0], [6.0, 0.0]]]
    timed = [[[0.0, 0.0, 0.0], [0.0, 5.0, 10.0], [0.0, 10.0, 20.0]]]
    split_in_two = [LINE[0][:1], LINE[0][1:]]
    first, apart = ink(), ink(split_in_two)
    kept, dropped = clean(
        [
            ink(label=""),
            ink([]),
            ink([[[0.0, 0.0], [1.0, 1.0]]]),
            ink([[[2.0, 2.0], [2.0, 2.0]], [[2.0, 2.0]]]),
            first,
            ink(timed, writer="abc/Bert"),
            apart,
            ink(other, label="7"),
            ink(other, label="1"),
            ink(other, label="7"),
        ]
    )
    assert kept == [first, apart]
    assert dropped == Counter(
        {
            "no label": 1,
            "fewer than 3 points": 2,
            "no extent": 1,
            "duplicate": 1,
            "same ink, different labels": 3,
        }
    )


def test_the_split_of_known_writers_never_changes():
    writers = ["app/HarveyLehtman", "val/val02", "uqb/re_3828", "val/val01", "pri/159"]
    expected = ["test", "test", "validation", "train", "train"]  # by sha256sum on the command line
    assert [split(writer) for writer in writers] == expected


@given(st.text())
def test_a_hash_assigns_one_writer_in_five_to_the_test_split(writer):
    remainder = int.from_bytes(hashlib.sha256(writer.encode()).digest(), "big") % 5
    assert split(writer) == ["test", "validation", "train", "train", "train"][remainder]


def test_the_summary_counts_writers_and_labels_by_split():
    inks = [ink(writer="val/val02"), ink(label="2", writer="val/val02"), ink(writer="pri/159")]
    assert summary(inks, Counter({"no extent": 2})).splitlines() == [
        "split       writers  characters  1  2",
        "train             1           1  1  0",
        "validation        0           0  0  0",
        "test              1           2  1  1",
        "all               2           3  2  1",
        "dropped: 2",
        "  2 no extent",
    ]


def test_the_command_prints_counts(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["unipen", str(COLLECTION)])
    main()
    printed = capsys.readouterr().out
    assert printed.startswith("segments: 10\n")
    assert "dropped: 4\n  2 no label\n  2 same ink, different labels\n" in printed


def test_the_command_fails_with_one_line(tmp_path):
    command = [sys.executable, "-m", "train.data.unipen", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "does not exist" in done.stderr


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("12-14,16", [Piece(12, 14), Piece(16, 16)]),
        ("260:3-261:5", [Piece(260, 261, 3, 5)]),
        ("379-380:1", [Piece(379, 380, 0, 1)]),
        ("405:7-406", [Piece(405, 406, 7)]),
        ("7:2", [Piece(7, 7, 2, 2)]),
    ],
)
def test_delineations_are_parsed_as_unipen_writes_them(text, pieces):
    assert parse_delineation(text) == pieces


@pytest.mark.parametrize("text", ["5-4", "5:3-5:2", "5:3-5:", "", "1,,2", "-1", "٣", "1-2-3"])
def test_an_invalid_delineation_is_rejected(text):
    with pytest.raises(UnipenError, match="delineation"):
        parse_delineation(text)


COUNT = st.integers(0, 999_999_999)


@st.composite
def pieces(draw):
    first, last = sorted((draw(COUNT), draw(COUNT)))
    start, end = sorted((draw(COUNT), draw(COUNT)))
    return Piece(first, last, start, draw(st.sampled_from([end, None])))


@given(st.lists(pieces(), min_size=1))
def test_every_delineation_is_parsed_as_it_was_written(written):
    text = ",".join(
        f"{piece.first}:{piece.start}-{piece.last}" + ("" if piece.end is None else f":{piece.end}")
        for piece in written
    )
    assert parse_delineation(text) == written


@given(st.text(alphabet="0123456789:-, x"))
def test_any_text_is_parsed_into_ordered_pieces_or_an_error(text):
    try:
        found = parse_delineation(text)
    except UnipenError:
        return
    assert len(found) == text.count(",") + 1
    assert all(piece.first <= piece.last for piece in found)


if ARCHIVE := os.environ.get("DIGITPAD_UNIPEN"):  # only where the archive is

    def test_unipen_has_15953_digits_and_all_are_counted():
        digits = list(read(ARCHIVE))
        kept, dropped = clean(digits)
        assert len(digits) == 15_953
        assert set("".join(ink.label for ink in digits)) == set("0123456789")
        assert dropped == {"duplicate": 484, "no extent": 3}
        assert len(kept) + dropped.total() == 15_953
        by_split = Counter(split(ink.writer) for ink in kept)
        assert by_split == {"train": 8574, "validation": 2235, "test": 4657}
        writers = Counter(map(split, {ink.writer for ink in kept}))
        assert writers == {"train": 167, "validation": 44, "test": 57}
