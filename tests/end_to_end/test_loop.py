"""Draw, send, fine-tune, export, and read with the new network."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.hosting.running_server import collected, serving
from tests.web.page.test_offline import CACHED_FOR_OFFLINE
from tests.web.personal.test_handwriting import correct, opened
from train.data.unipen import characters
from train.data.unipen.cached import read_clean
from train.evaluation.predict import predict
from train.ink import render
from train.network.saving import load_network

ROOT = Path(__file__).parents[2]
PARTS = ("export", "files", "hosting", "train", "web")
MODELS = ("digits.keras", "report.json", "segmentation.json")
TEN = 10  # drawings to send
TEST_DIGITS, TRAINING_DIGITS = 500, 6000  # of MNIST, so that a fine-tuning takes seconds
# `python -m MODULE ARGUMENTS` on that part of MNIST, few non-digits and a brief report.
RUN = """
import runpy, sys
from dataclasses import replace
from train import quiet
from train.data import mnist

load, counts = mnist.load, [int(sys.argv.pop(1)) for _ in range(2)]

def load_part():
    digits = load()
    return replace(
        digits,
        test_images=digits.test_images[: counts[0]],
        test_labels=digits.test_labels[: counts[0]],
        train_images=digits.train_images[: counts[1]],
        train_labels=digits.train_labels[: counts[1]],
    )

mnist.load = load_part
module = sys.argv.pop(1)
if module == "train":
    quiet.import_keras()
    from train.evaluation import robustness
    from train.samples import prepare

    few = dict.fromkeys(("scribbles", "fragments", "pairs", "pictures"), 200)
    prepare.NON_DIGIT_COUNTS = dict.fromkeys(prepare.NON_DIGIT_COUNTS, few)
    robustness.CORRUPTIONS = robustness.CORRUPTIONS[-1:]
    robustness.PEN_WIDTHS = robustness.PEN_WIDTHS[:1]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
MIN_DIGITS = 20  # of a writer, so that some are left to read
CLASSIFY = """async fields => {
    const recognizer = await document.querySelector("digit-pad").ready;
    const probabilities = recognizer.classifyNow(new Float32Array(fields));
    return [recognizer.meta.trained_on, Array.from(probabilities)];
}"""

Digits = list[tuple[str, list]]  # labels and strokes, points in 0..1


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy the project, so that commands write their default outputs there."""
    for part in PARTS:
        ignored = shutil.ignore_patterns("node_modules", "__pycache__")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    (tmp_path / "models").mkdir()
    for name in MODELS:
        shutil.copy(ROOT / "models" / name, tmp_path / "models")
    return tmp_path


@pytest.fixture(scope="module")
def digits(drawings: dict[str, list]) -> Digits:
    """Return digits of one writer: UNIPEN's first test writer with enough, or the fixtures."""
    archive = os.environ.get("DIGITPAD_UNIPEN")
    if not archive:
        return 2 * list(drawings.items())
    inks = [ink for ink in read_clean([archive], "1a")[0] if characters.split(ink.writer) == "test"]
    writers = sorted({ink.writer for ink in inks})
    by_writer = ([ink for ink in inks if ink.writer == writer] for writer in writers)
    first = next(each for each in by_writer if len(each) >= MIN_DIGITS)
    return [(ink.label, centred(ink.strokes)) for ink in first]


def centred(strokes: list) -> list:
    """Scale and move strokes to the middle of the unit square."""
    points = np.concatenate([np.array(stroke)[:, :2] for stroke in strokes])
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    scale = 0.7 / max(extent.max(), 1e-9)
    start = 0.5 - extent * scale / 2
    return [((np.array(stroke)[:, :2] - low) * scale + start).tolist() for stroke in strokes]


def run(checkout: Path, onednn: str, *arguments: str) -> str:
    """Run a module in the checkout; return its stdout."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(TEST_DIGITS), str(TRAINING_DIGITS), *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        env=os.environ | {"TF_ENABLE_ONEDNN_OPTS": onednn},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ten_corrected_drawings_fine_tune_the_network_of_the_page(
    checkout: Path,
    digits: Digits,
    servers: ExitStack,
    open_page: Callable[..., Page],
    draw: Callable[..., None],
) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    folder = checkout / "collected"
    fields = np.stack([render(strokes) for _, strokes in digits[TEN:]])
    before = predict(load_network(ROOT / "models/digits.keras"), fields[..., None]).probabilities
    server = servers.enter_context(serving(checkout / "web", "--collect", str(folder)))
    token = (folder / "token").read_text().strip()
    page.goto(f"http://127.0.0.1:{server.port}/#collect={token}")
    page.evaluate(CACHED_FOR_OFFLINE)
    for label, strokes in digits[:TEN]:
        correct(page, draw, strokes, label)
    dialog = opened(page)
    dialog.get_by_role("button", name="Send drawings").click()
    expect(dialog).to_contain_text(f"{TEN} drawings are on the disk of 127.0.0.1")
    page.keyboard.press("Escape")
    sent = [json.loads(line)["label"] for line in collected(folder).splitlines()]
    assert sorted(sent) == sorted(label for label, _ in digits[:TEN])

    for onednn in ("0", "1"):  # the default depends on the processor; both must work
        source = ("--from", str(ROOT / "models/digits.keras"))
        output = run(checkout, onednn, "train", "--drawings", str(folder), *source)
        assert f"your drawings: of {TEN} " in output
        assert "wrote" in run(checkout, onednn, "export")
        page.evaluate('document.dispatchEvent(new Event("visibilitychange"))')
        with page.expect_event("load", timeout=600_000):
            page.get_by_role("button", name="Update").click(timeout=600_000)
        expect(page.locator("html")).to_have_attribute("data-model", "ready")

        trained_on, probabilities = page.evaluate(CLASSIFY, fields.ravel().tolist())
        assert any(f"{TEN} drawings of one hand" in each for each in trained_on)
        network = load_network(checkout / "models/digits.keras")
        ours = predict(network, fields[..., None]).probabilities
        read = np.array(probabilities).reshape(ours.shape)
        assert np.abs(read - ours).max() < 0.1, "differences of 8-bit weights"
        assert np.abs(read - ours).sum() < np.abs(read - before).sum()
