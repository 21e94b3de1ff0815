"""Corruptions: each has the named effect, and one severity leaves images unchanged."""

import keras
import numpy as np
import pytest

from train.evaluation import robustness
from train.ink import render


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def spot() -> np.ndarray:
    """Return one image with a soft spot to the upper right of the centre."""
    row, column = np.mgrid[0:28, 0:28]
    return np.exp(-((row - 9.5) ** 2 + (column - 17.5) ** 2) / 4)[None].astype(np.float32)


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    """Return the centre of mass, right and down from the image's centre, in pixels."""
    offset = np.arange(28) - 13.5
    return image.sum(axis=0) @ offset / image.sum(), image.sum(axis=1) @ offset / image.sum()


def test_rotation_turns_anticlockwise(spot, random):
    assert centre_of_mass(spot[0]) == pytest.approx((4, -4), abs=0.02)
    (turned,) = robustness.rotate(spot, 90, random)
    assert centre_of_mass(turned) == pytest.approx((-4, -4), abs=0.05)


def test_scaling_moves_ink_away_from_the_centre(spot, random):
    (larger,) = robustness.enlarge(spot, 1.5, random)
    assert centre_of_mass(larger) == pytest.approx((6, -6), abs=0.05)
    assert larger.sum() == pytest.approx(1.5**2 * spot.sum(), rel=0.02)


def test_shift_moves_by_its_severity_in_random_directions(spot, random):
    moved = robustness.shift(np.repeat(spot, 20, axis=0), 3, random)
    steps = np.array([centre_of_mass(image) for image in moved]) - [4, -4]
    np.testing.assert_allclose(np.hypot(*steps.T), 3, atol=0.06)
    assert steps.min() < -2
    assert steps.max() > 2


def test_noise_has_its_severity_and_stays_in_range(random):
    noisy = robustness.add_noise(np.full((40, 28, 28), 0.5, np.float32), 0.1, random)
    assert noisy.std() == pytest.approx(0.1, rel=0.02)
    assert robustness.add_noise(noisy, 2, random).max() == 1


def test_blur_widens_a_spot_by_its_severity(spot, random):
    (wider,) = robustness.blur(spot, 1.5, random)
    offset = np.arange(28) - 17.5

    def variance(image):
        return image.sum(axis=0) @ offset**2 / image.sum()

    assert variance(wider) - variance(spot[0]) == pytest.approx(1.5**2, rel=0.02)


def test_occlusion_erases_one_square_within_the_box(random):
    occluded = robustness.occlude(np.ones((50, 28, 28), np.float32), 6, random) == 0
    assert (occluded.sum(axis=(1, 2)) == 36).all()
    assert set(np.flatnonzero(occluded.any(axis=(0, 1)))) == set(range(4, 24))


@pytest.mark.parametrize("corruption", robustness.CORRUPTIONS, ids=lambda each: each.name)
def test_one_severity_of_every_corruption_changes_nothing(corruption, spot):
    def change_at(severity: float) -> float:
        return np.abs(corruption.apply(spot, severity, np.random.default_rng(1)) - spot).max()

    harmless = [each for each in corruption.severities if change_at(each) < 1e-5]
    assert len(harmless) == 1
    assert list(corruption.severities) == sorted(corruption.severities)


def test_a_curve_is_the_accuracy_at_each_severity_for_each_network():
    image = keras.Input((28, 28, 1))
    ink = keras.layers.GlobalAveragePooling2D()(image)
    # Reads 1 if there is much ink, else 0: it misreads thick pens but not thin ones.
    reader = keras.Model(image, keras.layers.Dense(10, activation="softmax")(ink))
    kernel, bias = np.zeros((1, 10)), np.full(10, -9.0)
    kernel[0, 1], bias[0], bias[1] = 100, 10, 0
    reader.layers[-1].set_weights([kernel, bias])
    drawings = [[[[0, 0], [slant, 10]]] for slant in (0, 1, 2)]
    images = np.rint(255 * np.stack([render(drawing) for drawing in drawings])).astype(np.uint8)
    curves = robustness.curves({"reader": reader}, images, np.zeros(3, int), drawings)
    by_name = {curve["name"]: curve for curve in curves}
    assert list(by_name) == [each.name for each in robustness.CORRUPTIONS] + ["pen width"]
    assert by_name["pen width"]["levels"] == list(robustness.PEN_WIDTHS)
    accuracy = by_name["pen width"]["accuracy"]["reader"]
    assert (accuracy[0], accuracy[-1]) == (1, 0)
    assert accuracy == sorted(accuracy, reverse=True)


def test_the_subset_of_a_test_set_is_always_the_same():
    chosen = robustness.subset(5000)
    assert len(chosen) == len(set(chosen)) == robustness.SUBSET
    assert (chosen == robustness.subset(5000)).all()
    assert list(robustness.subset(3)) == [0, 1, 2]
