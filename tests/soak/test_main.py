"""The command `python -m tests.soak`: parts, report and errors."""

import types
from pathlib import Path

import pytest

from tests.soak import __main__ as soak


@pytest.fixture
def last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(soak, "LAST", tmp_path / "last-run.md")
    monkeypatch.setattr(soak, "ROOT", tmp_path)
    return tmp_path / "last-run.md"


def part(monkeypatch: pytest.MonkeyPatch, fault: str | None = None) -> list[tuple]:
    """Replace every part by one that records its arguments, and fails if `fault` is given."""
    asked: list[tuple] = []

    def run(amount: float, seed: int) -> list[str]:
        asked.append((amount, seed))
        assert fault is None, fault
        return ["all well"]

    module = types.SimpleNamespace(run=run)
    monkeypatch.setattr(soak.importlib, "import_module", lambda name: module)
    return asked


def test_all_parts_run_with_one_seed_and_are_reported(last: Path, monkeypatch) -> None:
    asked = part(monkeypatch)
    assert soak.main(["--seed", "7"]) == 0
    assert asked == [(10_000, 7), (5_000, 7), (10, 7)]
    text = last.read_text()
    assert "no failure" in text and "seed 7" in text
    assert [line for line in text.splitlines() if line == "- all well"] == ["- all well"] * 3


def test_a_failure_is_reported_with_its_command(last: Path, monkeypatch, capsys) -> None:
    part(monkeypatch, "it fell over")
    assert soak.main(["monkey", "--seed", "9"]) == 1
    line = "FAILED: repeat with `python -m tests.soak monkey --minutes 10 --seed 9`"
    assert line in capsys.readouterr().out and line in last.read_text()
    assert "# The last `make soak`: monkey failed" in last.read_text()


@pytest.mark.parametrize("arguments", [["ftp"], ["--cases", "0"], ["--minutes", "-1"]])
def test_invalid_arguments_give_one_line(last: Path, capsys, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        soak.main(arguments)
    assert left.value.code == 2
    assert capsys.readouterr().err.count("error: ") == 1
    assert not last.exists()
