"""What a run learns from, is watched on and is judged by."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from files.atomic import cache_dir
from files.drawings import DataError
from train import data
from train.data import Digits, validation_split
from train.data import drawings as drawings_files
from train.data.unipen import characters as unipen
from train.data.unipen.cached import read_clean
from train.samples import non_digits
from train.samples.non_digits import ALIKE
from train.samples.training_set import (
    HANDS,
    NOT_A_DIGIT,
    NOTHING,
    Samples,
    as_pixels,
    mix,
    rendered_hands,
)

SPLIT_SEED = 0  # one validation split for every run, whatever its seed: runs stay comparable
CATEGORIES = {"letters": ("1b", "1c"), "symbols": ("1d",)}  # UNIPEN's, of what is no digit
COUNTS = {  # how many to make; of letters and symbols to take, elsewhere all that people wrote
    "train": {
        "letters": 16000,
        "symbols": 12000,  # each twice, in another hand: people wrote few of them
        "scribbles": 8000,
        "fragments": 10000,
        "pairs": 10000,
        "pictures": 3000,
    },
    "validation": {"scribbles": 500, "fragments": 500, "pairs": 500, "pictures": 300},
    "test": {"scribbles": 2000, "fragments": 2000, "pairs": 2000, "pictures": 1000},
}


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
    """Samples to learn from, sets to watch (by name) and sets to judge by.

    `writers` are the names of those who wrote a validation set, (n,), where they are known;
    `negatives` are no digits to watch: (n, 28, 28) uint8 by kind; `judging` makes those to judge
    by, `test_negatives`, when they are first wanted: not before a network is there to be judged.
    """

    samples: Samples
    validation: dict[str, tuple[np.ndarray, np.ndarray]]
    tests: list[HeldOut]
    trained_on: list[str]
    writers: dict[str, np.ndarray] = field(default_factory=dict)
    negatives: dict[str, np.ndarray] = field(default_factory=dict)
    judging: Callable[[], dict[str, np.ndarray]] = dict
    facts: dict = field(default_factory=dict)
    summary: str = ""

    @cached_property
    def test_negatives(self) -> dict[str, np.ndarray]:
        """What is no digit, to judge by: (n, 28, 28) uint8 by kind."""
        return self.judging()

    @property
    def watched(self) -> tuple[np.ndarray, np.ndarray]:
        """All validation images (n, 28, 28) and labels (n,) in one, no digits among them."""
        images, labels = zip(*self.validation.values(), strict=True)
        others = list(self.negatives.values())
        count = sum(map(len, others))
        return (
            np.concatenate([*images, *others]),
            np.concatenate([*labels, np.full(count, NOT_A_DIGIT)]),
        )


def gather(
    source: str,
    ink_path: str | None,
    files: Sequence[Path],
    seed: int,
    validation: int,
    strange: float = 1.0,
    most: int | None = None,
) -> Material:
    """Read everything that a run needs.

    Args:
        source: as `--data`.
        ink_path: UNIPEN's archive or directory, or None.
        files: the page's files of drawings, all for training.
        seed: decides the hands in which ink is rendered.
        validation: how many of the source's training images to hold back.
        strange: what to make of no digits to learn from, as a share of COUNTS.
        most: how many pictures to learn from, and of UNIPEN renderings: a random part; or all.
    """
    digits = data.load(source)
    count = min(validation, len(digits.train_labels) // 6)
    learn, watch = validation_split(digits.train_labels, SPLIT_SEED, count)
    learn = portion(learn, most, seed)
    watched = {digits.name: (digits.train_images[watch], digits.train_labels[watch])}
    strokes, labels, trained_on, lines = [], [], [describe(digits, len(learn))], []
    facts: dict = {"held_out": digits.held_out}
    unipen_ink, writers = None, {}
    if ink_path:
        unipen_ink = read_ink(ink_path)
        inks = portion(unipen_ink.digits["train"], most and most // HANDS, seed)
        strokes += [ink.strokes for ink in inks]
        labels += [int(ink.label) for ink in inks]
        watched["UNIPEN"] = pixels(unipen_ink.digits["validation"])
        writers["UNIPEN"] = np.array([ink.writer for ink in unipen_ink.digits["validation"]])
        trained_on.append(f"UNIPEN train_r01_v07 1a: {len(inks):,} digits of its training writers")
        facts["unipen"] = unipen_facts(unipen_ink)
        lines.append(unipen_ink.summary)
    if files:
        own, own_labels, others = drawings_files.digits(files)
        if not own:
            names = ", ".join(map(str, files))
            raise DataError(f"{names}: no drawing of a single digit to learn from; draw some")
        strokes += own
        labels += own_labels
        trained_on.append(f"{len(own):,} drawings from files of the page")
        lines.append(f"{others:,} drawings of more than one symbol are not learnt from")
    learnt = digits.train_images[learn]
    refuse = strangers("train", learnt, unipen_ink, seed, strange)
    trained_on += describe_negatives(refuse)
    samples = mix(
        learnt,
        digits.train_labels[learn],
        strokes,
        labels,
        np.concatenate([NOTHING, *refuse.values()]),
        seed=seed,
        cache=cache_dir(),
    )
    return Material(
        samples,
        watched,
        held_out(digits, unipen_ink),
        trained_on,
        writers,
        strangers("validation", digits.train_images[watch], unipen_ink),
        lambda: strangers("test", digits.test_images, unipen_ink),
        facts,
        "\n".join(["Learning from " + "; ".join(trained_on), *lines]),
    )


def strangers(
    part: str,
    pictures: np.ndarray,
    ink: "UnipenInk | None",
    seed: int | None = None,
    share: float = 1.0,
) -> dict[str, np.ndarray]:
    """What is no digit, by kind: (n, 28, 28) uint8.

    Args:
        part: of the split of writers.
        pictures: (n, 28, 28) uint8 digits of that part, to cut and to put together.
        ink: other people's, or None.
        seed: varies the hands of what is learnt from; None leaves ink as it is.
        share: how many to make of what COUNTS says.
    """
    counts = {kind: round(share * count) for kind, count in COUNTS[part].items()}
    rng = np.random.default_rng([SPLIT_SEED, unipen.SPLITS.index(part), seed or 0])
    found = {}
    if ink:
        digits = ink.digits[part]
        drawings = {kind: non_digits.characters(ink.others[kind][part], kind) for kind in ALIKE}
        for kind in sorted(counts.keys() & ALIKE.keys()):
            drawings[kind] = some(drawings[kind], counts[kind], rng)
        drawings["scribbles"] = non_digits.scribbles(counts["scribbles"], rng)
        drawings["fragments"] = non_digits.fragments(digits, counts["fragments"], rng)
        drawings["pairs"] = non_digits.pairs(digits, counts["pairs"], rng)
        for kind, each in drawings.items():
            found[kind] = (
                as_pixels(each) if seed is None else rendered_hands(each, seed, cache_dir(), 1)[0]
            )
    inked = pictures[pictures.any(axis=(1, 2))]
    for kind in ("scribbles", "fragments", "pairs") if len(inked) else ():
        make = getattr(non_digits, f"pixel_{kind}")
        found[f"{kind} of pictures"] = make(inked, counts["pictures"], rng)
    return found


def portion(everything: np.ndarray | list, most: int | None, seed: int) -> np.ndarray | list:
    """At most so many, at random and in their order; None takes all."""
    if most is None or len(everything) <= most:
        return everything
    chosen = np.sort(np.random.default_rng([seed, most]).permutation(len(everything))[:most])
    return [everything[k] for k in chosen] if isinstance(everything, list) else everything[chosen]


def some(drawings: list, count: int, rng: np.random.Generator) -> list:
    """`count` of the drawings at random, each once before any is taken again."""
    rounds = -(-count // max(1, len(drawings)))
    order = [place for _ in range(rounds) for place in rng.permutation(len(drawings))]
    return [drawings[place] for place in order[:count]]


def describe(digits: Digits, learnt: int) -> str:
    """A sentence's part: what of a source is learnt from."""
    return f"{digits.name}: {learnt:,} of its {len(digits.train_labels):,} training images"


