"""Fit the segmentation of strokes into symbols, on composed and on real numbers.

    python -m export.segmentation --unipen PATH         fit; write the weights
    python -m export.evaluate.numbers --unipen PATH     read numbers of the test writers

Numbers are composed of training writers' digits; as many of their digits of several strokes are
added as they are. UNIPEN's category 7, if it is among the paths, adds digits and whole numbers that
training writers wrote. The labels of numbers do not say which strokes form a digit: the correct
partition is the one that the network reads as the label; numbers without one are skipped.

The score of a partition of a number's strokes is the weighted sum of its symbols' features, which
`web/recognizer.js` measures in a browser. The weights are those of a log-linear model over all
partitions, fitted by Newton's method to the correct ones. `weights` are fitted to digits written
apart. `cut_weights` hold once doubtful strokes are cut: they are fitted to what the page would cut
with the first weights, of joined numbers, of digits apart and of single digits. Digits that are cut
for doubt are harder to keep whole than others.
"""

import argparse
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from train.arguments import add_unipen, positive
from train.quiet import quiet

with quiet():
    import numpy as np
    from playwright.sync_api import Page

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
        join,
        writers_with_at_least,
    )
    from train.samples.unipen_ink import UnipenInk, read_ink

NUMBERS = 1500
LENGTHS = (1, 2, 3, 4)
MARKED = 0.35  # share of the numbers that have a mark
TIMES = 3  # numbers and single digits that may be doubtful, for each that is fitted whole
JOINED = 0.4  # share of these numbers that have joined digits
SAME_INK = 0.8  # share of points by which a run of a stroke is told to be a joined digit
MAX_PARTITIONS = 3000  # numbers with more partitions are skipped
PRIOR = 3e-4  # precision of the weights' Gaussian prior, per number
STEPS = 100
SEED = 0

# The (partitions, features) of a number, correct partitions first, and how many are correct.
Example = tuple[np.ndarray, int]

CANDIDATES = """async ([drawing, cut]) => {
    recognizer.meta.segment ??= { weights: {} };
    return (await recognizer.candidates(drawing, cut)).map(
        ({ strokes, cells, pieces, features, prediction }) => ({
            strokes, cells, pieces, features, probabilities: Array.from(prediction.probabilities),
        }));
}"""
# The strokes that the page would cut: those of doubtful symbols.
DOUBTFUL = """async drawing => {
    const { mayBeSeveral } = await import("/recognition/scoring.js");
    const candidates = await recognizer.candidates(drawing);
    const { symbols } = await recognizer.read(drawing);
    return symbols.flatMap(({ strokes }) => {
        const own = candidates.find(each => each.strokes.join() === strokes.join());
        return mayBeSeveral(own.features, recognizer.meta) ? strokes : [];
    });
}"""
READ_WHOLE = """weights => {
    recognizer.meta.segment = { weights, cut_weights: { cut: -1e6 } };
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
    digits = ink.digits["train"]
    composed = compose_numbers(digits, non_digits, count, np.random.default_rng(SEED))
    all_digits = ink.all_digits("train")
    single = single_digits(all_digits, count, min_strokes=2)
    real = [Number(each.label, each.strokes, []) for each in ink.numbers["train"]]
    rng = np.random.default_rng([SEED, 1])
    mixed = compose_numbers(digits, non_digits, TIMES * count, rng, joined=JOINED)
    mixed += [*single_digits(all_digits, TIMES * count), *real]
    with model_page() as page:
        names = evaluate(page, NAMES)
        whole = measure(page, [(number, []) for number in [*composed, *single, *real]])
        weights = fit([example for example in whole if example is not None])
        evaluate(page, READ_WHOLE, rounded(names, weights))
        doubtful = [(number, evaluate(page, DOUBTFUL, number.strokes)) for number in mixed]
        cut = measure(page, [(number, strokes) for number, strokes in doubtful if strokes])
    cut_weights = fit([example for example in cut if example is not None])
    print(fit_summary("composed numbers", whole[: len(composed)], weights))
    alone = whole[len(composed) : len(composed) + len(single)]
    print(fit_summary("single digits of several strokes", alone, weights))
    if real:
        print(fit_summary("real numbers", whole[-len(real) :], weights))
    print(fit_summary("numbers with cut strokes", cut, cut_weights))
    save({"weights": rounded(names, weights), "cut_weights": rounded(names, cut_weights)})


def rounded(names: Sequence[str], weights: np.ndarray) -> dict[str, float]:
    """Return the weights by the names of their features."""
    return dict(zip(names, np.round(weights, 4).tolist(), strict=True))


def measure(page: Page, numbers: Sequence[tuple[Number, list[int]]]) -> list[Example | None]:
    """Return the features of each number's partitions, given its strokes to cut."""
    examples = []
    for number, cut in numbers:
        candidates = evaluate(page, CANDIDATES, [number.strokes, cut])
        examples.append(partition_features(number, candidates))
        if len(examples) % 100 == 0:
            print(f"measured {len(examples):,} of {len(numbers):,} numbers", flush=True)
    return examples


def fit_summary(kind: str, examples: Sequence[Example | None], weights: np.ndarray) -> str:
    """Say how many numbers the weights segment correctly; None stands for a skipped one."""
    kept = [example for example in examples if example is not None]
    skipped = f"{len(examples) - len(kept)} {kind} were skipped"
    if not kept:
        return skipped
    accuracy = np.mean([(rows @ weights).argmax() < correct for rows, correct in kept])
    return (
        f"{accuracy:.1%} of {len(kept):,} {kind} are segmented correctly "
        f"({np.mean([len(rows) for rows, _ in kept]):.1f} partitions each; {skipped})"
    )


