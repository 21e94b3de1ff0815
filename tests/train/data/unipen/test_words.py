"""UNIPEN's words of digits and marks: both ways of numbering components, and cleaning."""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from train.data.unipen.__main__ import main
from train.data.unipen.cached import read_clean
from train.data.unipen.characters import Ink, UnipenError, clean, kind, read, split, summary
from train.data.unipen.files import WITHOUT_INK
from train.data.unipen.mislabelled import MISLABELLED

COLLECTION = Path(__file__).parents[3] / "fixtures" / "unipen"
ONE = [[0.0, -10.0], [0.0, -5.0], [0.0, 0.0]]
SEVEN = [[10.0, -10.0], [14.0, -10.0], [12.0, 0.0]]
DASH = [[20.0, -5.0], [22.0, -5.0], [24.0, -5.0]]
THREE = [[30.0, -10.0], [34.0, -8.0], [30.0, 0.0]]
FOUR = [[[0.0, -10.0], [0.0, -5.0], [6.0, -5.0]], [[4.0, -10.0], [4.0, -5.0], [4.0, 0.0]]]
TWO = [[10.0, -10.0], [14.0, -6.0], [10.0, 0.0], [14.0, 0.0]]


@pytest.fixture
def words() -> dict[str, Ink]:
    return {ink.source: ink for ink in read(COLLECTION, "7")}


@pytest.fixture
def one_file(tmp_path: Path):
    """Write a data file of words and the ink that it includes; return their directory."""

    def write(segments: str, name: str = "data/7/abc/a.dat", ink: bool = True) -> Path:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f".INCLUDE abc/a.ink\n{segments}\n")
        (tmp_path / "include/abc").mkdir(parents=True, exist_ok=True)
        if ink:
            (tmp_path / "include/abc/a.ink").write_text(".COORD X Y\n.PEN_DOWN\n1 1\n2 2\n3 1\n")
        return tmp_path

    return write


def test_component_numbers_that_include_pen_up_blocks_are_detected_by_the_highest(words):
    assert words["7/lab/both.dat#0-2"] == Ink(
        [ONE, SEVEN], "17", "lab/Anna", "7/lab/both.dat#0-2"
    )
    assert words["7/lab/both.dat#0-6"].strokes == [ONE, SEVEN, DASH, THREE]


def test_other_component_numbers_count_only_pen_down_blocks(words):
    assert words["7/apd/apd1/down.dat#0-1"].strokes == FOUR
    assert words["7/apd/apd1/down.dat#0-2"].strokes == [*FOUR, TWO]


def test_only_words_of_digits_and_marks_are_read(words):
    assert [ink.label for ink in words.values()] == ["4", "42", "1", "17", "17-3"]


def test_repeated_points_of_a_resting_pen_are_dropped(words):
    assert words["7/lab/both.dat#0-1"].strokes == [ONE]


def test_a_writer_of_both_categories_has_one_id_and_a_separate_donor(words):
    four = words["7/apd/apd1/down.dat#0-1"]
    assert (four.writer, four.donor, four.category) == ("apb/Bill_Example", "apd", "7")
    assert words["7/lab/both.dat#0-1"].donor == "lab"
    assert Ink([], "1", "1a/1a", "1a/a.dat#1").donor == "1a"


@pytest.mark.parametrize(
    ("label", "expected"),
    [("7", "single digits"), ("2026", "numbers"), ("05/03/94", "strings with marks")],
)
def test_words_are_classified_by_their_labels(label: str, expected: str):
    assert kind(label) == expected


def test_known_mislabelled_segments_are_dropped_and_counted(words):
    name, delineations = next(iter(MISLABELLED.items()))
    wrong = [Ink(FOUR, "1", "att/a", f"{name}#{each}") for each in delineations.split()]
    kept, dropped = clean([*words.values(), *wrong])
    assert kept == list(words.values())
    assert dropped == {"ink that is not what the label says": len(wrong)}
    assert sum(len(each.split()) for each in MISLABELLED.values()) == 49


def test_the_summary_counts_words_by_kind(words, capsys, monkeypatch):
    assert summary(words.values()).splitlines()[-1].split() == ["all", "2", "5", "2", "2", "1"]
    monkeypatch.setattr(sys, "argv", ["unipen", str(COLLECTION), "--category", "7"])
    main()
    assert "single digits" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("segment", "message"),
    [
        ('.SEGMENT WORD 1 ? "1"', "7/abc/a.dat#1: there is no component 1, only 1"),
        ('.SEGMENT WORD 0- ? "1"', "data/7/abc/a.dat: '0-' in delineation '0-' is not like"),
        (".SEGMENT WORD", "data/7/abc/a.dat has a .SEGMENT that names no components"),
    ],
)
def test_an_invalid_file_of_words_is_reported_in_one_line(one_file, segment: str, message: str):
    with pytest.raises(UnipenError) as error:
        list(read(one_file(segment), "7"))
    assert message in str(error.value) and "\n" not in str(error.value)


def test_missing_ink_is_an_error_except_for_the_file_known_to_lack_it(one_file):
    (known,) = WITHOUT_INK
    one_file('.SEGMENT WORD 0 ? "1"', known, ink=False)
    folder = one_file('.SEGMENT WORD 0 ? "1"', ink=False)
    with pytest.raises(UnipenError, match=r"data/7/abc/a\.dat includes 'abc/a\.ink'"):
        list(read(folder, "7"))
    one_file('.SEGMENT WORD 0 ? "1"')
    assert [ink.source for ink in read(folder, "7")] == ["7/abc/a.dat#0"]


if ARCHIVE := os.environ.get("DIGITPAD_UNIPEN"):  # only where the archives are
    NUMBERS = ARCHIVE.replace("-1abcd.", "-7numbers.")

    def test_unipen_has_2559_words_of_digits_and_all_are_counted():
        words = list(read(NUMBERS, "7"))
        kept, dropped = clean(words)
        assert Counter(kind(ink.label) for ink in words) == {
            "single digits": 2104,
            "numbers": 171,
            "strings with marks": 284,
        }
        donors = {"hpp": 1752, "hpb": 540, "apd": 210, "att": 50, "apc": 7}
        assert Counter(ink.donor for ink in words) == donors
        assert dropped == {"ink that is not what the label says": 49}
        by_split = Counter((kind(ink.label), split(ink.writer)) for ink in kept)
        counts = [
            [by_split[name, part] for part in ("train", "validation", "test")]
            for name in ("single digits", "numbers", "strings with marks")
        ]
        assert counts == [[1017, 323, 715], [103, 41, 27], [192, 65, 27]]

    def test_writers_of_digits_and_words_have_one_id():
        digits, words = (
            {ink.writer for ink in read_clean([ARCHIVE, NUMBERS], category)[0]}
            for category in ("1a", "7")
        )
        assert len(words) == 76 and len(digits & words) == 18
        ids = Counter(writer.split("/", 1)[1] for writer in digits | words)
        assert max(ids.values()) == 1
