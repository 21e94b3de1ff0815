"""The graph that the converter writes: one form of it, and the names of its inner tensors."""

import base64
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from export.runtime_bundle import ExportError

if TYPE_CHECKING:  # TensorFlow takes seconds to import, and --help should not wait for it
    import keras

ACTIVATIONS = {"Relu", "Relu6", "Sigmoid"}

# The layers, their outputs while they are exported, and their names in meta.json.
SCORE, MARKS = "not_a_digit", "marks"

Node = dict[str, Any]


def hide_outputs(document: dict[str, Any]) -> None:
    """Leave the digits alone in model.json's signature; drop the nodes that served only the others.

    Inner nodes have the same tensors, and can be asked for.
    """
    topology, outputs = document["modelTopology"], document["signature"]["outputs"]
    for output in [outputs.pop(name) for name in (SCORE, MARKS) if name in outputs]:
        served = output["name"].split(":")[0]
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
        takes), `not_a_digit` (the score, or None), `marks` (their probabilities, or None) and
        `activations`: of every other layer that ends in one, in the network's order, its name,
        its node's name and the shape of one image's tensor.
    """
    nodes = by_name(document)
    probabilities = output_node(document)
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
        MARKS: marks_node(list(nodes.values()), model),
        "activations": list(activations(list(nodes.values()), model)),
    }


def output_node(document: dict[str, Any]) -> Node:
    """Return the node of the graph's one output."""
    (output,) = document["signature"]["outputs"].values()
    return source(by_name(document), output["name"])


def by_name(document: dict[str, Any]) -> dict[str, Node]:
    """Return the graph's nodes by their names."""
    return {node["name"]: node for node in document["modelTopology"]["node"]}


def score_node(nodes: Sequence[Node], model: "keras.Model") -> str | None:
    """Return the name of the rejection score's node, None where the network has none."""
    from train.network.build import has_rejection_head

    if not has_rejection_head(model):
        return None
    names = [node["name"] for node in nodes if activation_of(node) == "Sigmoid"]
    found = [name for name in names if layer_of(name, {SCORE})]
    if len(found) != 1:
        raise ExportError(f"the graph has {len(found)} nodes for the network's layer {SCORE}")
    return found[0]


def marks_node(nodes: Sequence[Node], model: "keras.Model") -> str | None:
    """Return the name of the node of the marks' probabilities, None where the network has none."""
    from train.network.build import has_marks

    if not has_marks(model):
        return None
    found = [n["name"] for n in nodes if n["op"] == "Softmax" and layer_of(n["name"], {MARKS})]
    if len(found) != 1:
        raise ExportError(f"the graph has {len(found)} nodes for the network's layer {MARKS}")
    return found[0]


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
