"""Variations of digits: one resampling and a change of thickness for pixels, a new hand for ink.

Everything is stateless: what happens to a sample is drawn from the seed, the epoch and the sample's
place in the data, so that a run repeats itself, resumed or not.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from train.ink import SIZE, WIDTH, Drawing

GRID = 4  # control points a side of the elastic deformation: bends strokes, does not crumple them
COLUMNS = 9 + 2 * GRID * GRID  # numbers that vary a sample


@dataclass(frozen=True)
class Strength:
    """How far pixels vary; each value is the largest deviation, drawn uniformly to both sides."""

    rotation: float = 0.20  # radians
    shear: float = 0.25  # of x along y: the slant of the hand
    scale: float = 0.12  # of both axes together
    aspect: float = 0.12  # of one axis against the other
    shift: float = 2.0  # pixels
    elastic: float = 1.0  # pixels that a control point of the deformation moves
    thickness: float = 0.7  # share of the way to the next pixel's ink, or to its absence
    blur: float = 0.25  # share of the way to the mean of 5x5 pixels; half of the samples stay sharp
    noise: float = 0.06  # standard deviation, of full ink; half of the samples stay clean


# For ink that varied as strokes already.
GENTLE = Strength(rotation=0.08, shear=0.05, scale=0.1, aspect=0.05, elastic=0.8, thickness=0.3)


def parameters(count: int, seed: int, epoch: int, strength: Strength) -> np.ndarray:
    """Draw (count, COLUMNS) float32 in the units of `vary`, a row for each sample."""
    draw = np.random.default_rng([seed, epoch]).random((count, COLUMNS), np.float32)
    s = strength
    limits = [s.rotation, s.shear, s.scale, s.aspect, s.shift, s.shift]
    limits += [s.thickness, s.blur, s.noise]
    return (2 * draw - 1) * np.float32(limits + [s.elastic] * (2 * GRID * GRID))


@tf.function(jit_compile=False)
def vary(images: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """Move, thicken and spoil a batch; one bilinear resampling, since chained ones blur.

    Args:
        images: (n, 28, 28) uint8, or float32 in [0, 255].
        rows: (n, COLUMNS) float32 from `parameters`.

    Returns:
        (n, 28, 28, 1) float32 in [0, 1].
    """
    images = tf.cast(images, tf.float32)[..., None] / 255
    # Thickness goes first: on the sharp original its steps are a pixel's, not a blur's.
    thickness, blur, noise = (tf.reshape(rows[:, k], (-1, 1, 1, 1)) for k in (6, 7, 8))
    thicker = tf.nn.max_pool2d(images, 3, 1, "SAME")
    thinner = -tf.nn.max_pool2d(-images, 3, 1, "SAME")
    towards = tf.where(thickness > 0, thicker - images, images - thinner)
    images = images + thickness * 0.6 * towards
    images = resample(images[..., 0], source_points(rows))[..., None]
    # Photographs are soft and grainy, and a network that never met grain trips over it.
    images += tf.nn.relu(blur) * (tf.nn.avg_pool2d(images, 5, 1, "SAME") - images)
    # The batch's first row is as good a seed as any, and the same whenever the batch is.
    grain = tf.random.stateless_normal(tf.shape(images), tf.bitcast(rows[0, 9:11], tf.int32))
    return tf.clip_by_value(images + tf.nn.relu(noise) * grain, 0, 1)


def source_points(rows: tf.Tensor) -> tf.Tensor:
    """Where each field pixel takes its ink from: (n, 784, 2) of (x, y) in pixels."""
    rotation, shear, scale, aspect, right, down = tf.unstack(rows[:, :6], axis=1)
    cos, sin = tf.cos(rotation), tf.sin(rotation)
    across, along = tf.exp(scale + aspect / 2), tf.exp(scale - aspect / 2)
    matrix = tf.stack([cos * across, shear * cos - sin, sin, (shear * sin + cos) * along], axis=1)
    centred = np.stack(np.meshgrid(*[np.arange(SIZE) - (SIZE - 1) / 2] * 2), axis=-1)
    points = tf.constant(centred.reshape(-1, 2), tf.float32)
    moved = tf.einsum("pk,njk->npj", points, tf.reshape(matrix, (-1, 2, 2)))
    shift = tf.stack([right, down], axis=1)[:, None] + (SIZE - 1) / 2
    weights = tf.constant(bump(GRID), tf.float32)
    controls = tf.reshape(rows[:, 9:], (-1, 2, GRID, GRID))
    bend = tf.einsum("iy,ncyx,jx->nijc", weights, controls, weights)
    return moved + shift + tf.reshape(bend, (-1, SIZE * SIZE, 2))


def bump(controls: int) -> np.ndarray:
    """(28, controls) weights of a smooth interpolation between evenly spaced control points."""
    spacing = SIZE / (controls - 1)
    distance = np.abs(np.arange(SIZE)[:, None] + 0.5 - spacing * np.arange(controls)) / spacing
    return np.where(distance < 1, (1 + np.cos(np.pi * distance)) / 2, 0)


def resample(images: tf.Tensor, points: tf.Tensor) -> tf.Tensor:
    """Bilinear values of (n, 28, 28) images at (n, 784, 2) points; nothing lies outside."""
    padded = tf.pad(images, [[0, 0], [1, 1], [1, 1]])
    side = SIZE + 2
    flat = tf.reshape(padded, (-1, side * side))
    points = tf.clip_by_value(points + 1, 0.0, SIZE + 0.999)
    corner = tf.floor(points)
    fx, fy = tf.unstack(points - corner, axis=-1)
    x, y = tf.unstack(tf.cast(corner, tf.int32), axis=-1)
    at = y * side + x
    take = [tf.gather(flat, at + step, batch_dims=1) for step in (0, 1, side, side + 1)]
    top = take[0] + fx * (take[1] - take[0])
    bottom = take[2] + fx * (take[3] - take[2])
    return tf.reshape(top + fy * (bottom - top), (-1, SIZE, SIZE))


def vary_drawing(drawing: Drawing, rng: np.random.Generator) -> tuple[Drawing, float]:
    """The same ink in another hand: slanted, stretched, unsteady, with another pen.

    Returns:
        the drawing and a pen width in field units, both for `ink.render`.
    """
    slant = rng.uniform(-0.45, 0.45)  # tangent; UNIPEN's own writers spread about as far
    aspect = np.exp(rng.uniform(-np.log(1.3), np.log(1.3)))
    angle = rng.uniform(-0.12, 0.12)  # radians
    width = WIDTH * np.exp(rng.uniform(np.log(0.6), np.log(1.6)))  # fine liner to felt tip
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ [[aspect, slant], [0, 1]]
    strokes = [np.array([point[:2] for point in stroke], float) @ matrix.T for stroke in drawing]
    everything = np.concatenate(strokes)
    size = np.ptp(everything, axis=0).max()
    tremble = rng.uniform(0, 0.006) * size  # a pen's sampling and a hand's unrest
    return [(stroke + rng.normal(0, tremble, stroke.shape)).tolist() for stroke in strokes], width
