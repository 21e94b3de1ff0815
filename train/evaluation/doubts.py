"""What comes of a network's doubt that an image holds a digit: who is refused, who is answered."""

from collections.abc import Mapping, Sequence

import numpy as np

from train.evaluation.intervals import by_writer, interval, resamples
from train.evaluation.metrics import wilson
from train.evaluation.rejection import curve
from train.samples.prepare import TestSet


def measure(
    tests: Sequence[TestSet],
    said: Mapping[str, np.ndarray],
    doubts: Mapping[str, np.ndarray],
    limit: float,
) -> dict:
    """What is refused at a threshold and what would be at others.

    Args:
        tests: digits.
        said: (n, 10) probabilities by test set.
        doubts: (n,) scores in [0, 1], how surely each is no digit, by test set and by kind of what
            is no digit.
        limit: the threshold; scores above it are refused.

    Returns:
        the threshold; of each test set the share that is refused and, of what is answered, the
        share that is read right; of each kind the share refused, all with 95% intervals; and
        `train.evaluation.rejection.curve`.
    """
    digits = {test.name: doubts[test.name] for test in tests}
    others = {kind: scores for kind, scores in doubts.items() if kind not in digits}
    return {
        "threshold": limit,
        "digits": {
            test.name: of_digits(test, said[test.name], digits[test.name] > limit) for test in tests
        },
        "negatives": {kind: of_others(scores > limit) for kind, scores in others.items()},
        "curve": curve(digits, others),
    }


def of_digits(test: TestSet, probabilities: np.ndarray, refused: np.ndarray) -> dict:
    """How many of a test set are refused, and how many of the answers are right."""
    right = probabilities.argmax(axis=1) == test.labels
    everyone = np.ones(len(refused), bool)
    return {
        "samples": len(refused),
        "refused": float(refused.mean()),
        "interval": share_interval(refused, everyone, test.writers),
        "interval_over": "samples" if test.writers is None else "writers",
        "misread_and_refused": int((refused & ~right).sum()),
        "answered": {
            "samples": int((~refused).sum()),
            "errors": int((~refused & ~right).sum()),
            "accuracy": float(right[~refused].mean()) if not refused.all() else None,
            "interval": share_interval(right & ~refused, ~refused, test.writers),
        },
    }


def of_others(refused: np.ndarray) -> dict:
    """How many of a kind that is no digit are refused."""
    return {
        "samples": len(refused),
        "refused": float(refused.mean()),
        "interval": share_interval(refused, np.ones(len(refused), bool)),
    }


def share_interval(
    part: np.ndarray, whole: np.ndarray, writers: np.ndarray | None = None
) -> list[float] | None:
    """95% interval of the share of `whole` that is `part`, both (n,) bool and the latter within.

    Wilson's, or a bootstrap over (n,) `writers`; None where there may be nothing to share.
    """
    if writers is None:
        return wilson(int(part.sum()), int(whole.sum())) if whole.any() else None
    names, _, parts = by_writer(writers, part)
    _, _, wholes = by_writer(writers, whole)
    draws = resamples(len(names))
    with np.errstate(divide="ignore", invalid="ignore"):
        return interval((draws @ parts) / (draws @ wholes))


def surest_strangers(probabilities: np.ndarray, doubts: np.ndarray, limit: float) -> np.ndarray:
    """Indices of what is no digit and was read as one, the most confident reading first.

    Args:
        probabilities: (n, 10).
        doubts: (n,).
        limit: scores above it are refused.
    """
    read = np.flatnonzero(doubts <= limit)
    return read[np.lexsort((doubts[read], -probabilities[read].max(axis=1)))]


def surest_refusals(doubts: np.ndarray, limit: float) -> np.ndarray:
    """Indices of the digits that were refused, the surest refusal first; `doubts` is (n,)."""
    refused = np.flatnonzero(doubts > limit)
    return refused[np.argsort(-doubts[refused], kind="stable")]
