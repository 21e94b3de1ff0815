"""Networks say what they are built like, whatever they are called."""

import keras

from train.network.build import architecture, build


def test_a_network_is_known_by_what_it_is_built_of_and_not_by_its_name():
    network = build("tiny")
    assert architecture(network) == "tiny"
    renamed = keras.Model(network.input, network.output, name="default")
    assert architecture(renamed) == "tiny"


def test_a_network_of_somebody_elses_is_none_of_ours():
    image = keras.Input((28, 28, 1))
    assert architecture(keras.Model(image, keras.layers.Flatten()(image))) is None
