"""Train without one contributor's ink and read that ink, for each of several contributors.

A visitor draws on a device that nobody trained on, so new writers of a known collection are too
easy a test. Only inks of training and validation writers are read: test writers decide nothing.
"""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from files.atomic import write_atomically
from train.data.unipen.characters import WORDS, Ink, UnipenError
from train.evaluation.intervals import bootstrap_counts, percentile_interval
from train.evaluation.predict import predict
from train.evaluation.predictions import Predictions
from train.evaluation.summary import validation_summary
from train.fitting.fit import fit
from train.fitting.settings import Settings
from train.options import drawing_settings
from train.reporting.format import format_interval, format_percent, markdown_table
from train.reporting.results import add_result, read_results
from train.samples.prepare import prepare_data
from train.samples.training_set import as_pixels, inputs
from train.samples.unipen_ink import UnipenInk, read_ink
from train.strokes.fit import fit as fit_second_network
from train.strokes.pair import fit_pair

RESULTS, TABLE = "leave-out.json", "leave-out.md"
EPOCHS = 8  # enough to rank recipes
SECOND_NETWORK_EPOCHS = 20
SPLITS_READ = ("train", "validation")


@dataclass(frozen=True)
class Recipe:
    """Hyper-parameters, and what a network is trained on and read with.

    `words`: also on single digits of category 7. `second_network`: its doubtful predictions are
    combined with those of a network for the path of the pen, trained without the contributor, too.
    """

    settings: Settings
    words: bool = True
    second_network: bool = False

    @property
    def name(self) -> str:
        """Name in the table."""
        settings = self.settings
        variations = settings.stroke_variations or "none"
        return (
            f"{settings.arch}, {settings.epochs} epochs, variations: {variations}, "
            f"category 7: {'yes' if self.words else 'no'}, {settings.num_variants} renders, "
            f"seed {settings.seed}{', second network' if self.second_network else ''}"
        )


def run(options: argparse.Namespace) -> None:
    """Train the missing networks of the options' recipes, and write a table of all results."""
    if not options.unipen:
        raise UnipenError("--leave-out needs --unipen: contributors are those of UNIPEN's ink")
    ink = read_ink(options.unipen)
    donors = largest(ink, options.donors)
    options.out.mkdir(parents=True, exist_ok=True)
    results = options.out / RESULTS
    for recipe in recipes(options):
        for donor in donors:
            facts = asdict(recipe) | {"donor": donor}
            if any(row.items() >= facts.items() for row in read_results(results)):
                continue
            print(f"without {donor}: {recipe.name}", flush=True)
            for second_network, found in measure(options, recipe, donor, ink).items():
                row = facts | {"second_network": second_network} | found
                print(f"{donor}: {row['right']:,} of {row['digits']:,} read right", flush=True)
                add_result(results, row)
    table = markdown(read_results(results))
    write_atomically(options.out / TABLE, lambda file: file.write(table.encode()))
    print(table)
    print(f"wrote {options.out / TABLE}")


def recipes(options: argparse.Namespace) -> list[Recipe]:
    """Return the recipes of the options: every architecture with every seed."""
    settings = replace(Settings(), epochs=options.epochs or EPOCHS, **drawing_settings(options))
    return [
        Recipe(
            replace(settings, arch=arch, seed=seed),
            not options.without_words,
            options.second_network,
        )
        for arch in options.archs
        for seed in range(options.seeds)
    ]


def largest(ink: UnipenInk, count: int) -> list[str]:
    """Return the contributors with the most digits to read, largest first."""
    sizes = Counter(each.contributor for each in digits_to_read(ink))
    return [name for name, _ in sizes.most_common(count)]


def digits_to_read(ink: UnipenInk) -> list[Ink]:
    """Return the single digits of training and validation writers."""
    return [each for split in SPLITS_READ for each in ink.all_digits(split)]


def measure(
    options: argparse.Namespace, recipe: Recipe, donor: str, ink: UnipenInk
) -> dict[bool, dict]:
    """Train without a contributor; return how that contributor's digits are read.

    By whether a second network is asked: False, and True where the recipe has one.
    """
    settings = recipe.settings

    def wanted(each: Ink) -> bool:
        return each.contributor != donor and (recipe.words or each.category != WORDS)

    data = prepare_data(
        options.data,
        options.unipen,
        [],
        settings.seed,
        settings.validation,
        num_variants=settings.num_variants,
        variations=settings.stroke_variations.split(),
        wanted=wanted,
    )
    work = options.out / f".training-{donor}-{settings.arch}-{settings.seed}"
    network, *_ = fit(data.training_set, data.validation_data, settings, work, resume=True)
    validation = validation_summary(network, data)
    threshold = validation["refusal"]["threshold"]
    inks = [each for each in digits_to_read(ink) if each.contributor == donor]
    drawings = [each.strokes for each in inks]
    found = {False: judge(predict(network, inputs(as_pixels(drawings))), inks, threshold)}
    if recipe.second_network:
        kept = ink.select(wanted)
        second = fit_second_network(kept, SECOND_NETWORK_EPOCHS, settings.seed, lambda line: None)
        pair = fit_pair(network, second, kept, threshold)
        found[True] = judge(pair.predict(drawings), inks, threshold)
    facts = {
        "validation": {name: each["accuracy"] for name, each in validation["validation"].items()},
        "refused": validation["refusal"]["validation"],
    }
    return {asked: each | facts for asked, each in found.items()}


