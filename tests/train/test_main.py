"""The command line of training: files, interruptions, one-line errors."""

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

# `python -m train` that is killed at the end of its second epoch, before it backs that up.
KILLED = """
import os, signal, sys
from tests.train.conftest import FEW_NON_DIGITS
from train.__main__ import main
from train.fitting import fit
from train.samples import prepare

prepare.NON_DIGIT_COUNTS = FEW_NON_DIGITS

back_up = fit.EpochCheckpoint.on_epoch_end

def back_up_the_first(backup, epoch, logs=None):
    if epoch > 0:
        os.kill(os.getpid(), signal.SIGKILL)
    back_up(backup, epoch, logs)

fit.EpochCheckpoint.on_epoch_end = back_up_the_first
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


def test_the_report_holds_every_setting_and_names_the_model(trained: Path):
    report = json.loads((trained / "report.json").read_text())
    assert report["run"]["settings"]["epochs"] == 3
    assert report["run"]["settings"]["arch"] == "baseline"
    assert {"python", "tensorflow", "keras", "numpy"} <= report["run"]["versions"].keys()
    assert len(report["history"]) == 3


def test_a_run_that_is_killed_goes_on_as_if_nothing_had_been(
    trained: Path, shapes_file: Path, tmp_path: Path, capsys
):
    files = ["--data", str(shapes_file), "--out", str(tmp_path)]
    arguments = [*files, "--arch", "baseline", "--epochs", "3"]
    command = [sys.executable, "-c", KILLED, *arguments]
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


def test_a_network_that_cannot_be_written_leaves_the_old_files(tmp_path: Path, monkeypatch):
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
    ("arguments", "words"),
    [
        (["--data", "nowhere.csv"], "nowhere.csv"),
        (["--unipen", "nowhere.tar.xz"], "nowhere.tar.xz"),
        (["--drawings", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--from", "nowhere.keras"], "nowhere.keras"),
    ],
)
def test_a_file_that_is_not_there_is_one_line(
    arguments: list, words: str, shapes_file: Path, tmp_path: Path, capsys
):
    data = [] if "--data" in arguments else ["--data", str(shapes_file)]
    assert main([*data, *arguments, "--epochs", "1", "--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("train: ") and error.count("\n") == 1 and words in error


@pytest.mark.parametrize("seed", ["-1", str(2**32), "one"])
def test_a_seed_that_cannot_be_is_refused_at_once(seed: str, capsys):
    with pytest.raises(SystemExit, match="2"):
        parser().parse_args(["--seed", seed])
    assert "--seed" in capsys.readouterr().err


def test_two_runs_do_not_write_into_one_folder(shapes_file: Path, tmp_path: Path, capsys):
    with locked(tmp_path):
        assert main(["--data", str(shapes_file), "--epochs", "1", "--out", str(tmp_path)]) == 1
    assert "another run is writing" in capsys.readouterr().err


def test_what_cannot_be_judged_can_be_resumed(
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
        patch.setattr("train.run.write_report", fill_the_disk)
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
    "words", [["--unipen", "a", "b", "--seed", "1"], ["--unipen", "a", "--unipen", "b"]]
)
def test_unipen_takes_several_paths(words: list[str]):
    assert parser().parse_args(words).unipen == ["a", "b"]
    assert parser().parse_args(["--unipen", "a"]).unipen == ["a"]
    assert parser().parse_args([]).unipen == []


def test_the_old_names_of_options_still_work():
    words = ["--batch", "7", "--renderings", "3", "--baseline", "a.keras", "--show-augmented"]
    options = parser().parse_args(words)
    assert (settings_of(options).batch_size, settings_of(options).renders_per_drawing) == (7, 3)
    assert options.reference == Path("a.keras") and options.preview_augmentation
    assert not set(words) & set(parser().format_help().split())
    unchanged = parser().parse_args([])
    assert settings_of(unchanged) == Settings() and not unchanged.preview_augmentation


def test_a_sheet_of_varied_samples_can_be_looked_at(shapes_file: Path, tmp_path: Path):
    assert main(["--data", str(shapes_file), "--preview-augmentation", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "augmented.png").read_bytes().startswith(b"\x89PNG")


def test_a_profile_is_printed_and_nothing_is_kept(shapes_file: Path, tmp_path: Path, capsys):
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


def test_a_quick_run_takes_another_network_where_one_is_named():
    quick = settings_of(parser().parse_args(["--quick"]))
    assert quick.epochs == 2 and quick.arch == "quick"
    named = settings_of(parser().parse_args(["--quick", "--arch", "tiny", "--epochs", "1"]))
    assert (
        named.epochs == 1
        and named.arch == "tiny"
        and named.augmentation_strength == quick.augmentation_strength
    )


def test_a_network_that_is_taught_by_others_takes_few_and_gentle_epochs():
    alone = settings_of(parser().parse_args([]))
    taught = settings_of(parser().parse_args(["--from", "a", "--teachers", "b", "c"]))
    assert taught.epochs < alone.epochs / 4
    assert taught.learning_rate < alone.learning_rate / 2
    longer = settings_of(parser().parse_args(["--teachers", "b", "--epochs", "9"]))
    assert longer.epochs == 9


def test_a_network_that_is_begun_with_brings_its_architecture(
    trained: Path, shapes_file: Path, tmp_path: Path
):
    files = ["--data", shapes_file, "--from", trained / "digits.keras", "--out", tmp_path]
    assert main([*map(str, files), "--epochs", "1"]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["run"]["settings"]["arch"] == "baseline"
