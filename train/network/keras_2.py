"""Rewrite the configuration in an HDF5 file so that Keras 2 and every Keras 3 load it.

Keras 3 writes its own layout into HDF5 files: Keras 2 and Keras 3.0 to 3.3 stop at it with a
TypeError. Every Keras 3 still reads the layout of Keras 2. Weights are stored alike in both.
"""

import json
from pathlib import Path
from typing import Any

import h5py

ATTRIBUTE = "model_config"  # of the file, as JSON text
# Arguments that some version does not accept. They do not change predictions: our networks have
# neither sparse nor ragged inputs nor quantised weights, and `synchronized` is about training.
DROPPED = {"sparse", "ragged", "quantization_config", "synchronized"}


def rewrite_config(path: Path) -> None:
    """Replace the configuration in an HDF5 file by its Keras 2 layout."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs[ATTRIBUTE])
        file.attrs[ATTRIBUTE] = json.dumps(keras_2_config(config))


def keras_2_config(config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of a functional network in the layout of Keras 2.

    The layouts differ in these places:

    - an object, such as an initializer: `{"class_name", "config"}`, without the keys `module` and
      `registered_name` of Keras 3;
    - the type of a layer's numbers: its name, "float32", instead of a `DTypePolicy` object;
    - the shape of an input: `batch_input_shape` instead of `batch_shape`;
    - a call of a layer: a list of its input tensors, each `[layer, node, tensor, kwargs]`, instead
      of `{"args", "kwargs"}` with a description of each tensor; arguments that are None are left
      out;
    - the inputs and outputs of the network: always a list of `[layer, node, tensor]`, where Keras 3
      writes a single one without the list;
    - arguments of layers that some version lacks: left out (`DROPPED`).

    Args:
        config: `{"class_name": "Functional", "config": ...}`, as Keras 3 writes it; is not changed.
    """
    network = plain(config["config"])
    network["layers"] = [keras_2_layer(layer) for layer in config["config"]["layers"]]
    for ends in ("input_layers", "output_layers"):
        if isinstance(network[ends][0], str):  # the name of the layer of a single one
            network[ends] = [network[ends]]
    return {"class_name": config["class_name"], "config": network}


def keras_2_layer(layer: dict[str, Any]) -> dict[str, Any]:
    """Return a layer's configuration and its calls in the layout of Keras 2."""
    config = {name: plain(value) for name, value in layer["config"].items() if name not in DROPPED}
    if "batch_shape" in config:
        config["batch_input_shape"] = config.pop("batch_shape")
    calls = [keras_2_call(call) for call in layer["inbound_nodes"]]
    return {
        "class_name": layer["class_name"],
        "config": config,
        "name": layer["name"],
        "inbound_nodes": calls,
    }


def keras_2_call(call: dict[str, Any]) -> list[list]:
    """Return a call of a layer as `[layer, node, tensor, kwargs]` for each input tensor."""
    kwargs = {name: value for name, value in call["kwargs"].items() if value is not None}
    [tensors] = call["args"]
    tensors = tensors if isinstance(tensors, list) else [tensors]
    return [[*tensor["config"]["keras_history"], kwargs] for tensor in tensors]


def plain(value: Any) -> Any:
    """Return objects without the keys of Keras 3, and a `DTypePolicy` as its name."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "DTypePolicy":
        return value["config"]["name"]
    return {
        name: plain(item)
        for name, item in value.items()
        if name not in {"module", "registered_name"}
    }
