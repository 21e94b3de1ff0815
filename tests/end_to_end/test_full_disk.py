"""A full disk: one line of error, unchanged files, and a run that can be resumed.

A limit on the size of files simulates the full disk: writes fail at the same places.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from files.atomic import require_free_space
from train.__main__ import main

ROOT = Path(__file__).parents[2]
MAX_FILE_SIZE = 50_000  # bytes; smaller than any network
# In another process, because `preexec_fn` forks this one, and JAX warns about forks.
LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
os.execv(sys.argv[2], sys.argv[2:])
"""


def run_limited(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a module that can write files of at most MAX_FILE_SIZE bytes."""
    command = [sys.executable, "-m", *map(str, arguments)]
    command = [sys.executable, "-c", LIMITED, str(MAX_FILE_SIZE), *command]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Write a small data set of random images."""
    rng = np.random.default_rng(0)
    count = {"train": 200, "test": 50}
    # Mostly paper: data without a polarity are refused.
    arrays = {
        f"x_{name}": rng.integers(0, 256, (n, 28, 28)) * (rng.random((n, 28, 28)) < 0.2)
        for name, n in count.items()
    }
    arrays = {name: images.astype(np.uint8) for name, images in arrays.items()}
    labels = {f"y_{name}": rng.integers(0, 10, n) for name, n in count.items()}
    np.savez(tmp_path / "digits.npz", **arrays, **labels)
    return tmp_path / "digits.npz"


def test_training_stops_with_one_line_and_can_be_resumed(tmp_path: Path, digits: Path) -> None:
    out = tmp_path / "models"
    out.mkdir()
    shutil.copy(ROOT / "models" / "digits.keras", out)
    before = contents(out)
    arguments = ["--data", str(digits), "--arch", "baseline", "--epochs", "1", "--out", str(out)]
    failed = run_limited("train", *arguments)
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("train: 1.9 MB are needed in ")
    assert contents(out) == before
    assert main([*arguments, "--resume"]) == 0
    assert contents(out)["digits.keras"] != before["digits.keras"]


def test_exporting_stops_with_one_line_and_the_old_model_stays(tmp_path: Path) -> None:
    out = tmp_path / "model"
    shutil.copytree(ROOT / "web" / "model", out)
    before = contents(out)
    network = ROOT / "models" / "digits.keras"
    failed = run_limited("export", "--model", network, "--out", out, "--skip-verification")
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    error = failed.stderr.splitlines()[-1]
    assert error.startswith("digitpad: the network could not be written: ")
    assert contents(out) == before
    assert list(tmp_path.iterdir()) == [out]


def test_checking_free_space_leaves_no_file(tmp_path: Path) -> None:
    require_free_space(tmp_path, 1_000_000)
    assert list(tmp_path.iterdir()) == []


def test_pairs_can_be_made_of_images_that_fill_their_field() -> None:
    from train.samples.non_digits import pixel_pairs

    full = np.full((3, 28, 28), 255, np.uint8)
    full[:, 9:19, 5:20] = 0
    made = pixel_pairs(full, 5, np.random.default_rng(0))
    assert made.shape == (5, 28, 28)
