"""Which pictures the report shows of a test set, and what is written under them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from train.evaluation import doubts, metrics
from train.evaluation import intervals as hands
from train.reporting import figures
from train.samples.prepare import TestSet

GALLERY = 60  # misread digits shown, the surest first
PAIRS = 8  # pairs of digits shown
CSS_INCH = 96  # CSS pixels, by definition
ROW = 10  # digits of a pair, a writer or a kind shown
REFUSED = 30  # refused digits shown


@dataclass(frozen=True)
class Picture:
    """A file beside the page, its size there in CSS pixels, and what the page says of it."""

    file: str
    title: str
    caption: str
    width: int
    height: int


def picture(path: Path, title: str, caption: str) -> Picture:
    """The picture in a file, shown at the size that it was drawn for."""
    with Image.open(path) as image:
        width, height = (round(side * CSS_INCH / figures.DPI) for side in image.size)
    return Picture(path.name, title, caption, width, height)


def slug(name: str) -> str:
    """A set's name as a part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def draw(
    folder: Path,
    tests: Sequence[TestSet],
    said: Mapping[str, np.ndarray],
    report: Mapping,
    strangers: Mapping[str, np.ndarray],
    scores: Mapping[str, np.ndarray],
) -> dict[str, list[Picture]]:
    """Write every picture of a report.

    Args:
        folder: where the page will stand.
        tests: what the network was judged by.
        said: its probabilities, (n, 10), by test set and by kind of what is no digit.
        report: what `report.json` will hold.
        strangers: (n, 28, 28) uint8 images that are no digits, by kind.
        scores: (n,) how surely each is no digit, by test set and by kind, if the network says.

    Returns:
        the pictures by section: of each test set, `refusal`, `reliability`, `robustness`,
        `learning`.
    """
    pictures = {
        test.name: of_test(folder, test, said[test.name], report["tests"][test.name])
        for test in tests
    }
    found = report["refusal"]
    pictures["refusal"] = of_refusal(folder, tests, said, found, strangers, scores) if found else []
    path = folder / "reliability.png"
    figures.reliability(
        path, [(name, found["reliability"]) for name, found in report["tests"].items()]
    )
    pictures["reliability"] = [
        picture(
            path,
            "Confidence and accuracy",
            "On the dotted line a reading is right as often as the network says; bars are 95% "
            "intervals. Below: how many readings each bin holds, on a logarithmic scale.",
        )
    ]
    pictures["robustness"] = []
    for name, curves in report["robustness"].items():
        path = folder / f"robustness-{slug(name)}.png"
        figures.robustness(path, curves["trials"])
        caption = f"Share read right, on {curves['samples']:,} images, always the same ones."
        pictures["robustness"].append(picture(path, name, caption))
    pictures["learning"] = []
    if report["history"]:
        path = folder / "learning.png"
        figures.learning_curves(path, report["history"])
        caption = (
            "Training images are varied and so harder than those of validation, which judge the "
            "averaged weights."
        )
        pictures["learning"].append(picture(path, "Learning curves", caption))
    return pictures


def of_test(folder: Path, test: TestSet, probabilities: np.ndarray, found: dict) -> list[Picture]:
    """Write the pictures of one test set into `folder`.

    Args:
        folder: where the page will stand.
        test: the images and their labels.
        probabilities: (n, 10), what the network said.
        found: what `statistics.measure` made of it.
    """
    matrix, name = np.array(found["confusion"]), slug(test.name)
    pictures = [confusion(folder / f"confusion-{name}.png", matrix)]
    if found["errors"]:
        wrong = surest_mistakes(test.labels, probabilities)
        path = folder / f"misread-{name}.png"
        pictures.append(misread(path, test, probabilities, wrong))
        path = folder / f"pairs-{name}.png"
        pictures.append(pairs(path, test, probabilities, wrong, matrix))
        if test.writers is not None:
            worst, path = found["writers"]["worst"], folder / f"writers-{name}.png"
            pictures.append(writers(path, test, probabilities, wrong, worst))
    return pictures


def of_refusal(
    folder: Path,
    tests: Sequence[TestSet],
    said: Mapping[str, np.ndarray],
    found: dict,
    strangers: Mapping[str, np.ndarray],
    scores: Mapping[str, np.ndarray],
) -> list[Picture]:
    """Write the pictures of who is refused; arguments as of `draw`, `found` of `doubts.measure`."""
    limit, pictures = found["threshold"], []
    if strangers:
        pictures.append(refusal_curve(folder / "refusal.png", found))
    read = {kind: doubts.surest_strangers(said[kind], scores[kind], limit) for kind in strangers}
    if any(map(len, read.values())):
        pictures.append(read_as_digits(folder / "strangers.png", read, strangers, said))
    for test in tests:
        refused = doubts.surest_refusals(scores[test.name], limit)
        if len(refused):
            path = folder / f"refused-{slug(test.name)}.png"
            pictures.append(refused_digits(path, test, said[test.name], scores[test.name], refused))
    return pictures


