"""The training set of a run: images, rendered drawings and non-digits."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from files.atomic import write_atomically
from train import ink
from train.ink import SIZE, WIDTH, Drawing, render
from train.samples import numbers, stroke_variations
from train.samples.stroke_variations import augment_strokes

NOT_A_DIGIT = 10  # the label of non-digits, after those of the ten digits
NO_IMAGES = np.zeros((0, SIZE, SIZE), np.uint8)
VARIANTS_PER_DRAWING = 6  # rendered in advance: enough for three epochs of two renders each


@dataclass(frozen=True)
class TrainingSet:
    """Images first, then augmented renders of drawings, then non-digits.

    `images` is (num_images + num_variants * num_drawings + num_non_digits, 28, 28) uint8, 255 is
    ink; `labels` is as long, in 0..9 or NOT_A_DIGIT. Variant v of drawing d is at index
    num_images + v * num_drawings + d.
    """

    images: np.ndarray
    labels: np.ndarray
    num_images: int
    num_variants: int = 0
    num_non_digits: int = 0

    @property
    def num_drawings(self) -> int:
        """Number of drawings, each of which has `num_variants` renders."""
        renders = len(self.images) - self.num_images - self.num_non_digits
        return renders // self.num_variants if self.num_variants else 0

    def epoch_indices(
        self, epoch: int, seed: int, renders_per_drawing: int, non_digits_per_digit: float
    ) -> np.ndarray:
        """Select one epoch's samples, as indices into `images`.

        An epoch has all images, `renders_per_drawing` of each drawing, and a random subset of the
        non-digits, at most `non_digits_per_digit` times as many as digits.
        """
        parts = [np.arange(self.num_images)]
        for number in range(renders_per_drawing if self.num_variants else 0):
            variant = (epoch * renders_per_drawing + number) % self.num_variants
            first = self.num_images + variant * self.num_drawings
            parts.append(first + np.arange(self.num_drawings))
        count = min(self.num_non_digits, round(non_digits_per_digit * sum(map(len, parts))))
        order = np.random.default_rng([seed, epoch, 3]).permutation(self.num_non_digits)
        return np.concatenate([*parts, len(self.images) - self.num_non_digits + order[:count]])


def build_training_set(
    images: np.ndarray,
    labels: np.ndarray,
    drawings: Sequence[Drawing] = (),
    drawing_labels: Sequence[int] = (),
    non_digits: np.ndarray = NO_IMAGES,
    *,
    seed: int,
    cache: Path,
    variations: Sequence[str] = (),
    num_variants: int = VARIANTS_PER_DRAWING,
) -> TrainingSet:
    """Combine images, rendered drawings and non-digits.

    Args:
        images: (n, 28, 28) uint8.
        labels: (n,) in 0..9.
        drawings: strokes as in `train.ink`.
        drawing_labels: a digit for each drawing.
        non_digits: (m, 28, 28) uint8.
        seed: of the augmentation of drawings.
        cache: directory for rendered drawings, shared between runs.
        variations: names of `stroke_variations.VARIATIONS`, for the drawings.
        num_variants: renders of each drawing.
    """
    num_variants = num_variants if len(drawings) else 0
    renders = NO_IMAGES
    if num_variants:
        renders = render_variants(drawings, seed, cache, num_variants, variations)
    return TrainingSet(
        np.concatenate([images, renders.reshape(-1, *images.shape[1:]), non_digits]),
        np.concatenate(
            [
                labels,
                np.tile(np.asarray(drawing_labels, dtype=int), num_variants),
                np.full(len(non_digits), NOT_A_DIGIT),
            ]
        ),
        num_images=len(images),
        num_variants=num_variants,
        num_non_digits=len(non_digits),
    )


def render_variants(
    drawings: Sequence[Drawing],
    seed: int,
    cache: Path,
    num_variants: int,
    variations: Sequence[str] = (),
) -> np.ndarray:
    """Render augmented variants, or read them from the cache: (num_variants, n, 28, 28) uint8."""
    file = cache / f"variants-{fingerprint(drawings, seed, num_variants, variations)}.npy"
    try:
        return np.load(file)
    except (OSError, ValueError, EOFError):  # missing or damaged: render again
        variants = np.stack(
            [as_pixels(drawings, [seed, k], variations) for k in range(num_variants)]
        )
        write_atomically(file, lambda temporary: np.save(temporary, variants))
        return variants


def fingerprint(
    drawings: Sequence[Drawing], seed: int, num_variants: int, variations: Sequence[str]
) -> str:
    """Hash everything that the renders depend on, including the code that renders."""
    digest = hashlib.sha256(f"{seed} {num_variants} {' '.join(variations)}".encode())
    for module in (ink, numbers, stroke_variations):
        digest.update(Path(module.__file__).read_bytes())
    for drawing in drawings:
        digest.update(repr([[point[:2] for point in stroke] for stroke in drawing]).encode())
    return digest.hexdigest()[:16]


def as_pixels(
    drawings: Sequence[Drawing],
    key: Sequence[int] | None = None,
    variations: Sequence[str] = (),
) -> np.ndarray:
    """Render drawings to (n, 28, 28) uint8.

    A `key` seeds an augmentation of their strokes, with `variations` as of `augment_strokes`.
    """
    fields = []
    for number, drawing in enumerate(drawings):
        width = WIDTH
        if key is not None:
            rng = np.random.default_rng([*key, number])
            drawing, width = augment_strokes(drawing, rng, variations)
        fields.append(render(drawing, width))
    return np.rint(np.array(fields).reshape(-1, SIZE, SIZE) * 255).astype(np.uint8)


def inputs(images: np.ndarray) -> np.ndarray:
    """Convert (n, 28, 28) uint8 images to network input: (n, 28, 28, 1) float32 in [0, 1]."""
    return images[..., None].astype(np.float32) / 255