def describe_negatives(refuse: dict[str, np.ndarray]) -> list[str]:
    """A sentence's part: what is learnt as no digit; none where nothing is."""
    kinds = [f"{len(images):,} {kind}" for kind, images in refuse.items() if len(images)]
    return [f"as no digits: {', '.join(kinds)}"] if kinds else []


def source_tests(digits: Digits) -> HeldOut:
    """The test digits that come with a source, or are held out of it."""
    return HeldOut(f"{digits.name} test", digits.test_images, digits.test_labels)


def held_out(digits: Digits, ink: "UnipenInk | None") -> list[HeldOut]:
    """The test digits of a source and, where there is ink, UNIPEN's test writers."""
    return [source_tests(digits), *([unipen_tests(ink.digits["test"])] if ink else [])]


def read_tests(source: str, ink_path: str | None) -> tuple[list[HeldOut], dict[str, np.ndarray]]:
    """As `Material.tests` and `Material.test_negatives`, without the rest."""
    digits = data.load(source)
    ink = read_ink(ink_path) if ink_path else None
    return held_out(digits, ink), strangers("test", digits.test_images, ink)


@dataclass(frozen=True)
class UnipenInk:
    """UNIPEN by split of writers: digits and, by kind, what is no digit."""

    digits: dict[str, list[unipen.Ink]]
    others: dict[str, dict[str, list[unipen.Ink]]]
    dropped: dict[str, int]
    summary: str


def read_ink(path: str) -> UnipenInk:
    """Read all of UNIPEN's characters. Raises UnipenError."""
    inks, dropped = read_clean(path, "1a")
    others = {
        kind: by_split([ink for each in categories for ink in read_clean(path, each)[0]])
        for kind, categories in CATEGORIES.items()
    }
    return UnipenInk(by_split(inks), others, dict(dropped), unipen.summary(inks, dropped))


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


def unipen_facts(ink: UnipenInk) -> dict:
    """Counts for the report: digits and writers of each split, dropped segments by reason."""
    counts = {
        name: {"digits": len(inks), "writers": len({ink.writer for ink in inks})}
        for name, inks in ink.digits.items()
    }
    return {"splits": counts, "dropped": ink.dropped}
