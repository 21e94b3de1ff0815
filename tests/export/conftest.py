"""Networks, exported once per session, because conversion takes seconds."""

import contextlib
import fcntl
import io
import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest

from export import __main__ as command
from export import convert as conversion
from export import meta
from export.convert import convert, predictor
from train.network.build import build
from train.quiet import quiet

Exported = Callable[..., Path]


def convert_here(saved: Path, folder: Path, options: Sequence[str]) -> None:
    """Run the converter in this process."""
    with warnings.catch_warnings(), quiet(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from tensorflowjs.converters import converter

        kinds = ["--input_format=tf_saved_model", "--output_format=tfjs_graph_model"]
        converter.convert([*kinds, *options, str(saved), str(folder)])


@pytest.fixture(scope="session")
def converter_here() -> Iterator[pytest.MonkeyPatch]:
    """Run the converter in this process: TensorFlow's start takes most of a conversion."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "run_converter", convert_here)
        yield patch


def plain() -> keras.Model:
    """Return a small network of another project, without a rejection head."""
    image = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(4, 4, strides=4, activation="relu", name="strokes")(image)
    x = keras.layers.Dense(10, name="logits")(keras.layers.Flatten()(x))
    return keras.Model(image, keras.layers.Softmax()(x), name="plain")


@pytest.fixture(scope="session")
def network() -> Callable[[str], keras.Model]:
    """Return `network(arch)`, an untrained network with random weights.

    `arch` is one of our architectures or "plain".
    """

    @cache
    def make(arch: str) -> keras.Model:
        keras.utils.set_random_seed(7)
        model = plain() if arch == "plain" else build(arch)
        random = np.random.default_rng(7)
        for weight in model.weights:
            weight.assign(weight.numpy() + random.uniform(0, 0.1, weight.shape))
        for layer in model.layers:
            widths = {"logits": 0.02, "reject_hidden": 0.02, "reject_logit": 0.5}
            if width := widths.get(layer.name):
                layer.kernel.assign(random.normal(0, width, layer.kernel.shape))
        return model

    return make


@pytest.fixture(scope="session")
def keras_file(
    network: Callable[[str], keras.Model],
    fields: np.ndarray,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Path]:
    """Return `keras_file(arch)`, a file with a report whose threshold rejects half of `fields`."""

    @cache
    def save(arch: str) -> Path:
        file = tmp_path_factory.mktemp(arch) / f"{arch}.keras"
        network(arch).save(file)
        scores = predictor(network(arch))(fields).scores
        limit = 0.5 if scores is None else widest_gap(scores)
        report = {"model_sha256": meta.sha256(file), "run": {"refusal": {"threshold": limit}}}
        file.with_name("report.json").write_text(json.dumps(report))
        return file

    return save


def widest_gap(scores: np.ndarray) -> float:
    """Return a threshold in the middle half of the scores, as far from each as possible."""
    middle = np.sort(scores)[len(scores) // 4 : -len(scores) // 4]
    gap = np.diff(middle).argmax()
    return float(middle[gap : gap + 2].mean())


@pytest.fixture(scope="session")
def converted(
    converter_here: pytest.MonkeyPatch,
    network: Callable[[str], keras.Model],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, str], Path]:
    """Return `converted(arch, precision)`, a folder that all processes of pytest-xdist share."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def convert_once(arch: str, precision: str) -> Path:
        folder = shared / f"{arch}-{precision}"
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                partial = tmp_path_factory.mktemp("aside")
                convert(network(arch), partial, precision)
                partial.rename(folder)
        return folder

    return convert_once


@pytest.fixture(scope="session")
def exported(
    converted: Callable[[str, str], Path],
    network: Callable[[str], keras.Model],
    keras_file: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Exported:
    """Return `exported(arch, precision)`, a folder as the page loads it; do not change it."""

    @cache
    def export(arch: str = "baseline", precision: str = "float32") -> Path:
        folder = tmp_path_factory.mktemp("exported")
        shutil.copytree(converted(arch, precision), folder, dirs_exist_ok=True)
        document = json.loads((folder / "model.json").read_text())
        described = meta.describe(folder, document, network(arch), keras_file(arch), precision)
        meta.write(folder, described)
        return folder

    return export


@pytest.fixture
def quick_convert(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Return `quick_convert(folder)`, which replaces the converter by a copy of that folder."""

    def use(ready: Path) -> None:
        def copy(model: keras.Model, folder: Path, precision: str) -> dict:
            shutil.copytree(ready, folder, dirs_exist_ok=True)
            (folder / meta.NAME).unlink()
            return json.loads((folder / "model.json").read_text())

        monkeypatch.setattr(command, "convert", copy)

    return use


@pytest.fixture
def model_copy(exported: Exported, tmp_path: Path) -> Path:
    """Return a copy of an exported model that the test may damage."""
    return Path(shutil.copytree(exported(), tmp_path / "spoilt"))


@pytest.fixture(scope="session")
def fields() -> np.ndarray:
    """Return random blots, (40, 28, 28, 1) float32 in [0, 1]."""
    random = np.random.default_rng(1)
    coarse = random.random((40, 7, 7)) * (random.random((40, 7, 7)) > 0.6)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)[..., None].astype(np.float32)
