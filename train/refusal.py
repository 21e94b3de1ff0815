"""When to say that something is no digit: the threshold, and what it costs and brings."""

from collections.abc import Mapping, Sequence

import numpy as np

RATE = 0.01  # of the digits of each validation set that may be refused
STEPS = 60  # points of a curve


def threshold(scores: Sequence[np.ndarray], rate: float = RATE) -> float:
    """The lowest score to refuse above, so that of each set at most `rate` is refused.

    Args:
        scores: of the digits of each validation set, (n,) in [0, 1]: how surely it is no digit.
        rate: share of a set, in [0, 1).

    Returns:
        a threshold in [0, 1]; scores above it are refused.
    """
    return max(float(np.sort(each)[-1 - int(rate * len(each))]) for each in scores)


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
