"""Fine-tuning changes only the last layers and keeps the accuracy on replayed digits."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.train.conftest import SHAPES, render_shapes
from train.evaluation.predict import predict
from train.fine_tuning import tuner as tuner_module
from train.fine_tuning.tuner import (
    MIN_RENDERS_PER_DRAWING,
    Tuner,
    accuracy_dropped,
    predict_head,
    render_personal,
)
from train.fitting.settings import FINE_TUNE_PRESET, FitError, Settings
from train.network.build import build
from train.network.saving import load_network
from train.samples.training_set import TrainingSet, as_pixels, inputs

SHIPPED = Path(__file__).parents[3] / "models" / "digits.keras"
TRIANGLE = [[[4, 0], [0, 9], [8, 9], [4, 0]]]  # one person's 0, which the network reads as a 4


@pytest.fixture(scope="module", autouse=True)
def few() -> Iterator[None]:
    """Use few renders of personal drawings, just enough for an effect."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tuner_module, "MIN_PERSONAL_RENDERS", 600)
        yield


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return load_network(SHIPPED)


@pytest.fixture(scope="module")
def replayed() -> TrainingSet:
    images, labels = render_shapes(400, 3)
    return TrainingSet(images, labels, num_images=len(images))


@pytest.fixture(scope="module")
def tuner(network: keras.Model, replayed: TrainingSet) -> Tuner:
    return Tuner(network, replayed, Settings(**FINE_TUNE_PRESET))


def predict_triangle(tuner: Tuner) -> np.ndarray:
    """Return the ten probabilities and the rejection score of the triangle."""
    return predict_head(tuner.head, tuner.features_of(inputs(as_pixels([TRIANGLE]))))[0]


def test_a_personal_shape_of_a_digit_is_learnt(tuner: Tuner, replayed: TrainingSet):
    tuner.reset()
    others = tuner.features_of(inputs(replayed.images)), replayed.labels
    before, accuracy = predict_triangle(tuner), tuner.accuracy(*others)
    tuner.tune([TRIANGLE] * 3, [0] * 3)
    after = predict_triangle(tuner)
    assert before[:10].argmax() != 0
    assert after[:10].argmax() == 0 and after[0] > 0.7
    assert after[10] < before[10], "personal digits are rejected less than before"
    assert tuner.accuracy(*others) >= accuracy - 0.01


def test_each_fine_tuning_starts_from_the_original_network(tuner: Tuner, network: keras.Model):
    tuner.tune([TRIANGLE], [0])
    first = network.get_weights()
    tuner.tune([SHAPES[3], SHAPES[8]], [3, 8])
    tuner.tune([TRIANGLE], [0])
    for ours, theirs in zip(network.get_weights(), first, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    tuner.reset()
    for ours, theirs in zip(
        network.get_weights(), load_network(SHIPPED).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_only_the_last_layers_change(tuner: Tuner, network: keras.Model):
    tuner.reset()
    before = {layer.name: layer.get_weights() for layer in network.layers}
    tuner.tune([TRIANGLE], [0])
    changed = {
        layer.name
        for layer in network.layers
        if any(map(np.any, map(np.subtract, layer.get_weights(), before[layer.name])))
    }
    assert changed == {"logits", "reject_hidden", "reject_logit"}


def test_trunk_and_head_predict_like_the_network(tuner: Tuner, network: keras.Model):
    images = inputs(render_shapes(20, 9)[0])
    probabilities, scores = predict(network, images)
    parts = predict_head(tuner.head, tuner.features_of(images))
    np.testing.assert_allclose(parts[:, :10], probabilities, atol=1e-5)
    np.testing.assert_allclose(parts[:, 10], scores, atol=1e-5)


def test_renders_have_a_minimum_in_total_and_per_drawing():
    total = tuner_module.MIN_PERSONAL_RENDERS
    images, labels = render_personal([SHAPES[3], SHAPES[7]], [3, 7], seed=0)
    assert images.shape == (total, 28, 28, 1) and images.dtype == np.float32
    assert labels.shape == (total, 11) and labels[:, 3].sum() == labels[:, 7].sum() == total / 2
    np.testing.assert_array_equal(images[:2], inputs(as_pixels([SHAPES[3], SHAPES[7]])))
    assert len(np.unique(images, axis=0)) == total, "every render differs"
    assert (
        len(render_personal([SHAPES[1]] * total, [1] * total, seed=0)[0])
        == MIN_RENDERS_PER_DRAWING * total
    )


def test_accuracy_may_drop_by_a_tenth_of_a_percentage_point():
    assert not accuracy_dropped(0.9972, 0.9972) and not accuracy_dropped(0.9972, 0.9980)
    assert not accuracy_dropped(0.9972, 0.9962)
    assert accuracy_dropped(0.9972, 0.9960)


def test_a_network_without_the_last_layers_is_rejected_in_one_line(replayed: TrainingSet):
    image = keras.Input((28, 28, 1))
    flat = keras.layers.Flatten(name="features")(image)
    strange = keras.Model(image, keras.layers.Dense(10)(flat), name="strange")
    with pytest.raises(FitError, match=r"^strange lacks the last layers .*train` wrote$"):
        Tuner(strange, replayed, Settings(**FINE_TUNE_PRESET))


@pytest.mark.parametrize("arch", ["tiny", "quick", "baseline"])
def test_every_architecture_can_be_fine_tuned(arch: str, replayed: TrainingSet):
    few = TrainingSet(replayed.images[:20], replayed.labels[:20], num_images=20)
    tuner = Tuner(build(arch), few, Settings(**FINE_TUNE_PRESET | {"epochs": 1}))
    tuner.tune([TRIANGLE], [0])
    assert np.isfinite(predict_triangle(tuner)).all()
