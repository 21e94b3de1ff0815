"""Robustness curves: accuracy on rotated, scaled, shifted, noisy, blurred or occluded digits.

Corruptions and severities are named as in ImageNet-C (D. Hendrycks and T. Dietterich, 2019).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from train.evaluation.predict import predict
from train.ink import SIZE, Drawing, render
from train.samples.augment import COLUMNS, augment_images
from train.samples.training_set import inputs

SUBSET = 1000  # images of each set; at 95% accuracy the standard error is 0.7 points
SEED = 20261
BATCH_SIZE = 500

CorruptionFunction = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Corruption:
    """A corruption at several severities, one of which changes nothing."""

    name: str
    unit: str
    severities: Sequence[float]
    apply: CorruptionFunction  # ((n, 28, 28) float32 in [0, 1], severity, random) -> same shape


def transform(images: np.ndarray, **by: float | np.ndarray) -> np.ndarray:
    """Rotate (radians, anticlockwise), scale (factor) and shift (pixels) (n, 28, 28) images."""
    rows = np.zeros((len(images), COLUMNS), np.float32)
    # `augment_images` maps each pixel to its source: the inverse of the transformation.
    rows[:, 0] = by.get("turn", 0)
    rows[:, 2] = -np.log(by.get("enlarge", 1))
    rows[:, 4], rows[:, 5] = -by.get("right", 0), -by.get("down", 0)
    parts = range(0, len(images), BATCH_SIZE)
    moved = [
        augment_images(255 * images[at : at + BATCH_SIZE], rows[at : at + BATCH_SIZE])
        for at in parts
    ]
    return np.concatenate(moved)[..., 0]


def rotate(images: np.ndarray, severity: float, random: np.random.Generator) -> np.ndarray:
    """Rotate by `severity` degrees, anticlockwise."""
    return transform(images, turn=np.radians(severity))


def enlarge(images: np.ndarray, severity: float, random: np.random.Generator) -> np.ndarray:
    """Scale by the factor `severity`."""
    return transform(images, enlarge=severity)


def shift(images: np.ndarray, severity: float, random: np.random.Generator) -> np.ndarray:
    """Shift each image by `severity` pixels in a random direction."""
    angle = random.uniform(0, 2 * np.pi, len(images))
    return transform(images, right=severity * np.cos(angle), down=severity * np.sin(angle))


def add_noise(images: np.ndarray, severity: float, random: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise of standard deviation `severity`; clip to [0, 1]."""
    noise = random.standard_normal(images.shape, np.float32)
    return np.clip(images + np.float32(severity) * noise, 0, 1)


def blur(images: np.ndarray, severity: float, random: np.random.Generator) -> np.ndarray:
    """Blur with a Gaussian of standard deviation `severity` pixels."""
    if severity == 0:
        return images
    distance = np.arange(SIZE)[:, None] - np.arange(SIZE)
    weights = np.exp(-(distance**2) / (2 * severity**2)).astype(np.float32)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ images @ weights.T


def occlude(images: np.ndarray, severity: float, random: np.random.Generator) -> np.ndarray:
    """Erase a square of `severity` pixels a side, anywhere within the 20x20 box."""
    side = int(severity)
    corner = random.integers(4, 24 - side + 1, (len(images), 2))
    axis = np.arange(SIZE)
    inside = (axis >= corner[..., None]) & (axis < corner[..., None] + side)
    return np.where(inside[:, 0, :, None] & inside[:, 1, None, :], 0, images).astype(np.float32)


CORRUPTIONS = (
    Corruption(
        "rotation", "degrees, anticlockwise", (-60, -45, -30, -15, 0, 15, 30, 45, 60), rotate
    ),
    Corruption("scale", "times", (0.4, 0.5, 0.65, 0.8, 1, 1.15, 1.3), enlarge),
    Corruption("shift", "pixels, any direction", (0, 1, 2, 3, 4, 5, 6), shift),
    Corruption("noise", "standard deviation, ink is 1", (0, 0.1, 0.2, 0.3, 0.4, 0.5), add_noise),
    Corruption("blur", "standard deviation, pixels", (0, 0.5, 1, 1.5, 2, 2.5), blur),
    Corruption("occlusion", "side of an erased square, pixels", (0, 2, 4, 6, 8, 10), occlude),
)
PEN_WIDTHS = (0.8, 1.4, 2.0, 2.6, 3.4, 4.4, 5.6)  # in pixels; only for drawings


def subset(count: int) -> np.ndarray:
    """Choose at most SUBSET of `count` indices, ascending; equal counts give equal subsets."""
    random = np.random.default_rng(SEED)
    return np.sort(random.permutation(count)[:SUBSET])


def curves(
    networks: Mapping[str, keras.Model],
    images: np.ndarray,
    labels: np.ndarray,
    drawings: Sequence[Drawing] | None = None,
) -> list[dict]:
    """Measure the accuracy of networks at every severity of every corruption.

    Args:
        networks: by name; (n, 28, 28, 1) float32 in [0, 1] -> (n, 10).
        images: (n, 28, 28) uint8.
        labels: (n,) in 0..9.
        drawings: strokes of the images; if given, the pen's width is one more corruption.

    Returns:
        for each corruption its name, unit, severities (`levels`) and, by network, accuracies.
    """
    fields = inputs(images)[..., 0]
    corruptions = list(CORRUPTIONS)
    if drawings is not None:
        corruptions.append(
            Corruption("pen width", "field units", PEN_WIDTHS, redraw_with_width(drawings))
        )
    return [
        {
            "name": corruption.name,
            "unit": corruption.unit,
            "levels": list(corruption.severities),
            "accuracy": accuracy_by_severity(networks, fields, labels, corruption),
        }
        for corruption in corruptions
    ]


def accuracy_by_severity(
    networks: Mapping[str, keras.Model],
    fields: np.ndarray,
    labels: np.ndarray,
    corruption: Corruption,
) -> dict[str, list[float]]:
    """Measure each network's accuracy at each severity, on the same corrupted images."""
    # The same seed for all severities, so that only the strength of the noise changes.
    changed = np.stack(
        [
            corruption.apply(fields, severity, np.random.default_rng(SEED))
            for severity in corruption.severities
        ]
    )
    shape = (len(corruption.severities), len(labels))
    readings = {
        name: predict(network, changed.reshape(-1, SIZE, SIZE, 1)).probabilities
        for name, network in networks.items()
    }
    return {
        name: (probabilities.argmax(axis=1).reshape(shape) == labels).mean(axis=1).tolist()
        for name, probabilities in readings.items()
    }


def redraw_with_width(drawings: Sequence[Drawing]) -> CorruptionFunction:
    """Return a corruption that renders the drawings again, its severity as the pen's width."""

    def redraw(images: np.ndarray, severity: float, random: np.random.Generator) -> np.ndarray:
        return np.stack([render(drawing, severity) for drawing in drawings])

    return redraw
