"""Figures of the report: choose the digits, write the PNG, caption it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from train.evaluation import metrics, rejection_metrics
from train.evaluation.intervals import MIN_DIGITS_PER_WRITER
from train.reporting import figures
from train.samples.prepare import TestSet

MAX_MISREAD = 60  # misread digits in a gallery
MAX_REJECTED = 30  # rejected digits in a gallery
MAX_PAIRS = 8  # rows of confused pairs
COLUMNS = 10  # digits in a row of a pair, a writer or a kind of non-digit
CSS_INCH = 96  # CSS pixels, by definition


@dataclass(frozen=True)
class FigureFile:
    """A PNG beside the report's page, its title and caption, and its size in CSS pixels."""

    file: str
    title: str
    caption: str
    width: int
    height: int


def figure_file(path: Path, title: str, caption: str) -> FigureFile:
    """Describe the PNG at `path`, to be shown at the size it was drawn for."""
    with Image.open(path) as image:
        width, height = (round(side * CSS_INCH / figures.DPI) for side in image.size)
    return FigureFile(path.name, title, caption, width, height)


def slug(name: str) -> str:
    """Turn the name of a test set into a part of a file name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def write_figures(
    folder: Path,
    tests: Sequence[TestSet],
    probabilities: Mapping[str, np.ndarray],
    report: Mapping,
    non_digits: Mapping[str, np.ndarray],
    scores: Mapping[str, np.ndarray],
) -> dict[str, list[FigureFile]]:
    """Write every figure of a report.

    Args:
        folder: of the page.
        tests: the test sets.
        probabilities: (n, 10) by test set and by kind of non-digit.
        report: the contents of `report.json`.
        non_digits: (n, 28, 28) uint8 images by kind.
        scores: (n,) rejection scores by test set and by kind; empty without a rejection head.

    Returns:
        the figures by section: the name of each test set, `refusal`, `reliability`, `robustness`
        and `learning`.
    """
    sections = {
        test.name: write_test_figures(
            folder, test, probabilities[test.name], report["tests"][test.name]
        )
        for test in tests
    }
    rejection = report["refusal"]
    sections["refusal"] = (
        write_rejection_figures(folder, tests, probabilities, rejection, non_digits, scores)
        if rejection
        else []
    )
    sections["reliability"] = [reliability(folder / "reliability.png", report["tests"])]
    sections["robustness"] = [
        robustness(folder / f"robustness-{slug(name)}.png", name, curves)
        for name, curves in report["robustness"].items()
    ]
    history = report["history"]
    sections["learning"] = [learning_curves(folder / "learning.png", history)] if history else []
    return sections


def write_test_figures(
    folder: Path, test: TestSet, probabilities: np.ndarray, measured: dict
) -> list[FigureFile]:
    """Write the figures of one test set.

    Args:
        folder: of the page.
        test: images and labels.
        probabilities: (n, 10).
        measured: the result of `metrics.measure`.
    """
    matrix, name = np.array(measured["confusion"]), slug(test.name)
    written = [confusion(folder / f"confusion-{name}.png", matrix)]
    if not measured["errors"]:
        return written
    errors = most_confident_errors(test.labels, probabilities)
    written.append(misread(folder / f"misread-{name}.png", test, probabilities, errors))
    written.append(pairs(folder / f"pairs-{name}.png", test, probabilities, errors, matrix))
    if test.writers is not None:
        worst = measured["writers"]["worst"]
        path = folder / f"writers-{name}.png"
        written.append(worst_writers(path, test, probabilities, errors, worst))
    return written


def write_rejection_figures(
    folder: Path,
    tests: Sequence[TestSet],
    probabilities: Mapping[str, np.ndarray],
    measured: dict,
    non_digits: Mapping[str, np.ndarray],
    scores: Mapping[str, np.ndarray],
) -> list[FigureFile]:
    """Write the figures of rejection: the curve, false accepts and false rejects.

    Args:
        folder: of the page.
        tests: the test sets.
        probabilities: (n, 10) by test set and by kind of non-digit.
        measured: the result of `rejection_metrics.measure`.
        non_digits: (n, 28, 28) uint8 images by kind.
        scores: (n,) rejection scores by test set and by kind.
    """
    threshold, written = measured["threshold"], []
    if non_digits:
        written.append(rejection_curve(folder / "refusal.png", measured))
    accepted = {
        kind: rejection_metrics.most_confident_false_accepts(
            probabilities[kind], scores[kind], threshold
        )
        for kind in non_digits
    }
    if any(map(len, accepted.values())):
        path = folder / "strangers.png"
        written.append(false_accepts(path, accepted, non_digits, probabilities))
    for test in tests:
        name = test.name
        rejected = rejection_metrics.most_confident_false_rejects(scores[name], threshold)
        if len(rejected):
            path = folder / f"refused-{slug(name)}.png"
            written.append(false_rejects(path, test, probabilities[name], scores[name], rejected))
    return written


def reliability(path: Path, tests: Mapping[str, dict]) -> FigureFile:
    """Write the reliability diagrams of all test sets."""
    figures.reliability(path, [(name, each["reliability"]) for name, each in tests.items()])
    return figure_file(
        path,
        "Confidence and accuracy",
        "On the dotted line accuracy equals confidence; bars are 95% intervals. Below: the number "
        "of digits in each bin, on a logarithmic scale.",
    )


def robustness(path: Path, name: str, curves: dict) -> FigureFile:
    """Write the robustness curves of one test set."""
    figures.robustness(path, curves["trials"])
    caption = f"Accuracy on {curves['samples']:,} images, the same for every network and report."
    return figure_file(path, name, caption)


def learning_curves(path: Path, history: Sequence[dict]) -> FigureFile:
    """Write loss and error rate by epoch."""
    figures.learning_curves(path, history)
    return figure_file(
        path,
        "Learning curves",
        "Training images are augmented and therefore harder than validation images. Validation "
        "uses the averaged weights.",
    )


def rejection_curve(path: Path, measured: dict) -> FigureFile:
    """Write rejected non-digits against false rejects over all thresholds."""
    shipped = {
        name: {each: shares["refused"] for each, shares in measured[name].items()}
        for name in ("digits", "negatives")
    }
    figures.rejection(path, measured["curve"], shipped)
    return figure_file(
        path,
        "Cost and benefit of rejection",
        "Each threshold rejects a share of the digits, which is its cost (to the right, on a "
        "logarithmic scale), and a share of each kind of non-digit (upwards). The vertical line "
        "with the large markers is the threshold of this network.",
    )


def false_accepts(
    path: Path,
    accepted: Mapping[str, np.ndarray],
    non_digits: Mapping[str, np.ndarray],
    probabilities: Mapping[str, np.ndarray],
) -> FigureFile:
    """Write a row of accepted non-digits for each kind; `accepted` holds their indices."""
    rows = []
    for kind, indices in accepted.items():
        shown = indices[:COLUMNS]
        predicted = [f"{each.argmax()}, {each.max():.0%}" for each in probabilities[kind][shown]]
        title = f"{kind}\n{len(indices):,} of {len(non_digits[kind]):,} read"
        rows.append((title, non_digits[kind][shown], predicted))
    figures.rows_of_digits(path, rows, COLUMNS)
    return figure_file(
        path,
        "Non-digits read as digits",
        f"Up to {COLUMNS} of each kind that were not rejected, the most confident first, with the "
        "digit they were read as and its probability.",
    )


def false_rejects(
    path: Path,
    test: TestSet,
    probabilities: np.ndarray,
    scores: np.ndarray,
    rejected: np.ndarray,
) -> FigureFile:
    """Write a gallery of rejected digits; `rejected` holds their indices."""
    shown = rejected[:MAX_REJECTED]
    figures.gallery(path, test.images[shown], [f"{test.labels[i]}: {scores[i]:.0%}" for i in shown])
    errors = int((probabilities[rejected].argmax(axis=1) != test.labels[rejected]).sum())
    part = "All" if len(shown) == len(rejected) else f"The {len(shown)} most confident of"
    return figure_file(
        path,
        f"Rejected digits: {test.name}",
        f"{part} {len(rejected):,}: what was meant, and the rejection score. Of the "
        f"{len(rejected):,}, {errors:,} would have been misread.",
    )


def confusion(path: Path, matrix: np.ndarray) -> FigureFile:
    """Write the confusion matrix."""
    figures.confusion(path, matrix)
    return figure_file(
        path,
        "Confusion matrix",
        "Rows: the digit that was meant; columns: the digit that was read. Errors are shaded.",
    )


def most_confident_errors(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the indices of misread samples, the most confident error first."""
    errors = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return errors[np.argsort(-probabilities[errors].max(axis=1), kind="stable")]


