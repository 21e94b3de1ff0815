"""Evaluate networks as visitors run them: quantized, in a browser, on the test digits.

python -m export.evaluate models/digits.keras models/experiments/seeds/*/digits.keras --unipen PATH
python -m export.evaluate models/digits.keras --compare-to OTHER.keras --unipen PATH
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from train.arguments import add_unipen
from train.quiet import quiet

os.environ["KERAS_BACKEND"] = "tensorflow"  # Keras reads it once, when it is imported

with quiet():
    import numpy as np

    from export import meta
    from export.browser.launch import BrowserError
    from export.browser.page import SiteError, browser_predictions
    from export.convert import ExportError, convert, load_model, predictor
    from files.drawings import DataError
    from train.data.unipen.characters import UnipenError
    from train.evaluation.intervals import compare, over_writers
    from train.evaluation.metrics import (
        LOW_CONFIDENCE_RANGE,
        low_confidence,
        negative_log_likelihood,
    )
    from train.evaluation.predictions import Predictions
    from train.evaluation.rejection import rejection_rate
    from train.reporting.format import (
        NO_VALUE,
        format_interval,
        format_mean_and_sd,
        format_percent,
        mean_and_sd,
    )
    from train.reporting.provenance import report_for
    from train.samples.prepare import TestSet, read_test_sets
    from train.samples.training_set import inputs

PRECISION = "uint6"  # of the exported weights, as they are shipped
PERCENT, COUNT, DECIMAL = ".2%", ",.0f", ".4f"

Column = Mapping[str, tuple[float, str]]  # one network's figures: value and format by row


@dataclass(frozen=True)
class Evaluation:
    """A network's predictions of every test set.

    Args:
        file: of the network.
        validation_accuracy: by validation set, from the network's report.
        in_browser: probabilities and rejection scores of the exported network, by test set.
        in_keras: (n, 10) probabilities of the network in float32, by test set.
        threshold: of rejection; None for a network that rejects nothing.
        non_digit_scores: (n,) rejection scores in the browser, by kind of non-digit.
    """

    file: Path
    validation_accuracy: dict[str, float]
    in_browser: dict[str, Predictions]
    in_keras: dict[str, np.ndarray]
    threshold: float | None = None
    non_digit_scores: dict[str, np.ndarray] = field(default_factory=dict)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    try:
        tests, non_digits = read_test_sets("mnist", options.unipen)
        files = dict.fromkeys(
            [*options.models, *([options.compare_to] if options.compare_to else [])]
        )
        evaluations = {file: evaluate_network(file, tests, non_digits) for file in files}
        print(tables([evaluations[file] for file in options.models], tests, non_digits))
        if options.compare_to:
            print()
            print(
                comparison(evaluations[options.models[0]], evaluations[options.compare_to], tests)
            )
    except (ExportError, SiteError, BrowserError, DataError, UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def evaluate_network(
    file: Path, tests: Sequence[TestSet], non_digits: Mapping[str, np.ndarray]
) -> Evaluation:
    """Export a network to a temporary folder and run it in a browser on every test set.

    Args:
        file: of the network.
        tests: digits.
        non_digits: (n, 28, 28) uint8 by kind; left out for a network without a threshold.
    """
    print(f"evaluating {file}", file=sys.stderr, flush=True)
    with quiet():  # TensorFlow's first operation
        model = load_model(file)
        predict = predictor(model)
        in_keras = {test.name: predict(inputs(test.images)).probabilities for test in tests}
    with tempfile.TemporaryDirectory(prefix="digitpad-") as name:
        folder = Path(name)
        with quiet():
            document = convert(model, folder, PRECISION)
        description = meta.describe(folder, document, model, file, PRECISION)
        meta.write(folder, description)
        in_browser = {
            test.name: browser_predictions(inputs(test.images), model_dir=folder) for test in tests
        }
        threshold = description["threshold"]
        scores = {
            kind: browser_predictions(inputs(images), model_dir=folder).scores
            for kind, images in ({} if threshold is None else non_digits).items()
        }
    return Evaluation(file, validation_accuracy(file), in_browser, in_keras, threshold, scores)


def validation_accuracy(file: Path) -> dict[str, float]:
    """Look up the accuracy on each validation set in the report beside a network, if it has one."""
    sets = (report_for(file) or {}).get("run", {}).get("validation", {})
    return {name: found["accuracy"] for name, found in sets.items()}


def accuracies(evaluation: Evaluation, tests: Sequence[TestSet]) -> Column:
    """Measure accuracy: on validation, on the tests, as a mean over writers, and in Keras."""
    found = {
        f"{name}, validation": accuracy for name, accuracy in evaluation.validation_accuracy.items()
    }
    for test in tests:
        readings = evaluation.in_browser[test.name].probabilities.argmax(axis=1)
        found[test.name] = (readings == test.labels).mean()
        if test.writers is not None:
            over = over_writers(test.labels, readings, test.writers)
            found[f"{test.name}, mean over writers"] = over["macro"]
        keras_readings = evaluation.in_keras[test.name].argmax(axis=1)
        found[f"{test.name}, Keras in float32"] = (keras_readings == test.labels).mean()
    return {name: (float(accuracy), PERCENT) for name, accuracy in found.items()}


def rejection_rates(evaluation: Evaluation, tests: Sequence[TestSet]) -> Column:
    """Measure the share rejected of each test set and kind; empty without a threshold."""
    if evaluation.threshold is None:
        return {}
    scores = {test.name: evaluation.in_browser[test.name].scores for test in tests}
    return {"threshold": (evaluation.threshold, DECIMAL)} | {
        name: (rejection_rate(each, evaluation.threshold), PERCENT)
        for name, each in (scores | evaluation.non_digit_scores).items()
    }


def calibration(evaluation: Evaluation, tests: Sequence[TestSet]) -> Column:
    """Measure the likelihood, and how often predictions of low confidence are right."""
    low, high = LOW_CONFIDENCE_RANGE
    found = {}
    for test in tests:
        probabilities = evaluation.in_browser[test.name].probabilities
        loss = negative_log_likelihood(test.labels, probabilities)
        found[f"{test.name}, negative log-likelihood"] = loss, DECIMAL
        measured = low_confidence(test.labels, probabilities)
        row = f"{test.name}, {low:.0%} to {high:.0%} sure"
        found[row] = measured["samples"], COUNT
        if measured["samples"]:
            found[f"{row}: mean confidence"] = measured["confidence"], PERCENT
            found[f"{row}: accuracy"] = measured["accuracy"], PERCENT
    return found


TOPICS: dict[str, Callable[[Evaluation, Sequence[TestSet]], Column]] = {
    "Accuracy": accuracies,
    "Rejected": rejection_rates,
    "Confidence": calibration,
}


def tables(
    evaluations: Sequence[Evaluation],
    tests: Sequence[TestSet],
    non_digits: Mapping[str, np.ndarray],
) -> str:
    """Format a table for each topic, and the number of samples."""
    columns_by_topic = {
        topic: [measure(each, tests) for each in evaluations] for topic, measure in TOPICS.items()
    }
    files = [str(each.file) for each in evaluations]
    parts = [
        table(topic, files, columns) for topic, columns in columns_by_topic.items() if any(columns)
    ]
    counts = [f"{test.name}: {len(test.labels):,} digits" for test in tests]
    counts += [f"{kind}: {len(images):,}" for kind, images in non_digits.items()]
    return "\n\n".join([*parts, f"({PRECISION}, in a browser; {', '.join(counts)})"])


def table(topic: str, files: Sequence[str], columns: Sequence[Column]) -> str:
    """Format a column for each network and, of several, their mean and standard deviation."""
    specs = {name: spec for column in columns for name, (_, spec) in column.items()}
    rows = [[topic, *files, *(["mean ± standard deviation"] if len(files) > 1 else [])]]
    for name, spec in specs.items():
        values = [column[name][0] for column in columns if name in column]
        cells = [f"{column[name][0]:{spec}}" if name in column else NO_VALUE for column in columns]
        if len(files) > 1:
            known = len(values) > 1
            cells += [format_mean_and_sd(mean_and_sd(values), spec) if known else NO_VALUE]
        rows.append([name, *cells])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([f"{row[0]:{widths[0]}}", *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )


def comparison(evaluation: Evaluation, reference: Evaluation, tests: Sequence[TestSet]) -> str:
    """Format the error reduction against a reference network, with 95% intervals over writers."""
    lines = [f"{evaluation.file} against {reference.file}"]
    for test in tests:
        both = [each.in_browser[test.name].probabilities for each in (evaluation, reference)]
        found = compare(test.labels, test.writers, *both)
        for kind in ("micro",) if test.writers is None else ("micro", "macro"):
            shares = found[kind]
            lines.append(
                f"  {test.name}, {kind}: {format_percent(shares['accuracy'])} "
                f"({format_interval(shares['accuracy_interval'])}) against "
                f"{format_percent(shares['accuracy_against'])} "
                f"({format_interval(shares['accuracy_against_interval'])}): "
                f"{format_percent(shares['reduction'], 1)} "
                f"({format_interval(shares['reduction_interval'], 1)}) fewer errors"
            )
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        "python -m export.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("models", nargs="+", type=Path, metavar="FILE", help="Keras files")
    add_unipen(made, "UNIPEN's archive: adds its test writers; may be repeated", nargs=1)
    made.add_argument(
        "--compare-to", type=Path, metavar="FILE", help="network to compare the first one with"
    )
    made.add_argument(
        "--against", dest="compare_to", type=Path, help=argparse.SUPPRESS
    )  # the old name
    return made


if __name__ == "__main__":
    main()
