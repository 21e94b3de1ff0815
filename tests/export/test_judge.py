"""Networks side by side: the table and the comparison, and one network all the way."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from export import judge, meta
from export.judge import Judged, comparison, table, validation_of
from train import data
from train.material import HeldOut

LABELS = np.tile(np.arange(10), 10)
WRITERS = np.repeat([f"lab/w{k}" for k in range(10)], 10)


def answers(wrong: int) -> np.ndarray:
    """(100, 10) probabilities with the first of every `100 // wrong` samples misread."""
    readings = LABELS.copy()
    readings[:: len(LABELS) // wrong] += 1
    return np.eye(10, dtype=np.float32)[readings % 10]


@pytest.fixture
def tests() -> list[HeldOut]:
    images = np.zeros((100, 28, 28), np.uint8)
    return [HeldOut("MNIST test", images, LABELS), HeldOut("ink", images, LABELS, WRITERS)]


def judged(name: str, plain: int, inked: int) -> Judged:
    return Judged(
        Path(name), {"MNIST": 0.995}, {"MNIST test": answers(plain), "ink": answers(inked)}
    )


def test_a_table_has_a_row_a_network_and_their_spread(tests):
    text = table([judged("a.keras", 2, 10), judged("b.keras", 4, 20)], tests)
    heading, first, second, spread, counts = text.splitlines()
    assert heading.split("  ")[-1].strip() == "mean over writers"
    assert first.split()[1:] == ["99.50%", "98.00%", "90.00%", "90.00%"]
    assert second.split()[1:] == ["99.50%", "96.00%", "80.00%", "80.00%"]
    assert "97.00 ± 1.41%" in spread and "85.00 ± 7.07%" in spread
    assert "MNIST test: 100 digits" in counts


def test_a_comparison_says_how_many_errors_are_spared(tests):
    text = comparison(judged("a.keras", 2, 5), judged("b.keras", 4, 20), tests)
    assert "MNIST test, micro: 98.00%" in text and "50.0%" in text
    assert "ink, macro: 95.00%" in text and "against 80.00%" in text and ": 75.0% (" in text


def test_a_network_without_errors_leaves_no_share_to_spare(tests):
    perfect = Judged(
        Path("b.keras"), {}, {name: np.eye(10)[LABELS] for name in ("MNIST test", "ink")}
    )
    lines = comparison(judged("a.keras", 2, 5), perfect, tests).splitlines()[1:]
    assert len(lines) == 3
    assert all(
        "against 100.00%" in line and line.endswith(": - (-) fewer errors") for line in lines
    )


def test_validation_is_taken_from_the_report_of_the_very_network(tmp_path: Path):
    file = tmp_path / "digits.keras"
    file.write_bytes(b"weights")
    said = {"run": {"validation": {"MNIST": {"samples": 10, "accuracy": 0.9}}}}
    (tmp_path / "report.json").write_text(json.dumps(said | {"model_sha256": meta.sha256(file)}))
    assert validation_of(file) == {"MNIST": 0.9}
    file.write_bytes(b"others")
    assert validation_of(file) == {}


def test_a_network_is_read_by_a_browser_as_it_would_be_shipped(monkeypatch, capsys):
    shipped = Path(__file__).parents[2] / "models" / "digits.keras"
    digits = data.load("mnist")
    few = HeldOut("MNIST test", digits.test_images[:200], digits.test_labels[:200])
    monkeypatch.setattr(judge, "read_tests", lambda source, ink: [few])
    judge.main([str(shipped), "--against", str(shipped)])
    said = capsys.readouterr().out
    assert "MNIST test: 200 digits" in said
    accuracies = re.search(r"micro: ([\d.]+%) .* against ([\d.]+%)", said)
    assert accuracies[1] == accuracies[2]
    assert ": 0.0% (" in said or (accuracies[1] == "100.00%" and ": - (-) fewer" in said)


def test_a_file_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr(judge, "read_tests", lambda source, ink: [])
    with pytest.raises(SystemExit, match="digitpad: there is no nowhere.keras"):
        judge.main(["nowhere.keras"])
