"""How reading holds up when digits are turned, scaled, moved, thickened or spoilt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from train.ink import SIZE, Drawing, render
from train.samples.augment import COLUMNS, augment_images
from train.samples.training_set import inputs

SUBSET = 1000  # images of each set: a standard error of 0.7 points where 95% are read right
SEED = 20261
CHUNK = 500

Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Trial:
    """One way to make reading harder, at several levels, one of which changes nothing."""

    name: str
    unit: str
    levels: Sequence[float]
    change: Change  # ((n, 28, 28) float32 in [0, 1], level, random) -> the same, changed


def move(images: np.ndarray, **by: float | np.ndarray) -> np.ndarray:
    """Turn (radians, anticlockwise), enlarge (factor), push (pixels, right and down)."""
    rows = np.zeros((len(images), COLUMNS), np.float32)
    # `augment_images` is told where each pixel comes from: the inverse of what is done to the ink.
    rows[:, 0] = by.get("turn", 0)
    rows[:, 2] = -np.log(by.get("enlarge", 1))
    rows[:, 4], rows[:, 5] = -by.get("right", 0), -by.get("down", 0)
    parts = range(0, len(images), CHUNK)
    moved = [augment_images(255 * images[at : at + CHUNK], rows[at : at + CHUNK]) for at in parts]
    return np.concatenate(moved)[..., 0]


def rotate(images: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Turn by `level` degrees, anticlockwise."""
    return move(images, turn=np.radians(level))


def enlarge(images: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Enlarge `level` times."""
    return move(images, enlarge=level)


def shift(images: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Push by `level` pixels, each image in a direction of its own."""
    angle = random.uniform(0, 2 * np.pi, len(images))
    return move(images, right=level * np.cos(angle), down=level * np.sin(angle))


def add_noise(images: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Add normal noise of standard deviation `level`; black and white stay the limits."""
    noise = random.standard_normal(images.shape, np.float32)
    return np.clip(images + np.float32(level) * noise, 0, 1)


def blur(images: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Blur with a Gaussian of standard deviation `level` pixels."""
    if level == 0:
        return images
    distance = np.arange(SIZE)[:, None] - np.arange(SIZE)
    weights = np.exp(-(distance**2) / (2 * level**2)).astype(np.float32)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ images @ weights.T


def occlude(images: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Erase a square of `level` pixels a side, anywhere within the 20x20 box."""
    side = int(level)
    corner = random.integers(4, 24 - side + 1, (len(images), 2))
    axis = np.arange(SIZE)
    inside = (axis >= corner[..., None]) & (axis < corner[..., None] + side)
    return np.where(inside[:, 0, :, None] & inside[:, 1, None, :], 0, images).astype(np.float32)


TRIALS = (
    Trial("rotation", "degrees, anticlockwise", (-60, -45, -30, -15, 0, 15, 30, 45, 60), rotate),
    Trial("scale", "times", (0.4, 0.5, 0.65, 0.8, 1, 1.15, 1.3), enlarge),
    Trial("shift", "pixels, any direction", (0, 1, 2, 3, 4, 5, 6), shift),
    Trial("noise", "standard deviation, ink is 1", (0, 0.1, 0.2, 0.3, 0.4, 0.5), add_noise),
    Trial("blur", "standard deviation, pixels", (0, 0.5, 1, 1.5, 2, 2.5), blur),
    Trial("occlusion", "side of an erased square, pixels", (0, 2, 4, 6, 8, 10), occlude),
)
WIDTHS = (0.8, 1.4, 2.0, 2.6, 3.4, 4.4, 5.6)  # pens in field units, for ink alone


def subset(count: int) -> np.ndarray:
    """Indices of at most SUBSET of `count` samples, ascending, the same for every network."""
    random = np.random.default_rng(SEED)
    return np.sort(random.permutation(count)[:SUBSET])


def curves(
    networks: Mapping[str, keras.Model],
    images: np.ndarray,
    labels: np.ndarray,
    drawings: Sequence[Drawing] | None = None,
) -> list[dict]:
    """Accuracy of networks at every level of every trial.

    Args:
        networks: by name; (n, 28, 28, 1) float32 in [0, 1] -> (n, 10).
        images: (n, 28, 28) uint8.
        labels: (n,) in 0..9.
        drawings: the strokes of the images, where they are known: the pen's width is then a trial.

    Returns:
        for each trial its name, unit, levels and `accuracy`: a list for each network.
    """
    fields = inputs(images)[..., 0]
    trials = list(TRIALS)
    if drawings is not None:
        trials.append(Trial("pen width", "field units", WIDTHS, pen(drawings)))
    return [
        {
            "name": trial.name,
            "unit": trial.unit,
            "levels": list(trial.levels),
            "accuracy": accuracies(networks, fields, labels, trial),
        }
        for trial in trials
    ]


def accuracies(
    networks: Mapping[str, keras.Model], fields: np.ndarray, labels: np.ndarray, trial: Trial
) -> dict[str, list[float]]:
    """Each network's share read right at each level; all of them see the same images."""
    # One seed for all levels: more noise is then the same noise, only stronger.
    changed = np.stack(
        [trial.change(fields, level, np.random.default_rng(SEED)) for level in trial.levels]
    )
    shape = (len(trial.levels), len(labels))
    readings = {
        name: network.predict(changed.reshape(-1, SIZE, SIZE, 1), batch_size=CHUNK, verbose=0)
        for name, network in networks.items()
    }
    return {
        name: (said.argmax(axis=1).reshape(shape) == labels).mean(axis=1).tolist()
        for name, said in readings.items()
    }


def pen(drawings: Sequence[Drawing]) -> Change:
    """A change that draws the ink again with a pen of another width."""

    def redraw(images: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
        return np.stack([render(drawing, level) for drawing in drawings])

    return redraw
