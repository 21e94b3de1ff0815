"""`python -m export.strokes`: the second network beside the first."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from export import meta, strokes
from export.browser.page import MODEL
from export.strokes import GRAPH, WEIGHTS
from train.reporting.provenance import sha256
from train.strokes.network import build

FACTS = {"weights": {"image": 1, "path": 1, "image_score": 1, "path_score": 1, "bias": 0}}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a folder with an untrained second network, as `python -m train.strokes` writes it.

    It is converted once.
    """
    folder = tmp_path_factory.mktemp("models")
    network = build()
    rng = np.random.default_rng(0)  # with biases of 0 the graph would be another one
    network.set_weights([each + rng.uniform(0, 0.1, each.shape) for each in network.get_weights()])
    network.save(folder / "strokes.keras")
    (folder / "digits.keras").write_bytes(b"the first network")
    fits = {"combined_with": sha256(folder / "digits.keras")}
    (folder / "strokes.json").write_text(json.dumps(FACTS | fits))
    document = strokes.convert(network, folder / "converted", "uint8")

    def copy(_: keras.Model, target: Path, precision: str) -> dict[str, Any]:
        shutil.copytree(folder / "converted", target, dirs_exist_ok=True)
        return document

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strokes, "convert", copy)
        yield folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a copy of the page's model, without a second network."""
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder, ignore=shutil.ignore_patterns("strokes.*"))
    described = meta.read(folder)
    for name in described.pop("strokes")["files"]:
        del described["files"][name]
    meta.write(folder, described)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_second_network_is_added_and_the_first_stays(models: Path, out: Path, capsys):
    before = contents(out)
    strokes.main(["--models", str(models), "--out", str(out)])
    after = contents(out)
    assert set(after) == {*before, GRAPH, WEIGHTS}
    assert {name for name in before if before[name] != after[name]} == {meta.NAME}
    described = meta.read(out)
    assert described["strokes"]["weights"] == FACTS["weights"]
    assert described["strokes"]["files"] == [WEIGHTS, GRAPH]
    assert described["files"] == {
        name: meta.facts(out / name) for name in after if name != meta.NAME
    }
    assert "mean difference of a probability: 0.00" in capsys.readouterr().out


def test_the_second_network_stays_with_the_network_that_it_was_combined_with(
    models: Path, out: Path, tmp_path: Path
):
    strokes.main(["--models", str(models), "--out", str(out)])
    kept, other = tmp_path / "kept", tmp_path / "other.keras"
    kept.mkdir()
    other.write_bytes(b"another network")
    described = {"files": {}}
    assert not meta.keep_second_network(described, out, kept, other)
    assert described == {"files": {}} and contents(kept) == {}
    assert meta.keep_second_network(described, out, kept, models / "digits.keras")
    assert set(contents(kept)) == set(described["files"]) == {GRAPH, WEIGHTS}
    assert described["strokes"] == meta.read(out)["strokes"]


def test_weights_for_another_network_are_refused(models: Path, out: Path, tmp_path: Path):
    before = contents(out)
    changed = tmp_path / "models"
    shutil.copytree(models, changed)
    (changed / "digits.keras").write_bytes(b"another network")
    with pytest.raises(SystemExit, match="weights for another network.*python -m train.strokes"):
        strokes.main(["--models", str(changed), "--out", str(out)])
    assert contents(out) == before


def test_a_browser_that_disagrees_leaves_the_model_as_it_was(
    models: Path, out: Path, monkeypatch: pytest.MonkeyPatch
):
    before = contents(out)
    uniform = np.full((strokes.DRAWINGS, 11), 1 / 11)
    uniform[:, 0] += 0.5
    monkeypatch.setattr(strokes, "evaluate", lambda page, script, drawings: uniform.tolist())
    with pytest.raises(SystemExit, match="browser and Keras differ by"):
        strokes.main(["--models", str(models), "--out", str(out)])
    assert contents(out) == before


def test_without_a_second_network_the_command_says_how_to_train_one(tmp_path: Path, out: Path):
    with pytest.raises(SystemExit, match="strokes.json: No such file.*python -m train.strokes"):
        strokes.main(["--models", str(tmp_path), "--out", str(out)])


def test_a_model_without_a_second_network_keeps_none(models: Path, tmp_path: Path, out: Path):
    for exported in (out, tmp_path / "missing"):
        assert not meta.keep_second_network({}, exported, tmp_path, models / "digits.keras")
