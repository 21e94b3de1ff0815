"""The table of real numbers that are read exactly, by donor and by split."""

from contextlib import nullcontext

import pytest

from export.evaluate import numbers
from train.data.unipen.characters import Ink

STROKES = [[[0, 0], [0, 10]]]


def number(label: str, donor: str) -> Ink:
    return Ink(STROKES, label, f"{donor}/Anna", f"7/{donor}/a.dat#0")


@pytest.fixture
def reads_20(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the page by one that reads every drawing as 20."""
    monkeypatch.setattr(numbers, "model_page", lambda: nullcontext())
    monkeypatch.setattr(numbers, "read", lambda page, drawing: {"text": "20", "symbols": []})


def test_real_numbers_are_counted_by_donor_and_split(reads_20: None):
    table = numbers.real_numbers_table(
        {
            "train": [number("20", "hpp"), number("100", "hpp")],
            "validation": [],
            "test": [number("20", "apd")],
        }
    )
    assert table.splitlines() == [
        "| Real numbers, read exactly | train | validation | test | all |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| apd | – | – | 1 of 1 (100.0%) | 1 of 1 (100.0%) |",
        "| hpp | 1 of 2 (50.0%) | – | – | 1 of 2 (50.0%) |",
        "| all | 1 of 2 (50.0%) | – | 1 of 1 (100.0%) | 2 of 3 (66.7%) |",
    ]


def test_single_digits_are_right_misread_rejected_or_split(monkeypatch: pytest.MonkeyPatch):
    texts = iter(["4", "9", "?", "11", "4"])
    monkeypatch.setattr(numbers, "model_page", lambda: nullcontext())
    monkeypatch.setattr(numbers, "read", lambda page, drawing: {"text": next(texts)})
    table = numbers.single_digits_table({"one": [number("4", "a")] * 4, "two": [number("4", "b")]})
    assert table.splitlines()[2:] == [
        "| one | 4 | 25.00% | 25.00% | 25.00% | 25.00% |",
        "| two | 1 | 100.00% | 0.00% | 0.00% | 0.00% |",
    ]


def test_joined_rows_hold_the_same_digits_in_fewer_strokes():
    digits = [Ink([[[0, 0], [5, 9]]], str(k), "a/Anna", f"1a/a/a.dat#{k}") for k in range(4)]
    chosen = {length: [digits[:length]] * 20 for length in (2, 3, 4, 6)}
    rows = {name: made for name, _, made in numbers.compose_rows(chosen)}
    assert all(len(number.strokes) == 2 for number in rows["2 digits, normal"])
    assert all(number.strokes != [] and number.text == "01" for number in rows["2 digits, joined"])
    for name, strokes in (("2 digits, joined", {1}), ("3 digits, joined", {1})):
        assert {len(number.strokes) for number in rows[name]} == strokes
    half = [len(number.strokes) for number in rows["4 digits, half of them joined"]]
    assert set(half) <= {1, 2, 3} and len(set(half)) > 1


def test_a_missing_archive_is_reported_in_one_line():
    with pytest.raises(SystemExit, match="^digitpad: .*nowhere"):
        numbers.main(["--unipen", "nowhere", "elsewhere"])
