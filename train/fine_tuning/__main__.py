"""What tuning a network to ten examples of a hand is worth, and what it costs MNIST.

python -m train.fine_tuning --unipen PATH                       by UNIPEN's test writers
python -m train.fine_tuning --unipen PATH --writers validation

Of each writer with enough digits the first ten are examples, as in
`python -m export.evaluate.personalization`; the network is tuned to them as
`python -m train --drawings FILE --from MODEL` does, without UNIPEN, and reads the rest. Where
that would be refused, for what MNIST would lose, it stays as it was.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from train.quiet import quiet

with quiet():
    import numpy as np

    from files.drawings import DataError
    from train.data.unipen.characters import Ink, UnipenError
    from train.evaluation.metrics import negative_log_likelihood
    from train.evaluation.predict import threshold
    from train.fine_tuning.few_shot import shared_out, worth
    from train.fine_tuning.tuner import Tuner, forgets, said
    from train.fitting.settings import (
        FINE_TUNE_PRESET,
        REPLAY_IMAGES,
        REPLAY_NON_DIGITS,
        FitError,
        Settings,
    )
    from train.network.saving import load_network
    from train.reporting.provenance import NOTHING_KNOWN, known
    from train.samples.prepare import prepare_data, read_ink
    from train.samples.training_set import as_pixels, inputs


Answers = tuple[
    np.ndarray, np.ndarray
]  # (n, 11) as `train.fine_tuning.tuner.said` has it, and (n,) labels


@dataclass(frozen=True)
class Tuned:
    """A writer's digits and everybody's, before and after; `kept`: tuning was not refused."""

    own: tuple[Answers, Answers]
    validation: float  # share of MNIST's read right afterwards
    test: float
    kept: bool


def misread(answers: Answers) -> np.ndarray:
    """Which digits are read as another one, (n,) bool."""
    said, labels = answers
    return said[:, :-1].argmax(axis=1) != labels


def wrong(answers: Answers, limit: float) -> np.ndarray:
    """Which digits are misread or refused, as the page would, (n,) bool."""
    return misread(answers) | (answers[0][:, -1] > limit)


def measure(model: Path, inks: Sequence[Ink], source: str = "mnist") -> str:
    """Tune a network to one writer after another; what it does to errors, in a few lines.

    Args:
        model: of the network; the report beside it says above which score it refuses.
        inks: of all writers.
        source: as `--data`: what to rehearse and to lose nothing of.
    """
    network = load_network(model)
    limit = threshold(network, (known(model) or NOTHING_KNOWN)["run"])
    settings = replace(Settings(), arch=network.name, **FINE_TUNE_PRESET)
    run_data = prepare_data(
        source, None, [], settings.seed, settings.validation, REPLAY_NON_DIGITS, REPLAY_IMAGES
    )
    tuner = Tuner(network, run_data.training_set, settings)
    (watched,) = run_data.validation_sets.values()
    (test,) = run_data.test_sets
    sets = [(tuner.seen(inputs(x)), y) for x, y in (watched, (test.images, test.labels))]
    before = [tuner.right(*each) for each in sets]
    found = [one(tuner, hand, rest, sets, before) for hand, rest in told(shared_out(inks))]
    return summary(found, before, 1.0 if limit is None else limit)


def one(
    tuner: Tuner,
    hand: Sequence[Ink],
    rest: Sequence[Ink],
    sets: Sequence[Answers],
    before: Sequence[float],
) -> Tuned:
    """Tune to one writer's examples and read the rest, and everybody's."""
    features = tuner.seen(inputs(as_pixels([ink.strokes for ink in rest])))
    labels = np.array([int(ink.label) for ink in rest])
    tuner.begin()
    plain = said(tuner.head, features), labels
    tuner.tune([ink.strokes for ink in hand], [int(ink.label) for ink in hand])
    validation, test = (tuner.right(*each) for each in sets)
    if forgets(before[0], validation):
        return Tuned((plain, plain), before[0], before[1], kept=False)
    return Tuned((plain, (said(tuner.head, features), labels)), validation, test, kept=True)


def told(writers: Sequence[tuple]) -> Iterator[tuple]:
    """The writers, one by one; on a terminal it is said how many are done."""
    for number, writer in enumerate(writers, 1):
        if sys.stderr.isatty():
            print(f"\rwriter {number} of {len(writers)}", end="", file=sys.stderr, flush=True)
        yield writer
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)


def summary(found: Sequence[Tuned], before: Sequence[float], limit: float) -> str:
    """Errors before and after with intervals, how sure it is, and what MNIST loses."""
    counts = np.array([len(each.own[0][1]) for each in found])
    lines = []
    for name, count in (("misread or refused", lambda a: wrong(a, limit)), ("misread", misread)):
        errors = ([count(each.own[k]).sum() for each in found] for k in (0, 1))
        lines.append(f"{name}: " + worth(counts, *map(np.array, errors), "tuned to their hand"))
    refused = [sum(int((a.own[k][0][:, -1] > limit).sum()) for a in found) for k in (0, 1)]
    lines.append("refused: {:,} digits, then {:,}".format(*refused))
    sure = [unlikely([each.own[k] for each in found]) for k in (0, 1)]
    lines.append("negative log-likelihood {:.4f}, then {:.4f}".format(*sure))
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


def unlikely(answers: Sequence[Answers]) -> float:
    """The negative log-likelihood of all writers' digits together."""
    probabilities = np.concatenate([said[:, :-1] for said, _ in answers])
    return negative_log_likelihood(np.concatenate([y for _, y in answers]), probabilities)


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
    add("--unipen", required=True, metavar="PATH", help="UNIPEN's archive")
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
