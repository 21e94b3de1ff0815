"""`train.compare` trains each network once, resumes, and marks the Pareto front."""

import json
import shutil
from pathlib import Path

import pytest

from tests.train.conftest import FEW_NON_DIGITS
from train import compare
from train.samples import prepare

ROOT = Path(compare.__file__).parents[1]
DISTILLED = ROOT / "models" / "experiments" / "distilled"


@pytest.fixture
def command(shapes_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("DIGITPAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(prepare, "NON_DIGIT_COUNTS", FEW_NON_DIGITS)
    monkeypatch.setattr(compare, "compressed_size", lambda network: network.count_params())
    words = ["--data", shapes_file, "--archs", "quick", "baseline", "--seeds", 1, "--epochs", 1]
    return [str(word) for word in [*words, "--out", tmp_path / "out"]]


def test_a_stopped_comparison_resumes_and_trains_each_network_once(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    trained = []
    train = compare.train

    def stop_at_the_second(settings, *rest):
        if trained:
            raise KeyboardInterrupt
        trained.append(settings.arch)
        return train(settings, *rest)

    monkeypatch.setattr(compare, "train", stop_at_the_second)
    assert compare.main(command) == 130
    assert "the same command resumes" in capsys.readouterr().err
    monkeypatch.setattr(
        compare,
        "train",
        lambda settings, *rest: trained.append(settings.arch) or train(settings, *rest),
    )
    assert compare.main(command) == 0
    assert trained == ["quick", "baseline"]

    out = tmp_path / "out"
    table = (out / "compare.md").read_text()
    assert table in capsys.readouterr().out
    assert "| quick |" in table and "| baseline |" in table and "±" in table
    assert (out / "compare.png").read_bytes().startswith(b"\x89PNG")
    assert len(json.loads((out / "compare.json").read_text())) == 2
    assert not list(out.glob(".training*"))


@pytest.fixture
def saved_run(monkeypatch: pytest.MonkeyPatch) -> dict:
    """Return a saved run that replaces every training."""
    run = json.loads((DISTILLED / "default-2" / "report.json").read_text())["run"] | {"bytes": 1}
    monkeypatch.setattr(compare, "train", lambda *_: run)
    return run


def test_saved_runs_are_compared_with_runs_of_the_same_settings(
    command: list[str], saved_run: dict, tmp_path: Path
):
    saved = ["--archs", "tiny", "--saved", *map(str, sorted(DISTILLED.glob("default-[01]")))]
    assert compare.main([*command, *saved]) == 0
    table = (tmp_path / "out" / "compare.md").read_text().splitlines()
    brief = next(line for line in table if line.startswith("| tiny |"))
    long = next(line for line in table if line.startswith("| default |"))
    assert brief.endswith("| ● |") and long.endswith("| ● |")  # neither beats the other
    assert " 1 epochs: " in brief and " 32 epochs, taught: " in long
    assert any(line.startswith("| default, 32 epochs, taught |") for line in table)


def test_a_network_that_cannot_be_compared_is_rejected_in_one_line(
    command: list[str], saved_run: dict, tmp_path: Path, capsys
):
    evaluated = DISTILLED / "default-0"
    shutil.copy(evaluated / "digits.keras", tmp_path)
    del saved_run["refusal"]["validation"]["letters"]
    for folder, fault in ((tmp_path, "no report of its network"), (evaluated, "not evaluated on")):
        assert compare.main([*command, "--archs", "tiny", "--saved", str(folder)]) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"train.compare: {folder}: ") and fault in error
        assert error.count("\n") == 1


def test_a_result_without_unipen_words_is_not_reused_for_a_run_with_them():
    done = [{"arch": "tiny", "seed": 0, "ink": True, "row": "older"}]
    assert compare.find(done, {"arch": "tiny", "ink": True, "words": False}) == "older"
    assert compare.find(done, {"arch": "tiny", "ink": True, "words": True}) is None


def row(multiplies: int, accuracy: float) -> dict:
    return {"multiplies": multiplies, "sets": {"one": (accuracy, 0.0), "two": (accuracy, 0.0)}}


def test_a_row_is_on_the_front_unless_a_cheaper_one_is_as_accurate():
    rows = [row(10, 0.99), row(20, 0.98), row(30, 0.995), row(5, 0.9), row(40, 0.995)]
    compare.mark_pareto_front(rows)
    assert [each["front"] for each in rows] == [True, False, True, True, False]
