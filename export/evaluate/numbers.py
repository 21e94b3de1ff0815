"""Measure the page's accuracy on single digits, on composed numbers and on real numbers.

    python -m export.evaluate.numbers --unipen PATH

Digits and composed numbers are of test writers. A composed number counts as correctly segmented if
its strokes are grouped into the right symbols; digits that are joined share strokes. UNIPEN's
category 7, if it is among the paths, adds numbers that people wrote, those of training writers too:
the segmentation is fitted to these.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from export.evaluate.options import parser
from train.quiet import quiet

with quiet():
    import numpy as np
    from playwright.sync_api import Page

    from export.browser.launch import BrowserError
    from export.browser.page import SiteError, evaluate, model_page
    from export.runtime_bundle import ExportError
    from train.data.unipen.characters import Ink, UnipenError
    from train.ink import Drawing
    from train.reporting.format import NO_VALUE, markdown_row, markdown_table
    from train.samples.numbers import (
        GAPS,
        NON_DIGIT_TEXT,
        Line,
        Number,
        compose,
        join,
        writers_with_at_least,
    )
    from train.samples.unipen_ink import read_ink

SEED = 0
NUMBERS_PER_ROW = 200  # at 95% accuracy the standard error is 1.5 points
MIN_DIGITS_PER_WRITER = 10  # with fewer, a writer's numbers would repeat the same digits
SLOPE = np.radians(15)  # of the line of writing
ROWS: dict[str, tuple[int, Line]] = {
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
JOINED_ROWS: dict[str, tuple[int, float]] = {  # digits, share of neighbours written in one stroke
    "2 digits, joined": (2, 1.0),
    "3 digits, joined": (3, 1.0),
    "4 digits, half of them joined": (4, 0.5),
}

READ = """async drawing => {
    const { text, symbols } = await recognizer.read(drawing);
    return { text, symbols: symbols.map(({ strokes }) => strokes) };
}"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    counted = ("numbers", NUMBERS_PER_ROW, "numbers in each row")
    options = parser("export.evaluate.numbers", __doc__, counted).parse_args(arguments)
    try:
        ink = read_ink(options.unipen)
        print(f"{single_digits_table(ink.digit_sets(options.writers))}\n")
        print(accuracy_table(ink.digits[options.writers], options.numbers))
        if any(ink.numbers.values()):
            print(f"\n{real_numbers_table(ink.numbers)}")
    except (ExportError, SiteError, BrowserError, UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def accuracy_table(inks: Sequence[Ink], count: int) -> str:
    """Make a Markdown table of accuracies, by length and layout of the numbers."""
    head = [
        "Numbers",
        "Single digits",
        "Expected from single digits",
        "Correctly read",
        "Correctly segmented",
    ]
    rows = []
    with model_page() as page:
        # All layouts of one length use the same digits.
        lengths = {length for length, _ in [*ROWS.values(), *JOINED_ROWS.values()]}
        chosen = {length: choose_digits(inks, length, count) for length in sorted(lengths)}
        single = {n: single_digit_accuracy(page, numbers) for n, numbers in chosen.items()}
        for name, length, composed in compose_rows(chosen):
            readings = [read(page, number.strokes) for number in composed]
            exact = [r["text"] == n.text for r, n in zip(readings, composed, strict=True)]
            segmented = [
                sorted(map(sorted, r["symbols"])) == sorted(map(sorted, n.symbols))
                for r, n in zip(readings, composed, strict=True)
            ]
            shares = (single[length], single[length] ** length, np.mean(exact), np.mean(segmented))
            rows.append([name, *(f"{share:.1%}" for share in shares)])
            print(markdown_row(rows[-1]), file=sys.stderr, flush=True)
    return markdown_table(head, rows)


def compose_rows(
    chosen: Mapping[int, Sequence[Sequence[Ink]]],
) -> Iterator[tuple[str, int, list[Number]]]:
    """Yield name, length and numbers of each row; `chosen` has the digits by length."""
    for name, (length, line) in ROWS.items():
        rng = np.random.default_rng([SEED, length, 1])
        yield name, length, [compose(each, line, rng) for each in chosen[length]]
    for name, (length, share) in JOINED_ROWS.items():
        rng = np.random.default_rng([SEED, length, 2])
        apart = [compose(each, Line(), rng) for each in chosen[length]]
        yield name, length, [join(number, rng, share) for number in apart]


def single_digits_table(sets: Mapping[str, Sequence[Ink]]) -> str:
    """Return a Markdown table of how digits are read that are written alone, by set."""
    head = ["Single digits", "n", "Read right", "Misread", "Rejected", "Read as several symbols"]
    rows = []
    with model_page() as page:
        for name, inks in sets.items():
            texts = [read(page, ink.strokes)["text"] for ink in inks]
            right = np.array([text == ink.label for text, ink in zip(texts, inks, strict=True)])
            several = np.array([len(text) > 1 for text in texts])
            rejected = np.array([text == NON_DIGIT_TEXT for text in texts])
            shares = (right, ~(right | several | rejected), rejected, several)
            rows.append([name, f"{len(inks):,}", *(f"{np.mean(share):.2%}" for share in shares)])
    return markdown_table(head, rows)


def real_numbers_table(numbers: Mapping[str, Sequence[Ink]]) -> str:
    """Return a Markdown table of the real numbers that are read exactly, by donor and split."""
    with model_page() as page:
        right = {
            split: [(ink.donor, read(page, ink.strokes)["text"] == ink.label) for ink in inks]
            for split, inks in numbers.items()
        }
    right["all"] = [each for found in right.values() for each in found]
    rows = []
    for donor in [*sorted({donor for donor, _ in right["all"]}), "all"]:
        cells = [
            [exact for each, exact in found if donor in (each, "all")] for found in right.values()
        ]
        rows.append([donor, *(format_share(exact) for exact in cells)])
    return markdown_table(["Real numbers, read exactly", *right], rows)


def format_share(exact: Sequence[bool]) -> str:
    """Format as `36 of 40 (90.0%)`; a dash for none."""
    return f"{sum(exact)} of {len(exact)} ({np.mean(exact):.1%})" if exact else NO_VALUE


def choose_digits(inks: Sequence[Ink], length: int, count: int) -> list[list[Ink]]:
    """Choose the digits of `count` numbers, each of one writer."""
    writers = writers_with_at_least(inks, MIN_DIGITS_PER_WRITER)
    rng = np.random.default_rng([SEED, length])
    return [
        [digits_of_writer[k] for k in rng.integers(len(digits_of_writer), size=length)]
        for digits_of_writer in (writers[rng.integers(len(writers))] for _ in range(count))
    ]


def single_digit_accuracy(page: Page, numbers: Sequence[Sequence[Ink]]) -> float:
    """Measure the accuracy on the numbers' digits, each drawn alone."""
    digits = [ink for each in numbers for ink in each]
    return float(np.mean([read(page, ink.strokes)["text"] == ink.label for ink in digits]))


def read(page: Page, drawing: Drawing) -> dict[str, Any]:
    """Read a drawing with the page's recognizer."""
    return evaluate(page, READ, drawing)


if __name__ == "__main__":
    main()
