"""Combine what both networks predict for a symbol that is doubtful to the first.

Mirrors `isDoubtful` in `web/recognition/scoring.js` and `combinePredictions` in
`web/recognition/strokes.js`. Digits: the weighted sum of both logarithms of their probabilities,
normalised. Rejection scores: the weighted sum of both log-odds, and a bias.
"""

from dataclasses import asdict, dataclass

import numpy as np

from train.evaluation.predictions import Predictions

SURE = 0.9  # a greatest probability below this is doubtful
SURELY_A_DIGIT, SURELY_NONE = 0.1, 0.99  # rejection scores between these are doubtful
FLOOR = 1e-3  # added to the probabilities of digits, so that neither network decides alone
SCORE_FLOOR = 1e-4
EPSILON = 1e-6
PRIOR = 1e-3  # keeps weights small where a few samples are told apart perfectly


@dataclass(frozen=True)
class Combination:
    """Weights of both networks' logarithms, as in meta.json."""

    image: float
    path: float
    image_score: float
    path_score: float
    bias: float

    def facts(self) -> dict[str, float]:
        """Return the weights by name, rounded."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def is_doubtful(images: Predictions) -> np.ndarray:
    """Mark the predictions of the first network to combine with the second's, (n,) bool."""
    unlikely = images.probabilities.max(axis=1) < SURE
    return (images.scores < SURELY_NONE) & (unlikely | (images.scores > SURELY_A_DIGIT))


def combine(images: Predictions, paths: np.ndarray, weights: Combination) -> Predictions:
    """Combine n predictions of the first network with (n, 11) classes of the second."""
    image_logs, path_logs = digit_logs(images, paths)
    sums = weights.image * image_logs + weights.path * path_logs
    shares = np.exp(sums - sums.max(axis=1, keepdims=True))
    odds = weights.image_score * logit(images.scores) + weights.path_score * logit(paths[:, -1])
    doubtful = is_doubtful(images)
    return Predictions(
        np.where(doubtful[:, None], shares / shares.sum(axis=1, keepdims=True), images[0]),
        np.where(doubtful, expit(odds + weights.bias), images.scores),
    )


def fit_combination(
    digits: tuple[Predictions, np.ndarray, np.ndarray],
    non_digits: tuple[Predictions, np.ndarray],
    threshold: float,
) -> Combination:
    """Fit the weights to predictions that neither network was trained on.

    The likelihood of the labels gives the weights of digits, the likelihood of being a digit those
    of the scores, digits and non-digits weighing the same. The bias is the one by which as many
    non-digits exceed the threshold as with the first network alone.

    Args:
        digits: predictions of the first network, (n, 11) classes of the second, (n,) labels.
        non_digits: predictions of both.
        threshold: above it a score is a non-digit's.
    """
    from scipy.optimize import minimize  # here, because SciPy takes a second to import
    from scipy.special import log_softmax

    images, paths, labels = digits
    doubtful = is_doubtful(images)
    logs = [each[doubtful] for each in digit_logs(images, paths)]
    rows, own = np.arange(doubtful.sum()), labels[doubtful]

    def digit_loss(weights: np.ndarray) -> float:
        sums = weights[0] * logs[0] + weights[1] * logs[1]
        return -log_softmax(sums, axis=1)[rows, own].mean() + PRIOR * (weights**2).sum()

    image, path = minimize(digit_loss, np.ones(2), method="Nelder-Mead").x
    odds = [
        np.column_stack([logit(each.scores), logit(second[:, -1])])[is_doubtful(each)]
        for each, second in ((images, paths), non_digits)
    ]

    def score_loss(weights: np.ndarray) -> float:
        sums = [each @ weights[:2] + weights[2] for each in odds]
        losses = [np.logaddexp(0, sums[0]).mean(), np.logaddexp(0, -sums[1]).mean()]
        return sum(losses) + PRIOR * (weights**2).sum()

    image_score, path_score, _ = minimize(score_loss, np.ones(3), method="Nelder-Mead").x
    rejected = (non_digits[0].scores[is_doubtful(non_digits[0])] > threshold).mean()
    level = np.quantile(odds[1] @ [image_score, path_score], 1 - rejected)
    bias = logit(np.array(threshold)) - level
    return Combination(*map(float, (image, path, image_score, path_score, bias)))


def expit(odds: np.ndarray) -> np.ndarray:
    """Return the probabilities of log-odds."""
    return (1 + np.tanh(odds / 2)) / 2


def digit_logs(images: Predictions, paths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return logarithms of both networks' probabilities of the digits, each (n, 10)."""
    digits = paths[:, :-1] / (paths[:, :-1].sum(axis=1, keepdims=True) + EPSILON)
    return np.log(images.probabilities + FLOOR), np.log(digits + FLOOR)


def logit(probabilities: np.ndarray) -> np.ndarray:
    """Return log-odds, bounded."""
    return np.log(probabilities + SCORE_FLOOR) - np.log(1 - probabilities + SCORE_FLOOR)
