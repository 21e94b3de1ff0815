"""Bootstrap confidence intervals over writers, because one writer's digits are correlated."""

from collections.abc import Callable

import numpy as np

BOOTSTRAP_RESAMPLES = 2000  # moves the ends of an interval by hundredths of its width
SEED = 20260  # fixed, so that equal predictions give equal intervals
PERCENTILES = (2.5, 97.5)  # of a 95% interval
MAX_WRITERS_LISTED = 10  # in a report
MIN_DIGITS_PER_WRITER = 10  # below it a writer's accuracy says little

Interval = list[float] | None


def over_writers(labels: np.ndarray, readings: np.ndarray, writers: np.ndarray) -> dict:
    """Measure micro accuracy (over samples), macro accuracy (over writers) and the worst writers.

    Args:
        labels: (n,) in 0..9.
        readings: (n,) predicted digits.
        writers: (n,) names.
    """
    names, samples, wrong = count_by_writer(writers, readings != labels)
    counts = bootstrap_counts(len(names))
    micro = 1 - (counts @ wrong) / (counts @ samples)
    macro = 1 - counts @ (wrong / samples) / len(names)
    order = sorted(
        range(len(names)),
        key=lambda i: (
            samples[i] < MIN_DIGITS_PER_WRITER,
            -wrong[i] / samples[i],
            -samples[i],
            names[i],
        ),
    )
    return {
        "count": len(names),
        "micro": float(1 - wrong.sum() / samples.sum()),
        "micro_interval": percentile_interval(micro),
        "macro": float(1 - (wrong / samples).mean()),
        "macro_interval": percentile_interval(macro),
        "worst": [
            {
                "writer": str(names[i]),
                "samples": int(samples[i]),
                "errors": int(wrong[i]),
                "accuracy": float(1 - wrong[i] / samples[i]),
            }
            for i in order[:MAX_WRITERS_LISTED]
            if wrong[i]
        ],
    }


def count_by_writer(
    writers: np.ndarray, wrong: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return writers' names, their numbers of samples, and how many of these are `wrong`."""
    names, index = np.unique(writers, return_inverse=True)
    return names, np.bincount(index), np.bincount(index, weights=wrong)


def bootstrap_counts(count: int) -> np.ndarray:
    """Draw (BOOTSTRAP_RESAMPLES, count): how often each resample holds each of `count` writers.

    Cluster bootstrap of B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993:
    writers are resampled instead of digits, because one writer's digits are correlated.
    """
    random = np.random.default_rng(SEED)
    return random.multinomial(count, np.full(count, 1 / count), size=BOOTSTRAP_RESAMPLES)


def percentile_interval(values: np.ndarray) -> Interval:
    """Return the 95% percentile interval; None if the value is undefined in some resample."""
    if not np.isfinite(values).all():
        return None
    return [float(end) for end in np.percentile(values, PERCENTILES)]


def compare(
    labels: np.ndarray,
    writers: np.ndarray | None,
    probabilities_a: np.ndarray,
    probabilities_b: np.ndarray,
) -> dict:
    """Compare network a with network b on the same samples.

    Args:
        labels: (n,) in 0..9.
        writers: (n,) names; None treats every sample as its own cluster.
        probabilities_a: (n, 10) of network a.
        probabilities_b: (n, 10) of network b, the reference.

    Returns:
        samples, errors of both, errors of only one of them, and for `micro` (over samples) and
        `macro` (mean over writers) both accuracies, their difference and the error reduction
        1 - errors of a / errors of b, each with a 95% interval. Both networks share the
        resamples of writers. The reduction is None if b makes no errors.
    """
    wrong_a = probabilities_a.argmax(axis=1) != labels
    wrong_b = probabilities_b.argmax(axis=1) != labels
    clusters = np.arange(len(labels)) if writers is None else writers
    _, samples, errors_a = count_by_writer(clusters, wrong_a)
    _, _, errors_b = count_by_writer(clusters, wrong_b)
    error_rates: dict[str, Callable] = {
        "micro": lambda counts, errors: (counts @ errors) / (counts @ samples),
        "macro": lambda counts, errors: counts @ (errors / samples) / counts.sum(axis=-1),
    }
    counts, everyone = bootstrap_counts(len(samples)), np.ones((1, len(samples)))
    found = {
        "samples": len(labels),
        "writers": None if writers is None else len(samples),
        "errors": int(wrong_a.sum()),
        "errors_against": int(wrong_b.sum()),
        "only_here_wrong": int((wrong_a & ~wrong_b).sum()),
        "only_there_wrong": int((wrong_b & ~wrong_a).sum()),
    }
    for name, error_rate in error_rates.items():
        found[name] = paired_differences(
            (error_rate(everyone, errors_a)[0], error_rate(everyone, errors_b)[0]),
            (error_rate(counts, errors_a), error_rate(counts, errors_b)),
        )
    return found


def paired_differences(
    point: tuple[float, float], resampled: tuple[np.ndarray, np.ndarray]
) -> dict:
    """Compare the error rates of two networks: measured values, and (resamples,) arrays."""
    (a, b), (resampled_a, resampled_b) = point, resampled
    with np.errstate(divide="ignore", invalid="ignore"):
        reductions = 1 - resampled_a / resampled_b
    return {
        "accuracy": float(1 - a),
        "accuracy_interval": percentile_interval(1 - resampled_a),
        "accuracy_against": float(1 - b),
        "accuracy_against_interval": percentile_interval(1 - resampled_b),
        "difference": float(b - a),
        "difference_interval": percentile_interval(resampled_b - resampled_a),
        "reduction": None if b == 0 else float(1 - a / b),
        "reduction_interval": None if b == 0 else percentile_interval(reductions),
    }
