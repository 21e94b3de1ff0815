"""Judge a trained network on digits that nothing was chosen on, and write down what comes out.

    python -m train.report --unipen PATH                        make models/report again
    python -m train.report --unipen PATH --against OTHER.keras  with a comparison of two networks

`python -m train` calls `write` at its very end. `report.json` has every figure, `report/index.html`
shows them, `MODEL_CARD.md` says what the model is for.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from files.drawings import DataError
from train.data.unipen.characters import UnipenError
from train.quiet import quiet

with quiet():
    from train.network.saving import load_network
    from train.reporting.provenance import NOTHING_KNOWN, known
    from train.reporting.write import summary, write
    from train.samples.prepare import read_test_sets


def described(model: Path) -> str:
    """A model's file name and, where its report says so, what it was trained on."""
    trained_on = "; ".join((known(model) or NOTHING_KNOWN)["run"].get("trained_on", []))
    return f"{model.name} (trained on {trained_on})" if trained_on else model.name


def remake(options: argparse.Namespace) -> None:
    """Judge a saved network again."""
    network = load_network(options.model)
    baseline = load_network(options.baseline) if options.baseline else None
    against = (
        (described(options.against), load_network(options.against)) if options.against else None
    )
    before = known(options.model) or NOTHING_KNOWN
    if before is NOTHING_KNOWN:
        print(f"no report of {options.model} to take its settings from", file=sys.stderr)
    tests, negatives = read_test_sets(options.data, options.unipen)
    report = write(
        options.out,
        network,
        tests,
        negatives=negatives,
        run=before["run"],
        history=before["history"],
        baseline=baseline,
        against=against,
        model=options.model,
    )
    print(summary(report))
    print(f"wrote {options.out / 'report' / 'index.html'}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        "python -m train.report", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--model", type=Path, metavar="FILE", help="OUT/digits.keras by default")
    add("--data", default="mnist", metavar="SOURCE", help="whose test digits; as for training")
    add("--unipen", metavar="PATH", help="UNIPEN's archive or directory: judge by its test writers")
    add("--baseline", type=Path, metavar="FILE", help="a network to draw beside this one")
    add("--against", type=Path, metavar="FILE", help="a network to compare this one with")
    add("--out", type=Path, metavar="DIR", help="the model's folder by default, models without one")
    options = parser.parse_args(arguments)
    options.out = options.out or (options.model.parent if options.model else Path("models"))
    options.model = options.model or options.out / "digits.keras"
    try:
        remake(options)
    except (DataError, UnipenError, OSError) as error:
        print(f"train.report: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
