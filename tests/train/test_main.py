"""The command `python -m train`: its files, interrupted runs and one-line errors."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from files.atomic import locked
from train.__main__ import main
from train.fitting.settings import Settings
from train.network.build import build
from train.network.saving import save
from train.options import parser, settings_of

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("few_non_digits", "brief_reports")

# Runs `python -m train` and kills it at the end of the second epoch, before its checkpoint.
KILL_IN_SECOND_EPOCH = """
import os, signal, sys
from tests.train.conftest import FEW_NON_DIGITS
from train.__main__ import main
from train.fitting import fit
from train.samples import prepare

prepare.NON_DIGIT_COUNTS = FEW_NON_DIGITS

save_checkpoint = fit.EpochCheckpoint.on_epoch_end

def save_only_the_first(backup, epoch, logs=None):
    if epoch > 0:
        os.kill(os.getpid(), signal.SIGKILL)
    save_checkpoint(backup, epoch, logs)

fit.EpochCheckpoint.on_epoch_end = save_only_the_first
sys.exit(main(sys.argv[1:]))
"""


def weights(out: Path) -> list[np.ndarray]:
    return keras.saving.load_model(out / "digits.keras", compile=False).get_weights()


@pytest.fixture(scope="module")
def trained(
    few_non_digits: None,
    brief_reports: None,
    shapes_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    out = tmp_path_factory.mktemp("trained")
    files = ["--data", str(shapes_file), "--out", str(out)]
    assert main([*files, "--arch", "baseline", "--epochs", "3"]) == 0
    return out


def test_both_files_give_the_same_probabilities(trained: Path):
    images = np.random.default_rng(0).random((32, 28, 28, 1), np.float32)
    ours, theirs = (
        keras.saving.load_model(trained / name).predict(images, verbose=0)
        for name in ("digits.keras", "final_mnist_cnn.h5")
    )
    assert ours.keys() == {"digits", "not_a_digit"}
    np.testing.assert_allclose(ours["digits"], theirs, atol=1e-5)


def test_the_report_records_settings_versions_and_history(trained: Path):
    report = json.loads((trained / "report.json").read_text())
    assert report["run"]["settings"]["epochs"] == 3
    assert report["run"]["settings"]["arch"] == "baseline"
    assert {"python", "tensorflow", "keras", "numpy"} <= report["run"]["versions"].keys()
    assert len(report["history"]) == 3


def test_a_resumed_run_ends_with_the_same_weights(
    trained: Path, shapes_file: Path, tmp_path: Path, capsys
):
    files = ["--data", str(shapes_file), "--out", str(tmp_path)]
    arguments = [*files, "--arch", "baseline", "--epochs", "3"]
    command = [sys.executable, "-c", KILL_IN_SECOND_EPOCH, *arguments]
    killed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=1800)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / "digits.keras").exists()

    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("train: ") and error.count("\n") == 1 and "--resume" in error
    assert main([*arguments, "--resume"]) == 0
    # Runs with the same kernels are equal to the last bit. Other kernels (AVX2, oneDNN) differ by
    # up to 0.1 after this many steps, so weights are never compared across machines.
    for ours, theirs in zip(weights(tmp_path), weights(trained), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert len(json.loads((tmp_path / "report.json").read_text())["history"]) == 3


def test_a_failed_save_keeps_the_old_files(tmp_path: Path, monkeypatch):
    save(build("baseline"), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    written = keras.Model.save

    def fill_the_disk(self: keras.Model, path: Path, **options) -> None:
        written(self, path, **options)
        if path.suffix == ".h5":
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.Model, "save", fill_the_disk)
    with pytest.raises(OSError, match="No space"):
        save(build("default"), tmp_path)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.[kh]*")} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nowhere.csv"], "nowhere.csv"),
        (["--unipen", "nowhere.tar.xz"], "nowhere.tar.xz"),
        (["--drawings", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--from", "nowhere.keras"], "nowhere.keras"),
    ],
)
def test_a_missing_file_is_reported_in_one_line(
    arguments: list, message: str, shapes_file: Path, tmp_path: Path, capsys
):
    data = [] if "--data" in arguments else ["--data", str(shapes_file)]
    assert main([*data, *arguments, "--epochs", "1", "--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("train: ") and error.count("\n") == 1 and message in error


@pytest.mark.parametrize("seed", ["-1", str(2**32), "one"])
def test_an_invalid_seed_is_rejected(seed: str, capsys):
    with pytest.raises(SystemExit, match="2"):
        parser().parse_args(["--seed", seed])
    assert "--seed" in capsys.readouterr().err


def test_two_runs_cannot_write_into_one_folder(shapes_file: Path, tmp_path: Path, capsys):
    with locked(tmp_path):
        assert main(["--data", str(shapes_file), "--epochs", "1", "--out", str(tmp_path)]) == 1
    assert "another run is writing" in capsys.readouterr().err


def test_a_run_whose_report_fails_can_be_resumed(
    shapes_file: Path, tmp_path: Path, monkeypatch, capsys
):
    out = [
        "--data",
        str(shapes_file),
        "--arch",
        "baseline",
        "--epochs",
        "1",
        "--out",
        str(tmp_path),
    ]

    def fill_the_disk(*arguments, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("train.reporting.write.write", fill_the_disk)
        assert main(out) == 1
    assert "--resume" not in capsys.readouterr().err
    assert main([*out, "--resume"]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert len(report["history"]) == 1
    assert not (tmp_path / ".training").exists()


def test_help_names_every_option():
    text = parser().format_help()
    data = ["--data", "--unipen", "--drawings", "--from"]
    ours = ["--arch", "--epochs", "--seed", "--quick", "--profile", "--resume", "--out"]
    for option in [*data, *ours]:
        assert option in text


@pytest.mark.parametrize(
    "arguments", [["--unipen", "a", "b", "--seed", "1"], ["--unipen", "a", "--unipen", "b"]]
)
def test_unipen_takes_several_paths(arguments: list[str]):
    assert parser().parse_args(arguments).unipen == ["a", "b"]
    assert parser().parse_args(["--unipen", "a"]).unipen == ["a"]
    assert parser().parse_args([]).unipen == []


def test_old_option_names_still_work():
    arguments = ["--batch", "7", "--renderings", "3", "--baseline", "a.keras", "--show-augmented"]
    options = parser().parse_args(arguments)
    assert (settings_of(options).batch_size, settings_of(options).renders_per_drawing) == (7, 3)
    assert options.reference == Path("a.keras") and options.preview_augmentation
    assert not set(arguments) & set(parser().format_help().split())
    unchanged = parser().parse_args([])
    assert settings_of(unchanged) == Settings() and not unchanged.preview_augmentation


def test_preview_augmentation_writes_a_contact_sheet(shapes_file: Path, tmp_path: Path):
    assert main(["--data", str(shapes_file), "--preview-augmentation", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "augmented.png").read_bytes().startswith(b"\x89PNG")


def test_profile_prints_every_part_and_writes_nothing(shapes_file: Path, tmp_path: Path, capsys):
    out = tmp_path / "models"
    assert main(["--data", str(shapes_file), "--quick", "--profile", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    for part in (
        "imports",
        "reading",
        "non-digits",
        "augmentation",
        "step",
        "evaluation",
        "report",
    ):
        assert part in printed
    assert "images per second" in printed and "peak memory" in printed
    assert not out.exists()


def test_options_override_the_quick_preset():
    quick = settings_of(parser().parse_args(["--quick"]))
    assert quick.epochs == 2 and quick.arch == "quick"
    named = settings_of(parser().parse_args(["--quick", "--arch", "tiny", "--epochs", "1"]))
    assert (
        named.epochs == 1
        and named.arch == "tiny"
        and named.augmentation_strength == quick.augmentation_strength
    )


def test_a_run_from_a_network_defaults_to_fewer_epochs_and_a_lower_learning_rate():
    default = settings_of(parser().parse_args([]))
    for teachers in ([], ["--teachers", "b", "c"]):
        continued = settings_of(parser().parse_args(["--from", "a", *teachers]))
        assert continued.epochs < default.epochs / 2
        assert continued.learning_rate < default.learning_rate / 2
    longer = settings_of(parser().parse_args(["--teachers", "b", "--epochs", "9"]))
    assert longer.epochs == 9


def test_a_run_from_a_network_keeps_its_architecture(
    trained: Path, shapes_file: Path, tmp_path: Path
):
    files = ["--data", shapes_file, "--from", trained / "digits.keras", "--out", tmp_path]
    assert main([*map(str, files), "--epochs", "1"]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["run"]["settings"]["arch"] == "baseline"