def judge(predictions: Predictions, inks: Sequence[Ink], threshold: float) -> dict:
    """Count the digits that are classified right, and read right: classified right and accepted.

    Errors and digits of each writer are given too, for intervals.
    """
    labels = np.array([int(each.label) for each in inks])
    classified = predictions.probabilities.argmax(axis=1) == labels
    right = classified & (predictions.scores <= threshold)
    writers: dict[str, list[int]] = {}
    for each, fine in zip(inks, right, strict=True):
        counts = writers.setdefault(each.writer, [0, 0])
        counts[0] += 1
        counts[1] += not fine
    return {
        "digits": len(inks),
        "classified": int(classified.sum()),
        "right": int(right.sum()),
        "writers": writers,
    }


def markdown(rows: Sequence[Mapping]) -> str:
    """Format a table: recipes in rows, the share read right of each contributor in columns.

    The last column compares a recipe with the first one on the contributors that both read.
    """
    sizes = {row["donor"]: (row["digits"], len(row["writers"])) for row in rows}
    donors = sorted(sizes, key=lambda name: -sizes[name][0])
    by_recipe: dict[str, dict[str, Mapping]] = {}
    for row in rows:
        recipe = Recipe(Settings(**row["settings"]), row["words"], row.get("second_network", False))
        by_recipe.setdefault(recipe.name, {})[row["donor"]] = row
    first = next(iter(by_recipe.values()))
    head = ["Trained without the column's contributor"]
    head += [f"{name} ({sizes[name][0]:,}, {sizes[name][1]})" for name in donors]
    head += ["Not read right, mean", "Misread, mean", "MNIST, validation"]
    head += ["Fewer errors than the first row"]
    lines = [
        [name, *(share_right(found.get(donor)) for donor in donors), *summarize(found, first)]
        for name, found in by_recipe.items()
    ]
    explanation = (
        "Read right: classified right and not rejected. In brackets: digits and writers of the "
        "contributor, training and validation writers only. The last column has 95% intervals."
    )
    return f"{explanation}\n\n{markdown_table(head, lines)}\n"


def share_right(row: Mapping | None) -> str:
    """Format the share of a contributor's digits that are read right; a dash without a result."""
    return format_percent(row and row["right"] / row["digits"])


def summarize(found: Mapping[str, Mapping], first: Mapping[str, Mapping]) -> list[str]:
    """Return the last cells of a recipe's line, from results by contributor."""
    shared = sorted(found.keys() & first.keys())
    reduction, interval = error_reduction(
        [found[donor]["writers"] for donor in shared], [first[donor]["writers"] for donor in shared]
    )
    means = [
        np.mean([1 - each["right"] / each["digits"] for each in found.values()]),
        np.mean([1 - each["classified"] / each["digits"] for each in found.values()]),
        np.mean([next(iter(each["validation"].values())) for each in found.values()]),
    ]
    last = f"{format_percent(reduction, 1)} ({format_interval(interval, 1)})"
    return [*map(format_percent, means), last]


def error_reduction(
    counts: Sequence[Mapping[str, Sequence[int]]], reference: Sequence[Mapping[str, Sequence[int]]]
) -> tuple[float, list[float] | None]:
    """Return by what share the mean error rate over contributors is lower, and its 95% interval.

    Both arguments have, for each contributor, the digits and the errors of each writer. Writers are
    resampled within each contributor, the same ones for both.
    """
    rates, resampled = [0.0, 0.0], [0.0, 0.0]
    for ours, theirs in zip(counts, reference, strict=True):
        names = sorted(ours)
        weights = bootstrap_counts(len(names))
        for k, each in enumerate((ours, theirs)):
            digits, errors = np.array([each[name] for name in names], float).T
            rates[k] = rates[k] + errors.sum() / digits.sum()
            resampled[k] = resampled[k] + (weights @ errors) / np.maximum(weights @ digits, 1)
    if not rates[1]:
        return 0.0, None
    return 1 - rates[0] / rates[1], percentile_interval(1 - np.divide(*resampled))
