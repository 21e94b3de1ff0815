"""`python -m train.strokes` on a few drawings."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.train.conftest import SHAPES
from train.data.unipen.characters import SPLITS, Ink, UnipenError
from train.evaluation.predictions import Predictions
from train.network.build import build
from train.network.saving import save
from train.samples.unipen_ink import UnipenInk, by_split
from train.strokes import __main__ as command
from train.strokes import pair
from train.strokes.fit import fit
from train.strokes.samples import in_another_order

LETTER = [[[0, 0], [3, 9], [6, 0], [9, 9], [12, 0]]]


def writers(split: str) -> list[str]:
    from train.data.unipen.characters import split as split_of

    return [name for k in range(99) if split_of(name := f"writer/{k}") == split][:3]


@pytest.fixture(scope="module")
def ink() -> UnipenInk:
    """Return two of each digit, and letters, by three writers of each split."""
    digits = [
        Ink(SHAPES[k % 10], str(k % 10), writers(split)[k % 3], f"1a/one/a.dat#{split}{k}")
        for split in SPLITS
        for k in range(20)
    ]
    letters = [
        Ink(LETTER, "W", writers(split)[k % 3], f"1b/one/b.dat#{split}{k}")
        for split in SPLITS
        for k in range(10)
    ]
    return UnipenInk(
        by_split(digits), {"letters": by_split(letters), "symbols": by_split([])}, {}, "summary"
    )


@pytest.fixture(scope="module")
def run(ink: UnipenInk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., None]]:
    """Yield a function that runs the command with a first network that doubts everything."""

    def doubt(network: keras.Model, fields: np.ndarray) -> Predictions:
        rng = np.random.default_rng(len(fields))
        return Predictions(
            rng.dirichlet(np.ones(10), len(fields)), rng.uniform(0.2, 0.9, len(fields))
        )

    folder = tmp_path_factory.mktemp("first")
    save(build("tiny"), folder)
    words = ["--unipen", "archive", "--model", str(folder / "digits.keras"), "--epochs", "2"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "read_ink", lambda paths: ink)
        patch.setattr(pair, "predict", doubt)
        patch.setattr(command, "report_for", lambda path: {"run": {"refusal": {"threshold": 0.8}}})
        yield lambda out, *more: command.main([*words, "--out", str(out), *more])


@pytest.fixture(scope="module")
def written(run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the folder that a run with seed 1 wrote into, and what it printed."""
    out = tmp_path_factory.mktemp("written") / "out"
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        run(out, "--seed", "1")
    return out, printed.getvalue()


def test_a_network_and_weights_are_written(written: tuple[Path, str]):
    out, printed = written
    network = keras.saving.load_model(out / "strokes.keras", compile=False)
    assert network.output_shape == (None, 11)
    facts = json.loads((out / "strokes.json").read_text())
    assert set(facts["weights"]) == {"image", "path", "image_score", "path_score", "bias"}
    assert facts["digits"]["test"]["UNIPEN"]["digits"] == 20
    assert "epoch 2 of 2" in printed and "test, UNIPEN: of 20 digits" in printed


def test_the_same_seed_gives_the_same_network(
    run, written: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    trained = [keras.saving.load_model(written[0] / "strokes.keras", compile=False)]

    def stop_once_trained(*arguments) -> None:
        trained.append(fit(*arguments))
        raise KeyboardInterrupt  # what follows does not change the network

    monkeypatch.setattr(command, "fit", stop_once_trained)
    for seed in ("1", "2"):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, "--seed", seed)
    first, again, other = (
        np.concatenate([weight.ravel() for weight in network.get_weights()]) for network in trained
    )
    np.testing.assert_allclose(first, again, atol=1e-4)
    assert np.abs(first - other).max() > 0.01


def test_a_model_without_a_report_is_an_error_in_one_line(run, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(command, "report_for", lambda path: None)
    with pytest.raises(SystemExit, match="names no rejection threshold"):
        run(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_archive_is_an_error_in_one_line(run, tmp_path: Path, monkeypatch):
    def missing(paths):
        raise UnipenError("archive: no such file")

    monkeypatch.setattr(command, "read_ink", missing)
    with pytest.raises(SystemExit, match="digitpad: archive: no such file"):
        run(tmp_path)


def test_another_order_keeps_the_ink():
    drawing = [[[0, 0], [1, 1]], [[5, 5], [6, 7], [8, 9]], [[2, 2]]]
    orders = set()
    for seed in range(200):
        varied = in_another_order(drawing, np.random.default_rng(seed))
        assert sorted(sorted(stroke) for stroke in varied) == sorted(sorted(s) for s in drawing)
        orders.add(str(varied))
    assert len(orders) > 5
