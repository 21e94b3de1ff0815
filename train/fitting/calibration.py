"""Calibration by one temperature, folded into the last dense layer."""

import keras
import numpy as np


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The divisor of (n, 10) logits that makes probabilities of (n,) labels most likely.

    C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    candidates = np.geomspace(0.25, 4, 401)  # steps of 0.7%
    return float(min(candidates, key=lambda t: negative_log_likelihood(logits / t, labels)))


def negative_log_likelihood(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log p(label) for (n, 10) logits and (n,) labels."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    right = shifted[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - right))


def temper(network: keras.Model, divisor: float) -> None:
    """Fold a temperature into the last dense layer, so that every copy of the network agrees."""
    layer = network.get_layer("logits")
    layer.set_weights([weights / divisor for weights in layer.get_weights()])
