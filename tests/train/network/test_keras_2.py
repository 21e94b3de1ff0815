"""The HDF5 file in the layout of Keras 2, which Keras 2 and Keras 3 load."""

import json
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tf_keras

from train.network.architectures import ARCHITECTURES
from train.network.build import build
from train.network.keras_2 import keras_2_config
from train.network.saving import save

MODEL = Path(__file__).parents[3] / "models" / "final_mnist_cnn.h5"
FIELDS = np.random.default_rng(0).random((5, 28, 28, 1), np.float32)


def example() -> keras.Model:
    """Return a small network with a layer of two inputs and a call with an argument."""
    image = keras.Input((28, 28, 1), name="image")
    conv = keras.layers.Conv2D(1, 3, padding="same", name="conv")(image)
    added = keras.layers.Add(name="add")([image, conv])
    normalised = keras.layers.BatchNormalization(name="norm")(added)
    pixels = keras.layers.Flatten(name="pixels")(normalised)
    dropped = keras.layers.Dropout(0.1, name="dropout")(pixels, training=False)
    return keras.Model(image, keras.layers.Dense(10, "softmax", name="digits")(dropped))


def saved_config(path: Path) -> dict:
    with h5py.File(path) as file:
        return json.loads(file.attrs["model_config"])


def in_keras_3(path: Path) -> dict:
    """Return the configuration that Keras itself writes for `example`."""
    example().save(path)
    return saved_config(path)


def keys(value: object) -> set[str]:
    """Return the keys of all objects in a configuration."""
    if isinstance(value, list):
        return set().union(*map(keys, value))
    if not isinstance(value, dict):
        return set()
    return value.keys() | keys(list(value.values()))


def test_nothing_is_left_of_the_layout_of_keras_3(tmp_path):
    theirs = in_keras_3(tmp_path / "keras_3.h5")
    assert {"module", "registered_name", "batch_shape", "args", "keras_history"} <= keys(theirs)
    ours = keras_2_config(theirs)
    assert not {"module", "registered_name", "batch_shape", "args", "keras_history"} & keys(ours)
    assert theirs == saved_config(tmp_path / "keras_3.h5")  # the argument is not changed


def test_calls_inputs_and_types_are_in_the_layout_of_keras_2(tmp_path):
    config = keras_2_config(in_keras_3(tmp_path / "keras_3.h5"))["config"]
    layers = {layer["name"]: layer for layer in config["layers"]}
    assert layers["image"]["config"]["batch_input_shape"] == [None, 28, 28, 1]
    assert layers["conv"]["inbound_nodes"] == [[["image", 0, 0, {}]]]
    assert layers["add"]["inbound_nodes"] == [[["image", 0, 0, {}], ["conv", 0, 0, {}]]]
    assert layers["dropout"]["inbound_nodes"] == [[["pixels", 0, 0, {"training": False}]]]
    assert {layer["config"]["dtype"] for layer in config["layers"]} == {"float32"}
    initializer = layers["conv"]["config"]["kernel_initializer"]
    assert initializer == {"class_name": "GlorotUniform", "config": {"seed": None}}
    assert config["input_layers"] == [["image", 0, 0]]
    assert config["output_layers"] == [["digits", 0, 0]]


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_both_versions_of_keras_load_the_saved_file_and_predict_alike(arch, tmp_path):
    network = build(arch)
    save(network, tmp_path)
    expected = network.predict(FIELDS, verbose=0)["digits"]
    path = tmp_path / "final_mnist_cnn.h5"
    loaded = keras.models.load_model(path, compile=False)
    np.testing.assert_array_equal(loaded.predict(FIELDS, verbose=0), expected)
    in_keras_2 = tf_keras.models.load_model(path, compile=False)
    assert [layer.name for layer in in_keras_2.layers] == [layer.name for layer in loaded.layers]
    np.testing.assert_allclose(in_keras_2.predict(FIELDS, verbose=0), expected, atol=1e-5)


def test_the_shipped_file_predicts_as_digits_keras_in_both_versions():
    network = keras.models.load_model(MODEL.with_name("digits.keras"), compile=False)
    expected = network.predict(FIELDS, verbose=0)["digits"]
    for load_model in (keras.models.load_model, tf_keras.models.load_model):
        probabilities = load_model(MODEL, compile=False).predict(FIELDS, verbose=0)
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)
