"""The accuracy gate: a quick run must learn the real MNIST."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MIN_ACCURACY = 0.985


def test_a_quick_run_reaches_the_minimum_accuracy_on_mnist(tmp_path: Path):
    command = [sys.executable, "-m", "train", "--quick", "--out", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert run.returncode == 0, run.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["run"]["settings"]["epochs"] <= 2
    (test,) = report["tests"].values()
    assert test["samples"] == 10_000
    assert test["accuracy"] >= MIN_ACCURACY, f"{test['accuracy']:.2%} of the test digits read right"
