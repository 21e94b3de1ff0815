"""A network's size and cost, and what it reads and refuses of validation."""

import keras

from train.evaluation import predict
from train.evaluation.rejection import refused, threshold
from train.network.build import count_macs
from train.samples.prepare import RunData


def measured(network: keras.Model, run_data: RunData, limit: float = 0.0) -> dict:
    """A network's size and cost, and what it reads and refuses of validation.

    `refusal` is the threshold above which nothing is a digit, and the shares that it refuses; the
    threshold is not below `limit`.
    """
    digits = {name: images for name, (images, _) in run_data.validation_sets.items()}
    said, scores = predict.answers(network, digits | run_data.validation_non_digits)
    chosen = threshold({name: scores[name] for name in digits}, run_data.writers)
    limit = max(limit, chosen)
    return {
        "validation": {
            name: {
                "samples": len(labels),
                "accuracy": float((said[name].argmax(axis=1) == labels).mean()),
            }
            for name, (_, labels) in run_data.validation_sets.items()
        },
        "refusal": {
            "threshold": limit,
            "validation": {name: refused(each, limit) for name, each in scores.items()},
        },
        "parameters": network.count_params(),
        "multiplies": count_macs(network),
    }
