"""Choose the rejection threshold, and trace false rejects against rejected non-digits."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from train.evaluation.intervals import bootstrap_counts, count_by_writer, percentile_interval

MAX_FALSE_REJECTS = 0.01  # share of the digits of each validation set
# Share of digits at the upper end of the 95% interval over writers, because writers differ: with
# MAX_FALSE_REJECTS alone that end was at 1.9%.
MAX_FALSE_REJECTS_UPPER_BOUND = 0.015
CURVE_POINTS = 60  # thresholds


def choose_threshold(
    scores: Mapping[str, np.ndarray],
    writers: Mapping[str, np.ndarray] = MappingProxyType({}),
    rate: float = MAX_FALSE_REJECTS,
    limit: float = MAX_FALSE_REJECTS_UPPER_BOUND,
) -> float:
    """Choose the lowest threshold that keeps false rejects of every validation set within limits.

    Args:
        scores: (n,) rejection scores in [0, 1] of the digits of each validation set.
        writers: (n,) names for the sets whose writers are known.
        rate: largest share of false rejects of a set, in [0, 1).
        limit: largest upper end of the 95% interval over writers of that share.

    Returns:
        a threshold in [0, 1]; scores above it are rejected.
    """
    lowest = {
        name: float(np.sort(each)[-1 - int(rate * len(each))]) for name, each in scores.items()
    }
    for name, names in writers.items():
        above = np.unique(scores[name])
        above = above[above >= lowest[name]]
        # Ascending: the first that fits is the lowest. The last rejects nothing and always fits.
        lowest[name] = next(
            float(a) for a in above if upper_bound(scores[name] > a, names) <= limit
        )
    return max(lowest.values())


def upper_bound(chosen: np.ndarray, writers: np.ndarray) -> float:
    """Return the upper end of the 95% interval over writers of the share of `chosen`, (n,) bool."""
    names, samples, counts = count_by_writer(writers, chosen)
    resamples = bootstrap_counts(len(names))
    return percentile_interval((resamples @ counts) / (resamples @ samples))[1]


def rejection_rate(scores: np.ndarray, threshold: float) -> float:
    """Return the share of (n,) scores above the threshold."""
    return float((scores > threshold).mean())


def rejection_curve(
    digits: Mapping[str, np.ndarray], negatives: Mapping[str, np.ndarray]
) -> list[dict[str, float | dict[str, float]]]:
    """Compute rejection rates at thresholds that reject 0.1% to 20% of all digits."""
    all_scores = np.concatenate(list(digits.values()))
    thresholds = np.quantile(all_scores, 1 - np.geomspace(0.001, 0.2, CURVE_POINTS))
    return [
        {
            "threshold": float(threshold),
            "digits": {name: rejection_rate(scores, threshold) for name, scores in digits.items()},
            "negatives": {
                name: rejection_rate(scores, threshold) for name, scores in negatives.items()
            },
        }
        for threshold in thresholds
    ]
