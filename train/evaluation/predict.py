"""Run a network on sets of images: probabilities and rejection scores."""

from collections.abc import Mapping

import keras
import numpy as np

from train.evaluation.predictions import Predictions
from train.network.build import DIGITS, REJECTION, has_rejection_head
from train.samples.training_set import inputs


def rejection_threshold(network: keras.Model, run: Mapping) -> float | None:
    """Return the threshold of a run's report; None without a threshold or a rejection head."""
    return (run.get("refusal") or {}).get("threshold") if has_rejection_head(network) else None


def predict_sets(
    network: keras.Model, images: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Predict sets of (n, 28, 28) uint8 images, by name.

    Returns:
        (n, 10) probabilities by name, and (n,) rejection scores by name; no scores for a network
        without a rejection head.
    """
    predictions = {name: predict(network, inputs(each)) for name, each in images.items()}
    return (
        {name: each.probabilities for name, each in predictions.items()},
        {name: each.scores for name, each in predictions.items() if each.scores is not None},
    )


def predict(network: keras.Model, fields: np.ndarray) -> Predictions:
    """Run a network on (n, 28, 28, 1) float32 images in [0, 1]."""
    outputs = network.predict(fields, batch_size=500, verbose=0)
    if not has_rejection_head(network):
        return Predictions(outputs)
    return Predictions(outputs[DIGITS], outputs[REJECTION][:, 0])
