"""Training samples, validation sets and test sets of one run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from files.atomic import cache_dir
from files.drawings import DataError
from train import data
from train.data import Digits, validation_split
from train.data import drawings as drawings_files
from train.data.unipen import characters as unipen
from train.samples import non_digits
from train.samples.non_digits import DIGIT_LOOKALIKES
from train.samples.training_set import (
    NO_IMAGES,
    NOT_A_DIGIT,
    VARIANTS_PER_DRAWING,
    TrainingSet,
    as_pixels,
    build_training_set,
    render_variants,
)
from train.samples.unipen_ink import UnipenInk, read_ink

SPLIT_SEED = 0  # the same validation split for every run seed, so that runs can be compared
# Non-digits to make, by split and kind. Outside "train", all letters and symbols are taken.
NON_DIGIT_COUNTS = {
    "train": {
        "letters": 16000,
        "symbols": 12000,  # about two variants of each: UNIPEN has few symbols
        "scribbles": 8000,
        "fragments": 10000,
        "pairs": 10000,
        "pictures": 3000,
    },
    "validation": {"scribbles": 500, "fragments": 500, "pairs": 500, "pictures": 300},
    "test": {"scribbles": 2000, "fragments": 2000, "pairs": 2000, "pictures": 1000},
}


@dataclass(frozen=True)
class TestSet:
    """Digits that neither training nor any choice of settings has used.

    `images` is (n, 28, 28) uint8 and `labels` (n,) in 0..9; `writers` (n,) and `drawings` (strokes)
    are there where the digits were recorded as strokes.
    """

    __test__ = False  # its name looks like a test class to pytest

    name: str
    images: np.ndarray
    labels: np.ndarray
    writers: np.ndarray | None = None
    drawings: list | None = None


@dataclass(frozen=True)
class RunData:
    """Everything that a run trains on, validates on and is tested on.

    `validation_sets` has (n, 28, 28) uint8 images and (n,) labels by name, `validation_non_digits`
    (n, 28, 28) uint8 by kind; `writers` has the (n,) writers of a validation set, where known.
    `trained_on` describes each source for the report, `facts` are further entries of the report.
    """

    training_set: TrainingSet
    validation_sets: dict[str, tuple[np.ndarray, np.ndarray]]
    test_sets: list[TestSet]
    trained_on: list[str]
    writers: dict[str, np.ndarray] = field(default_factory=dict)
    validation_non_digits: dict[str, np.ndarray] = field(default_factory=dict)
    make_test_non_digits: Callable[[], dict[str, np.ndarray]] = dict
    facts: dict = field(default_factory=dict)
    summary: str = ""

    @cached_property
    def test_non_digits(self) -> dict[str, np.ndarray]:
        """Non-digits to test on, made at first use: (n, 28, 28) uint8 by kind."""
        return self.make_test_non_digits()

    @property
    def validation_data(self) -> tuple[np.ndarray, np.ndarray]:
        """All validation images (n, 28, 28) and labels (n,), including non-digits."""
        images, labels = zip(*self.validation_sets.values(), strict=True)
        others = list(self.validation_non_digits.values())
        count = sum(map(len, others))
        return (
            np.concatenate([*images, *others]),
            np.concatenate([*labels, np.full(count, NOT_A_DIGIT)]),
        )


def prepare_data(
    source: str,
    unipen_paths: Sequence[str],
    drawing_files: Sequence[Path],
    seed: int,
    num_validation: int,
    non_digit_fraction: float = 1.0,
    max_images: int | None = None,
    variations: Sequence[str] = (),
    wanted: Callable[[unipen.Ink], bool] | None = None,
    num_variants: int = VARIANTS_PER_DRAWING,
) -> RunData:
    """Read all data of a run and make its non-digits.

    Args:
        source: as `--data`.
        unipen_paths: UNIPEN's archives and directories, or none.
        drawing_files: files of drawings saved by the page, or folders of them, all of them for
            training.
        seed: of the augmentation of drawings.
        num_validation: number of the source's training images to hold out for validation.
        non_digit_fraction: how many non-digits to train on, as a fraction of NON_DIGIT_COUNTS.
        max_images: limit of training images, and of renders of UNIPEN digits; None for all.
        variations: names of `stroke_variations.VARIATIONS`, for drawings to train on.
        wanted: selects the inks of UNIPEN to use; None for all.
        num_variants: renders of each drawing to train on.
    """
    digits = data.load(source)
    train_indices, validation_indices = split_images(digits, num_validation, max_images, seed)
    train_images = digits.train_images[train_indices]
    validation_images = digits.train_images[validation_indices]
    validation_sets = {digits.name: (validation_images, digits.train_labels[validation_indices])}
    trained_on = [describe_images(digits, len(train_indices))]
    facts: dict = {"held_out": digits.held_out}
    drawings = LabelledStrokes()
    ink, writers = None, {}
    if unipen_paths:
        ink = read_ink(unipen_paths)
        ink = ink.select(wanted) if wanted else ink
        drawings += unipen_strokes(ink, max_images, seed)
        for name, inks in ink.digit_sets("validation").items():
            validation_sets[name] = pixels(inks)
            writers[name] = np.array([each.writer for each in inks])
        facts |= ink.facts()
    if drawing_files:
        drawings += page_strokes(drawing_files)
    train_non_digits = make_non_digits(
        "train", train_images, ink, seed, non_digit_fraction, variations
    )
    trained_on += [*drawings.trained_on, *describe_non_digits(train_non_digits)]
    training_set = build_training_set(
        train_images,
        digits.train_labels[train_indices],
        drawings.strokes,
        drawings.labels,
        np.concatenate([NO_IMAGES, *train_non_digits.values()]),
        seed=seed,
        cache=cache_dir(),
        variations=variations,
        num_variants=num_variants,
    )
    return RunData(
        training_set=training_set,
        validation_sets=validation_sets,
        test_sets=make_test_sets(digits, ink),
        trained_on=trained_on,
        writers=writers,
        validation_non_digits=make_non_digits("validation", validation_images, ink),
        make_test_non_digits=partial(make_non_digits, "test", digits.test_images, ink),
        facts=facts,
        summary="\n".join(
            ["Training on " + "; ".join(trained_on), *digits.notes, *drawings.notes]
        ),
    )


@dataclass(frozen=True)
class LabelledStrokes:
    """Drawings to train on and their labels, with lines for the report and the terminal."""

    strokes: list = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    trained_on: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __add__(self, other: "LabelledStrokes") -> "LabelledStrokes":
        return LabelledStrokes(
            self.strokes + other.strokes,
            self.labels + other.labels,
            self.trained_on + other.trained_on,
            self.notes + other.notes,
        )


def split_images(
    digits: Digits, num_validation: int, max_images: int | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split training images; return the indices to train on and to validate on."""
    count = min(num_validation, len(digits.train_labels) // 6)
    train_indices, validation_indices = validation_split(digits.train_labels, SPLIT_SEED, count)
    return random_subset(train_indices, max_images, seed), validation_indices


def unipen_strokes(ink: UnipenInk, max_images: int | None, seed: int) -> LabelledStrokes:
    """Return the digits of UNIPEN's training writers."""
    limit = max_images and max_images // VARIANTS_PER_DRAWING
    inks = random_subset(ink.all_digits("train"), limit, seed)
    single = sum(each.category == unipen.WORDS for each in inks)
    trained_on = [f"UNIPEN train_r01_v07 1a: {len(inks) - single:,} digits of its training writers"]
    if single:
        trained_on.append(f"UNIPEN train_r01_v07 7: {single:,} single digits of training writers")
    return LabelledStrokes(
        [each.strokes for each in inks],
        [int(each.label) for each in inks],
        trained_on,
        [ink.summary],
    )


def page_strokes(files: Sequence[Path]) -> LabelledStrokes:
    """Return the single digits in the page's files. Raises DataError when there are none."""
    strokes, labels, skipped = drawings_files.digits(files)
    if not strokes:
        names = ", ".join(map(str, files))
        raise DataError(f"{names}: no drawing of a single digit to train on. Draw some digits.")
    return LabelledStrokes(
        list(strokes),
        list(labels),
        [f"{len(strokes):,} drawings from files of the page"],
        [f"Skipped {skipped:,} drawings of more than one symbol"],
    )


def make_non_digits(
    split: str,
    images: np.ndarray,
    ink: UnipenInk | None,
    seed: int | None = None,
    fraction: float = 1.0,
    variations: Sequence[str] = (),
) -> dict[str, np.ndarray]:
    """Make non-digits by kind: (n, 28, 28) uint8 each.

    Args:
        split: train, validation or test.
        images: (n, 28, 28) uint8 digits of that split, to cut and to combine.
        ink: UNIPEN's characters, or None.
        seed: of the augmentation of strokes; None renders them unchanged.
        fraction: how many to make, as a fraction of NON_DIGIT_COUNTS.
        variations: names of `stroke_variations.VARIATIONS`, where there is a seed.
    """
    counts = {kind: round(fraction * count) for kind, count in NON_DIGIT_COUNTS[split].items()}
    rng = np.random.default_rng([SPLIT_SEED, unipen.SPLITS.index(split), seed or 0])
    made = {}
    if ink:
        digits = ink.digits[split]
        drawings = {
            kind: non_digits.characters(ink.non_digits[kind][split], kind)
            for kind in DIGIT_LOOKALIKES
        }
        for kind in sorted(counts.keys() & DIGIT_LOOKALIKES.keys()):
            drawings[kind] = sample_with_repeats(drawings[kind], counts[kind], rng)
        drawings["scribbles"] = non_digits.scribbles(counts["scribbles"], rng)
        drawings["fragments"] = non_digits.fragments(digits, counts["fragments"], rng)
        drawings["pairs"] = non_digits.pairs(digits, counts["pairs"], rng)
        # A generator of its own: the kinds below are the same with and without this one.
        joining = np.random.default_rng([SPLIT_SEED, unipen.SPLITS.index(split), seed or 0, 1])
        drawings["joined pairs"] = non_digits.joined_pairs(digits, counts["pairs"] // 2, joining)
        for kind, each in drawings.items():
            made[kind] = (
                as_pixels(each)
                if seed is None
                else render_variants(each, seed, cache_dir(), 1, variations)[0]
            )
    not_blank = images[images.any(axis=(1, 2))]
    for kind in ("scribbles", "fragments", "pairs") if len(not_blank) else ():
        make = getattr(non_digits, f"pixel_{kind}")
        made[f"{kind} of pictures"] = make(not_blank, counts["pictures"], rng)
    return made


def random_subset(items: np.ndarray | list, limit: int | None, seed: int) -> np.ndarray | list:
    """Return at most `limit` random items, in their original order; None returns all."""
    if limit is None or len(items) <= limit:
        return items
    chosen = np.sort(np.random.default_rng([seed, limit]).permutation(len(items))[:limit])
    return [items[k] for k in chosen] if isinstance(items, list) else items[chosen]


def sample_with_repeats(items: list, count: int, rng: np.random.Generator) -> list:
    """Return `count` random items; none is repeated before each was taken once."""
    rounds = -(-count // max(1, len(items)))
    order = [index for _ in range(rounds) for index in rng.permutation(len(items))]
    return [items[index] for index in order[:count]]


def describe_images(digits: Digits, count: int) -> str:
    """Describe for the report how much of a source is trained on."""
    return f"{digits.name}: {count:,} of its {len(digits.train_labels):,} training images"


def describe_non_digits(made: dict[str, np.ndarray]) -> list[str]:
    """Describe the non-digits that are trained on, in one line or none."""
    kinds = [f"{len(images):,} {kind}" for kind, images in made.items() if len(images)]
    return [f"as no digits: {', '.join(kinds)}"] if kinds else []


def source_test_set(digits: Digits) -> TestSet:
    """Return the test digits that come with a source or are held out of it."""
    return TestSet(f"{digits.name} test", digits.test_images, digits.test_labels)


def make_test_sets(digits: Digits, ink: UnipenInk | None) -> list[TestSet]:
    """Return the test set of a source and, given UNIPEN, those of its test writers."""
    sets = ink.digit_sets("test") if ink else {}
    names = {"UNIPEN": "UNIPEN test writers"}
    return [
        source_test_set(digits),
        *(unipen_test_set(names.get(name, name), inks) for name, inks in sets.items()),
    ]


def read_test_sets(
    source: str, unipen_paths: Sequence[str]
) -> tuple[list[TestSet], dict[str, np.ndarray]]:
    """Read only `RunData.test_sets` and `RunData.test_non_digits`."""
    digits = data.load(source)
    ink = read_ink(unipen_paths) if unipen_paths else None
    return make_test_sets(digits, ink), make_non_digits("test", digits.test_images, ink)


def pixels(inks: list[unipen.Ink]) -> tuple[np.ndarray, np.ndarray]:
    """Render digits unchanged: (n, 28, 28) uint8 and (n,) labels."""
    return as_pixels([ink.strokes for ink in inks]), np.array([int(ink.label) for ink in inks])


def unipen_test_set(name: str, inks: list[unipen.Ink]) -> TestSet:
    """Return the test set of digits of UNIPEN's test writers."""
    images, labels = pixels(inks)
    writers = np.array([ink.writer for ink in inks])
    return TestSet(name, images, labels, writers, [ink.strokes for ink in inks])
