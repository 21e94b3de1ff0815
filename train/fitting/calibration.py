"""Temperature scaling of logits, folded into the last dense layer."""

import keras
import numpy as np


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Find the divisor of (n, 10) logits that maximises the likelihood of (n,) labels.

    C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    candidates = np.geomspace(0.25, 4, 401)  # steps of 0.7%
    return float(min(candidates, key=lambda t: negative_log_likelihood(logits / t, labels)))


def negative_log_likelihood(logits: np.ndarray, labels: np.ndarray) -> float:
    """Compute the mean of -log p(label) for (n, 10) logits and (n,) labels."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    of_labels = shifted[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - of_labels))


def apply_temperature(network: keras.Model, temperature: float) -> None:
    """Divide the weights of the last dense layer, so that every saved copy is calibrated."""
    layer = network.get_layer("logits")
    layer.set_weights([weights / temperature for weights in layer.get_weights()])
