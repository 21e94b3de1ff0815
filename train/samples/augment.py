"""Augmentation of images.

All of it is stateless: the seed, the epoch and the position of a sample determine its augmentation,
so that a run can be reproduced, resumed or not.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
import tensorflow as tf

from train.ink import SIZE

GRID = 4  # control points per side of the elastic deformation: few enough to keep strokes smooth
PHILOX = 1  # TensorFlow's id of the random generator that it uses on CPUs
COLUMNS = 9 + 2 * GRID * GRID  # parameters per sample


@dataclass(frozen=True)
class Strength:
    """Largest deviation of each parameter of `augment_images`, drawn uniformly to both sides."""

    rotation: float = 0.20  # radians
    shear: float = 0.25  # of x along y: the slant of the writing
    scale: float = 0.12  # of both axes together
    aspect: float = 0.12  # of one axis relative to the other
    shift: float = 2.0  # pixels
    elastic: float = 1.0  # pixels by which a control point of the deformation moves
    thickness: float = 0.7  # share of the way to 3x3 dilation, or to erosion
    blur: float = 0.25  # share of the way to the 5x5 mean; half of the samples stay sharp
    noise: float = 0.06  # standard deviation, where ink is 1; half of the samples stay clean

    def scaled(self, factor: float) -> "Strength":
        """Multiply all deviations by a factor."""
        return Strength(*(factor * deviation for deviation in astuple(self)))


# For renders of strokes that were augmented already.
GENTLE = Strength(rotation=0.08, shear=0.05, scale=0.1, aspect=0.05, elastic=0.8, thickness=0.3)


def draw_parameters(count: int, seed: int, epoch: int, strength: Strength) -> np.ndarray:
    """Draw (count, COLUMNS) float32 parameters of `augment_images`, one row per sample."""
    draw = np.random.default_rng([seed, epoch]).random((count, COLUMNS), np.float32)
    s = strength
    limits = [s.rotation, s.shear, s.scale, s.aspect, s.shift, s.shift]
    limits += [s.thickness, s.blur, s.noise]
    return (2 * draw - 1) * np.float32(limits + [s.elastic] * (2 * GRID * GRID))


@tf.function(jit_compile=False)
def augment_images(
    images: tf.Tensor, rows: tf.Tensor, first_row: tf.Tensor | None = None, offset: int = 0
) -> tf.Tensor:
    """Augment a batch: thickness, affine and elastic deformation, blur and noise.

    All deformations share one bilinear resampling, since each resampling blurs.

    Args:
        images: (n, 28, 28) uint8, or float32 in [0, 255].
        rows: (n, COLUMNS) float32 from `draw_parameters`.
        first_row: (COLUMNS,) the row of the batch's first image, if these are a part of a batch.
        offset: index of the first of these images in their batch.

    Returns:
        (n, 28, 28, 1) float32 in [0, 1].
    """
    images = tf.cast(images, tf.float32) / 255
    thickness, blur, noise = (rows[:, k] for k in (6, 7, 8))
    # Thickness comes first, since dilation by one pixel needs sharp edges.
    images = soften(resample(thicken(images, thickness), source_points(rows)), tf.nn.relu(blur))
    # The batch's first row serves as the seed of its noise, which makes it reproducible.
    seed = tf.bitcast((rows[0] if first_row is None else first_row)[9:11], tf.int32)
    noise = gaussian_noise(tf.shape(images), seed, offset) * tf.nn.relu(noise)[:, None, None]
    return tf.clip_by_value(images + noise, 0, 1)[..., None]


def gaussian_noise(shape: tf.Tensor, seed: tf.Tensor, offset: int) -> tf.Tensor:
    """Draw (n, 28, 28) normal noise, as `tf.random.stateless_normal` does from image `offset` on.

    The generator is counter-based, four numbers per count, and so can start anywhere: J. Salmon
    et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
    """
    key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
    counter += tf.constant([offset * SIZE * SIZE // 4, 0], tf.uint64)
    return tf.raw_ops.StatelessRandomNormalV2(shape=shape, key=key, counter=counter, alg=PHILOX)


def thicken(images: tf.Tensor, thickness: tf.Tensor) -> tf.Tensor:
    """Dilate (n, 28, 28) images where the (n,) thickness in -1..1 is positive, else erode them."""
    fields = tf.transpose(images, (1, 2, 0))
    thicker, thinner = pooled(tf.nn.max_pool2d, fields, 3), -pooled(tf.nn.max_pool2d, -fields, 3)
    towards = tf.where(thickness > 0, thicker - fields, fields - thinner)
    return tf.transpose(fields + thickness * 0.6 * towards, (2, 0, 1))


def soften(images: tf.Tensor, blur: tf.Tensor) -> tf.Tensor:
    """Blend (n, 28, 28) images with their 5x5 mean by (n,) weights in 0..1.

    Photographs are blurred and noisy; without such samples the network misreads them.
    """
    fields = tf.transpose(images, (1, 2, 0))
    return tf.transpose(fields + blur * (pooled(tf.nn.avg_pool2d, fields, 5) - fields), (2, 0, 1))


def pooled(pool: Callable, fields: tf.Tensor, size: int) -> tf.Tensor:
    """Pool (28, 28, n) fields with the images as channels, which is faster in TensorFlow."""
    return pool(fields[None], size, 1, "SAME")[0]


def source_points(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute the source coordinates of each output pixel: x and y in pixels, (n, 784) each."""
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
    """Return (3 + GRID * GRID, 784): the x, y, 1 and control point weights of each pixel."""
    centred = np.stack(np.meshgrid(*[np.arange(SIZE) - (SIZE - 1) / 2] * 2)).reshape(2, -1)
    weights = bump(GRID)
    bends = np.einsum("iy,jx->yxij", weights, weights).reshape(GRID * GRID, -1)
    return np.concatenate([centred, np.ones((1, SIZE * SIZE)), bends])


def bump(controls: int) -> np.ndarray:
    """Return (28, controls) weights of smooth interpolation between even control points."""
    spacing = SIZE / (controls - 1)
    distance = np.abs(np.arange(SIZE)[:, None] + 0.5 - spacing * np.arange(controls)) / spacing
    return np.where(distance < 1, (1 + np.cos(np.pi * distance)) / 2, 0)


def resample(images: tf.Tensor, points: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """Sample (n, 28, 28) images bilinearly at (n, 784) x and y; outside an image is 0."""
    side = SIZE + 2
    x, y = (tf.clip_by_value(each + 1, 0.0, SIZE + 0.999) for each in points)
    left, top = tf.floor(x), tf.floor(y)
    fx, fy = x - left, y - top
    # Gathering from one flat row is twice as fast as gathering from a batch of images.
    ends = tf.reshape(tf.pad(images, [[0, 0], [1, 1], [1, 1]]), [-1])
    at = tf.cast(top * side + left, tf.int32)
    at += tf.range(tf.shape(images)[0])[:, None] * side * side
    take = [tf.gather(ends, at + step) for step in (0, 1, side, side + 1)]
    above = take[0] + fx * (take[1] - take[0])
    below = take[2] + fx * (take[3] - take[2])
    return tf.reshape(above + fy * (below - above), (-1, SIZE, SIZE))
