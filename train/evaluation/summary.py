"""Summarise a network: size, cost, and validation results."""

import keras

from train.evaluation.predict import predict_sets
from train.evaluation.rejection import choose_threshold, rejection_rate
from train.network.build import multiplies
from train.samples.prepare import Material


def validation_summary(
    network: keras.Model, material: Material, min_threshold: float = 0.0
) -> dict:
    """Measure accuracy and rejection on validation, and count parameters and MACs.

    Under `refusal` stand the threshold, at least `min_threshold`, and the rejection rates by set
    and by kind of non-digit.
    """
    digits = {name: images for name, (images, _) in material.validation.items()}
    probabilities, scores = predict_sets(network, digits | material.negatives)
    chosen = choose_threshold({name: scores[name] for name in digits}, material.writers)
    threshold = max(min_threshold, chosen)
    return {
        "validation": {
            name: {
                "samples": len(labels),
                "accuracy": float((probabilities[name].argmax(axis=1) == labels).mean()),
            }
            for name, (_, labels) in material.validation.items()
        },
        "refusal": {
            "threshold": threshold,
            "validation": {name: rejection_rate(each, threshold) for name, each in scores.items()},
        },
        "parameters": network.count_params(),
        "multiplies": multiplies(network),
    }
