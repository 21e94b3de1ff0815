"""From a Keras file to a TensorFlow.js graph model: SavedModel, then `tensorflowjs_converter`.

The converter folds batch normalisation into the convolutions and fuses activations with them, so
the graph's nodes are found by the graph's own shape: `named_nodes`. A network that says what is no
digit is exported with that score among its nodes, and the probabilities alone in its signature.
"""

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from export import runtime_bundle
from export.graph_nodes import hide_outputs, make_canonical
from export.packing import pack
from export.runtime_bundle import ExportError
from files.drawings import DataError
from train.evaluation.predictions import Predictions
from train.quiet import quiet

if TYPE_CHECKING:  # TensorFlow takes seconds to import, and --help should not wait for it
    import keras

# The converter's graph optimizer fuses more operations where TensorFlow runs on oneDNN, which it
# does by default on some processors and not on others: a network would become another graph on
# each. Off is what every build of TensorFlow has; see "oneDNN" in
# https://www.tensorflow.org/install/pip and TF_ENABLE_ONEDNN_OPTS in
# https://github.com/tensorflow/tensorflow/blob/v2.19.0/tensorflow/core/util/port.cc
CONVERTER_SETTINGS = {"TF_ENABLE_ONEDNN_OPTS": "0"}
PRECISIONS = {
    "uint8": ["--quantize_uint8=*"],
    "uint6": [],  # floats, which `pack` writes in levels that `round_kernels` chose
    "float16": ["--quantize_float16=*"],
    "float32": [],
}


def load_model(path: Path) -> "keras.Model":
    """Load a Keras file of a digit classifier, or raise ExportError."""
    if not path.is_file():
        raise ExportError(f"there is no {path}: train first (`python -m train`) or name a file")
    if import_keras().backend.backend() != "tensorflow":
        raise ExportError("the export needs TensorFlow: run `python -m export`, which chooses it")
    from train.network.saving import load_network

    try:
        return load_network(path)
    except OSError as error:
        raise ExportError(str(error)) from error


def import_keras() -> ModuleType:
    """Import Keras with TensorFlow, without the lines that TensorFlow writes meanwhile."""
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # nothing here is worth a GPU's start
    with quiet():
        import keras
    return keras


def predictor(model: "keras.Model") -> Callable[[np.ndarray], Predictions]:
    """Return a function from (n, 28, 28, 1) float32 images to Keras' predictions."""
    from train.evaluation.predict import predict

    return functools.partial(predict, model)


def convert(model: "keras.Model", folder: Path, precision: str) -> dict[str, Any]:
    """Write model.json and its weights into `folder`; return what model.json says.

    Args:
        model: as `load_model` returns it.
        folder: is made if it is not there.
        precision: of the weights, a key of PRECISIONS.

    Raises:
        ExportError: the converter failed, or the browser's runtime cannot carry the graph out.
    """
    import tensorflow as tf

    from train.network.fold import fold_for_inference

    network = fold_for_inference(model)
    steps = rounded_steps(network) if precision == "uint6" else None
    with tempfile.TemporaryDirectory(prefix="digitpad-") as saved:
        try:
            network.export(saved, verbose=False)
        except tf.errors.OpError as error:  # TensorFlow's word for a full disk, too
            reason = re.sub(r"\{\{.*?\}\} ?|\[Op:.*?\]", "", error.message).strip()
            raise ExportError(f"the network could not be written: {reason}") from error
        run_converter(Path(saved), folder, PRECISIONS[precision])
    file = folder / "model.json"
    document = json.loads(file.read_text())
    hide_outputs(document)
    make_canonical(document["modelTopology"])
    if steps is not None:
        pack(document, folder, steps)
    runtime_bundle.check(node["op"] for node in document["modelTopology"]["node"])
    file.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))
    return document


def rounded_steps(network: "keras.Model") -> dict[str, float]:
    """Round a network's kernels in place; return the distance between two levels by layer name.

    They are fitted to MNIST's training images, where the network reads images and MNIST is at hand.
    """
    from export.rounding import IMAGES, round_kernels
    from train import data

    images = None
    if network.input_shape[1:] == (28, 28, 1):
        try:
            images = data.load("mnist").train_images[:IMAGES, ..., None].astype(np.float32) / 255
        except DataError as error:
            print(f"note: weights are rounded without images, because {error}")
    return round_kernels(network, images)


def run_converter(saved: Path, folder: Path, options: Sequence[str]) -> None:
    """Run tensorflowjs_converter on a SavedModel, in a process of its own: it is noisy."""
    command = [sys.executable, "-m", "tensorflowjs.converters.converter"]
    command += ["--input_format=tf_saved_model", "--output_format=tfjs_graph_model", *options]
    with tempfile.NamedTemporaryFile(
        "w+", prefix="digitpad-converter-", suffix=".log", delete=False
    ) as log:
        done = subprocess.run(
            [*command, str(saved), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | CONVERTER_SETTINGS,
        )
        log.seek(0)
        said = log.read().strip().splitlines() or ["no reason given"]
    if done.returncode != 0 or not (folder / "model.json").is_file():
        raise ExportError(f"tensorflowjs_converter failed ({said[-1].strip()}): see {log.name}")
    Path(log.name).unlink()
