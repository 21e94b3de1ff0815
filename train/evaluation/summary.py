"""Summarise a network: size, cost, and validation results."""

import keras

from train.evaluation.predict import predict_sets
from train.evaluation.rejection import choose_threshold, rejection_rate
from train.network.build import count_macs
from train.samples.prepare import RunData


def validation_summary(network: keras.Model, run_data: RunData, min_threshold: float = 0.0) -> dict:
    """Measure accuracy and rejection on validation, and count parameters and MACs.

    Under `refusal` stand the threshold, at least `min_threshold`, and the rejection rates by set
    and by kind of non-digit.
    """
    digits = {name: images for name, (images, _) in run_data.validation_sets.items()}
    probabilities, scores = predict_sets(network, digits | run_data.validation_non_digits)
    chosen = choose_threshold({name: scores[name] for name in digits}, run_data.writers)
    threshold = max(min_threshold, chosen)
    return {
        "validation": {
            name: {
                "samples": len(labels),
                "accuracy": float((probabilities[name].argmax(axis=1) == labels).mean()),
            }
            for name, (_, labels) in run_data.validation_sets.items()
        },
        "refusal": {
            "threshold": threshold,
            "validation": {name: rejection_rate(each, threshold) for name, each in scores.items()},
        },
        "parameters": network.count_params(),
        "multiplies": count_macs(network),
    }
