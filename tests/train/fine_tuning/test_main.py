"""Fine-tuning to a few writers, and to personal drawings through `python -m train`."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.train.conftest import FEW_NON_DIGITS, SHAPES
from train import __main__ as command
from train import run
from train.data.unipen.characters import Ink
from train.fine_tuning import __main__ as tuning
from train.fine_tuning import tuner
from train.samples import prepare
from train.samples.stroke_variations import augment_strokes

pytestmark = pytest.mark.usefixtures("brief_reports")

MODELS = Path(__file__).parents[3] / "models"
MODEL = MODELS / "digits.keras"
TRIANGLE = [[[4, 0], [0, 9], [8, 9], [4, 0]]]  # a 0 that only one person writes


def draw_digits(count: int, seed: int, zero=SHAPES[0]) -> list[tuple[list, int]]:
    """Return augmented drawings of the digits in turn, with their labels."""
    rng = np.random.default_rng(seed)
    shapes = SHAPES | {0: zero}
    return [(augment_strokes(shapes[k % 10], rng)[0], k % 10) for k in range(count)]


def write_drawings(path: Path, drawings: list[tuple[list, int]], shift: int = 0) -> Path:
    """Write a file of drawings; with a `shift` their labels are wrong."""
    lines = [
        json.dumps({"label": str((label + shift) % 10), "strokes": strokes})
        for strokes, label in drawings
    ]
    path.write_text("\n".join(lines))
    return path


def train(capsys: pytest.CaptureFixture, *arguments: object) -> tuple[int, str, list[str]]:
    status = command.main([str(word) for word in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err.splitlines()


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use few renders and few replayed images, just enough for an effect."""
    monkeypatch.setattr(tuner, "MIN_PERSONAL_RENDERS", 600)
    monkeypatch.setattr(run, "REPLAY_IMAGES", 800)
    monkeypatch.setattr(tuning, "REPLAY_IMAGES", 800)


def test_errors_are_counted_on_digits_outside_the_support(shapes_file: Path):
    inks = [
        Ink(strokes, str(label), writer, f"{writer} {k}")
        for seed, (writer, zero) in enumerate({"a": SHAPES[0], "b": TRIANGLE}.items())
        for k, (strokes, label) in enumerate(draw_digits(30, seed, zero))
    ]
    text = tuning.measure(MODEL, inks, str(shapes_file))
    lines = [line for line in text.splitlines() if line.startswith("misread")]
    assert all("2 writers, 40 digits after 10 examples" in line for line in lines)
    before, after = (
        int(lines[1].split(" errors")[0].split()[-1]),
        int(lines[1].split(", ")[2].split()[0]),
    )
    assert after <= before and before > 0
    assert "validation: " in text and "test: " in text and "of 2 writers" in text


def test_fine_tuning_on_personal_drawings_is_recorded_in_the_report(
    shapes_file: Path, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.setenv("DIGITPAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(prepare, "NON_DIGIT_COUNTS", FEW_NON_DIGITS)
    for name in ("digits.keras", "report.json"):
        shutil.copy(MODELS / name, tmp_path)
    start = tmp_path / "digits.keras"
    mine = write_drawings(tmp_path / "d.jsonl", draw_digits(20, 7))
    status, out, errors = train(
        capsys, "--data", shapes_file, "--drawings", mine, "--from", start, "--out", tmp_path
    )
    assert (status, errors) == (0, [])
    assert "shapes validation: of 200 " in out and "nothing lost" in out
    assert "your drawings: of 20 " in out
    before = json.loads((MODELS / "report.json").read_text())["run"]
    after = json.loads((tmp_path / "report.json").read_text())["run"]
    assert after["trained_on"][:-1] == before["trained_on"]
    assert after["trained_on"][-1] == "then, its last layers, 20 drawings of one hand"
    assert after["refusal"]["threshold"] >= before["refusal"]["threshold"]
    assert after["settings"]["epochs"] < 10 and "temperature" not in after
    assert (tmp_path / "digits.keras").read_bytes() != MODEL.read_bytes()


def test_nothing_is_written_if_wrong_labels_lower_the_accuracy_on_mnist(tmp_path: Path, capsys):
    wrong = write_drawings(tmp_path / "d.jsonl", draw_digits(20, 7), shift=1)
    out = tmp_path / "out"
    status, printed, errors = train(capsys, "--drawings", wrong, "--from", MODEL, "--out", out)
    assert status == 1 and len(errors) == 1 and "MNIST: 800 of its 60,000" in printed
    assert "MNIST validation: " in errors[0] and "nothing is written" in errors[0]
    assert f"python -m train.drawings {wrong}" in errors[0]
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--quick"], "--quick does not work with --drawings and --from"),
        (["--preview-augmentation"], "--preview-augmentation does not work with"),
        (["--stroke-variations", "warp"], "--stroke-variations does not work with"),
        (["--arch", "tiny"], "is not built like tiny"),
        (["--drawings", "words.jsonl"], "words.jsonl: no drawing of a single digit"),
        (["--drawings", "nowhere.jsonl"], "nowhere.jsonl: not a readable file"),
        (["--drawings", "folder"], "folder: this folder has no *.jsonl file"),
        (["--from", "nowhere.keras"], "nowhere.keras: no such model"),
    ],
)
def test_invalid_arguments_are_reported_in_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    write_drawings(tmp_path / "d.jsonl", draw_digits(10, 1))
    Path("folder").mkdir()
    Path("words.jsonl").write_text(json.dumps({"label": "10", "strokes": SHAPES[1]}))
    status, _, errors = train(capsys, "--drawings", "d.jsonl", "--from", MODEL, *arguments)
    assert status == 1 and len(errors) == 1 and message in errors[0]
    assert not Path("models").exists()


def test_a_missing_archive_is_reported_in_one_line(capsys):
    assert tuning.main(["--unipen", "nowhere.tar.xz"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1 and "nowhere.tar.xz" in errors[0]