def captions(test: TestSet, probabilities: np.ndarray, indices: np.ndarray) -> list[str]:
    """Format label, prediction and confidence of samples: `4 → 9, 87%`."""
    return [
        f"{test.labels[i]} → {probabilities[i].argmax()}, {probabilities[i].max():.0%}"
        for i in indices
    ]


def misread(path: Path, test: TestSet, probabilities: np.ndarray, errors: np.ndarray) -> FigureFile:
    """Write a gallery of misread digits; `errors` holds their indices."""
    shown = errors[:MAX_MISREAD]
    figures.gallery(path, test.images[shown], captions(test, probabilities, shown))
    part = "All" if len(shown) == len(errors) else f"The {len(shown)} most confident of"
    return figure_file(
        path,
        "Misread digits",
        f"{part} {len(errors):,} errors: what was meant → what was read, and its probability.",
    )


def pairs(
    path: Path,
    test: TestSet,
    probabilities: np.ndarray,
    errors: np.ndarray,
    matrix: np.ndarray,
) -> FigureFile:
    """Write a row of examples for each of the most confused pairs of digits."""
    predicted = probabilities.argmax(axis=1)
    rows = []
    for meant, read, count in metrics.confused_pairs(matrix, MAX_PAIRS):
        shown = errors[(test.labels[errors] == meant) & (predicted[errors] == read)][:COLUMNS]
        title = f"{meant} read as {read}\n{count} of {matrix[meant].sum():,}"
        confidences = [f"{probabilities[i].max():.0%}" for i in shown]
        rows.append((title, test.images[shown], confidences))
    figures.rows_of_digits(path, rows, COLUMNS)
    return figure_file(
        path,
        "Most confused pairs",
        f"The most frequent errors, with up to {COLUMNS} examples, the most confident first.",
    )


def worst_writers(
    path: Path,
    test: TestSet,
    probabilities: np.ndarray,
    errors: np.ndarray,
    worst: Sequence[dict],
) -> FigureFile:
    """Write a row of misread digits for each of the writers with the lowest accuracy."""
    rows = []
    for writer in worst:
        shown = errors[test.writers[errors] == writer["writer"]][:COLUMNS]
        title = f"{writer['writer']}\n{writer['errors']} of {writer['samples']} misread"
        rows.append((title, test.images[shown], captions(test, probabilities, shown)))
    figures.rows_of_digits(path, rows, COLUMNS)
    return figure_file(
        path,
        "Writers with the lowest accuracy",
        f"Writers with {MIN_DIGITS_PER_WRITER} or more digits first; up to {COLUMNS} errors of "
        "each, the most confident first.",
    )
