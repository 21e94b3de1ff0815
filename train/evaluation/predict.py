"""What a network says of images: probabilities, and scores of what is no digit."""

from collections.abc import Mapping

import keras
import numpy as np

from train.network.build import knows_digits, scorer
from train.samples.training_set import inputs


def threshold(network: keras.Model, run: Mapping) -> float | None:
    """What to refuse above; None for a network that has no score, or a run that chose nothing."""
    return (run.get("refusal") or {}).get("threshold") if knows_digits(network) else None


def answers(
    network: keras.Model, images: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What a network says of (n, 28, 28) uint8 images, by name.

    Returns:
        (n, 10) probabilities, and (n,) scores of what is no digit; none of a network without.
    """
    if not knows_digits(network):
        return {name: probabilities(network, each) for name, each in images.items()}, {}
    both_ways = scorer(network)
    both = {name: probabilities(both_ways, each) for name, each in images.items()}
    return (
        {name: said for name, (said, _) in both.items()},
        {name: score[:, 0] for name, (_, score) in both.items()},
    )


def probabilities(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """(n, 10), or whatever the network says, of (n, 28, 28) uint8 images."""
    return network.predict(inputs(images), batch_size=500, verbose=0)
