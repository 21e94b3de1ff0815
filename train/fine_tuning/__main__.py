"""Measure fine-tuning to ten digits of a writer: errors on the writer's other digits and on MNIST.

python -m train.fine_tuning --unipen PATH                       on UNIPEN's test writers
python -m train.fine_tuning --unipen PATH --writers validation

The first ten digits of each writer with enough digits are the support set, as in
`python -m export.evaluate.personalization`. The network is tuned to them as by
`python -m train --drawings PATH --from MODEL`, without UNIPEN, and reads the other digits. If MNIST
accuracy drops too much, the tuned network is rejected and the original one counts.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from train.arguments import add_unipen
from train.quiet import quiet

with quiet():
    import numpy as np

    from files.drawings import DataError
    from train.data.unipen.characters import Ink, UnipenError
    from train.evaluation.metrics import negative_log_likelihood
    from train.evaluation.predict import rejection_threshold
    from train.fine_tuning.few_shot import error_change_summary, split_support_query
    from train.fine_tuning.tuner import Tuner, accuracy_dropped, predict_head
    from train.fitting.settings import (
        FINE_TUNE_PRESET,
        REPLAY_IMAGES,
        REPLAY_NON_DIGITS,
        FitError,
        Settings,
    )
    from train.network.saving import load_network
    from train.reporting.provenance import NO_REPORT, report_for
    from train.samples.prepare import prepare_data
    from train.samples.training_set import as_pixels, inputs
    from train.samples.unipen_ink import read_ink


# (n, 11) of `train.fine_tuning.tuner.predict_head`, and (n,) labels
Predictions = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class TuningResult:
    """One writer's digits before and after tuning, and MNIST accuracy; `kept`: not rejected."""

    personal: tuple[Predictions, Predictions]
    validation: float  # MNIST accuracy after tuning
    test: float
    kept: bool


def misread(predictions: Predictions) -> np.ndarray:
    """Mark misread digits, (n,) bool."""
    outputs, labels = predictions
    return outputs[:, :-1].argmax(axis=1) != labels


def misread_or_rejected(predictions: Predictions, threshold: float) -> np.ndarray:
    """Mark digits that are misread or rejected, (n,) bool."""
    return misread(predictions) | (predictions[0][:, -1] > threshold)


def measure(model: Path, inks: Sequence[Ink], source: str = "mnist") -> str:
    """Tune a network to one writer after another; summarise the errors in a few lines.

    Args:
        model: the network's file; the report beside it holds the rejection threshold.
        inks: of all writers.
        source: dataset to replay and to validate on, as `--data`.
    """
    network = load_network(model)
    threshold = rejection_threshold(network, (report_for(model) or NO_REPORT)["run"])
    settings = replace(Settings(), arch=network.name, **FINE_TUNE_PRESET)
    run_data = prepare_data(
        source, [], [], settings.seed, settings.validation, REPLAY_NON_DIGITS, REPLAY_IMAGES
    )
    tuner = Tuner(network, run_data.training_set, settings)
    (validation_set,) = run_data.validation_sets.values()
    (test,) = run_data.test_sets
    sets = [
        (tuner.features_of(inputs(x)), y) for x, y in (validation_set, (test.images, test.labels))
    ]
    before = [tuner.accuracy(*each) for each in sets]
    found = [
        tune_one_writer(tuner, support, query, sets, before)
        for support, query in with_progress(split_support_query(inks))
    ]
    return summary(found, before, 1.0 if threshold is None else threshold)


def tune_one_writer(
    tuner: Tuner,
    support: Sequence[Ink],
    query: Sequence[Ink],
    sets: Sequence[Predictions],
    before: Sequence[float],
) -> TuningResult:
    """Tune to one writer's support set; evaluate on the query set and on MNIST."""
    features = tuner.features_of(inputs(as_pixels([ink.strokes for ink in query])))
    labels = np.array([int(ink.label) for ink in query])
    tuner.reset()
    unchanged = predict_head(tuner.head, features), labels
    tuner.tune([ink.strokes for ink in support], [int(ink.label) for ink in support])
    validation, test = (tuner.accuracy(*each) for each in sets)
    if accuracy_dropped(before[0], validation):
        return TuningResult((unchanged, unchanged), before[0], before[1], kept=False)
    return TuningResult(
        (unchanged, (predict_head(tuner.head, features), labels)), validation, test, kept=True
    )


def with_progress(writers: Sequence[tuple]) -> Iterator[tuple]:
    """Yield writers; show progress if stderr is a terminal."""
    for number, writer in enumerate(writers, 1):
        if sys.stderr.isatty():
            print(f"\rwriter {number} of {len(writers)}", end="", file=sys.stderr, flush=True)
        yield writer
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)


def summary(found: Sequence[TuningResult], before: Sequence[float], threshold: float) -> str:
    """Format errors before and after with intervals, likelihoods, and MNIST accuracy."""
    counts = np.array([len(each.personal[0][1]) for each in found])
    lines = []
    for name, count in (
        ("misread or refused", lambda a: misread_or_rejected(a, threshold)),
        ("misread", misread),
    ):
        errors = ([count(each.personal[k]).sum() for each in found] for k in (0, 1))
        lines.append(
            f"{name}: " + error_change_summary(counts, *map(np.array, errors), "after tuning")
        )
    refused = [sum(int((a.personal[k][0][:, -1] > threshold).sum()) for a in found) for k in (0, 1)]
    lines.append("refused: {:,} digits, then {:,}".format(*refused))
    likelihoods = [pooled_nll([each.personal[k] for each in found]) for k in (0, 1)]
    lines.append("negative log-likelihood {:.4f}, then {:.4f}".format(*likelihoods))
    for name, share, after in (
        ("validation", before[0], [each.validation for each in found]),
        ("test", before[1], [each.test for each in found]),
    ):
        lines.append(
            f"MNIST {name}: {share:.2%} read right, then {np.mean(after):.2%} "
            f"(mean over writers; worst {min(after):.2%}, best {max(after):.2%})"
        )
    left = sum(not each.kept for each in found)
    lines.append(f"not tuned, as MNIST would have lost too much: {left} of {len(found)} writers")
    return "\n".join(lines)


def pooled_nll(predictions: Sequence[Predictions]) -> float:
    """Compute the negative log-likelihood of all writers' digits together."""
    probabilities = np.concatenate([outputs[:, :-1] for outputs, _ in predictions])
    return negative_log_likelihood(np.concatenate([y for _, y in predictions]), probabilities)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        inks = read_ink(options.unipen).digits[options.writers]
        print(measure(options.model, inks, options.data))
    except (DataError, UnipenError, FitError, OSError) as error:
        print(f"train.fine_tuning: {error}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m train.fine_tuning",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add_unipen(made, "UNIPEN's archives", required=True)
    add("--writers", default="test", choices=("validation", "test"), help="which (%(default)s)")
    add(
        "--model",
        type=Path,
        default=Path("models/digits.keras"),
        metavar="MODEL",
        help="%(default)s",
    )
    add("--data", default="mnist", metavar="SOURCE", help="what to rehearse, as for training")
    return made


if __name__ == "__main__":
    sys.exit(main())
