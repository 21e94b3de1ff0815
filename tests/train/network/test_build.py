"""An architecture is recognised by its layers, whatever the network's name."""

import keras
import numpy as np
import pytest

from train.fitting.settings import ARCHITECTURE_NAMES
from train.network.architectures import ARCHITECTURES
from train.network.build import architecture, build, has_marks, with_marks, without_marks


def test_the_names_of_architectures_are_known_without_keras():
    assert tuple(ARCHITECTURES) == ARCHITECTURE_NAMES


def test_an_architecture_is_recognised_by_its_layers_and_not_by_name():
    network = build("tiny")
    assert architecture(network) == "tiny"
    renamed = keras.Model(network.input, network.output, name="default")
    assert architecture(renamed) == "tiny"


def test_a_foreign_network_has_no_known_architecture():
    image = keras.Input((28, 28, 1))
    assert architecture(keras.Model(image, keras.layers.Flatten()(image))) is None


def with_random_marks(network: keras.Model, seed: int) -> keras.Model:
    rng = np.random.default_rng(seed)
    features = network.get_layer("features").output.shape[-1]
    return with_marks(network, rng.normal(size=(features, 12)), rng.normal(size=12))


@pytest.mark.parametrize("arch", ["tiny", "default"])
def test_a_head_for_marks_is_added_replaced_and_taken_away(arch: str) -> None:
    network = build(arch)
    fields = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    once = with_random_marks(network, 0)
    twice = with_random_marks(once, 1)
    assert not has_marks(network) and has_marks(once)
    assert architecture(once) == architecture(twice) == arch
    first, second = (each.predict(fields, verbose=0) for each in (once, twice))
    np.testing.assert_allclose(first["marks"].sum(axis=1), 1, atol=1e-6)
    assert not np.allclose(first["marks"], second["marks"])
    bare = without_marks(twice)
    assert [w.shape for w in bare.weights] == [w.shape for w in network.weights]
    expected = network.predict(fields, verbose=0)
    for each in (first, second, bare.predict(fields, verbose=0)):
        for name, values in expected.items():
            np.testing.assert_array_equal(each[name], values)
