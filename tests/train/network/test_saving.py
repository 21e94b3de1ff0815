"""Saved networks: two named outputs, one in HDF5, and the layout of older versions."""

import keras
import numpy as np
import pytest

from train.evaluation.predict import predict
from train.network.architectures import ARCHITECTURES
from train.network.build import build
from train.network.saving import NAMES, load_network, save

FIELDS = np.random.default_rng(0).random((5, 28, 28, 1), np.float32)


def old_layout(arch: str) -> keras.Model:
    """Return a network as older versions saved it, with the score hidden behind one output."""
    layers = keras.layers
    network = build(arch)

    def rename(layer: keras.Layer) -> keras.Layer:
        names = {"reject_hidden": "judges", "reject_logit": "doubt"}
        config = layer.get_config()
        return layer.from_config(config | {"name": names.get(layer.name, layer.name)})

    cloned = keras.models.clone_model(network, clone_function=rename)
    cloned.set_weights(network.get_weights())
    both = layers.Concatenate(name="both")([cloned.output["digits"], cloned.output["not_a_digit"]])
    column = layers.Reshape((11, 1), name="column")(both)
    cut = layers.Cropping1D((0, 1), name="cut")(column)
    return keras.Model(cloned.input, layers.Reshape((10,), name="probabilities")(cut), name=arch)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_a_network_in_the_old_layout_is_converted_with_a_message(arch, name, tmp_path, capsys):
    old = old_layout(arch)
    old.save(tmp_path / name)
    score_model = keras.Model(old.input, old.get_layer("not_a_digit").output)
    network = load_network(tmp_path / name)
    assert capsys.readouterr().err.count("\n") == 1
    probabilities, scores = predict(network, FIELDS)
    np.testing.assert_array_equal(probabilities, old.predict(FIELDS, verbose=0))
    np.testing.assert_array_equal(scores, score_model.predict(FIELDS, verbose=0)[:, 0])
    assert [layer.name for layer in network.layers] == [layer.name for layer in build(arch).layers]


def test_a_saved_network_loads_silently_with_its_outputs(tmp_path, capsys):
    network = build("tiny")
    save(network, tmp_path)
    both, alone = (load_network(tmp_path / name) for name in NAMES)
    assert capsys.readouterr().err == ""
    assert both.output.keys() == {"digits", "not_a_digit"} and alone.output_shape == (None, 10)
    expected = predict(network, FIELDS)
    for loaded, built in zip(predict(both, FIELDS), expected, strict=True):
        np.testing.assert_array_equal(loaded, built)
    np.testing.assert_array_equal(predict(alone, FIELDS).probabilities, expected.probabilities)
    assert predict(alone, FIELDS).scores is None


@pytest.mark.parametrize("name", NAMES)
def test_a_foreign_sequential_network_has_probabilities_but_no_score(name, tmp_path):
    layers = [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
    theirs = keras.Sequential(layers)
    theirs.save(tmp_path / name)
    probabilities, scores = predict(load_network(tmp_path / name), FIELDS)
    np.testing.assert_array_equal(probabilities, theirs.predict(FIELDS, verbose=0))
    assert scores is None


@pytest.mark.parametrize(
    "outputs",
    [{"digits": 10}, {"digits": 10, "not_a_digit": 2}, {"digits": 9, "not_a_digit": 1}, [10, 1]],
)
def test_unknown_outputs_are_rejected_in_one_line(outputs, tmp_path):
    image = keras.Input((28, 28, 1))
    pixels = keras.layers.Flatten()(image)
    made = keras.tree.map_structure(lambda units: keras.layers.Dense(units)(pixels), outputs)
    keras.Model(image, made).save(tmp_path / "digits.keras")
    with pytest.raises(OSError, match="a digit network must map") as raised:
        load_network(tmp_path / "digits.keras")
    assert "\n" not in str(raised.value)
