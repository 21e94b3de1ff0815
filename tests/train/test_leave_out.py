"""`train.compare --leave-out donors`: train without a contributor, read that contributor's ink."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.train.conftest import SHAPES
from train import compare, leave_out
from train.data.unipen.characters import SPLITS, Ink, split
from train.evaluation.predictions import Predictions
from train.samples import prepare
from train.samples.unipen_ink import UnipenInk, by_split

FEW = {"letters": 4, "symbols": 4, "scribbles": 20, "fragments": 20, "pairs": 20, "pictures": 20}
DONORS = {"one": 12, "two": 8, "three": 4}


def writer_of(donor: str, wanted: str) -> str:
    """Return a writer of a contributor whom the one rule puts into a split."""
    return next(name for k in range(99) if split(name := f"{donor}/{k}") == wanted)


@pytest.fixture
def ink() -> UnipenInk:
    """Return digits of three contributors: in each split, as many of each as DONORS says."""
    inks = [
        Ink(SHAPES[k % 10], str(k % 10), writer_of(donor, each), f"1a/{donor}/a.dat#{each}{k}")
        for donor, count in DONORS.items()
        for each in SPLITS
        for k in range(count)
    ]
    words = [Ink(SHAPES[3], "3", writer_of("two", each), f"7/two/b.dat#{each}") for each in SPLITS]
    letters = [
        Ink(SHAPES[4], "A", writer_of("three", each), f"1b/three/c.dat#{each}") for each in SPLITS
    ]
    others = {"letters": by_split(letters), "symbols": by_split(letters)}
    return UnipenInk(by_split(inks), others, {}, "", by_split(words))


@pytest.fixture
def command(
    ink: UnipenInk, shapes_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    monkeypatch.setenv("DIGITPAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(prepare, "NON_DIGIT_COUNTS", dict.fromkeys(SPLITS, FEW))
    for module in (prepare, leave_out):
        monkeypatch.setattr(module, "read_ink", lambda paths: ink)
    words = ["--leave-out", "donors", "--donors", 2, "--archs", "quick", "--epochs", 1]
    words += ["--data", shapes_file, "--unipen", "archive", "--out", tmp_path / "out"]
    return [str(word) for word in words]


def test_the_largest_contributors_are_left_out_and_read_once(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    used = []
    prepare_data = leave_out.prepare_data

    def note(*arguments, wanted, **options):
        used.append(wanted)
        return prepare_data(*arguments, wanted=wanted, **options)

    monkeypatch.setattr(leave_out, "prepare_data", note)
    assert compare.main(command) == 0
    rows = json.loads((tmp_path / "out" / "leave-out.json").read_text())
    # Digits of training and validation writers alone, and the single digit of category 7 with them.
    assert {row["donor"]: row["digits"] for row in rows} == {"one": 24, "two": 18}
    table = (tmp_path / "out" / "leave-out.md").read_text()
    assert table in capsys.readouterr().out
    assert "one (24, 2)" in table and "two (18, 2)" in table
    assert compare.main(command) == 0
    assert len(used) == 2  # the second call had nothing left to train
    assert compare.main([*command, "--without-words", "--donors", "1"]) == 0
    assert len(used) == 3


def test_no_ink_of_the_contributor_is_used(ink: UnipenInk):
    kept = ink.select(lambda each: each.contributor != "one")
    everything = [kept.digits, kept.words, *kept.non_digits.values()]
    writers = {each.writer for splits in everything for inks in splits.values() for each in inks}
    assert {writer.split("/")[0] for writer in writers} == {"two", "three"}


def test_a_second_network_is_counted_beside_the_first(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(leave_out, "SECOND_NETWORK_EPOCHS", 1)
    again = [*command, "--donors", "1", "--second-network"]
    assert compare.main(again) == 0
    rows = json.loads((tmp_path / "out" / "leave-out.json").read_text())
    assert [row["second_network"] for row in rows] == [False, True]
    assert {row["digits"] for row in rows} == {24}
    assert "second network" in (tmp_path / "out" / "leave-out.md").read_text()
    assert compare.main(again) == 0
    assert len(json.loads((tmp_path / "out" / "leave-out.json").read_text())) == 2


def test_a_rejected_digit_is_not_read_right(ink: UnipenInk):
    inks = ink.digits["train"][:4]
    predictions = Predictions(np.eye(10)[[0, 1, 2, 9]], np.array([0.1, 0.9, 0.5, 0.1]))
    found = leave_out.judge(predictions, inks, threshold=0.5)
    assert (found["digits"], found["classified"], found["right"]) == (4, 3, 2)
    assert found["writers"] == {inks[0].writer: [4, 2]}


def test_the_reduction_is_of_the_mean_error_rate_over_contributors():
    ours = [{"a": [100, 1], "b": [100, 3]}, {"c": [10, 2]}]
    theirs = [{"a": [100, 2], "b": [100, 6]}, {"c": [10, 4]}]
    reduction, interval = leave_out.error_reduction(ours, theirs)
    assert reduction == pytest.approx(0.5)
    assert interval == pytest.approx([0.5, 0.5])
    unequal = [{"a": [100, 2], "b": [100, 2]}, {"c": [10, 4]}]
    reduction, (low, high) = leave_out.error_reduction(unequal, theirs)
    assert reduction == pytest.approx(1 - 0.42 / 0.44)
    assert low < reduction < high


def test_without_unipen_the_option_fails_in_one_line(tmp_path: Path, capsys):
    assert compare.main(["--leave-out", "donors", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        "train.compare: --leave-out needs --unipen: contributors are those of UNIPEN's ink\n"
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("none", ""),
        ("warp", "warp"),
        ("points,hooks", "hooks points"),
        ("all", "hooks ends pen-down warp points"),
    ],
)
def test_variations_are_given_by_name(text: str, names: str):
    options = compare.parser().parse_args(["--stroke-variations", text])
    assert options.stroke_variations == names


def test_an_unknown_variation_is_named(capsys):
    with pytest.raises(SystemExit):
        compare.parser().parse_args(["--stroke-variations", "warp,wobble"])
    assert "'wobble' is none of hooks, ends, pen-down, warp, points" in capsys.readouterr().err
