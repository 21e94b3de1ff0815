"""Classification and calibration metrics of predicted probabilities."""

from collections.abc import Sequence

import numpy as np

from train.evaluation.intervals import over_writers

RELIABILITY_BINS = 10  # equal intervals of confidence
MIN_PROBABILITY = 1e-12  # keeps logarithms finite
LOW_CONFIDENCE_RANGE = (0.5, 0.9)  # half-open; a user would check such a reading


def measure(
    labels: np.ndarray,
    probabilities: np.ndarray,
    writers: np.ndarray | None = None,
    temperature: float | None = None,
) -> dict:
    """Compute every metric that the report shows of one test set.

    Args:
        labels: (n,) in 0..9, n > 0.
        probabilities: (n, 10).
        writers: (n,) names if known; intervals are then over writers.
        temperature: by which calibration divided the logits, if known.

    Returns:
        samples, errors, accuracy and its 95% interval, the metrics of `calibration`, the same under
        `uncalibrated` for the probabilities before temperature scaling (None without a
        temperature), precision, recall and F1 of each digit, the confusion matrix (rows: labels,
        columns: predictions), the reliability diagram and, with writers, `over_writers`.
    """
    readings = probabilities.argmax(axis=1)
    matrix = confusion(labels, readings)
    samples, right = len(labels), int(np.trace(matrix))
    before = None if temperature is None else undo_temperature(probabilities, temperature)
    found = {
        "samples": samples,
        "errors": samples - right,
        "accuracy": right / samples,
        **calibration(labels, probabilities),
        "uncalibrated": None if before is None else calibration(labels, before),
        "classes": per_class(matrix),
        "confusion": matrix.tolist(),
        "reliability": reliability(labels, probabilities),
    }
    if writers is None:
        return found | {"interval": wilson(right, samples), "interval_over": "samples"}
    people = over_writers(labels, readings, writers)
    return (
        found
        | {"interval": people["micro_interval"], "interval_over": "writers"}
        | {"writers": people}
    )


def confusion(labels: np.ndarray, readings: np.ndarray) -> np.ndarray:
    """Count a (10, 10) confusion matrix; rows are labels, columns are predictions."""
    return np.bincount(labels.astype(int) * 10 + readings, minlength=100).reshape(10, 10)


def per_class(matrix: np.ndarray) -> list[dict]:
    """Compute precision, recall, F1 and support of each digit; None for 0 / 0."""
    rows = []
    for digit in range(len(matrix)):
        right, meant, read = matrix[digit, digit], matrix[digit].sum(), matrix[:, digit].sum()
        rows.append(
            {
                "digit": digit,
                "precision": ratio(right, read),
                "recall": ratio(right, meant),
                "f1": ratio(2 * right, meant + read),
                "support": int(meant),
            }
        )
    return rows


def ratio(part: float, whole: float) -> float | None:
    """Return `part / whole`, or None if `whole` is 0."""
    return float(part / whole) if whole else None


def calibration(labels: np.ndarray, probabilities: np.ndarray) -> dict:
    """Compute negative log-likelihood, Brier score, ECE, and `low_confidence`."""
    return {
        "negative_log_likelihood": negative_log_likelihood(labels, probabilities),
        "brier": brier(labels, probabilities),
        "calibration_error": calibration_error(reliability(labels, probabilities)),
        "unsure": low_confidence(labels, probabilities),
    }


def undo_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return (n, 10) probabilities as they were before temperature scaling.

    The normalised power of a softmax is the softmax of the multiplied logits (temperature scaling:
    C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017).
    """
    powers = probabilities.astype(np.float64) ** temperature
    return powers / powers.sum(axis=1, keepdims=True)


def low_confidence(labels: np.ndarray, probabilities: np.ndarray) -> dict:
    """Measure predictions in LOW_CONFIDENCE_RANGE: number, confidence, accuracy and interval."""
    confidence = probabilities.max(axis=1)
    chosen = (confidence >= LOW_CONFIDENCE_RANGE[0]) & (confidence < LOW_CONFIDENCE_RANGE[1])
    samples = int(chosen.sum())
    right = int((probabilities[chosen].argmax(axis=1) == labels[chosen]).sum())
    return {
        "samples": samples,
        "confidence": float(confidence[chosen].mean()) if samples else None,
        "accuracy": ratio(right, samples),
        "interval": wilson(right, samples) if samples else None,
    }


def negative_log_likelihood(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Compute the mean of -ln p(label)."""
    meant = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(meant, MIN_PROBABILITY), dtype=np.float64).mean())


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Compute the Brier score, 0 to 2: mean squared distance to one-hot labels (G. Brier, 1950)."""
    return float(((probabilities - np.eye(10)[labels]) ** 2).sum(axis=1).mean())


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> list[dict]:
    """Compute mean confidence and accuracy in bins of confidence; empty bins are left out."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bin_index = np.minimum((confidence * RELIABILITY_BINS).astype(int), RELIABILITY_BINS - 1)
    return [
        {
            "from": number / RELIABILITY_BINS,
            "to": (number + 1) / RELIABILITY_BINS,
            "samples": int((bin_index == number).sum()),
            "confidence": float(confidence[bin_index == number].mean()),
            "accuracy": float(right[bin_index == number].mean()),
            "interval": wilson(
                int(right[bin_index == number].sum()), int((bin_index == number).sum())
            ),
        }
        for number in range(RELIABILITY_BINS)
        if (bin_index == number).any()
    ]


def calibration_error(bins: Sequence[dict]) -> float:
    """Compute the expected calibration error (ECE; C. Guo et al., ICML 2017)."""
    gaps = [each["samples"] * abs(each["confidence"] - each["accuracy"]) for each in bins]
    return sum(gaps) / sum(each["samples"] for each in bins)


def wilson(right: int, samples: int) -> list[float]:
    """Compute the 95% score interval of a share of independent samples (E. B. Wilson, 1927)."""
    from scipy.stats import binomtest  # here, because scipy.stats takes a second to import

    low, high = binomtest(right, samples).proportion_ci(confidence_level=0.95, method="wilson")
    return [float(low), float(high)]


def confused_pairs(matrix: np.ndarray, count: int) -> list[tuple[int, int, int]]:
    """Return the `count` most frequent confusions (label, prediction, number), sorted."""
    pairs = [
        (int(matrix[meant, read]), meant, read)
        for meant in range(len(matrix))
        for read in range(len(matrix))
        if meant != read and matrix[meant, read]
    ]
    return [(meant, read, often) for often, meant, read in sorted(pairs, reverse=True)[:count]]
