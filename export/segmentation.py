"""Fit the segmentation of strokes into symbols, on composed and on real numbers.

    python -m export.segmentation --unipen PATH         fit; write the weights
    python -m export.evaluate.numbers --unipen PATH     read numbers of the test writers

Numbers are composed of training writers' digits. UNIPEN's category 7, if it is among the paths,
adds numbers that training writers wrote. Their labels do not say which strokes form a digit: the
correct partition is the one that the network reads as the label; numbers without one are skipped.

The score of a partition of a number's strokes is the weighted sum of its symbols' features, which
`web/recognizer.js` measures in a browser. The weights are those of a log-linear model over all
partitions, fitted by Newton's method to the correct ones.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from train.arguments import add_unipen, positive
from train.quiet import quiet

with quiet():
    import numpy as np

    from export import meta
    from export.browser.launch import BrowserError
    from export.browser.page import MODEL, SiteError, evaluate, model_page
    from export.runtime_bundle import ExportError
    from files import precache
    from files.atomic import write_atomically
    from train.data.unipen.characters import Ink, UnipenError
    from train.samples.non_digits import DIGIT_LOOKALIKES
    from train.samples.numbers import (
        GAPS,
        Line,
        Number,
        bounding_box,
        compose,
        writers_with_at_least,
    )
    from train.samples.unipen_ink import UnipenInk, read_ink

NUMBERS = 1500
LENGTHS = (1, 2, 3, 4)
MAX_PARTITIONS = 3000  # numbers with more partitions are skipped
PRIOR = 3e-4  # precision of the weights' Gaussian prior, per number
STEPS = 100
SEED = 0

CANDIDATES = """async drawing => {
    recognizer.meta.segment ??= { weights: {} };
    return recognizer.candidates(drawing).map(({ strokes, features, prediction }) =>
        ({ strokes, features, probabilities: Array.from(prediction.probabilities) }));
}"""
NAMES = """async () => (await import("/recognizer.js")).FEATURES"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    try:
        ink = read_ink(options.unipen)
        run(ink, options.numbers)
    except (ExportError, SiteError, BrowserError, UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def run(ink: UnipenInk, count: int) -> None:
    """Compose numbers, measure features in the browser, fit the weights and write them.

    Args:
        ink: of which that of the training writers is used.
        count: how many numbers to compose; all real numbers are added.

    Raises:
        SiteError, BrowserError: the page does not run.
        OSError: the weights cannot be written.
    """
    non_digits = [
        each
        for kind, alike in DIGIT_LOOKALIKES.items()
        for each in ink.non_digits[kind]["train"]
        if each.label not in alike
    ]
    composed = compose_numbers(ink.digits["train"], non_digits, count, np.random.default_rng(SEED))
    real = [Number(each.label, each.strokes, []) for each in ink.numbers["train"]]
    examples = []
    with model_page() as page:
        names = evaluate(page, NAMES)
        for number in [*composed, *real]:
            candidates = evaluate(page, CANDIDATES, number.strokes)
            examples.append(partition_features(number, candidates))
            if len(examples) % 100 == 0:
                total = len(composed) + len(real)
                print(f"measured {len(examples):,} of {total:,} numbers", flush=True)
    weights = fit([rows for rows in examples if rows is not None])
    print(fit_summary("composed", examples[:count], weights))
    if real:
        print(fit_summary("real", examples[count:], weights))
    found = dict(zip(names, np.round(weights, 4).tolist(), strict=True))
    save(found)


def fit_summary(kind: str, examples: Sequence[np.ndarray | None], weights: np.ndarray) -> str:
    """Say how many numbers the weights segment correctly; None stands for a skipped one."""
    kept = [rows for rows in examples if rows is not None]
    skipped = f"{len(examples) - len(kept)} {kind} numbers were skipped"
    if not kept:
        return skipped
    accuracy = np.mean([(rows @ weights).argmax() == 0 for rows in kept])
    return (
        f"{accuracy:.1%} of {len(kept):,} {kind} numbers are segmented correctly "
        f"({np.mean([len(rows) for rows in kept]):.1f} partitions each; {skipped})"
    )


def save(weights: dict[str, float]) -> None:
    """Write the weights to models/segmentation.json, for later exports, and to meta.json."""
    text = json.dumps({"weights": weights}, indent=1) + "\n"
    write_atomically(meta.SEGMENTATION, lambda file: file.write(text.encode()))
    shipped = meta.read(MODEL) | {"segment": {"weights": weights}}
    content = meta.text(shipped).encode()
    write_atomically(MODEL / meta.NAME, lambda file: file.write(content))
    precache.write(MODEL.parent)
    print(f"wrote {meta.SEGMENTATION} and {MODEL / meta.NAME}")


def compose_numbers(
    inks: Sequence[Ink], non_digits: Sequence[Ink], count: int, rng: np.random.Generator
) -> list[Number]:
    """Compose numbers with varied gaps, slopes, sizes, late bars and marks.

    `non_digits` are non-digit characters, some of which are placed between digits.
    """
    writers = writers_with_at_least(inks, 2)
    return [
        random_number(writers[rng.integers(len(writers))], non_digits, rng) for _ in range(count)
    ]


def random_number(
    digits_of_writer: Sequence[Ink], non_digits: Sequence[Ink], rng: np.random.Generator
) -> Number:
    """Compose a number from digits of one writer."""
    length = LENGTHS[rng.integers(len(LENGTHS))]
    line = Line(gap=list(GAPS.values())[rng.integers(len(GAPS))])
    if rng.random() < 0.25:
        line = replace(line, sizes=2.0)
    if rng.random() < 0.25:
        line = replace(line, slope=rng.uniform(-0.26, 0.26))
    if rng.random() < 0.25:
        line = replace(line, late=True)
    non_digit = None
    if length > 1 and rng.random() < 0.2:
        line = replace(line, mark=int(rng.integers(length - 1)))
        if rng.random() < 0.5:
            non_digit = non_digits[rng.integers(len(non_digits))]
    digits = [digits_of_writer[rng.integers(len(digits_of_writer))] for _ in range(length)]
    return compose(digits, line, rng, non_digit)


def partitions(groups: Sequence[frozenset[int]], strokes: int) -> Iterator[tuple[int, ...]]:
    """Yield every partition of `strokes` strokes into groups, as indices of the groups."""
    holding = [[g for g, group in enumerate(groups) if k in group] for k in range(strokes)]

    def share(taken: frozenset[int], chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        first = next((k for k in range(strokes) if k not in taken), None)
        if first is None:
            yield chosen
            return
        for group in holding[first]:
            if not groups[group] & taken:
                yield from share(taken | groups[group], (*chosen, group))

    return share(frozenset(), ())


def partition_features(number: Number, candidates: Sequence[dict[str, Any]]) -> np.ndarray | None:
    """Return the features of each partition of a number's strokes, (partitions, features).

    Row 0 is the correct partition. None if that is missing or if there are more than
    `MAX_PARTITIONS`.
    """
    groups = [frozenset(each["strokes"]) for each in candidates]
    features = np.array([each["features"] for each in candidates])
    found = list(itertools.islice(partitions(groups, len(number.strokes)), MAX_PARTITIONS + 1))
    if len(found) > MAX_PARTITIONS:
        return None
    if number.symbols:
        symbols = {frozenset(symbol) for symbol in number.symbols}
        correct = next((p for p in found if {groups[k] for k in p} == symbols), None)
    else:
        correct = best_reading(number, candidates, found)
    if correct is None:
        return None
    rows = [features[list(chosen)].sum(axis=0) for chosen in found]
    place = found.index(correct)
    rows[0], rows[place] = rows[place], rows[0]
    return np.array(rows)


def best_reading(
    number: Number, candidates: Sequence[dict[str, Any]], found: Sequence[tuple[int, ...]]
) -> tuple[int, ...] | None:
    """Return the partition that reads most surely as the number's text, or None.

    Each of its symbols has to read as its digit, with a probability above 1/2.
    """
    boxes = [bounding_box([number.strokes[k] for k in each["strokes"]]) for each in candidates]
    middles = [low[0] + high[0] for low, high in boxes]

    def confidence(chosen: tuple[int, ...]) -> float:
        in_order = sorted(chosen, key=lambda group: middles[group])
        shares = [
            candidates[group]["probabilities"][int(digit)]
            for group, digit in zip(in_order, number.text, strict=True)
        ]
        return np.prod(shares) if min(shares) > 0.5 else 0.0

    fitting = [chosen for chosen in found if len(chosen) == len(number.text)]
    best = max(fitting, key=confidence, default=None)
    return best if best is not None and confidence(best) > 0 else None


def fit(examples: Sequence[np.ndarray], prior: float = PRIOR) -> np.ndarray:
    """Fit the log-linear model by Newton's method.

    Args:
        examples: (partitions, features) for each number, row 0 the correct partition.
        prior: precision of the weights' Gaussian prior, per number.

    Returns:
        weights (features,).
    """
    size = examples[0].shape[1]
    weights = np.zeros(size)
    for _ in range(STEPS):
        gradient = prior * len(examples) * weights
        curvature = prior * len(examples) * np.eye(size)
        for rows in examples:
            scores = rows @ weights
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            mean = shares @ rows
            gradient += mean - rows[0]
            curvature += (rows * shares[:, None]).T @ rows - np.outer(mean, mean)
        step = np.linalg.solve(curvature, gradient)
        weights -= step / max(1, np.abs(step).max())  # limit the step far from the optimum
        if np.abs(step).max() < 1e-6:
            break
    return weights


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        "python -m export.segmentation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_unipen(made, "UNIPEN's archives", required=True)
    made.add_argument(
        "--numbers",
        type=positive,
        default=NUMBERS,
        metavar="N",
        help="how many numbers to compose (default: %(default)s)",
    )
    return made


if __name__ == "__main__":
    main()
