"""From a Keras file to a TensorFlow.js graph model: SavedModel, then `tensorflowjs_converter`.

The converter folds batch normalisation into the convolutions and fuses activations with them, so
the graph's nodes are found by the graph's own shape: `named_nodes`. A network that says what is no
digit is exported with that score among its nodes, and the probabilities alone in its signature.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from export import bundle
from export.answers import Answers
from export.bundle import ExportError
from train.quiet import quiet

if TYPE_CHECKING:  # TensorFlow takes seconds to import, and --help should not wait for it
    import keras

# The converter's graph optimizer fuses more operations where TensorFlow runs on oneDNN, which it
# does by default on some processors and not on others: a network would become another graph on
# each. Off is what every build of TensorFlow has; see "oneDNN" in
# https://www.tensorflow.org/install/pip and TF_ENABLE_ONEDNN_OPTS in
# https://github.com/tensorflow/tensorflow/blob/v2.19.0/tensorflow/core/util/port.cc
CONVERTER_SETTINGS = {"TF_ENABLE_ONEDNN_OPTS": "0"}
PRECISIONS = {"uint8": ["--quantize_uint8=*"], "float16": ["--quantize_float16=*"], "float32": []}
ACTIVATIONS = {"Relu", "Relu6", "Sigmoid"}
SCORE = "not_a_digit"  # the layer, its output while it is exported, and its name in meta.json

Node = dict[str, Any]


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


def predictor(model: "keras.Model") -> Callable[[np.ndarray], Answers]:
    """Return a function from (n, 28, 28, 1) images to what Keras says of them."""
    exported = with_score(model)

    def predict(images: np.ndarray) -> Answers:
        said = exported.predict(images, batch_size=500, verbose=0)
        if exported is model:
            return Answers(said)
        return Answers(said["probabilities"], said[SCORE][:, 0])

    return predict


def with_score(model: "keras.Model") -> "keras.Model":
    """Return what is exported: the outputs `probabilities` and SCORE, or the model that has none.

    Without the detour that carries the score through a saved model: it is no part of the graph.
    """
    keras = import_keras()
    from train.network.build import knows_digits, scorer

    if not knows_digits(model):
        return model
    try:
        probabilities, score = scorer(model).outputs
    except ValueError as error:
        raise ExportError(
            f"the network's layer {SCORE} is not ours ({first_line(error)})"
        ) from error
    return keras.Model(model.input, {"probabilities": probabilities, SCORE: score}, name=model.name)


def convert(model: "keras.Model", folder: Path, precision: str) -> dict[str, Any]:
    """Write model.json and its weights into `folder`; return what model.json says.

    Args:
        model: (batch, 28, 28, 1) to (batch, 10).
        folder: is made if it is not there.
        precision: of the weights, a key of PRECISIONS.

    Raises:
        ExportError: the converter failed, or the browser's runtime cannot carry the graph out.
    """
    import tensorflow as tf

    from train.network.fold import inference

    with tempfile.TemporaryDirectory(prefix="digitpad-") as saved:
        try:
            inference(with_score(model)).export(saved, verbose=False)
        except tf.errors.OpError as error:  # TensorFlow's word for a full disk, too
            reason = re.sub(r"\{\{.*?\}\} ?|\[Op:.*?\]", "", error.message).strip()
            raise ExportError(f"the network could not be written: {reason}") from error
        run_converter(Path(saved), folder, PRECISIONS[precision])
    file = folder / "model.json"
    document = json.loads(file.read_text())
    hide_score(document)
    make_canonical(document["modelTopology"])
    bundle.check(node["op"] for node in document["modelTopology"]["node"])
    file.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))
    return document


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


def hide_score(document: dict[str, Any]) -> None:
    """Take the score out of model.json's signature, and the node that served that alone."""
    output = document["signature"]["outputs"].pop(SCORE, None)
    if output is not None:
        topology, served = document["modelTopology"], output["name"].split(":")[0]
        topology["node"] = [
            node
            for node in topology["node"]
            if not (node["name"] == served and node["op"] == "Identity")
        ]


