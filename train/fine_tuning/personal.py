"""Fine-tune a network to drawings of one writer, and check that other digits are not lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from files.drawings import DataError
from train.data import drawings as drawings_files
from train.evaluation.predict import rejection_threshold
from train.fine_tuning.tuner import MAX_ACCURACY_DROP, Tuner, accuracy_dropped
from train.fitting.settings import FitError, Settings
from train.ink import Drawing
from train.reporting.provenance import NO_REPORT, report_for
from train.samples.prepare import RunData
from train.samples.training_set import as_pixels, inputs


@dataclass(frozen=True)
class PersonalDrawings:
    """Drawings of single digits, their labels, and the number of other drawings in the files."""

    files: Sequence[Path]
    drawings: Sequence[Drawing]
    labels: Sequence[int]
    others: int


def read(files: Sequence[Path]) -> PersonalDrawings:
    """Read drawings files, or folders. Raises DataError if none holds a single digit."""
    personal = PersonalDrawings(files, *drawings_files.digits(files))
    if not personal.drawings:
        names = ", ".join(map(str, files))
        raise DataError(f"{names}: no drawing of a single digit to learn from; draw ten or more")
    return personal


def tune(
    network: keras.Model, personal: PersonalDrawings, run_data: RunData, settings: Settings
) -> str:
    """Fine-tune a network; return lines that say what changed.

    Args:
        network: tuned in place.
        personal: drawings to tune to.
        run_data: `training_set` to replay; accuracy on the first of `validation_sets` must not
            drop.
        settings: with the values of `train.fitting.settings.FINE_TUNE_PRESET`.

    Raises:
        FitError: validation accuracy would drop too much, or the network cannot be tuned.
    """
    sets = {f"{name} validation": digits for name, digits in run_data.validation_sets.items()}
    first = next(iter(sets))
    sets["your drawings"] = (as_pixels(personal.drawings), np.array(personal.labels))
    tuner = Tuner(network, run_data.training_set, settings)
    features = {name: (tuner.features_of(inputs(x)), labels) for name, (x, labels) in sets.items()}
    before = {name: tuner.accuracy(*digits) for name, digits in features.items()}
    tuner.tune(personal.drawings, personal.labels)
    after = {name: tuner.accuracy(*digits) for name, digits in features.items()}
    if accuracy_dropped(before[first], after[first]):
        raise FitError(
            f"{first}: {before[first]:.2%} read right before would be {after[first]:.2%}, and at "
            f"most {100 * MAX_ACCURACY_DROP:g} points may be lost: nothing is written. Look for "
            "wrong labels: "
            f"python -m train.drawings {' '.join(map(str, personal.files))}"
        )
    lines = [
        f"{name}: of {len(digits[1]):,} {before[name]:.2%} read right before, {after[name]:.2%} now"
        for name, digits in sets.items()
    ]
    lines[0] += "" if before[first] > after[first] else ": nothing lost"
    if after["your drawings"] < 1:
        lines.append(
            f"which are not: python -m train.drawings {' '.join(map(str, personal.files))}"
        )
    if personal.others:
        lines.append(f"{personal.others:,} drawings of more than one symbol were not used")
    return "\n".join(lines)


def trained_on(start: Path, personal: PersonalDrawings) -> list[str]:
    """List the training data of a tuned network, that of its start included."""
    before = (report_for(start) or NO_REPORT)["run"].get("trained_on") or [f"what {start} did"]
    return [*before, f"then, its last layers, {len(personal.drawings):,} drawings of one hand"]


def start_threshold(start: Path, network: keras.Model) -> float:
    """Return the rejection threshold of the start; 0 if no report holds one."""
    return rejection_threshold(network, (report_for(start) or NO_REPORT)["run"]) or 0.0
