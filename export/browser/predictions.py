"""What a network says of images, in Keras and in the browser alike."""

from typing import NamedTuple

import numpy as np


class Answers(NamedTuple):
    """Probabilities, (n, 10), and how surely each image is no digit, (n,) in [0, 1].

    `scores` is None where the network does not say so.
    """

    probabilities: np.ndarray
    scores: np.ndarray | None = None