def make_canonical(topology: dict[str, Any]) -> None:
    """Bring a graph into the one form that the same network has after every conversion.

    The order of the nodes changes from run to run. With oneDNN the optimizer also leaves the shapes
    that it found in the attributes and fuses a sigmoid with the dense layer before it. The fused
    form is the one that the page's runtime repeats without the graph (export/runtime/replay.js).
    """
    nodes = {node["name"]: node for node in topology["node"]}
    for node in nodes.values():
        node.pop("device", None)
        attributes = node.get("attr", {}).items()
        node["attr"] = {name: value for name, value in attributes if not name.startswith("_")}
    uses = Counter(name for node in nodes.values() for name in inputs(node))
    for node in list(nodes.values()):
        dense = nodes.get(inputs(node)[0]) if node["op"] == "Sigmoid" else None
        if dense and uses[dense["name"]] == 1 and fused_operations(dense) == ["BiasAdd"]:
            fuse(dense, node)
            del nodes[dense["name"]]
    topology["node"] = [nodes[name] for name in sorted(nodes)]


def fuse(dense: Node, activation: Node) -> None:
    """Make a node compute the dense layer before it as well."""
    kinds = [base64.b64encode(kind.encode()).decode() for kind in ("BiasAdd", activation["op"])]
    attributes = dense["attr"] | {"fused_ops": {"list": {"s": kinds}}}
    activation.update(op=dense["op"], input=dense["input"], attr=attributes)


def named_nodes(document: dict[str, Any], model: "keras.Model") -> dict[str, Any]:
    """Return the names by which the graph can be asked for its inner tensors.

    Returns:
        `probabilities`, `logits` (before the softmax), `features` (what the last dense layer
        takes), `not_a_digit` (the score, or None) and `activations`: of every other layer that
        ends in one, in the network's order, its name, its node's name and the shape of one
        image's tensor.
    """
    nodes = {node["name"]: node for node in document["modelTopology"]["node"]}
    (output,) = document["signature"]["outputs"].values()
    probabilities = source(nodes, output["name"])
    logits = source(nodes, inputs(probabilities)[0]) if probabilities["op"] == "Softmax" else None
    dense = logits
    while dense is not None and dense["op"] in ("BiasAdd", "Add", "AddV2"):
        dense = source(nodes, inputs(dense)[0])
    if dense is None or dense["op"] not in ("MatMul", "_FusedMatMul"):
        raise ExportError("the network must end in a dense layer and a softmax")
    return {
        "features": source(nodes, inputs(dense)[0])["name"],
        "logits": logits["name"],
        "probabilities": probabilities["name"],
        SCORE: score_node(list(nodes.values()), model),
        "activations": list(activations(list(nodes.values()), model)),
    }


def score_node(nodes: Sequence[Node], model: "keras.Model") -> str | None:
    """Return the name of the score's node, None where the network has none."""
    names = [node["name"] for node in nodes if activation_of(node) == "Sigmoid"]
    found = [name for name in names if layer_of(name, {SCORE})]
    if len(found) != any(layer.name == SCORE for layer in model.layers):
        raise ExportError(f"the graph has {len(found)} nodes for the network's layer {SCORE}")
    return found[0] if found else None


def activations(nodes: Sequence[Node], model: "keras.Model") -> Iterator[dict[str, Any]]:
    """Yield `layer`, `node` and one image's `shape` of each layer that ends in an activation."""
    ends = [node["name"] for node in nodes if activation_of(node) in ACTIVATIONS]
    layers = {layer.name for layer in model.layers}
    node_of = {layer_of(name, layers): name for name in ends}
    for layer in model.layers:
        if layer.name in node_of and layer.name != SCORE:
            shape = list(layer.output.shape[1:])
            yield {"layer": layer.name, "node": node_of[layer.name], "shape": shape}


def activation_of(node: Node) -> str:
    """Return the operation that a node ends with."""
    return (fused_operations(node) or [node["op"]])[-1]


def fused_operations(node: Node) -> list[str]:
    """Return the operations that a fused node applies to its product, which it has in base64."""
    fused = node.get("attr", {}).get("fused_ops", {}).get("list", {}).get("s", [])
    return [base64.b64decode(kind).decode() for kind in fused]


def layer_of(node: str, layers: set[str]) -> str | None:
    """Return the Keras layer that a node was made from; TensorFlow adds `_1` to its name."""
    for part in reversed(node.split("/")):
        bare = re.sub(r"_\d+$", "", part)
        if found := next((name for name in (bare, part) if name in layers), None):
            return found
    return None


def inputs(node: Node) -> list[str]:
    """Return the names of the nodes that a node takes its values from."""
    return [name for name in node.get("input", []) if not name.startswith("^")]


def source(nodes: dict[str, Node], name: str) -> Node:
    """Return the node of that name, or the one that it merely passes on."""
    node = nodes[name.split(":")[0]]
    return source(nodes, inputs(node)[0]) if node["op"] == "Identity" else node


def first_line(error: BaseException) -> str:
    """Return what an error says first, cut to one line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].split(". ")[0].rstrip(" .:")
