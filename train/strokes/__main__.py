"""Train the second network, which the page asks about doubtful symbols.

    python -m train.strokes --unipen PATH…      train; write models/strokes.keras and strokes.json
    python -m export.strokes                    convert it for the page

It reads the path of the pen: where a 7 is crossed without lifting the pen, or a 9 has a flat loop,
the order of writing tells what the image does not. The weights by which both networks' predictions
are combined are fitted to the digits and non-digits of the validation writers.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from train.arguments import add_unipen, positive, seed
from train.quiet import quiet

with quiet():
    import keras
    import numpy as np

    from files.atomic import replace_entries
    from train.data.unipen.characters import Ink, UnipenError
    from train.evaluation.predict import rejection_threshold
    from train.evaluation.predictions import Predictions
    from train.ink import Drawing
    from train.network.saving import load_network
    from train.reporting.provenance import NO_REPORT, report_for, sha256
    from train.samples.unipen_ink import UnipenInk, read_ink
    from train.strokes.combination import combine
    from train.strokes.fit import EPOCHS, fit
    from train.strokes.pair import Pair, fit_pair, predict_both
    from train.strokes.samples import make_non_digits

MODELS = Path(__file__).parents[2] / "models"
NAMES = ("strokes.keras", "strokes.json")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    try:
        run(options)
    except (UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def run(options: argparse.Namespace) -> None:
    """Train, fit the combination, print how digits are read, and write both files."""
    ink = read_ink(options.unipen)
    first = load_network(options.model)
    threshold = rejection_threshold(first, (report_for(options.model) or NO_REPORT)["run"])
    if threshold is None:
        raise OSError(f"{options.model}: the report beside it names no rejection threshold for it")
    print(ink.summary, flush=True)
    network = fit(ink, options.epochs, options.seed, lambda line: print(line, flush=True))
    pair = fit_pair(first, network, ink, threshold)
    figures = {
        split: {
            name: count_read(pair, inks, threshold) for name, inks in ink.digit_sets(split).items()
        }
        for split in ("validation", "test")
    }
    facts = {
        "combined_with": sha256(options.model),
        "weights": pair.weights.facts(),
        "epochs": options.epochs,
        "seed": options.seed,
        "parameters": network.count_params(),
        "digits": figures,
        "non_digits": count_rejected(pair, ink, threshold),
    }
    print(table(figures))
    print(
        "non-digits of test writers: {drawings:,}, rejected by the first network {alone:,}, by "
        "both {combined:,}".format(**facts["non_digits"])
    )
    with replace_entries(options.out) as folder:
        inference = keras.Model(network.input, network.output, name=network.name)  # not compiled
        inference.save(folder / NAMES[0])
        (folder / NAMES[1]).write_text(json.dumps(facts, indent=1) + "\n")
    print(f"wrote {options.out / NAMES[0]}: {network.count_params():,} parameters")


def count_read(pair: Pair, inks: Sequence[Ink], threshold: float) -> dict[str, int]:
    """Count digits that are misread, and that are rejected, by the first network and by both."""
    labels = np.array([int(each.label) for each in inks])
    counts = {"digits": len(labels)}
    for name, each in both_ways(pair, [each.strokes for each in inks]).items():
        right = each.probabilities.argmax(axis=1) == labels
        accepted = each.scores <= threshold
        counts[f"misread_{name}"] = int((~right & accepted).sum())
        counts[f"rejected_{name}"] = int((~accepted).sum())
    return counts


def count_rejected(pair: Pair, ink: UnipenInk, threshold: float) -> dict[str, int]:
    """Count the test writers' non-digits that the first network rejects, and that both do."""
    drawings = make_non_digits(ink, "test", np.random.default_rng(1))
    found = both_ways(pair, drawings)
    rejected = {name: int((each.scores > threshold).sum()) for name, each in found.items()}
    return {"drawings": len(drawings)} | rejected


def both_ways(pair: Pair, drawings: Sequence[Drawing]) -> dict[str, Predictions]:
    """Predict drawings with the first network `alone`, and with both `combined`."""
    images, classes = predict_both(pair.first, pair.second, drawings)
    return {"alone": images, "combined": combine(images, classes, pair.weights)}


def table(figures: dict[str, dict[str, dict[str, int]]]) -> str:
    """Format what `count_read` gives, a set a line."""
    return "\n".join(
        f"{split}, {name}: of {count['digits']:,} digits {count['misread_alone']} are misread and "
        f"{count['rejected_alone']} rejected by the first network, {count['misread_combined']} and "
        f"{count['rejected_combined']} by both"
        for split, sets in figures.items()
        for name, count in sets.items()
    )


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    made = argparse.ArgumentParser(
        "python -m train.strokes",
        description="Train the second network, which reads the path of the pen, on UNIPEN's ink.",
    )
    add_unipen(made, "UNIPEN's archives (.tar.xz) or directories, to train on", required=True)
    add = made.add_argument
    add("--epochs", type=positive, default=EPOCHS, metavar="N", help="default: %(default)s")
    add("--seed", type=seed, default=0, metavar="N", help="default: %(default)s")
    add(
        "--model",
        type=Path,
        default=MODELS / "digits.keras",
        metavar="FILE",
        help="the network to combine it with (default: models/digits.keras)",
    )
    add("--out", type=Path, default=MODELS, metavar="DIR", help="default: models")
    return made


if __name__ == "__main__":
    main()
