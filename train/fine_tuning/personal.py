"""A network tuned to drawings of one hand: what they gain, and that other people's are not lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from files.drawings import DataError
from train.data import drawings as drawings_files
from train.evaluation.predict import threshold
from train.fine_tuning.tuner import FORGOTTEN, Tuner, forgets
from train.fitting.settings import FitError, Settings
from train.ink import Drawing
from train.reporting.provenance import NOTHING_KNOWN, known
from train.samples.prepare import RunData
from train.samples.training_set import as_pixels, inputs


@dataclass(frozen=True)
class Hand:
    """Drawings of single digits, what they are, and how many others the files hold."""

    files: Sequence[Path]
    drawings: Sequence[Drawing]
    labels: Sequence[int]
    others: int


def read(files: Sequence[Path]) -> Hand:
    """The drawings in files of the page. Raises DataError, also where no digit is among them."""
    hand = Hand(files, *drawings_files.digits(list(files)))
    if not hand.drawings:
        names = ", ".join(map(str, files))
        raise DataError(f"{names}: no drawing of a single digit to learn from; draw ten or more")
    return hand


def tune(network: keras.Model, hand: Hand, run_data: RunData, settings: Settings) -> str:
    """Tune a network to a hand; return what it did, in lines.

    Args:
        network: changes.
        hand: to learn.
        run_data: `training_set` to rehearse; the first set of `validation_sets` must not be
            forgotten.
        settings: with what `train.fitting.settings.FINE_TUNE_PRESET` says.

    Raises:
        FitError: other people's digits would be lost, or the network cannot be tuned.
    """
    sets = {f"{name} validation": digits for name, digits in run_data.validation_sets.items()}
    first = next(iter(sets))
    sets["your drawings"] = (as_pixels(hand.drawings), np.array(hand.labels))
    tuner = Tuner(network, run_data.training_set, settings)
    seen = {name: (tuner.seen(inputs(x)), labels) for name, (x, labels) in sets.items()}
    before = {name: tuner.right(*digits) for name, digits in seen.items()}
    tuner.tune(hand.drawings, hand.labels)
    after = {name: tuner.right(*digits) for name, digits in seen.items()}
    if forgets(before[first], after[first]):
        raise FitError(
            f"{first}: {before[first]:.2%} read right before would be {after[first]:.2%}, and at "
            f"most {100 * FORGOTTEN:g} point may be lost: nothing is written. Look for slips: "
            f"python -m train.drawings {' '.join(map(str, hand.files))}"
        )
    lines = [
        f"{name}: of {len(digits[1]):,} {before[name]:.2%} read right before, {after[name]:.2%} now"
        for name, digits in sets.items()
    ]
    lines[0] += "" if before[first] > after[first] else ": nothing lost"
    if after["your drawings"] < 1:
        lines.append(f"which are not: python -m train.drawings {' '.join(map(str, hand.files))}")
    if hand.others:
        lines.append(f"{hand.others:,} drawings of more than one symbol were not learnt from")
    return "\n".join(lines)


def learnt(start: Path, hand: Hand) -> list[str]:
    """What a network tuned to a hand learnt from, all that its start did included."""
    before = (known(start) or NOTHING_KNOWN)["run"].get("trained_on") or [f"what {start} did"]
    return [*before, f"then, its last layers, {len(hand.drawings):,} drawings of one hand"]


def limit(start: Path, network: keras.Model) -> float:
    """The score above which the start refuses; 0 where no report says."""
    return threshold(network, (known(start) or NOTHING_KNOWN)["run"]) or 0.0
