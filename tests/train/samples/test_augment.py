"""Augmentation is stateless, stays in range and does nothing at zero strength."""

import numpy as np
import pytest

from train.ink import render
from train.samples.augment import (
    GRID,
    Strength,
    augment_images,
    bump,
    draw_parameters,
)

SEVEN = [[[0, 0, 0], [8, 0, 10], [3, 10, 30]], [[2, 5, 60], [7, 5, 80]]]
NONE = Strength(*[0.0] * 9)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    fields = [render(SEVEN, width) for width in np.linspace(1.5, 4, 8)]
    return np.rint(np.array(fields) * 255).astype(np.uint8)


def mass_centres(images: np.ndarray) -> np.ndarray:
    """Return the centres of mass, (n, 2), x before y."""
    centres = np.arange(28) + 0.5
    mass = images.sum(axis=(1, 2))
    across, down = images.sum(axis=1) @ centres, images.sum(axis=2) @ centres
    return np.stack([across / mass, down / mass], axis=1)


def test_zero_strength_changes_nothing(images: np.ndarray):
    augmented = augment_images(images, draw_parameters(len(images), 0, 0, NONE)).numpy()
    assert augmented.shape == (8, 28, 28, 1) and augmented.dtype == np.float32
    np.testing.assert_allclose(augmented[..., 0], images / 255, atol=1e-5)


def test_the_same_seed_and_epoch_augment_alike_and_another_epoch_differs(images: np.ndarray):
    first, again, later = (
        augment_images(images, draw_parameters(8, 3, epoch, Strength())).numpy()
        for epoch in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - later).max() > 0.3


def test_a_samples_augmentation_does_not_depend_on_the_number_of_samples():
    few, many = draw_parameters(5, 1, 2, Strength()), draw_parameters(500, 1, 2, Strength())
    np.testing.assert_array_equal(few, many[:5])


def test_augmented_images_stay_in_range_and_keep_their_ink(images: np.ndarray):
    augmented = augment_images(
        np.tile(images, (16, 1, 1)), draw_parameters(128, 0, 0, Strength())
    ).numpy()
    assert augmented.min() >= 0 and augmented.max() <= 1
    assert (augmented.max(axis=(1, 2, 3)) > 0.3).all()


def test_a_shift_moves_the_ink_by_that_many_pixels(images: np.ndarray):
    rows = draw_parameters(8, 0, 0, NONE)
    rows[:, 4], rows[:, 5] = 2, -1  # where pixels are sampled, so ink moves the other way
    moved = augment_images(images, rows).numpy()[..., 0]
    np.testing.assert_allclose(mass_centres(moved) - mass_centres(images), [[-2, 1]] * 8, atol=0.05)


def test_thickness_adds_and_removes_ink(images: np.ndarray):
    rows = draw_parameters(8, 0, 0, NONE)
    before = augment_images(images, rows).numpy().sum()
    rows[:, 6] = 0.7
    assert augment_images(images, rows).numpy().sum() > 1.1 * before
    rows[:, 6] = -0.7
    assert augment_images(images, rows).numpy().sum() < 0.9 * before


def test_resampling_once_keeps_images_sharp(images: np.ndarray):
    strength = Strength(thickness=0, blur=0, noise=0)
    augmented = augment_images(
        np.tile(images, (16, 1, 1)), draw_parameters(128, 0, 0, strength)
    ).numpy()

    def sharpness(pictures: np.ndarray) -> float:
        return float(np.abs(np.diff(pictures, axis=2)).mean())

    assert sharpness(augmented[..., 0]) > 0.8 * sharpness(images / 255)


def test_the_weights_of_the_control_points_sum_to_one():
    np.testing.assert_allclose(bump(GRID).sum(axis=1), 1, atol=1e-6)


def test_half_the_strength_halves_the_parameters(images: np.ndarray):
    whole, half = (draw_parameters(8, 0, 0, Strength().scaled(share)) for share in (1, 0.5))
    np.testing.assert_allclose(half, whole / 2, rtol=1e-6)
