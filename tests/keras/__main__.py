"""Load models/final_mnist_cnn.h5 with Keras 2 and 3, on every backend: `make keras`.

    python -m tests.keras                 all rows
    python -m tests.keras jax "2.15"      rows whose packages or backend contain one of the words

Needs `uv`, which the target installs, and a package index. Creates one environment after another
and deletes each after its row. Writes the table to tests/keras/last-run.md. The exit status is 1 if
the network does not load in a row, or a probability differs by more than TOLERANCE from that of
models/digits.keras in the project's own environment.

A row needs its version of Python on this machine; it is left out, with a line, if there is none.
Set UV_FIND_LINKS to a folder of wheels to install PyTorch without CUDA.
"""

import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
LAST = Path(__file__).with_name("last-run.md")
PROGRAM = Path(__file__).with_name("read_h5.py")
TOLERANCE = 1e-5  # kernels of other versions add up in another order
MINUTES = 30  # for a row; TensorFlow has hundreds of megabytes
# The build without CUDA is smaller; it exists on Linux x86-64.
LINUX = sys.platform == "linux" and platform.machine() == "x86_64"
TENSORFLOW = "tensorflow-cpu" if LINUX else "tensorflow"


@dataclass(frozen=True)
class Row:
    """An environment: what to install, and how Keras is started."""

    packages: tuple[str, ...]
    python: str = "3.11"
    backend: str = "tensorflow"
    legacy: bool = False  # TF_USE_LEGACY_KERAS=1: tensorflow.keras is the package tf-keras


ROWS = (
    # It names no upper limits for the packages that it needs, which are newer by now.
    Row((f"{TENSORFLOW}==2.8.*", "protobuf<3.21", "numpy<1.24"), python="3.9"),
    Row((f"{TENSORFLOW}==2.12.*",)),
    Row((f"{TENSORFLOW}==2.13.*",)),
    Row((f"{TENSORFLOW}==2.14.*",)),
    Row((f"{TENSORFLOW}==2.15.*",)),
    Row(("tensorflow==2.16.*", "tf-keras==2.16.*"), legacy=True),
    Row(("tensorflow", "tf-keras"), legacy=True),
    Row((f"{TENSORFLOW}==2.16.*", "keras==3.0.*")),
    Row((f"{TENSORFLOW}==2.16.*", "keras==3.3.*")),
    Row((TENSORFLOW, "keras"), python="3.13"),
    # Keras 3.0 to 3.3 imports `packaging` without requiring it.
    Row(("keras==3.0.*", "jax[cpu]", "packaging"), backend="jax"),
    Row(("keras==3.3.*", "jax[cpu]", "packaging"), backend="jax"),
    Row(("keras==3.4.*", "jax[cpu]"), backend="jax"),
    Row(("keras==3.8.*", "jax[cpu]"), backend="jax"),
    Row(("keras==3.12.*", "jax[cpu]"), backend="jax"),
    Row(("keras", "jax[cpu]"), backend="jax"),
    # The NumPy backend imports JAX in older versions; in newer ones SciPy, which comes with JAX.
    Row(("keras==3.3.*", "jax[cpu]", "packaging"), backend="numpy"),
    Row(("keras", "jax[cpu]"), backend="numpy"),
    Row(("keras", "torch==2.13.*"), backend="torch"),
)


def main(words: list[str]) -> int:
    """Try each row that contains one of the words; return the exit status."""
    rows = [row for row in ROWS if not words or any(word in str(row) for word in words)]
    lines, failures = [], 0
    with tempfile.TemporaryDirectory(prefix="digitpad-keras-") as folder:
        expected = Path(folder, "expected.npz")
        write_expected(expected)
        for row in rows:
            line, failed = try_row(row, expected)
            failures += failed
            lines.append(line)
            print(line, flush=True)
    verdict = f"{failures} of {len(rows)} failed" if failures else "no row failed"
    LAST.write_text("\n".join([heading(verdict), *lines]) + "\n")
    print(f"{verdict}; wrote {LAST.relative_to(ROOT)}")
    return 1 if failures else 0


def write_expected(path: Path) -> None:
    """Write digits and blends of two, which are uncertain, and their probabilities."""
    from train.ink import render
    from train.quiet import quiet

    drawings = map(json.loads, (ROOT / "tests/fixtures/digits.jsonl").read_text().splitlines())
    digits = np.stack([render(drawing["strokes"]) for drawing in drawings])[..., None]
    blends = [(a + b) / 2 for a, b in itertools.combinations(digits, 2)]
    images = np.concatenate([digits, blends])
    with quiet():  # what TensorFlow writes
        from train.network.saving import load_network

        probabilities = load_network(MODELS / "digits.keras").predict(images, verbose=0)["digits"]
    np.savez(path, images=images, probabilities=probabilities)


def try_row(row: Row, expected: Path) -> tuple[str, bool]:
    """Load and predict in the environment of a row; return its line, and whether it fails."""
    done = run(row, expected)
    cells = [row.python, ", ".join(row.packages), row.backend]
    if "No interpreter found" in done.stderr:
        return " | ".join(["", *cells, "not run: no such Python here", ""]).strip(), False
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return " | ".join(["", *cells, f"fails: {reason}", ""]).strip(), True
    facts = json.loads(done.stdout.splitlines()[-1])
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    cells = [facts["python"], packages, facts["backend"], f"{facts['difference']:.1e}"]
    return " | ".join(["", *cells, ""]).strip(), not facts["difference"] <= TOLERANCE


def run(row: Row, expected: Path) -> subprocess.CompletedProcess[str]:
    """Run read_h5.py in a new environment, and delete it with all that was downloaded for it."""
    with tempfile.TemporaryDirectory(prefix="digitpad-keras-") as folder:
        command = ["uv", "run", "--quiet", "--isolated", "--no-project", "--no-python-downloads"]
        command += ["--python", row.python, *(f"--with={name}" for name in row.packages)]
        command += ["python", str(PROGRAM), str(MODELS / "final_mnist_cnn.h5"), str(expected)]
        variables = {"UV_CACHE_DIR": f"{folder}/cache", "KERAS_HOME": f"{folder}/keras"}
        variables |= {"KERAS_BACKEND": row.backend, "CUDA_VISIBLE_DEVICES": ""}
        variables |= {"TF_USE_LEGACY_KERAS": "1" if row.legacy else "0"}
        return subprocess.run(
            command,
            cwd=folder,  # not in the repository, whose packages a row must not import
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=60 * MINUTES,
        )


def heading(verdict: str) -> str:
    """Return the title, the circumstances and the head of the table."""
    commit = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(commit, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    system = f"{platform.system()} {platform.machine()}"
    return "\n".join(
        [
            f"# The last `make keras`: {verdict}",
            "",
            f"{date.today()}, commit {commit or 'unknown'}, {system}.",
            "",
            "| Python | Packages | Backend | Largest difference of a probability |",
            "|---|---|---|---|",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
