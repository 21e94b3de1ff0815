"""Ways to make reading harder: each does what its name says, and its harmless level nothing."""

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
    """One image with a soft spot right of and above the middle."""
    row, column = np.mgrid[0:28, 0:28]
    return np.exp(-((row - 9.5) ** 2 + (column - 17.5) ** 2) / 4)[None].astype(np.float32)


def middle(image: np.ndarray) -> tuple[float, float]:
    """Right and down of the field's middle, in pixels."""
    place = np.arange(28) - 13.5
    return image.sum(axis=0) @ place / image.sum(), image.sum(axis=1) @ place / image.sum()


def test_rotation_turns_anticlockwise(spot, random):
    assert middle(spot[0]) == pytest.approx((4, -4), abs=0.02)
    (turned,) = robustness.rotate(spot, 90, random)
    assert middle(turned) == pytest.approx((-4, -4), abs=0.05)


def test_scale_moves_ink_away_from_the_middle(spot, random):
    (larger,) = robustness.enlarge(spot, 1.5, random)
    assert middle(larger) == pytest.approx((6, -6), abs=0.05)
    assert larger.sum() == pytest.approx(1.5**2 * spot.sum(), rel=0.02)


def test_shift_moves_by_its_level_in_directions_that_differ(spot, random):
    moved = robustness.shift(np.repeat(spot, 20, axis=0), 3, random)
    steps = np.array([middle(image) for image in moved]) - [4, -4]
    np.testing.assert_allclose(np.hypot(*steps.T), 3, atol=0.06)
    assert steps.min() < -2
    assert steps.max() > 2


def test_noise_has_its_level_and_stays_in_range(random):
    noisy = robustness.add_noise(np.full((40, 28, 28), 0.5, np.float32), 0.1, random)
    assert noisy.std() == pytest.approx(0.1, rel=0.02)
    assert robustness.add_noise(noisy, 2, random).max() == 1


def test_blur_widens_a_spot_by_its_level(spot, random):
    (wider,) = robustness.blur(spot, 1.5, random)
    place = np.arange(28) - 17.5

    def variance(image):
        return image.sum(axis=0) @ place**2 / image.sum()

    assert variance(wider) - variance(spot[0]) == pytest.approx(1.5**2, rel=0.02)


def test_occlusion_erases_one_square_within_the_box(random):
    occluded = robustness.occlude(np.ones((50, 28, 28), np.float32), 6, random) == 0
    assert (occluded.sum(axis=(1, 2)) == 36).all()
    assert set(np.flatnonzero(occluded.any(axis=(0, 1)))) == set(range(4, 24))


@pytest.mark.parametrize("trial", robustness.CORRUPTIONS, ids=lambda trial: trial.name)
def test_one_level_of_every_trial_changes_nothing(trial, spot):
    def changed(level: float) -> float:
        return np.abs(trial.apply(spot, level, np.random.default_rng(1)) - spot).max()

    harmless = [level for level in trial.severities if changed(level) < 1e-5]
    assert len(harmless) == 1
    assert list(trial.severities) == sorted(trial.severities)


def test_a_curve_is_the_share_read_right_at_each_level_for_each_network():
    image = keras.Input((28, 28, 1))
    ink = keras.layers.GlobalAveragePooling2D()(image)
    # Reads 1 where there is much ink, else 0: thick pens go wrong, thin ones do not.
    reader = keras.Model(image, keras.layers.Dense(10, activation="softmax")(ink))
    kernel, bias = np.zeros((1, 10)), np.full(10, -9.0)
    kernel[0, 1], bias[0], bias[1] = 100, 10, 0
    reader.layers[-1].set_weights([kernel, bias])
    drawings = [[[[0, 0], [slant, 10]]] for slant in (0, 1, 2)]
    images = np.rint(255 * np.stack([render(drawing) for drawing in drawings])).astype(np.uint8)
    curves = robustness.curves({"reader": reader}, images, np.zeros(3, int), drawings)
    by_name = {curve["name"]: curve for curve in curves}
    assert list(by_name) == [trial.name for trial in robustness.CORRUPTIONS] + ["pen width"]
    assert by_name["pen width"]["levels"] == list(robustness.PEN_WIDTHS)
    accuracy = by_name["pen width"]["accuracy"]["reader"]
    assert (accuracy[0], accuracy[-1]) == (1, 0)
    assert accuracy == sorted(accuracy, reverse=True)


def test_the_part_of_a_set_that_is_tried_is_always_the_same():
    chosen = robustness.subset(5000)
    assert len(chosen) == len(set(chosen)) == robustness.SUBSET
    assert (chosen == robustness.subset(5000)).all()
    assert list(robustness.subset(3)) == [0, 1, 2]