def refusal_curve(path: Path, found: dict) -> Picture:
    """What refusing costs in digits and brings in non-digits."""
    shipped = {
        name: {each: shares["refused"] for each, shares in found[name].items()}
        for name in ("digits", "negatives")
    }
    figures.refusal(path, found["curve"], shipped)
    return picture(
        path,
        "What refusing costs and brings",
        "Each threshold refuses a share of the digits, which is its cost (to the right, on a "
        "logarithmic scale), and a share of each kind of non-digit (upwards). The upright line "
        "with the large markers is the threshold that the network goes with.",
    )


def read_as_digits(
    path: Path,
    read: Mapping[str, np.ndarray],
    strangers: Mapping[str, np.ndarray],
    said: Mapping[str, np.ndarray],
) -> Picture:
    """What is no digit and was read as one, a row each kind; `read` are their indices."""
    rows = []
    for kind, indices in read.items():
        shown = said[kind][indices[:ROW]]
        readings = [f"{each.argmax()}, {each.max():.0%}" for each in shown]
        title = f"{kind}\n{len(indices):,} of {len(strangers[kind]):,} read"
        rows.append((title, strangers[kind][indices[:ROW]], readings))
    figures.rows_of_digits(path, rows, ROW)
    return picture(
        path,
        "No digits, and read as digits",
        f"Up to {ROW} of each kind that were not refused, the surest first: what they were read "
        "as, and how sure the network was of it.",
    )


def refused_digits(
    path: Path,
    test: TestSet,
    probabilities: np.ndarray,
    scores: np.ndarray,
    refused: np.ndarray,
) -> Picture:
    """A gallery of digits that were taken for none; `refused` are their indices."""
    shown = refused[:REFUSED]
    figures.gallery(path, test.images[shown], [f"{test.labels[i]}: {scores[i]:.0%}" for i in shown])
    misread = int((probabilities[refused].argmax(axis=1) != test.labels[refused]).sum())
    part = "All" if len(shown) == len(refused) else f"The {len(shown)} surest of"
    return picture(
        path,
        f"Refused digits: {test.name}",
        f"{part} {len(refused):,}: what was meant, and how sure the network was that it is no "
        f"digit. Of the {len(refused):,}, {misread:,} would have been misread.",
    )


def confusion(path: Path, matrix: np.ndarray) -> Picture:
    """The confusion matrix."""
    figures.confusion(path, matrix)
    return picture(
        path,
        "What was meant and what was read",
        "Rows: the digit that was meant; columns: what it was read as. Mistakes are shaded.",
    )


def surest_mistakes(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Indices of the misread samples, the most confident mistake first."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")]


def captions(test: TestSet, probabilities: np.ndarray, indices: np.ndarray) -> list[str]:
    """`4 → 9, 87%`: the true label, the reading, its confidence."""
    return [
        f"{test.labels[i]} → {probabilities[i].argmax()}, {probabilities[i].max():.0%}"
        for i in indices
    ]


def misread(path: Path, test: TestSet, probabilities: np.ndarray, wrong: np.ndarray) -> Picture:
    """A gallery of misread digits."""
    shown = wrong[:GALLERY]
    figures.gallery(path, test.images[shown], captions(test, probabilities, shown))
    part = "All" if len(shown) == len(wrong) else f"The {len(shown)} surest of"
    return picture(
        path,
        "Misread digits",
        f"{part} {len(wrong):,} mistakes: what was meant → what was read, and how sure the network "
        "was of it.",
    )


def pairs(
    path: Path,
    test: TestSet,
    probabilities: np.ndarray,
    wrong: np.ndarray,
    matrix: np.ndarray,
) -> Picture:
    """The most confused pairs, a row each."""
    readings = probabilities.argmax(axis=1)
    rows = []
    for meant, read, often in metrics.confused_pairs(matrix, PAIRS):
        shown = wrong[(test.labels[wrong] == meant) & (readings[wrong] == read)][:ROW]
        sure = [f"{probabilities[i].max():.0%}" for i in shown]
        title = f"{meant} read as {read}\n{often} of {matrix[meant].sum():,}"
        rows.append((title, test.images[shown], sure))
    figures.rows_of_digits(path, rows, ROW)
    return picture(
        path,
        "Most confused pairs",
        f"The most frequent mistakes, with up to {ROW} examples, the surest first.",
    )


def writers(
    path: Path,
    test: TestSet,
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
    figures.rows_of_digits(path, rows, ROW)
    return picture(
        path,
        "The writers who are read worst",
        f"By share of misread digits, whoever wrote {hands.ENOUGH} or more before the others; "
        f"up to {ROW} mistakes of each, the surest first.",
    )
