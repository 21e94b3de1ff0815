"""The notebook's first cell in a new Colab session, where nothing else exists."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "number_recognition.ipynb"
READ = """
import numpy as np
import train.data, train.fitting.fit, export.convert, export.meta, export.runtime_bundle
from tensorflow.keras.models import load_model

network = load_model(root / "models/final_mnist_cnn.h5", compile=False)
probabilities = network.predict(np.zeros((2, 28, 28, 1), np.float32), verbose=0)
assert probabilities.shape == (2, 10) and np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
print("from", train.__file__)
"""


@pytest.fixture
def session() -> Iterator[Path]:
    """Create a folder with the notebook, and an empty virtual environment `python`.

    Not pytest's `tmp_path`, which would keep three gigabytes until later runs.
    """
    with tempfile.TemporaryDirectory(prefix="digitpad-colab-") as folder:
        shutil.copy(NOTEBOOK, folder)
        subprocess.run([sys.executable, "-m", "venv", Path(folder, "python")], check=True)
        yield Path(folder)


def run(
    python: str | Path, folder: Path, program: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with a Python in a folder, without this session's environment."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "DIGITPAD"))}
    return subprocess.run(
        [python, "-c", program],
        cwd=folder,
        env=inherited | variables,
        capture_output=True,
        text=True,
    )


def first_cell() -> str:
    """Return the source of the notebook's first code cell."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    return next(cell.source for cell in cells if cell.cell_type == "code")


def test_the_first_cell_asks_for_the_repository(tmp_path: Path) -> None:
    ran = run(sys.executable, tmp_path, first_cell())
    assert ran.returncode == 1
    assert ran.stderr == "Write into REPOSITORY the address from which to clone the project.\n"


def test_the_first_cell_names_a_repository_that_cannot_be_cloned(tmp_path: Path) -> None:
    ran = run(sys.executable, tmp_path, first_cell(), DIGITPAD_REPOSITORY=str(tmp_path / "none"))
    assert ran.returncode == 1
    assert ran.stderr.endswith("none could not be cloned, see above.\n")
    assert "Traceback" not in ran.stderr


def test_the_first_cell_installs_all_that_the_notebook_needs(session: Path) -> None:
    python = session / "python/bin/python"
    # Not compiled, because most of the packages are never imported.
    settings = {"DIGITPAD_REPOSITORY": str(ROOT), "PIP_NO_COMPILE": "1"}
    ran = run(python, session, first_cell() + READ, **settings)
    assert ran.returncode == 0, ran.stderr
    assert f"from {session.resolve() / 'digitpad'}" in ran.stdout
    installed = {path.name for path in (session / "python").glob("lib/python*/site-packages/*")}
    assert {"tensorflow", "tensorflowjs"} <= installed
    assert not {"pytest", "playwright", "ruff"} & installed, "no packages for browsers and tests"
    again = run(python, session, first_cell())
    assert again.returncode == 0, "a restarted session installs nothing again"
    assert again.stdout == again.stderr == ""
