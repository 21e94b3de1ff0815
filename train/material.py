"""What a run learns from, is watched on and is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from train import data, unipen
from train import drawings as drawings_files
from train.cache import folder
from train.data import Digits, validation_split
from train.samples import Samples, as_pixels, mix

SPLIT_SEED = 0  # one validation split for every run, whatever its seed: runs stay comparable


@dataclass(frozen=True)
class HeldOut:
    """Digits that nothing was chosen on.

    `images` is (n, 28, 28) uint8, `labels` (n,) in 0..9; `writers` (n,) names and `drawings` the
    strokes where ink is at hand.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    writers: np.ndarray | None = None
    drawings: list | None = None


@dataclass(frozen=True)
class Material:
    """Samples to learn from, sets to watch (by name) and sets to judge by."""

    samples: Samples
    validation: dict[str, tuple[np.ndarray, np.ndarray]]
    tests: list[HeldOut]
    trained_on: list[str]
    facts: dict = field(default_factory=dict)
    summary: str = ""

    @property
    def watched(self) -> tuple[np.ndarray, np.ndarray]:
        """All validation images (n, 28, 28) and labels (n,) in one."""
        images, labels = zip(*self.validation.values(), strict=True)
        return np.concatenate(images), np.concatenate(labels)


def gather(
    source: str, ink_path: str | None, files: Sequence[Path], seed: int, validation: int
) -> Material:
    """Read everything that a run needs.

    Args:
        source: as `--data`.
        ink_path: UNIPEN's archive or directory, or None.
        files: the page's files of drawings, all for training.
        seed: decides the hands in which ink is rendered.
        validation: how many of the source's training images to hold back.
    """
    digits = data.load(source)
    count = min(validation, len(digits.train_labels) // 6)
    learn, watch = validation_split(digits.train_labels, SPLIT_SEED, count)
    watched = {digits.name: (digits.train_images[watch], digits.train_labels[watch])}
    tests = [source_tests(digits)]
    strokes, labels, trained_on, lines = [], [], [describe(digits, len(learn))], []
    facts: dict = {"held_out": digits.held_out}
    if ink_path:
        inks, dropped = unipen.clean(unipen.read(ink_path))
        parts = by_split(inks)
        strokes += [ink.strokes for ink in parts["train"]]
        labels += [int(ink.label) for ink in parts["train"]]
        watched["UNIPEN"] = pixels(parts["validation"])
        tests.append(unipen_tests(parts["test"]))
        trained_on.append(
            f"UNIPEN train_r01_v07 1a: {len(strokes):,} digits of its training writers"
        )
        facts["unipen"] = unipen_facts(parts, dropped)
        lines.append(unipen.summary(inks, dropped))
    if files:
        own, own_labels, others = drawings_files.digits(files)
        strokes += own
        labels += own_labels
        trained_on.append(f"{len(own):,} drawings from files of the page")
        lines.append(f"{others:,} drawings of more than one symbol are not learnt from")
    samples = mix(
        digits.train_images[learn],
        digits.train_labels[learn],
        strokes,
        labels,
        seed=seed,
        cache=folder(),
    )
    summary = "\n".join(["Learning from " + "; ".join(trained_on), *lines])
    return Material(samples, watched, tests, trained_on, facts, summary)


def describe(digits: Digits, learnt: int) -> str:
    """A sentence's part: what of a source is learnt from."""
    return f"{digits.name}: {learnt:,} of its {len(digits.train_labels):,} training images"


def source_tests(digits: Digits) -> HeldOut:
    """The test digits that come with a source, or are held out of it."""
    return HeldOut(f"{digits.name} test", digits.test_images, digits.test_labels)


def read_tests(source: str, ink_path: str | None) -> list[HeldOut]:
    """The test digits of a source and, where ink is named, UNIPEN's test writers."""
    tests = [source_tests(data.load(source))]
    if ink_path:
        inks, _ = unipen.clean(unipen.read(ink_path))
        tests.append(unipen_tests(by_split(inks)["test"]))
    return tests


def by_split(inks: list[unipen.Ink]) -> dict[str, list[unipen.Ink]]:
    """Ink by its writer's split."""
    parts: dict[str, list[unipen.Ink]] = {name: [] for name in unipen.SPLITS}
    for ink in inks:
        parts[unipen.split(ink.writer)].append(ink)
    return parts


def pixels(inks: list[unipen.Ink]) -> tuple[np.ndarray, np.ndarray]:
    """Ink rendered as it is: (n, 28, 28) uint8 and (n,) labels."""
    return as_pixels([ink.strokes for ink in inks]), np.array([int(ink.label) for ink in inks])


def unipen_tests(inks: list[unipen.Ink]) -> HeldOut:
    """UNIPEN's test writers as a set to judge by."""
    images, labels = pixels(inks)
    writers = np.array([ink.writer for ink in inks])
    return HeldOut("UNIPEN test writers", images, labels, writers, [ink.strokes for ink in inks])


def unipen_facts(parts: dict[str, list[unipen.Ink]], dropped: dict[str, int]) -> dict:
    """Counts for the report: digits and writers of each split, dropped segments by reason."""
    counts = {
        name: {"digits": len(inks), "writers": len({ink.writer for ink in inks})}
        for name, inks in parts.items()
    }
    return {"splits": counts, "dropped": dict(dropped)}
