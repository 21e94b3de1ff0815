"""What a network predicts of images, in Keras and in the browser alike."""

from typing import NamedTuple

import numpy as np


class Predictions(NamedTuple):
    """Probabilities, (n, 10), and rejection scores, (n,) in [0, 1].

    `scores` is None for a network without a rejection head.
    """

    probabilities: np.ndarray
    scores: np.ndarray | None = None
