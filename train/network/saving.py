"""Save and load a network, in two formats that are replaced together."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import absl.logging
import keras

from files.atomic import replace_entries, require_free_space
from train.arguments import require_network
from train.ink import SIZE
from train.network.build import CLASSES, DIGITS, MARK_LABELS, MARKS, REJECTION, classifier
from train.network.keras_2 import rewrite_config

FLOAT = 4  # bytes
OVERHEAD = 500_000  # bytes of a file in addition to its weights: names and settings of layers
INPUT_SHAPE = (None, SIZE, SIZE, 1)
OUTPUT_SHAPES = {DIGITS: (None, CLASSES), REJECTION: (None, 1)}
MARKS_SHAPE = {MARKS: (None, len(MARK_LABELS) + 1)}  # of a further output
NAMES = ("digits.keras", "final_mnist_cnn.h5")  # with both outputs; with the probabilities alone
RENAMED = {"judges": "reject_hidden", "doubt": "reject_logit"}  # layers of networks saved before


def save(network: keras.Model, out: Path) -> list[Path]:
    """Write `out/digits.keras` and `out/final_mnist_cnn.h5`, without an optimiser.

    HDF5 holds the probabilities as the only output, in a layout that Keras 2 and Keras 3 load and
    predict alike.

    Both are complete before the first is replaced, so that a full disk or a kill leaves the
    previous files in place.
    """
    with replace_entries(out) as temp_folder:
        require_free_space(temp_folder, len(NAMES) * (FLOAT * network.count_params() + OVERHEAD))
        inference = keras.Model(network.input, network.output, name=network.name)  # not compiled
        with silence_hdf5_warning():
            for name, saved in zip(NAMES, (inference, classifier(inference)), strict=True):
                saved.save(temp_folder / name)
        rewrite_config(temp_folder / NAMES[1])
    return [out / name for name in NAMES]


@contextlib.contextmanager
def silence_hdf5_warning() -> Iterator[None]:
    """Suppress Keras' warning, in absl's log, that HDF5 is a legacy format."""
    previous = absl.logging.get_verbosity()
    absl.logging.set_verbosity(absl.logging.ERROR)
    try:
        yield
    finally:
        absl.logging.set_verbosity(previous)


def load_network(path: Path) -> keras.Model:
    """Load a saved network of one output, (batch, 10), or of several as `build` names them.

    A network of the layout before, whose one output carries the rejection score with it, gets two
    outputs, and a line on stderr says so.

    Raises OSError, in one line, if the file is missing, unreadable or has other shapes.
    """
    require_network(path)
    try:
        network = keras.saving.load_model(path, compile=False)
        if has_output_in_list(network):
            network = keras.Model(network.inputs[0], network.outputs[0], name=network.name)
        if is_old_layout(network):
            network = with_named_outputs(network)
            print(f"{path}: saved by an older version, now with two named outputs", file=sys.stderr)
    except Exception as error:  # Keras raises many kinds of errors for damaged files
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise OSError(f"{path}: not a Keras model that can be loaded ({reason[0]})") from None
    shapes = output_shapes(network)
    known = (OUTPUT_SHAPES, OUTPUT_SHAPES | MARKS_SHAPE, OUTPUT_SHAPES[DIGITS])
    if network.input_shape != INPUT_SHAPE or shapes not in known:
        raise OSError(
            f"{path}: maps {network.input_shape} to {shapes}; a digit network must map "
            f"{INPUT_SHAPE} to {OUTPUT_SHAPES[DIGITS]}, or to {OUTPUT_SHAPES}"
        )
    return network


def output_shapes(network: keras.Model) -> dict[str, tuple] | tuple | list:
    """Return the shapes of a network's outputs, in the structure that they have."""
    return keras.tree.map_structure(lambda tensor: tuple(tensor.shape), network.output)


def has_output_in_list(network: keras.Model) -> bool:
    """Tell whether the only output stands in a list, as in our HDF5 files, or in a Sequential."""
    if isinstance(network, keras.Sequential):  # which has no `output`
        return True
    return isinstance(network.output, list) and len(network.output) == 1


def is_old_layout(network: keras.Model) -> bool:
    """Tell whether a network was saved by a version that gave it one output and a hidden score."""
    return not isinstance(network.output, dict) and set(RENAMED) <= {
        layer.name for layer in network.layers
    }


def with_named_outputs(network: keras.Model) -> keras.Model:
    """Return a network of the old layout with two named outputs; weights are the same."""
    outputs = {name: network.get_layer(name).output for name in OUTPUT_SHAPES}
    old = keras.Model(network.input, outputs, name=network.name)

    def rename(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config()
        return layer.from_config(config | {"name": RENAMED.get(layer.name, layer.name)})

    new = keras.models.clone_model(old, clone_function=rename)
    new.set_weights(old.get_weights())
    return new
