"""What an epoch is made of: every picture once, every ink in some hands, some that is no digit."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from files.atomic import write_atomically
from train import ink
from train.ink import SIZE, WIDTH, Drawing, render
from train.samples import augment
from train.samples.augment import vary_drawing

NOT_A_DIGIT = 10  # the label after the ten digits
NOTHING = np.zeros((0, SIZE, SIZE), np.uint8)
HANDS = 6  # renderings kept of each ink: three epochs' worth at two an epoch


@dataclass(frozen=True)
class Samples:
    """Pictures first, then ink in several hands, then what is no digit.

    `images` is (pixels + hands * inks + negatives, 28, 28) uint8, ink high; `labels` as long, in
    0..9, or NOT_A_DIGIT. The first `pixels` are pictures; hand h of ink i lies at
    pixels + h * inks + i; the last `negatives` are no digits.
    """

    images: np.ndarray
    labels: np.ndarray
    pixels: int
    hands: int = 0
    negatives: int = 0

    @property
    def inks(self) -> int:
        """How many inks there are, each in `hands` renderings."""
        ink = len(self.images) - self.pixels - self.negatives
        return ink // self.hands if self.hands else 0

    def epoch(self, epoch: int, seed: int, renderings: int, negatives: float) -> np.ndarray:
        """Indices into `images` for one epoch.

        All pictures, then `renderings` of each ink, then of what is no digit a random part, at most
        `negatives` for each digit.
        """
        parts = [np.arange(self.pixels)]
        for turn in range(renderings if self.hands else 0):
            hand = (epoch * renderings + turn) % self.hands
            parts.append(self.pixels + hand * self.inks + np.arange(self.inks))
        count = min(self.negatives, round(negatives * sum(map(len, parts))))
        drawn = np.random.default_rng([seed, epoch, 3]).permutation(self.negatives)[:count]
        return np.concatenate([*parts, len(self.images) - self.negatives + drawn])


def mix(
    images: np.ndarray,
    labels: np.ndarray,
    drawings: Sequence[Drawing] = (),
    drawing_labels: Sequence[int] = (),
    negatives: np.ndarray = NOTHING,
    *,
    seed: int,
    cache: Path,
) -> Samples:
    """Put pictures, drawings and negatives together; rendered drawings are kept in `cache`.

    Args:
        images: (n, 28, 28) uint8.
        labels: (n,) in 0..9.
        drawings: strokes as in `train.ink`.
        drawing_labels: a digit for each drawing.
        negatives: (m, 28, 28) uint8, no digits.
        seed: decides the hands.
        cache: directory for rendered ink, shared between runs.
    """
    hands = HANDS if len(drawings) else 0
    inks = rendered_hands(drawings, seed, cache, HANDS) if hands else NOTHING
    return Samples(
        np.concatenate([images, inks.reshape(-1, *images.shape[1:]), negatives]),
        np.concatenate(
            [
                labels,
                np.tile(np.asarray(drawing_labels, dtype=int), hands),
                np.full(len(negatives), NOT_A_DIGIT),
            ]
        ),
        pixels=len(images),
        hands=hands,
        negatives=len(negatives),
    )


def rendered_hands(drawings: Sequence[Drawing], seed: int, cache: Path, hands: int) -> np.ndarray:
    """(hands, n, 28, 28) uint8, from the cache where these drawings were rendered before."""
    file = cache / f"hands-{fingerprint(drawings, seed, hands)}.npy"
    try:
        return np.load(file)
    except (OSError, ValueError, EOFError):  # not there, or broken: render again
        fields = np.stack([as_pixels(drawings, [seed, hand]) for hand in range(hands)])
        write_atomically(file, lambda aside: np.save(aside, fields))
        return fields


def fingerprint(drawings: Sequence[Drawing], seed: int, hands: int) -> str:
    """Changes with the ink, the seed, the number of hands and the code that renders."""
    digest = hashlib.sha256(f"{seed} {hands}".encode())
    for module in (ink, augment):
        digest.update(Path(module.__file__).read_bytes())
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
    return np.rint(np.array(fields).reshape(-1, SIZE, SIZE) * 255).astype(np.uint8)


def inputs(images: np.ndarray) -> np.ndarray:
    """The network's input for (n, 28, 28) uint8 images: (n, 28, 28, 1) float32 in [0, 1]."""
    return images[..., None].astype(np.float32) / 255
