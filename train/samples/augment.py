"""Variations of digits: one resampling and a change of thickness for pixels, a new hand for ink.

Everything is stateless: what happens to a sample is drawn from the seed, the epoch and the sample's
place in the data, so that a run repeats itself, resumed or not.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
import tensorflow as tf

from train.ink import SIZE, WIDTH, Drawing

GRID = 4  # control points a side of the elastic deformation: bends strokes, does not crumple them
PHILOX = 1  # TensorFlow's number of the generator that it takes on CPUs
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

    def scaled(self, share: float) -> "Strength":
        """All of it by one factor."""
        return Strength(*(share * deviation for deviation in astuple(self)))


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
def vary(
    images: tf.Tensor, rows: tf.Tensor, first: tf.Tensor | None = None, before: int = 0
) -> tf.Tensor:
    """Move, thicken and spoil a batch; one bilinear resampling, since chained ones blur.

    Args:
        images: (n, 28, 28) uint8, or float32 in [0, 255].
        rows: (n, COLUMNS) float32 from `parameters`.
        first: (COLUMNS,) the row of the batch's first image, where these are a part of a batch.
        before: how many images of the batch come before these.

    Returns:
        (n, 28, 28, 1) float32 in [0, 1].
    """
    images = tf.cast(images, tf.float32) / 255
    thickness, blur, noise = (rows[:, k] for k in (6, 7, 8))
    # Thickness goes first: on the sharp original its steps are a pixel's, not a blur's.
    images = soften(resample(thicken(images, thickness), source_points(rows)), tf.nn.relu(blur))
    # The batch's first row is as good a seed as any, and the same whenever the batch is.
    seed = tf.bitcast((rows[0] if first is None else first)[9:11], tf.int32)
    spoiled = images + grain(tf.shape(images), seed, before) * tf.nn.relu(noise)[:, None, None]
    return tf.clip_by_value(spoiled, 0, 1)[..., None]


def grain(shape: tf.Tensor, seed: tf.Tensor, before: int) -> tf.Tensor:
    """Normal noise, (n, 28, 28), as `tf.random.stateless_normal` gives it from image `before` on.

    Its generator counts, four numbers at a time, and so can begin anywhere: J. Salmon et al.,
    "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    """
    key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
    counter += tf.constant([before * SIZE * SIZE // 4, 0], tf.uint64)
    return tf.raw_ops.StatelessRandomNormalV2(shape=shape, key=key, counter=counter, alg=PHILOX)


def thicken(images: tf.Tensor, thickness: tf.Tensor) -> tf.Tensor:
    """(n, 28, 28) images some way towards the next pixel's ink, or its absence; (n,) in -1..1."""
    fields = tf.transpose(images, (1, 2, 0))
    thicker, thinner = pooled(tf.nn.max_pool2d, fields, 3), -pooled(tf.nn.max_pool2d, -fields, 3)
    towards = tf.where(thickness > 0, thicker - fields, fields - thinner)
    return tf.transpose(fields + thickness * 0.6 * towards, (2, 0, 1))


def soften(images: tf.Tensor, blur: tf.Tensor) -> tf.Tensor:
    """(n, 28, 28) images some way towards the mean of 5x5 pixels; (n,) in 0..1.

    Photographs are soft and grainy, and a network that never met grain trips over it.
    """
    fields = tf.transpose(images, (1, 2, 0))
    return tf.transpose(fields + blur * (pooled(tf.nn.avg_pool2d, fields, 5) - fields), (2, 0, 1))


def pooled(pool: Callable, fields: tf.Tensor, size: int) -> tf.Tensor:
    """Pool (28, 28, n) fields. TensorFlow works on many channels at once; an image has but one."""
    return pool(fields[None], size, 1, "SAME")[0]


def source_points(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Where each field pixel takes its ink from: x and y in pixels, (n, 784) each."""
    rotation, shear, scale, aspect, right, down = tf.unstack(rows[:, :6], axis=1)
    cos, sin = tf.cos(rotation), tf.sin(rotation)
    across, along = tf.exp(scale + aspect / 2), tf.exp(scale - aspect / 2)
    controls = tf.reshape(rows[:, 9:], (-1, 2, GRID * GRID))
    weights = tf.constant(basis(), tf.float32)
    centre = (SIZE - 1) / 2
    return tuple(
        tf.concat([tf.stack([*line, shift + centre], axis=1), controls[:, k]], axis=1) @ weights
        for k, (line, shift) in enumerate(
            (
                ((cos * across, shear * cos - sin), right),
                ((sin, (shear * sin + cos) * along), down),
            )
        )
    )


def basis() -> np.ndarray:
    """(3 + GRID * GRID, 784): what a pixel's x, its y, 1 and each control point add to a point."""
    centred = np.stack(np.meshgrid(*[np.arange(SIZE) - (SIZE - 1) / 2] * 2)).reshape(2, -1)
    weights = bump(GRID)
    bends = np.einsum("iy,jx->yxij", weights, weights).reshape(GRID * GRID, -1)
    return np.concatenate([centred, np.ones((1, SIZE * SIZE)), bends])


def bump(controls: int) -> np.ndarray:
    """(28, controls) weights of a smooth interpolation between evenly spaced control points."""
    spacing = SIZE / (controls - 1)
    distance = np.abs(np.arange(SIZE)[:, None] + 0.5 - spacing * np.arange(controls)) / spacing
    return np.where(distance < 1, (1 + np.cos(np.pi * distance)) / 2, 0)


def resample(images: tf.Tensor, points: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """Bilinear values of (n, 28, 28) images at points of (n, 784) x and y; nothing lies outside."""
    side = SIZE + 2
    x, y = (tf.clip_by_value(each + 1, 0.0, SIZE + 0.999) for each in points)
    left, top = tf.floor(x), tf.floor(y)
    fx, fy = x - left, y - top
    # All images end to end: to gather from one row is twice as fast as from a batch of them.
    ends = tf.reshape(tf.pad(images, [[0, 0], [1, 1], [1, 1]]), [-1])
    at = tf.cast(top * side + left, tf.int32)
    at += tf.range(tf.shape(images)[0])[:, None] * side * side
    take = [tf.gather(ends, at + step) for step in (0, 1, side, side + 1)]
    above = take[0] + fx * (take[1] - take[0])
    below = take[2] + fx * (take[3] - take[2])
    return tf.reshape(above + fy * (below - above), (-1, SIZE, SIZE))


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
