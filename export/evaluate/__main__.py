"""Networks side by side, as visitors meet them: quantised, in a browser, on the test digits.

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

from train.quiet import quiet

os.environ["KERAS_BACKEND"] = "tensorflow"  # read once, at Keras' import

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
    from train.reporting.provenance import report_for
    from train.samples.prepare import TestSet, read_test_sets

PRECISION = "uint8"  # what is shipped
SHARE = ".2%"
COUNT = ",.0f"

Figures = Mapping[str, tuple[float, str]]  # by what they are of: the number and its format


@dataclass(frozen=True)
class Judged:
    """What a network said of every test.

    `validation` are its accuracies in validation, `said` the browser's answers and `keras` the
    unquantised network's (n, 10) probabilities, by set of digits. Where it has a `threshold`,
    `others` are the browser's (n,) scores of what is no digit, by kind.
    """

    file: Path
    validation: dict[str, float]
    said: dict[str, Predictions]
    keras: dict[str, np.ndarray]
    threshold: float | None = None
    others: dict[str, np.ndarray] = field(default_factory=dict)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    try:
        tests, others = read_test_sets("mnist", options.unipen)
        files = dict.fromkeys(
            [*options.models, *([options.compare_to] if options.compare_to else [])]
        )
        judged = {file: judge(file, tests, others) for file in files}
        print(tables([judged[file] for file in options.models], tests, others))
        if options.compare_to:
            print()
            print(comparison(judged[options.models[0]], judged[options.compare_to], tests))
    except (ExportError, SiteError, BrowserError, DataError, UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def judge(file: Path, tests: Sequence[TestSet], others: Mapping[str, np.ndarray]) -> Judged:
    """Export a network aside, as it would be shipped, and let a browser read the tests with it.

    Args:
        file: of the network.
        tests: digits.
        others: what is no digit, (n, 28, 28) uint8 by kind; only a network that refuses is asked.
    """
    print(f"reading with {file}", file=sys.stderr, flush=True)
    with quiet():  # TensorFlow's first operation
        model = load_model(file)
        keras = predictor(model)
        expected = {test.name: keras(inputs(test.images)[..., None]) for test in tests}
    with tempfile.TemporaryDirectory(prefix="digitpad-") as name:
        folder = Path(name)
        with quiet():
            document = convert(model, folder, PRECISION)
        described = meta.describe(folder, document, model, file, PRECISION)
        meta.write(folder, described)
        said = {
            test.name: browser_predictions(inputs(test.images), model_dir=folder) for test in tests
        }
        threshold = described["threshold"]
        asked = {} if threshold is None else others
        scores = {
            kind: browser_predictions(inputs(images), model_dir=folder).scores
            for kind, images in asked.items()
        }
    probabilities = {name: answers.probabilities for name, answers in expected.items()}
    return Judged(file, validation_of(file), said, probabilities, threshold, scores)


def inputs(images: np.ndarray) -> np.ndarray:
    """(n, 28, 28) uint8 images as float32 in [0, 1]."""
    return images.astype(np.float32) / 255


def validation_of(file: Path) -> dict[str, float]:
    """Accuracies on the sets that were watched, from the report beside a network, if it is its."""
    watched = (report_for(file) or {}).get("run", {}).get("validation", {})
    return {name: found["accuracy"] for name, found in watched.items()}


def accuracies(network: Judged, tests: Sequence[TestSet]) -> Figures:
    """Shares read right: in validation, of the tests, over their writers, and unquantised."""
    found = {f"{name}, validation": value for name, value in network.validation.items()}
    for test in tests:
        readings = network.said[test.name].probabilities.argmax(axis=1)
        found[test.name] = (readings == test.labels).mean()
        if test.writers is not None:
            over = over_writers(test.labels, readings, test.writers)
            found[f"{test.name}, mean over writers"] = over["macro"]
        in_keras = network.keras[test.name].argmax(axis=1)
        found[f"{test.name}, Keras in float32"] = (in_keras == test.labels).mean()
    return {name: (float(value), SHARE) for name, value in found.items()}


def refusals(network: Judged, tests: Sequence[TestSet]) -> Figures:
    """Shares refused at the network's own threshold; nothing where it has none."""
    if network.threshold is None:
        return {}
    scores = {test.name: network.said[test.name].scores for test in tests} | network.others
    shares = {name: rejection_rate(each, network.threshold) for name, each in scores.items()}
    return {"threshold": (network.threshold, ".4f")} | {
        name: (share, SHARE) for name, share in shares.items()
    }


