"""An architecture is recognised by its layers, whatever the network's name."""

import keras

from train.network.build import architecture, build


def test_an_architecture_is_recognised_by_its_layers_and_not_by_name():
    network = build("tiny")
    assert architecture(network) == "tiny"
    renamed = keras.Model(network.input, network.output, name="default")
    assert architecture(renamed) == "tiny"


def test_a_foreign_network_has_no_known_architecture():
    image = keras.Input((28, 28, 1))
    assert architecture(keras.Model(image, keras.layers.Flatten()(image))) is None
