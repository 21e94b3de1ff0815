"""Which pictures the report shows of a test set, and what is written under them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from train import figures, statistics
from train.material import HeldOut

GALLERY = 60  # misread digits shown, the surest first
PAIRS = 8  # pairs of digits shown
ROW = 10  # digits of a pair or a writer shown


@dataclass(frozen=True)
class Picture:
    """A file beside the page, and what the page says under it."""

    file: str
    title: str
    caption: str


def slug(name: str) -> str:
    """A set's name as a part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def draw(folder: Path, test: HeldOut, probabilities: np.ndarray, found: dict) -> list[Picture]:
    """Write the pictures of one test set into `folder`.

    Args:
        folder: where the page will stand.
        test: the images and their labels.
        probabilities: (n, 10), what the network said.
        found: what `statistics.measure` made of it.
    """
    matrix, name = np.array(found["confusion"]), slug(test.name)
    pictures = [
        Picture(
            f"confusion-{name}.png",
            "What was meant and what was read",
            "Rows: the digit that was meant; columns: what it was read as. Mistakes are shaded.",
        )
    ]
    figures.confusion(folder / pictures[0].file, matrix)
    if not found["errors"]:
        return pictures
    wrong = surest_mistakes(test.labels, probabilities)
    pictures.append(misread(folder, f"misread-{name}.png", test, probabilities, wrong))
    pictures.append(pairs(folder, f"pairs-{name}.png", test, probabilities, wrong, matrix))
    if test.writers is not None:
        worst = found["writers"]["worst"]
        pictures.append(writers(folder, f"writers-{name}.png", test, probabilities, wrong, worst))
    return pictures


def surest_mistakes(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Indices of the misread samples, the most confident mistake first."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")]


def captions(test: HeldOut, probabilities: np.ndarray, indices: np.ndarray) -> list[str]:
    """`4 → 9, 87%`: the true label, the reading, its confidence."""
    return [
        f"{test.labels[i]} → {probabilities[i].argmax()}, {probabilities[i].max():.0%}"
        for i in indices
    ]


def misread(
    folder: Path, file: str, test: HeldOut, probabilities: np.ndarray, wrong: np.ndarray
) -> Picture:
    """A gallery of misread digits."""
    shown = wrong[:GALLERY]
    figures.gallery(folder / file, test.images[shown], captions(test, probabilities, shown))
    part = f"the {len(shown)} surest of {len(wrong)} mistakes" if len(shown) < len(wrong) else "all"
    return Picture(
        file,
        "Misread digits",
        f"What was meant → what was read, and how sure of it the network was: {part}.",
    )


def pairs(
    folder: Path,
    file: str,
    test: HeldOut,
    probabilities: np.ndarray,
    wrong: np.ndarray,
    matrix: np.ndarray,
) -> Picture:
    """The most confused pairs, a row each."""
    readings = probabilities.argmax(axis=1)
    rows = []
    for meant, read, often in statistics.confused_pairs(matrix, PAIRS):
        shown = wrong[(test.labels[wrong] == meant) & (readings[wrong] == read)][:ROW]
        sure = [f"{probabilities[i].max():.0%}" for i in shown]
        title = f"{meant} read as {read}\n{often} of {matrix[meant].sum():,}"
        rows.append((title, test.images[shown], sure))
    figures.rows_of_digits(folder / file, rows, ROW)
    return Picture(
        file,
        "Most confused pairs",
        f"The most frequent mistakes, with up to {ROW} examples, the surest first.",
    )


def writers(
    folder: Path,
    file: str,
    test: HeldOut,
    probabilities: np.ndarray,
    wrong: np.ndarray,
    worst: Sequence[dict],
) -> Picture:
    """What was misread of the writers that the network reads worst, a row each."""
    rows = []
    for writer in worst:
        shown = wrong[test.writers[wrong] == writer["writer"]][:ROW]
        title = f"{writer['writer']}\n{writer['errors']} of {writer['samples']} misread"
        rows.append((title, test.images[shown], captions(test, probabilities, shown)))
    figures.rows_of_digits(folder / file, rows, ROW)
    return Picture(
        file,
        "The writers who are read worst",
        f"By share of misread digits; up to {ROW} of each writer's, the surest mistake first.",
    )