def confidences(network: Judged, tests: Sequence[TestSet]) -> Figures:
    """How far the probabilities can be believed, above all those of unsure answers."""
    low, high = LOW_CONFIDENCE_RANGE
    found = {}
    for test in tests:
        probabilities = network.said[test.name].probabilities
        lost = negative_log_likelihood(test.labels, probabilities)
        found[f"{test.name}, negative log-likelihood"] = lost, ".4f"
        answers = low_confidence(test.labels, probabilities)
        heading = f"{test.name}, {low:.0%} to {high:.0%} sure"
        found[heading] = answers["samples"], COUNT
        if answers["samples"]:
            found[f"{heading}: mean confidence"] = answers["confidence"], SHARE
            found[f"{heading}: read right"] = answers["accuracy"], SHARE
    return found


TOPICS: dict[str, Callable[[Judged, Sequence[TestSet]], Figures]] = {
    "Read right": accuracies,
    "Refused as no digit, above the threshold": refusals,
    "Confidence": confidences,
}


def tables(
    networks: Sequence[Judged], tests: Sequence[TestSet], others: Mapping[str, np.ndarray]
) -> str:
    """Every topic's table, and how many samples there were."""
    found = {
        topic: [figures(each, tests) for each in networks] for topic, figures in TOPICS.items()
    }
    names = [str(network.file) for network in networks]
    parts = [table(topic, names, columns) for topic, columns in found.items() if any(columns)]
    counts = [f"{test.name}: {len(test.labels):,} digits" for test in tests]
    counts += [f"{kind}: {len(images):,}" for kind, images in others.items()]
    return "\n\n".join([*parts, f"({PRECISION}, in a browser; {', '.join(counts)})"])


def table(topic: str, names: Sequence[str], columns: Sequence[Figures]) -> str:
    """A column a network and, for several, their mean and standard deviation (n - 1)."""
    kinds = {name: spec for column in columns for name, (_, spec) in column.items()}
    heads = [*names, *(["mean ± standard deviation"] if len(names) > 1 else [])]
    rows = [[topic, *heads]]
    for name, spec in kinds.items():
        numbers = [column[name][0] for column in columns if name in column]
        cells = [f"{column[name][0]:{spec}}" if name in column else "-" for column in columns]
        rows.append([name, *cells, *([spread(numbers, spec)] if len(names) > 1 else [])])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([f"{row[0]:{widths[0]}}", *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )


def spread(numbers: Sequence[float], spec: str) -> str:
    """Mean and standard deviation (n - 1) of several networks' figures."""
    if len(numbers) < 2:
        return "-"
    return f"{np.mean(numbers):{spec}} ± {np.std(numbers, ddof=1):{spec}}"


def comparison(network: Judged, other: Judged, tests: Sequence[TestSet]) -> str:
    """How many of the other's errors the first one spares; 95% intervals over writers."""
    lines = [f"{network.file} against {other.file}"]
    for test in tests:
        both = [each.said[test.name].probabilities for each in (network, other)]
        found = compare(test.labels, test.writers, *both)
        for kind in ("micro",) if test.writers is None else ("micro", "macro"):
            shares = found[kind]
            spared = "-" if shares["reduction"] is None else f"{shares['reduction']:.1%}"
            lines.append(
                f"  {test.name}, {kind}: {shares['accuracy']:.2%} "
                f"{between(shares['accuracy_interval'])} against {shares['accuracy_against']:.2%} "
                f"{between(shares['accuracy_against_interval'])}: "
                f"{spared} {between(shares['reduction_interval'], 1)} fewer errors"
            )
    return "\n".join(lines)


def between(interval: Sequence[float] | None, decimals: int = 2) -> str:
    """A 95% interval in percent; a dash where some resample left it undefined."""
    return "(-)" if interval is None else "({:.{d}%} to {:.{d}%})".format(*interval, d=decimals)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m export.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("models", nargs="+", type=Path, metavar="FILE", help="Keras files")
    made.add_argument("--unipen", metavar="PATH", help="UNIPEN's archive: its test writers too")
    made.add_argument(
        "--compare-to", type=Path, metavar="FILE", help="a network to compare the first one with"
    )
    made.add_argument("--against", dest="compare_to", type=Path, help=argparse.SUPPRESS)
    return made


if __name__ == "__main__":
    main()
