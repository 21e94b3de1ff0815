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


def test_a_missing_archive_is_reported_in_one_line():
    with pytest.raises(SystemExit, match="^digitpad: .*nowhere"):
        numbers.main(["--unipen", "nowhere", "elsewhere"])
