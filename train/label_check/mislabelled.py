"""Find drawings that a network confidently reads differently from their label."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from train.data.drawings import DIGITS, LabelledDrawing
from train.evaluation.predict import predict_sets, rejection_threshold
from train.network.saving import load_network
from train.reporting.provenance import report_for
from train.samples.training_set import as_pixels

MIN_CONFIDENCE = 0.9  # lower probabilities are mostly the network's own errors


@dataclass(frozen=True)
class LabelIssue:
    """A drawing's index, its prediction (None: non-digit), and the confidence in [0, 1]."""

    index: int
    reading: int | None
    confidence: float


def find(entries: Sequence[LabelledDrawing], model: Path) -> list[LabelIssue]:
    """Find likely label errors among drawings of single digits, the most confident first.

    Raises OSError with a one-line message if there is no such network.
    """
    network = load_network(model)
    indices = [k for k, entry in enumerate(entries) if entry.label in DIGITS]
    images = as_pixels([entries[k].strokes for k in indices])
    probabilities_by_set, scores = (
        predict_sets(network, {"drawings": images}) if indices else ({}, {})
    )
    threshold = rejection_threshold(network, (report_for(model) or {"run": {}})["run"])
    found = []
    for place, number in enumerate(indices):
        probabilities = probabilities_by_set["drawings"][place]
        reading, sure = int(probabilities.argmax()), float(probabilities.max())
        if threshold is not None and scores["drawings"][place] > threshold:
            found.append(LabelIssue(number, None, float(scores["drawings"][place])))
        elif sure >= MIN_CONFIDENCE and reading != int(entries[number].label):
            found.append(LabelIssue(number, reading, sure))
    return sorted(found, key=lambda each: (each.reading is None, -each.confidence))
