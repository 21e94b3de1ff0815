"""Accuracy over people: digits of one hand resemble each other, so intervals are over hands."""

from collections.abc import Callable

import numpy as np

DRAWS = 2000  # resamples of a bootstrap: the ends of an interval then move by hundredths of it
SEED = 20260  # of the resamples, so that the same readings give the same intervals
COVERAGE = (2.5, 97.5)  # percentiles of a 95% interval
WORST = 10  # writers named in a report
ENOUGH = 10  # digits of a writer for a share of them to say something

Interval = list[float] | None


def over_writers(labels: np.ndarray, readings: np.ndarray, writers: np.ndarray) -> dict:
    """Accuracy over all samples (micro), mean over writers (macro), intervals, worst writers."""
    names, samples, wrong = by_writer(writers, readings != labels)
    draws = resamples(len(names))
    micro = 1 - (draws @ wrong) / (draws @ samples)
    macro = 1 - draws @ (wrong / samples) / len(names)
    order = sorted(
        range(len(names)),
        key=lambda i: (samples[i] < ENOUGH, -wrong[i] / samples[i], -samples[i], names[i]),
    )
    return {
        "count": len(names),
        "micro": float(1 - wrong.sum() / samples.sum()),
        "micro_interval": interval(micro),
        "macro": float(1 - (wrong / samples).mean()),
        "macro_interval": interval(macro),
        "worst": [
            {
                "writer": str(names[i]),
                "samples": int(samples[i]),
                "errors": int(wrong[i]),
                "accuracy": float(1 - wrong[i] / samples[i]),
            }
            for i in order[:WORST]
            if wrong[i]
        ],
    }


def by_writer(writers: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Writers' names, how many samples each wrote and how many of them are `wrong`."""
    names, who = np.unique(writers, return_inverse=True)
    return names, np.bincount(who), np.bincount(who, weights=wrong)


def resamples(count: int) -> np.ndarray:
    """(DRAWS, count): how often each of `count` writers is drawn, with replacement.

    The bootstrap over clusters of B. Efron and R. Tibshirani, "An Introduction to the Bootstrap":
    digits of one hand resemble each other, so hands are drawn and not digits.
    """
    random = np.random.default_rng(SEED)
    return random.multinomial(count, np.full(count, 1 / count), size=DRAWS)


def interval(values: np.ndarray) -> Interval:
    """The middle 95% of a bootstrap's values; None where some resample left the value undefined."""
    if not np.isfinite(values).all():
        return None
    return [float(end) for end in np.percentile(values, COVERAGE)]


def compare(
    labels: np.ndarray,
    writers: np.ndarray | None,
    probabilities_a: np.ndarray,
    probabilities_b: np.ndarray,
) -> dict:
    """Two networks on the same samples: how many of b's errors does a spare its users?

    Args:
        labels: (n,) in 0..9.
        writers: (n,) names; None takes every sample for a writer of its own.
        probabilities_a: (n, 10) of the one network.
        probabilities_b: (n, 10) of the other, which the first is measured against.

    Returns:
        samples, errors of both, how many digits only the one or the other read wrong, and for
        `micro` (over samples) and `macro` (mean over writers) both accuracies, their difference and
        the reduction of errors, 1 - errors of a / errors of b, each with a 95% interval from the
        same resamples of writers for both networks; None where b makes no error.
    """
    wrong_a = probabilities_a.argmax(axis=1) != labels
    wrong_b = probabilities_b.argmax(axis=1) != labels
    people = np.arange(len(labels)) if writers is None else writers
    _, samples, errors_a = by_writer(people, wrong_a)
    _, _, errors_b = by_writer(people, wrong_b)
    shares: dict[str, Callable] = {
        "micro": lambda draws, errors: (draws @ errors) / (draws @ samples),
        "macro": lambda draws, errors: draws @ (errors / samples) / draws.sum(axis=-1),
    }
    draws, everyone = resamples(len(samples)), np.ones((1, len(samples)))
    found = {
        "samples": len(labels),
        "writers": None if writers is None else len(samples),
        "errors": int(wrong_a.sum()),
        "errors_against": int(wrong_b.sum()),
        "only_here_wrong": int((wrong_a & ~wrong_b).sum()),
        "only_there_wrong": int((wrong_b & ~wrong_a).sum()),
    }
    for name, share in shares.items():
        found[name] = paired(
            (share(everyone, errors_a)[0], share(everyone, errors_b)[0]),
            (share(draws, errors_a), share(draws, errors_b)),
        )
    return found


def paired(point: tuple[float, float], drawn: tuple[np.ndarray, np.ndarray]) -> dict:
    """Shares of errors of two networks, as measured and in every resample, made comparable."""
    (a, b), (many_a, many_b) = point, drawn
    with np.errstate(divide="ignore", invalid="ignore"):
        reductions = 1 - many_a / many_b
    return {
        "accuracy": float(1 - a),
        "accuracy_interval": interval(1 - many_a),
        "accuracy_against": float(1 - b),
        "accuracy_against_interval": interval(1 - many_b),
        "difference": float(b - a),
        "difference_interval": interval(many_b - many_a),
        "reduction": None if b == 0 else float(1 - a / b),
        "reduction_interval": None if b == 0 else interval(reductions),
    }
