"""`python -m tests.soak`: what it runs, writes and says."""

import types
from pathlib import Path

import pytest

from tests.soak import __main__ as soak


@pytest.fixture
def last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(soak, "LAST", tmp_path / "last.md")
    monkeypatch.setattr(soak, "ROOT", tmp_path)
    return tmp_path / "last.md"


def part(monkeypatch: pytest.MonkeyPatch, fault: str | None = None) -> list[tuple]:
    """Let every part be one that notes what it is asked for, and fails where there is a fault."""
    asked: list[tuple] = []

    def run(amount: float, seed: int) -> list[str]:
        asked.append((amount, seed))
        assert fault is None, fault
        return ["all well"]

    module = types.SimpleNamespace(run=run)
    monkeypatch.setattr(soak.importlib, "import_module", lambda name: module)
    return asked


def test_all_parts_run_with_one_seed_and_are_written_down(last: Path, monkeypatch) -> None:
    asked = part(monkeypatch)
    assert soak.main(["--seed", "7"]) == 0
    assert asked == [(10_000, 7), (5_000, 7), (10, 7)]
    text = last.read_text()
    assert "everything held" in text and "seed 7" in text
    assert [line for line in text.splitlines() if line == "- all well"] == ["- all well"] * 3


def test_a_fault_is_told_with_its_seed(last: Path, monkeypatch, capsys) -> None:
    part(monkeypatch, "it fell over")
    assert soak.main(["monkey", "--seed", "9"]) == 1
    said = "FAULT: python -m tests.soak monkey --minutes 10 --seed 9 shows it again"
    assert said in capsys.readouterr().out and said in last.read_text()
    assert "# The last `make soak`: a fault in monkey" in last.read_text()


@pytest.mark.parametrize("arguments", [["ftp"], ["--cases", "0"], ["--minutes", "-1"]])
def test_what_it_cannot_do_is_one_line(last: Path, capsys, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        soak.main(arguments)
    assert left.value.code == 2
    assert capsys.readouterr().err.count("error: ") == 1
    assert not last.exists()
