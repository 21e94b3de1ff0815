"""Drawings whose label a network disbelieves: slips of the finger, or hands that it cannot read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from train.data.drawings import DIGITS, LabelledDrawing
from train.evaluation.predict import predict_sets, rejection_threshold
from train.network.saving import load_network
from train.reporting.provenance import report_for
from train.samples.training_set import as_pixels

SURE = 0.9  # probability from which a reading that is not the label is worth a look


@dataclass(frozen=True)
class Suspect:
    """A drawing's index, what the network reads (None: no digit), and how sure it is, in [0, 1]."""

    index: int
    reading: int | None
    confidence: float


def find(entries: Sequence[LabelledDrawing], model: Path) -> list[Suspect]:
    """Drawings of single digits that the network surely reads otherwise, the surest first.

    Raises OSError, one line, where there is no such network.
    """
    network = load_network(model)
    places = [k for k, entry in enumerate(entries) if entry.label in DIGITS]
    images = as_pixels([entries[k].strokes for k in places])
    said, scores = predict_sets(network, {"drawings": images}) if places else ({}, {})
    limit = rejection_threshold(network, (report_for(model) or {"run": {}})["run"])
    found = []
    for place, number in enumerate(places):
        probabilities = said["drawings"][place]
        reading, sure = int(probabilities.argmax()), float(probabilities.max())
        if limit is not None and scores["drawings"][place] > limit:
            found.append(Suspect(number, None, float(scores["drawings"][place])))
        elif sure >= SURE and reading != int(entries[number].label):
            found.append(Suspect(number, reading, sure))
    return sorted(found, key=lambda each: (each.reading is None, -each.confidence))
