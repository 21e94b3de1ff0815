"""Metrics of rejection: false rejects of digits, and rejected non-digits."""

from collections.abc import Mapping, Sequence

import numpy as np

from train.evaluation.intervals import bootstrap_counts, count_by_writer, percentile_interval
from train.evaluation.metrics import wilson
from train.evaluation.rejection import rejection_curve
from train.samples.prepare import TestSet


def measure(
    tests: Sequence[TestSet],
    probabilities: Mapping[str, np.ndarray],
    scores: Mapping[str, np.ndarray],
    threshold: float,
) -> dict:
    """Measure rejection at a threshold, and the curve over other thresholds.

    Args:
        tests: digits.
        probabilities: (n, 10) by test set.
        scores: (n,) rejection scores in [0, 1] by test set and by kind of non-digit.
        threshold: scores above it are rejected.

    Returns:
        the threshold; for each test set the share rejected and the accuracy on the accepted
        digits; for each kind of non-digit the share rejected; all with 95% intervals; and the
        curve of `train.evaluation.rejection.rejection_curve`.
    """
    digits = {test.name: scores[test.name] for test in tests}
    non_digits = {kind: each for kind, each in scores.items() if kind not in digits}
    return {
        "threshold": threshold,
        "digits": {
            test.name: measure_digits(test, probabilities[test.name], digits[test.name] > threshold)
            for test in tests
        },
        "negatives": {
            kind: measure_non_digits(each > threshold) for kind, each in non_digits.items()
        },
        "curve": rejection_curve(digits, non_digits),
    }


def measure_digits(test: TestSet, probabilities: np.ndarray, rejected: np.ndarray) -> dict:
    """Measure the false rejects of a test set, and the accuracy on its accepted digits."""
    correct = probabilities.argmax(axis=1) == test.labels
    everything = np.ones(len(rejected), bool)
    return {
        "samples": len(rejected),
        "refused": float(rejected.mean()),
        "interval": share_interval(rejected, everything, test.writers),
        "interval_over": "samples" if test.writers is None else "writers",
        "misread_and_refused": int((rejected & ~correct).sum()),
        "answered": {
            "samples": int((~rejected).sum()),
            "errors": int((~rejected & ~correct).sum()),
            "accuracy": float(correct[~rejected].mean()) if not rejected.all() else None,
            "interval": share_interval(correct & ~rejected, ~rejected, test.writers),
        },
    }


def measure_non_digits(rejected: np.ndarray) -> dict:
    """Measure the rejection rate of one kind of non-digit."""
    return {
        "samples": len(rejected),
        "refused": float(rejected.mean()),
        "interval": share_interval(rejected, np.ones(len(rejected), bool)),
    }


def share_interval(
    part: np.ndarray, whole: np.ndarray, writers: np.ndarray | None = None
) -> list[float] | None:
    """Compute the 95% interval of the share of `part` in `whole`, (n,) bool with part <= whole.

    Wilson's interval, or a bootstrap over (n,) `writers`; None if the share may be 0 / 0.
    """
    if writers is None:
        return wilson(int(part.sum()), int(whole.sum())) if whole.any() else None
    names, _, part_counts = count_by_writer(writers, part)
    _, _, whole_counts = count_by_writer(writers, whole)
    resamples = bootstrap_counts(len(names))
    with np.errstate(divide="ignore", invalid="ignore"):
        return percentile_interval((resamples @ part_counts) / (resamples @ whole_counts))


def most_confident_false_accepts(
    probabilities: np.ndarray, scores: np.ndarray, threshold: float
) -> np.ndarray:
    """Return indices of accepted non-digits, the most confident prediction first.

    Args:
        probabilities: (n, 10).
        scores: (n,) rejection scores.
        threshold: scores above it are rejected.
    """
    accepted = np.flatnonzero(scores <= threshold)
    confidence = probabilities[accepted].max(axis=1)
    return accepted[np.lexsort((scores[accepted], -confidence))]


def most_confident_false_rejects(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Return indices of rejected digits, the highest of the (n,) rejection scores first."""
    rejected = np.flatnonzero(scores > threshold)
    return rejected[np.argsort(-scores[rejected], kind="stable")]