def save(weights: dict[str, dict[str, float]]) -> None:
    """Write the weights to models/segmentation.json, for later exports, and to meta.json."""
    text = json.dumps(weights, indent=1) + "\n"
    write_atomically(meta.SEGMENTATION, lambda file: file.write(text.encode()))
    content = meta.text(meta.read(MODEL) | {"segment": weights}).encode()
    write_atomically(MODEL / meta.NAME, lambda file: file.write(content))
    precache.write(MODEL.parent)
    print(f"wrote {meta.SEGMENTATION} and {MODEL / meta.NAME}")


def compose_numbers(
    inks: Sequence[Ink],
    non_digits: Sequence[Ink],
    count: int,
    rng: np.random.Generator,
    joined: float = 0.0,
) -> list[Number]:
    """Compose numbers with varied gaps, slopes, sizes, late bars and marks.

    `non_digits` are non-digit characters, some of which are placed between digits. `joined` is the
    probability that some neighbouring digits are joined.
    """
    writers = writers_with_at_least(inks, 2)
    return [
        random_number(writers[rng.integers(len(writers))], non_digits, rng, joined)
        for _ in range(count)
    ]


def single_digits(inks: Sequence[Ink], count: int, min_strokes: int = 1) -> list[Number]:
    """Choose digits of that many strokes at least, which are one symbol each."""
    several = [ink for ink in inks if len(ink.strokes) >= min_strokes]
    order = np.random.default_rng([SEED, 2]).permutation(len(several))[:count]
    return [
        Number(several[k].label, several[k].strokes, [list(range(len(several[k].strokes)))])
        for k in order
    ]


def random_number(
    digits_of_writer: Sequence[Ink],
    non_digits: Sequence[Ink],
    rng: np.random.Generator,
    joined: float,
) -> Number:
    """Compose a number from digits of one writer."""
    length = LENGTHS[rng.integers(len(LENGTHS))]
    joins = joined > 0 and length > 1 and rng.random() < joined
    line = Line(gap=list(GAPS.values())[rng.integers(len(GAPS))])
    if rng.random() < 0.25:
        line = replace(line, sizes=2.0)
    if rng.random() < 0.25:
        line = replace(line, slope=rng.uniform(-0.26, 0.26))
    if not joins and rng.random() < 0.25:
        line = replace(line, late=True)
    non_digit = None
    if length > 1 and rng.random() < MARKED:
        line = replace(line, mark=int(rng.integers(length - 1)))
        if rng.random() < 0.5:
            non_digit = non_digits[rng.integers(len(non_digits))]
    digits = [digits_of_writer[rng.integers(len(digits_of_writer))] for _ in range(length)]
    number = compose(digits, line, rng, non_digit)
    return join(number, rng, share=rng.random()) if joins else number


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


def partition_features(number: Number, candidates: Sequence[dict[str, Any]]) -> Example | None:
    """Return the features of each partition of a number's cells, the correct ones first.

    Several ways to cut joined digits may be correct. None if no partition is or if there are more
    than `MAX_PARTITIONS`.
    """
    groups = [frozenset(each["cells"]) for each in candidates]
    features = np.array([each["features"] for each in candidates])
    cells = 1 + max(max(group) for group in groups)
    found = list(itertools.islice(partitions(groups, cells), MAX_PARTITIONS + 1))
    if len(found) > MAX_PARTITIONS:
        return None
    if number.symbols:
        symbols = [symbol_of(number, each["pieces"]) for each in candidates]
        everyone = set(range(len(number.symbols)))
        correct = {
            chosen
            for chosen in found
            if len(chosen) == len(everyone) and {symbols[k] for k in chosen} == everyone
        }
    else:
        correct = {best_reading(number, candidates, found)} - {None}
    if not correct:
        return None
    found.sort(key=lambda chosen: chosen not in correct)
    return np.array([features[list(chosen)].sum(axis=0) for chosen in found]), len(correct)


def symbol_of(number: Number, pieces: Sequence[dict[str, Any]]) -> int | None:
    """Return the index of the symbol that pieces are the ink of, or None.

    Of joined digits, `SAME_INK` of the points suffices.
    """
    owners = number.owners
    if owners is None:
        strokes = sorted(piece["stroke"] for piece in pieces)
        whole = all(
            piece["to"] - piece["from"] == len(number.strokes[piece["stroke"]]) - 1
            for piece in pieces
        )
        return number.symbols.index(strokes) if whole and strokes in number.symbols else None
    held = Counter(
        symbol
        for piece in pieces
        if not piece.get("connection")
        for symbol in owners[piece["stroke"]][piece["from"] : piece["to"] + 1]
    )
    symbol = max((each for each in held if each is not None), key=held.__getitem__, default=None)
    if symbol is None:
        return None
    all_points = sum(own.count(symbol) for own in owners)
    enough = min(held[symbol] / all_points, held[symbol] / held.total()) >= SAME_INK
    return symbol if enough else None


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


def fit(examples: Sequence[Example], prior: float = PRIOR) -> np.ndarray:
    """Fit the log-linear model by Newton's method.

    Args:
        examples: the partitions of each number; one of the correct ones is to be likely.
        prior: precision of the weights' Gaussian prior, per number.

    Returns:
        weights (features,).
    """
    size = examples[0][0].shape[1]
    weights = np.zeros(size)
    for _ in range(STEPS):
        gradient = prior * len(examples) * weights
        curvature = prior * len(examples) * np.eye(size)
        for rows, count in examples:
            scores = rows @ weights
            shares = np.exp(scores - scores.max())
            right = shares[:count] / shares[:count].sum()
            shares /= shares.sum()
            mean = shares @ rows
            gradient += mean - right @ rows[:count]
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
