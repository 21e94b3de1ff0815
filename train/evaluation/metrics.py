"""What a network's probabilities say about it; arrays in, plain dicts out."""

from collections.abc import Sequence

import numpy as np

from train.evaluation.intervals import over_writers

BINS = 10  # of confidence in a reliability diagram
FLOOR = 1e-12  # of a probability under a logarithm
UNSURE = (0.5, 0.9)  # confidence, the end left out, at which a reader would want to look twice


def measure(
    labels: np.ndarray,
    probabilities: np.ndarray,
    writers: np.ndarray | None = None,
    temperature: float | None = None,
) -> dict:
    """Everything the report says of one set of readings.

    Args:
        labels: (n,) in 0..9, n > 0.
        probabilities: (n, 10).
        writers: (n,) names, where they are known: intervals are then over writers.
        temperature: what the logits were divided by to calibrate them, where it is known.

    Returns:
        samples, errors, accuracy and its 95% interval, what `calibration` says, the same as
        `uncalibrated` for what the network said before its logits were divided (None where the
        temperature is unknown), precision, recall and F1 of each digit (None where undefined), the
        confusion matrix (row: what was meant, column: what was read), bins of confidence and, with
        writers, what `over_writers` says.
    """
    readings = probabilities.argmax(axis=1)
    matrix = confusion(labels, readings)
    samples, right = len(labels), int(np.trace(matrix))
    before = None if temperature is None else untempered(probabilities, temperature)
    found = {
        "samples": samples,
        "errors": samples - right,
        "accuracy": right / samples,
        **calibration(labels, probabilities),
        "uncalibrated": None if before is None else calibration(labels, before),
        "classes": classes(matrix),
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
    """(10, 10) counts: row, the digit that was meant; column, the digit that was read."""
    return np.bincount(labels.astype(int) * 10 + readings, minlength=100).reshape(10, 10)


def classes(matrix: np.ndarray) -> list[dict]:
    """Precision, recall, F1 and support of each digit; None where there is nothing to divide by."""
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
    """`part / whole`, or None when there is nothing to divide by."""
    return float(part / whole) if whole else None


def calibration(labels: np.ndarray, probabilities: np.ndarray) -> dict:
    """Negative log-likelihood, Brier score, calibration error, and the answers that are unsure."""
    return {
        "negative_log_likelihood": negative_log_likelihood(labels, probabilities),
        "brier": brier(labels, probabilities),
        "calibration_error": calibration_error(reliability(labels, probabilities)),
        "unsure": unsure(labels, probabilities),
    }


def untempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """(n, 10) probabilities as they were before their logits were divided by `temperature`.

    A softmax's power, normalised, is the softmax of the multiplied logits (C. Guo et al., "On
    Calibration of Modern Neural Networks", ICML 2017).
    """
    powers = probabilities.astype(np.float64) ** temperature
    return powers / powers.sum(axis=1, keepdims=True)


def unsure(labels: np.ndarray, probabilities: np.ndarray) -> dict:
    """Of the answers in the range UNSURE: how many, mean confidence, accuracy and its interval."""
    confidence = probabilities.max(axis=1)
    chosen = (confidence >= UNSURE[0]) & (confidence < UNSURE[1])
    samples = int(chosen.sum())
    right = int((probabilities[chosen].argmax(axis=1) == labels[chosen]).sum())
    return {
        "samples": samples,
        "confidence": float(confidence[chosen].mean()) if samples else None,
        "accuracy": ratio(right, samples),
        "interval": wilson(right, samples) if samples else None,
    }


def negative_log_likelihood(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean of -ln p(label)."""
    meant = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(meant, FLOOR), dtype=np.float64).mean())


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean squared distance of (n, 10) probabilities from the truth, 0 to 2 (G. Brier, 1950)."""
    return float(((probabilities - np.eye(10)[labels]) ** 2).sum(axis=1).mean())


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> list[dict]:
    """Mean confidence and accuracy in equal bins of confidence; empty bins are left out."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "from": number / BINS,
            "to": (number + 1) / BINS,
            "samples": int((place == number).sum()),
            "confidence": float(confidence[place == number].mean()),
            "accuracy": float(right[place == number].mean()),
            "interval": wilson(int(right[place == number].sum()), int((place == number).sum())),
        }
        for number in range(BINS)
        if (place == number).any()
    ]


def calibration_error(bins: Sequence[dict]) -> float:
    """Mean gap between confidence and accuracy over samples (ECE; C. Guo et al., ICML 2017)."""
    gaps = [each["samples"] * abs(each["confidence"] - each["accuracy"]) for each in bins]
    return sum(gaps) / sum(each["samples"] for each in bins)


def wilson(right: int, samples: int) -> list[float]:
    """95% interval of a share, for samples independent of each other (E. B. Wilson, 1927)."""
    z, share = 1.959964, right / samples
    middle = (share + z * z / (2 * samples)) / (1 + z * z / samples)
    spread = z * np.sqrt(share * (1 - share) / samples + (z / (2 * samples)) ** 2)
    spread /= 1 + z * z / samples
    return [float(max(0, middle - spread)), float(min(1, middle + spread))]


def confused_pairs(matrix: np.ndarray, count: int) -> list[tuple[int, int, int]]:
    """The most frequent mistakes: (meant, read, how often), most frequent first."""
    pairs = [
        (int(matrix[meant, read]), meant, read)
        for meant in range(len(matrix))
        for read in range(len(matrix))
        if meant != read and matrix[meant, read]
    ]
    return [(meant, read, often) for often, meant, read in sorted(pairs, reverse=True)[:count]]
