"""When to say that something is no digit: the threshold, and what it costs and brings."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from train.evaluation.intervals import by_writer, interval, resamples

RATE = 0.01  # of the digits of each validation set that may be refused
# And of other people's digits, as far as validation's writers tell, at the upper end of the 95%
# interval over them. Hands differ: where 1% of the digits was refused, that end lay at 1.9%.
LIMIT = 0.015
STEPS = 60  # points of a curve


def threshold(
    scores: Mapping[str, np.ndarray],
    writers: Mapping[str, np.ndarray] = MappingProxyType({}),
    rate: float = RATE,
    limit: float = LIMIT,
) -> float:
    """The lowest score to refuse above, so that of each set only a few digits are refused.

    Args:
        scores: of the digits of each validation set, (n,) in [0, 1]: how surely it is no digit.
        writers: of the sets whose writers are known, (n,) names.
        rate: share of a set, in [0, 1).
        limit: share of a set at the upper end of the 95% interval over writers.

    Returns:
        a threshold in [0, 1]; scores above it are refused.
    """
    lowest = {
        name: float(np.sort(each)[-1 - int(rate * len(each))]) for name, each in scores.items()
    }
    for name, names in writers.items():
        above = np.unique(scores[name])
        above = above[above >= lowest[name]]
        # The first is the best; the last refuses nothing, and so always will do.
        lowest[name] = next(float(a) for a in above if upper(scores[name] > a, names) <= limit)
    return max(lowest.values())


def upper(chosen: np.ndarray, writers: np.ndarray) -> float:
    """The upper end of the 95% interval over writers of the share of (n,) digits that is chosen."""
    names, samples, counts = by_writer(writers, chosen)
    draws = resamples(len(names))
    return interval((draws @ counts) / (draws @ samples))[1]


def refused(scores: np.ndarray, limit: float) -> float:
    """The share of (n,) scores that are refused."""
    return float((scores > limit).mean())


def curve(
    digits: Mapping[str, np.ndarray], negatives: Mapping[str, np.ndarray]
) -> list[dict[str, float | dict[str, float]]]:
    """What is refused at thresholds that refuse ever more digits: shares by set and by kind."""
    everything = np.concatenate(list(digits.values()))
    limits = np.quantile(everything, 1 - np.geomspace(0.001, 0.2, STEPS))
    return [
        {
            "threshold": float(limit),
            "digits": {name: refused(scores, limit) for name, scores in digits.items()},
            "negatives": {name: refused(scores, limit) for name, scores in negatives.items()},
        }
        for limit in limits
    ]
