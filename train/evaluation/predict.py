"""Run a network on sets of images: probabilities and rejection scores."""

from collections.abc import Mapping

import keras
import numpy as np

from train.network.build import knows_digits, scorer
from train.samples.training_set import inputs


def rejection_threshold(network: keras.Model, run: Mapping) -> float | None:
    """Return the threshold of a run's report; None without a threshold or a rejection head."""
    return (run.get("refusal") or {}).get("threshold") if knows_digits(network) else None


def predict_sets(
    network: keras.Model, images: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Predict sets of (n, 28, 28) uint8 images, by name.

    Returns:
        (n, 10) probabilities by name, and (n,) rejection scores by name; no scores for a network
        without a rejection head.
    """
    if not knows_digits(network):
        return {name: predict(network, each) for name, each in images.items()}, {}
    scored = scorer(network)
    both = {name: predict(scored, each) for name, each in images.items()}
    return (
        {name: probabilities for name, (probabilities, _) in both.items()},
        {name: score[:, 0] for name, (_, score) in both.items()},
    )


def predict(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Run a network on (n, 28, 28) uint8 images; return its output, usually (n, 10)."""
    return network.predict(inputs(images), batch_size=500, verbose=0)
