"""Both networks: the first reads an image, the second the path of what is doubtful then."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from train.evaluation.predict import predict
from train.evaluation.predictions import Predictions
from train.ink import Drawing
from train.samples.training_set import as_pixels, inputs
from train.samples.unipen_ink import UnipenInk
from train.strokes.combination import Combination, combine, fit_combination
from train.strokes.paths import features, sample_paths
from train.strokes.samples import make_non_digits

SPLIT_TO_FIT_ON = "validation"


@dataclass(frozen=True)
class Pair:
    """Two networks and the weights by which their predictions are combined."""

    first: keras.Model
    second: keras.Model
    weights: Combination

    def predict(self, drawings: Sequence[Drawing]) -> Predictions:
        """Predict n drawings as the page does."""
        return combine(*predict_both(self.first, self.second, drawings), self.weights)


def fit_pair(first: keras.Model, second: keras.Model, ink: UnipenInk, threshold: float) -> Pair:
    """Fit the weights to the digits and non-digits of the validation writers.

    `threshold` is the rejection threshold of the first network.
    """
    inks = ink.all_digits(SPLIT_TO_FIT_ON)
    labels = np.array([int(each.label) for each in inks])
    others = make_non_digits(ink, SPLIT_TO_FIT_ON, np.random.default_rng(0))
    digits = predict_both(first, second, [each.strokes for each in inks])
    weights = fit_combination((*digits, labels), predict_both(first, second, others), threshold)
    return Pair(first, second, weights)


def predict_both(
    first: keras.Model, second: keras.Model, drawings: Sequence[Drawing]
) -> tuple[Predictions, np.ndarray]:
    """Return predictions of the first network and (n, 11) classes of the second."""
    classes = second.predict(features(sample_paths(drawings)), batch_size=500, verbose=0)
    return predict(first, inputs(as_pixels(drawings))), classes
