"""Temperature scaling of logits, folded into the last dense layer."""

import keras
import numpy as np

TEMPERATURE_RANGE = (0.25, 4)  # the committed networks' lie between 1.02 and 1.17
TOLERANCE = 1e-6  # relative error of the temperature; the network's weights are float32


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Find the divisor of (n, 10) logits, 1/4 to 4, that maximises the likelihood of (n,) labels.

    C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017. The negative
    log-likelihood is convex in the reciprocal of the divisor: it has no other local minimum.
    """
    from scipy.optimize import minimize_scalar  # here, because SciPy takes a second to import
    from scipy.special import log_softmax

    logits, samples = logits.astype(np.float64), np.arange(len(labels))

    def negative_log_likelihood(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return -log_softmax(scaled, axis=1)[samples, labels].mean()

    found = minimize_scalar(
        negative_log_likelihood,
        bounds=np.log(TEMPERATURE_RANGE),
        method="bounded",
        options={"xatol": TOLERANCE},
    )
    return float(np.exp(found.x))


def apply_temperature(network: keras.Model, temperature: float) -> None:
    """Divide the weights of the last dense layer, so that every saved copy is calibrated."""
    layer = network.get_layer("logits")
    layer.set_weights([weights / temperature for weights in layer.get_weights()])
