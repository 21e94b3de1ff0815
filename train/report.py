"""Evaluate a trained network on its test sets and write the report.

    python -m train.report --unipen PATH                           write models/report again
    python -m train.report --unipen PATH --compare-to OTHER.keras  and compare two networks

`python -m train` writes the same report at its end. `report.json` holds every figure,
`report/index.html` shows them, `MODEL_CARD.md` describes the model.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from files.drawings import DataError
from train.arguments import add_unipen
from train.data.unipen.characters import UnipenError
from train.quiet import import_keras, quiet

import_keras()
with quiet():
    from train.marks.head import count_recognised
    from train.network.build import has_marks
    from train.network.saving import load_network
    from train.reporting.provenance import NO_REPORT, report_for
    from train.reporting.write import summary, write
    from train.samples.prepare import read_test_sets
    from train.samples.unipen_ink import read_ink


def describe(model: Path) -> str:
    """Return a model's file name and, if its report says so, its training data."""
    trained_on = "; ".join((report_for(model) or NO_REPORT)["run"].get("trained_on", []))
    return f"{model.name} (trained on {trained_on})" if trained_on else model.name


def evaluate_again(options: argparse.Namespace) -> None:
    """Evaluate a saved network and write its report."""
    network = load_network(options.model)
    reference = load_network(options.reference) if options.reference else None
    compare_to = (
        (describe(options.compare_to), load_network(options.compare_to))
        if options.compare_to
        else None
    )
    previous = report_for(options.model) or NO_REPORT
    if previous is NO_REPORT:
        print(f"no report of {options.model}: the new one has no settings", file=sys.stderr)
    tests, negatives = read_test_sets(options.data, options.unipen)
    marks = None
    if options.unipen and has_marks(network):
        marks = count_recognised(network, read_ink(options.unipen), "test", seed=0)
    report = write(
        options.out,
        network,
        tests,
        negatives=negatives,
        run=previous["run"],
        history=previous["history"],
        reference=reference,
        compare_to=compare_to,
        model=options.model,
        marks=marks,
    )
    print(summary(report))
    print(f"wrote {options.out / 'report' / 'index.html'}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        "python -m train.report", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--model", type=Path, metavar="FILE", help="network (default: OUT/digits.keras)")
    add(
        "--data",
        default="mnist",
        metavar="SOURCE",
        help="dataset of the test digits, as for training (%(default)s)",
    )
    add_unipen(parser, "UNIPEN's archives: adds their test writers")
    add("--reference", type=Path, metavar="FILE", help="network to add to the robustness curves")
    add("--baseline", type=Path, dest="reference", help=argparse.SUPPRESS)  # the old name
    add("--compare-to", type=Path, metavar="FILE", help="network to compare this one with")
    add("--against", type=Path, dest="compare_to", help=argparse.SUPPRESS)  # the old name
    add(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the report (default: that of --model, or models)",
    )
    options = parser.parse_args(arguments)
    options.out = options.out or (options.model.parent if options.model else Path("models"))
    options.model = options.model or options.out / "digits.keras"
    try:
        evaluate_again(options)
    except (DataError, UnipenError, OSError) as error:
        print(f"train.report: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
