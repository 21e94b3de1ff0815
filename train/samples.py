"""What an epoch is made of: every picture once, every ink a few times in different hands."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from train.augment import vary_drawing
from train.cache import replace
from train.ink import WIDTH, Drawing, render

HANDS = 6  # renderings kept of each ink: two epochs' worth at three an epoch


@dataclass(frozen=True)
class Samples:
    """Pictures first, then ink in several hands.

    `images` is (pixels + hands * inks, 28, 28) uint8, ink high; `labels` as long, in 0..9. The
    first `pixels` are pictures; hand h of ink i lies at pixels + h * inks + i.
    """

    images: np.ndarray
    labels: np.ndarray
    pixels: int
    hands: int = 0

    @property
    def inks(self) -> int:
        """How many inks there are, each in `hands` renderings."""
        return (len(self.images) - self.pixels) // self.hands if self.hands else 0

    def epoch(self, epoch: int, renderings: int) -> np.ndarray:
        """Indices into `images` for one epoch: all pictures, then `renderings` of each ink."""
        parts = [np.arange(self.pixels)]
        for turn in range(renderings if self.hands else 0):
            hand = (epoch * renderings + turn) % self.hands
            parts.append(self.pixels + hand * self.inks + np.arange(self.inks))
        return np.concatenate(parts)


def mix(
    images: np.ndarray,
    labels: np.ndarray,
    drawings: Sequence[Drawing] = (),
    drawing_labels: Sequence[int] = (),
    *,
    seed: int,
    cache: Path,
) -> Samples:
    """Put pictures and drawings together; renderings of the drawings are kept in `cache`.

    Args:
        images: (n, 28, 28) uint8.
        labels: (n,) in 0..9.
        drawings: strokes as in `train.ink`.
        drawing_labels: a digit for each drawing.
        seed: decides the hands.
        cache: directory for rendered ink, shared between runs.
    """
    if not len(drawings):
        return Samples(images, labels, len(images))
    hands = rendered_hands(drawings, seed, cache)
    return Samples(
        np.concatenate([images, hands.reshape(-1, *images.shape[1:])]),
        np.concatenate([labels, np.tile(np.asarray(drawing_labels), HANDS)]),
        pixels=len(images),
        hands=HANDS,
    )


def rendered_hands(drawings: Sequence[Drawing], seed: int, cache: Path) -> np.ndarray:
    """(HANDS, n, 28, 28) uint8, from the cache where these drawings were rendered before."""
    file = cache / f"hands-{fingerprint(drawings, seed)}.npy"
    try:
        return np.load(file)
    except (OSError, ValueError):  # not there, or broken: render again
        hands = np.stack([as_pixels(drawings, [seed, hand]) for hand in range(HANDS)])
        replace(file, lambda aside: np.save(aside, hands))
        return hands


def fingerprint(drawings: Sequence[Drawing], seed: int) -> str:
    """Changes with the ink, the seed and the code that renders."""
    digest = hashlib.sha256(f"{seed} {HANDS}".encode())
    for source in ("ink.py", "augment.py"):
        digest.update(Path(__file__).with_name(source).read_bytes())
    for drawing in drawings:
        digest.update(repr([[point[:2] for point in stroke] for stroke in drawing]).encode())
    return digest.hexdigest()[:16]


def as_pixels(drawings: Sequence[Drawing], key: Sequence[int] | None = None) -> np.ndarray:
    """Render drawings as they are, or with a random `key` in another hand: (n, 28, 28) uint8."""
    fields = []
    for number, drawing in enumerate(drawings):
        width = WIDTH
        if key is not None:
            drawing, width = vary_drawing(drawing, np.random.default_rng([*key, number]))
        fields.append(render(drawing, width))
    return np.rint(np.array(fields) * 255).astype(np.uint8)
