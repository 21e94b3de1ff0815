"""Networks, exported once a session: converting takes seconds."""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest

from export import __main__ as command
from export import meta
from export.convert import convert
from train.model import build

Exported = Callable[..., Path]


@pytest.fixture(scope="session")
def network() -> Callable[[str], keras.Model]:
    """`network(arch)` is untrained, but every weight has been moved and its answers differ."""

    @cache
    def make(arch: str) -> keras.Model:
        keras.utils.set_random_seed(7)
        model = build(arch)
        random = np.random.default_rng(7)
        for weight in model.weights:
            weight.assign(weight.numpy() + random.uniform(0, 0.1, weight.shape))
        logits = model.get_layer("logits")
        logits.kernel.assign(random.normal(0, 0.02, logits.kernel.shape))
        return model

    return make


@pytest.fixture(scope="session")
def keras_file(
    network: Callable[[str], keras.Model], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """`keras_file(arch)` is that network, saved."""
    folder = tmp_path_factory.mktemp("models")

    @cache
    def save(arch: str) -> Path:
        network(arch).save(folder / f"{arch}.keras")
        return folder / f"{arch}.keras"

    return save


@pytest.fixture(scope="session")
def exported(
    network: Callable[[str], keras.Model],
    keras_file: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Exported:
    """`exported(arch, precision)` is a folder as the page loads it; do not change it."""

    @cache
    def export(arch: str = "baseline", precision: str = "float32") -> Path:
        folder = tmp_path_factory.mktemp(f"{arch}-{precision}")
        document = convert(network(arch), folder, precision)
        described = meta.describe(folder, document, network(arch), keras_file(arch), precision)
        meta.write(folder, described)
        return folder

    return export


@pytest.fixture
def quick_convert(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """`quick_convert(folder)`: from now on the converter only copies what is in that folder."""

    def use(ready: Path) -> None:
        def copy(model: keras.Model, folder: Path, precision: str) -> dict:
            shutil.copytree(ready, folder, dirs_exist_ok=True)
            (folder / meta.NAME).unlink()
            return json.loads((folder / "model.json").read_text())

        monkeypatch.setattr(command, "convert", copy)

    return use


@pytest.fixture
def model_copy(exported: Exported, tmp_path: Path) -> Path:
    """A copy of an exported model, to be spoilt."""
    return Path(shutil.copytree(exported(), tmp_path / "spoilt"))


@pytest.fixture(scope="session")
def fields() -> np.ndarray:
    """(40, 28, 28, 1) float32 in [0, 1]: blots of many shapes."""
    random = np.random.default_rng(1)
    coarse = random.random((40, 7, 7)) * (random.random((40, 7, 7)) > 0.6)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)[..., None].astype(np.float32)
