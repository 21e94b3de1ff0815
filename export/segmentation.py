"""Fit what decides which strokes are one symbol, on numbers composed of training writers' digits.

    python -m export.segmentation --unipen PATH          fit; write models/segment.json, meta.json
    python -m export.segmentation --unipen PATH --judge    read numbers of the test writers

A number's strokes can be shared out in many ways; each way's score is the weighted sum of its
symbols' features, as `web/recognizer.js` measures them in a browser. The weights make the right way
likely: a log-linear model, fitted by Newton's method.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from train.arguments import positive
from train.quiet import quiet

with quiet():
    import numpy as np
    from playwright.sync_api import Page

    from export import meta
    from export.browser.launch import BrowserError
    from export.browser.page import MODEL, SiteError, evaluate, model_page
    from export.runtime_bundle import ExportError
    from files import precache
    from files.atomic import replace as replace_file
    from train.data.unipen.characters import Ink, UnipenError
    from train.ink import Drawing
    from train.samples.non_digits import DIGIT_LOOKALIKES
    from train.samples.numbers import GAPS, Line, Number, compose, writers_with_at_least
    from train.samples.prepare import read_ink

NUMBERS = 1500
LENGTHS = (1, 2, 3, 4)
WAYS = 3000  # a number that can be shared out in more ways is left out
PRIOR = 3e-4  # precision of the weights' Gaussian prior, for each number
STEPS = 100
SEED = 0

JUDGED = 200  # numbers to a row
SEVERAL = 10  # a writer of fewer digits would write the same ones again and again
SLOPE = np.radians(15)
ROWS = {
    f"{length} digits, {gap}": (length, Line(GAPS[gap])) for length in (2, 4, 6) for gap in GAPS
} | {
    "4 digits, climbing by 15°": (4, Line(slope=SLOPE)),
    "4 digits, falling by 15°": (4, Line(slope=-SLOPE)),
    "4 digits, turned by 15° to the left": (4, Line(turn=SLOPE)),
    "4 digits, turned by 15° to the right": (4, Line(turn=-SLOPE)),
    "4 digits, a late bar": (4, Line(late=True)),
    "4 digits, sizes up to twice another's": (4, Line(sizes=2)),
    "4 digits and a mark": (4, Line(mark=1)),
}

CANDIDATES = """async drawing => {
    recognizer.meta.segment ??= { weights: {} };
    return recognizer.candidates(drawing).map(({ strokes, features }) => ({ strokes, features }));
}"""
READ = """async drawing => {
    const { text, symbols } = await recognizer.read(drawing);
    return { text, symbols: symbols.map(({ strokes }) => strokes) };
}"""
NAMES = """async () => (await import("/recognizer.js")).FEATURES"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    try:
        ink = read_ink(options.unipen)
        if options.judge:
            print(judge(ink.digits[options.judge], options.numbers or JUDGED))
        else:
            strangers = [
                each
                for kind, alike in DIGIT_LOOKALIKES.items()
                for each in ink.non_digits[kind]["train"]
                if each.label not in alike
            ]
            run(ink.digits["train"], strangers, options.numbers or NUMBERS)
    except (ExportError, SiteError, BrowserError, UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def run(inks: Sequence[Ink], strangers: Sequence[Ink], count: int) -> None:
    """Compose, measure in the browser, fit, write."""
    composed = numbers(inks, strangers, count, np.random.default_rng(SEED))
    examples = []
    with model_page() as page:
        names = evaluate(page, NAMES)
        for number in composed:
            examples.append(choices(number, evaluate(page, CANDIDATES, number.strokes)))
            if len(examples) % 100 == 0:
                print(f"measured {len(examples):,} of {count:,} numbers", flush=True)
    kept = [rows for rows in examples if rows is not None]
    weights = fit(kept)
    right = np.mean([(rows @ weights).argmax() == 0 for rows in kept])
    print(
        f"{right:.1%} of {len(kept):,} numbers are shared out right "
        f"({np.mean([len(rows) for rows in kept]):.1f} ways each; "
        f"{count - len(kept)} could not be learnt from)"
    )
    found = dict(zip(names, np.round(weights, 4).tolist(), strict=True))
    save(found)


def save(weights: dict[str, float]) -> None:
    """Write the weights beside the network, for exports to come, and into the page's model."""
    text = json.dumps({"weights": weights}, indent=1) + "\n"
    replace_file(meta.SEGMENT, lambda file: file.write(text.encode()))
    shipped = meta.read(MODEL) | {"segment": {"weights": weights}}
    content = meta.text(shipped).encode()
    replace_file(MODEL / meta.NAME, lambda file: file.write(content))
    precache.write(MODEL.parent)
    print(f"wrote {meta.SEGMENT} and {MODEL / meta.NAME}")


def judge(inks: Sequence[Ink], count: int) -> str:
    """A table: how many numbers are read right, and how many if every digit stood alone."""
    lines = ["| Numbers | Single digits | If each stood alone | Read right | Shared out right |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    with model_page() as page:
        # Every line of one length has the same digits.
        chosen = {length: choose(inks, length, count) for length, _ in ROWS.values()}
        single = {length: read_alone(page, numbers) for length, numbers in chosen.items()}
        for name, (length, line) in ROWS.items():
            places = np.random.default_rng([SEED, length, 1])
            composed = [compose(each, line, places) for each in chosen[length]]
            readings = [read(page, number.strokes) for number in composed]
            exact = [r["text"] == n.text for r, n in zip(readings, composed, strict=True)]
            shared = [
                sorted(map(sorted, r["symbols"])) == sorted(map(sorted, n.symbols))
                for r, n in zip(readings, composed, strict=True)
            ]
            shares = (single[length], single[length] ** length, np.mean(exact), np.mean(shared))
            lines.append(" | ".join([f"| {name}", *(f"{share:.1%}" for share in shares)]) + " |")
            print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def choose(inks: Sequence[Ink], length: int, count: int) -> list[list[Ink]]:
    """Digits for numbers of that length, each number's of one writer."""
    writers = writers_with_at_least(inks, SEVERAL)
    rng = np.random.default_rng([SEED, length])
    return [
        [hand[k] for k in rng.integers(len(hand), size=length)]
        for hand in (writers[rng.integers(len(writers))] for _ in range(count))
    ]


def read_alone(page: Page, numbers: Sequence[Sequence[Ink]]) -> float:
    """The share of the numbers' digits that are read right, each drawn alone."""
    digits = [ink for each in numbers for ink in each]
    return float(np.mean([read(page, ink.strokes)["text"] == ink.label for ink in digits]))


def read(page: Page, drawing: Drawing) -> dict[str, Any]:
    """What the page's recogniser reads."""
    return evaluate(page, READ, drawing)


def numbers(
    inks: Sequence[Ink], strangers: Sequence[Ink], count: int, rng: np.random.Generator
) -> list[Number]:
    """Numbers as people might write them: of any gap, some slanted, with late bars or marks.

    `strangers` are characters that are no digits; some stand between digits.
    """
    writers = writers_with_at_least(inks, 2)
    return [
        random_number(writers[rng.integers(len(writers))], strangers, rng) for _ in range(count)
    ]


def random_number(
    hand: Sequence[Ink], strangers: Sequence[Ink], rng: np.random.Generator
) -> Number:
    """One number of one writer."""
    length = LENGTHS[rng.integers(len(LENGTHS))]
    line = Line(gap=list(GAPS.values())[rng.integers(len(GAPS))])
    if rng.random() < 0.25:
        line = replace(line, sizes=2.0)
    if rng.random() < 0.25:
        line = replace(line, slope=rng.uniform(-0.26, 0.26))
    if rng.random() < 0.25:
        line = replace(line, late=True)
    stranger = None
    if length > 1 and rng.random() < 0.2:
        line = replace(line, mark=int(rng.integers(length - 1)))
        if rng.random() < 0.5:
            stranger = strangers[rng.integers(len(strangers))]
    digits = [hand[rng.integers(len(hand))] for _ in range(length)]
    return compose(digits, line, rng, stranger)


def ways(groups: Sequence[frozenset[int]], strokes: int) -> Iterator[tuple[int, ...]]:
    """Every way to share out strokes among groups: the chosen groups' indices."""
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


def choices(number: Number, candidates: Sequence[dict[str, Any]]) -> np.ndarray | None:
    """Features of every way to share out a number's strokes, the right one first: (ways, features).

    None where the right way is not among them, or they are too many.
    """
    groups = [frozenset(each["strokes"]) for each in candidates]
    features = np.array([each["features"] for each in candidates])
    right = {frozenset(symbol) for symbol in number.symbols}
    rows: list[np.ndarray] = []
    found = None
    for chosen in ways(groups, len(number.strokes)):
        if len(rows) == WAYS:
            return None
        if {groups[k] for k in chosen} == right:
            found = len(rows)
        rows.append(features[list(chosen)].sum(axis=0))
    if found is None:
        return None
    rows[0], rows[found] = rows[found], rows[0]
    return np.array(rows)


def fit(examples: Sequence[np.ndarray], prior: float = PRIOR) -> np.ndarray:
    """Weights (features,) that make row 0 of each (ways, features) likely; Newton's method."""
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
        weights -= step / max(1, np.abs(step).max())  # far from the optimum Newton leaps too far
        if np.abs(step).max() < 1e-6:
            break
    return weights


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m export.segmentation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--unipen", required=True, metavar="PATH", help="UNIPEN's archive")
    made.add_argument(
        "--judge",
        nargs="?",
        const="test",
        choices=("validation", "test"),
        help="fit nothing: read numbers of these writers (test)",
    )
    made.add_argument(
        "--numbers",
        type=positive,
        metavar="N",
        help=f"how many to fit on ({NUMBERS:,}), or to read in each row ({JUDGED})",
    )
    return made


if __name__ == "__main__":
    main()
