import keras
import numpy as np
import pytest

from train.network.architectures import ARCHITECTURES
from train.network.fold import fold_for_inference


@pytest.fixture(scope="module")
def trained(network):
    """Return `trained(arch)`, a network whose normalisations have random statistics."""

    def make(arch):
        model = keras.models.clone_model(network(arch))
        random = np.random.default_rng(2)
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                count = layer.gamma.shape[0]
                layer.set_weights(
                    [
                        random.uniform(0.5, 2, count),
                        random.normal(size=count),
                        random.normal(size=count),
                        random.uniform(0.5, 2, count),
                    ]
                )
        return model

    return make


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_folded_network_predicts_like_the_trained_one(arch, trained, fields):
    model = trained(arch)
    expected = model.predict(fields, verbose=0)
    measured = fold_for_inference(model).predict(fields, verbose=0)
    for name in ("digits", "not_a_digit"):
        np.testing.assert_allclose(measured[name], expected[name], atol=1e-5)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_no_normalisation_or_dropout_is_left(arch, trained):
    left = {type(layer).__name__ for layer in fold_for_inference(trained(arch)).layers}
    assert left.isdisjoint({"BatchNormalization", "Dropout", "Flatten"})


def test_depthwise_weights_fill_the_range_of_eight_bits(trained):
    folded = fold_for_inference(trained("separable"))
    for layer in folded.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D) and layer.name.startswith("depth"):
            kernel = np.abs(layer.get_weights()[0])
            np.testing.assert_allclose(kernel.max(axis=(0, 1, 3)), 1, rtol=1e-5)


def test_a_normalisation_stays_if_another_layer_uses_its_input(fields):
    image = keras.Input((28, 28, 1))
    convolved = keras.layers.Conv2D(4, 3)(image)
    normalised = keras.layers.BatchNormalization(name="norm")(convolved)
    both = keras.layers.Concatenate()([convolved, normalised])
    model = keras.Model(image, keras.layers.Flatten()(both))
    model.get_layer("norm").set_weights([np.full(4, value) for value in (2.0, 1.0, 0.5, 3.0)])
    folded = fold_for_inference(model)
    assert any(layer.name == "norm" for layer in folded.layers)
    np.testing.assert_allclose(
        folded.predict(fields, verbose=0), model.predict(fields, verbose=0), atol=1e-5
    )
