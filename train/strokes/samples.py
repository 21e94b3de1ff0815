"""What the second network is trained on: digits as they are written and cut, and non-digits."""

from collections.abc import Sequence

import numpy as np

from train.data.unipen.characters import Ink, group_by_writer
from train.ink import Drawing
from train.samples import non_digits
from train.samples.numbers import GAPS, Line, Number, compose, join
from train.samples.stroke_variations import VARIATIONS, augment_strokes
from train.samples.unipen_ink import UnipenInk
from train.strokes.paths import sample_paths

VARIED = 0.5  # probability of varying a digit as `stroke_variations` does
ANOTHER_ORDER = 0.1  # probability of another order of strokes
REVERSED = 0.04  # probability that a stroke is written from its other end
CUT_OUT = 0.25  # probability that a digit is cut out of a number written in one stroke
CLEAN_CUT = 0.5  # probability that nothing of the line to a neighbour stays
HALF = (0.2, 0.8)  # share of the strokes of both digits in a piece that is cut wrongly


def vary_digits(inks: Sequence[Ink], rng: np.random.Generator) -> np.ndarray:
    """Vary each digit as if someone else had written it: (n, POINTS, 3) paths."""
    writers = group_by_writer(inks)
    varied = []
    for each in inks:
        drawing = each.strokes
        if rng.random() < CUT_OUT:
            drawing = cut_out(each, writers[each.writer], rng)
        variations = list(VARIATIONS) if rng.random() < VARIED else []
        drawing, _ = augment_strokes(in_another_order(drawing, rng), rng, variations)
        varied.append(drawing)
    return sample_paths(varied)


def in_another_order(drawing: Drawing, rng: np.random.Generator) -> Drawing:
    """Change the order of strokes and the direction of some, as few writers do."""
    strokes = list(drawing)
    if rng.random() < ANOTHER_ORDER:
        strokes = [strokes[k] for k in rng.permutation(len(strokes))]
    return [stroke[::-1] if rng.random() < REVERSED else stroke for stroke in strokes]


def cut_out(digit: Ink, others: Sequence[Ink], rng: np.random.Generator) -> Drawing:
    """Join a digit to others by the same writer, and cut it out again.

    Parts of the lines to its neighbours may stay.
    """
    place = int(rng.integers(3))
    digits = [others[rng.integers(len(others))] for _ in range(3)]
    digits[place] = digit
    number = join_digits(digits, rng)
    drawing = []
    for stroke, owners in zip(number.strokes, number.owners or [], strict=True):
        own = [k for k, owner in enumerate(owners) if owner == place]
        if own:
            first = own[0] - kept_of_line(owners[: own[0]][::-1], rng)
            last = own[-1] + kept_of_line(owners[own[-1] + 1 :], rng)
            drawing.append(stroke[first : last + 1])
    return drawing


def kept_of_line(owners: Sequence[int | None], rng: np.random.Generator) -> int:
    """Return how many points of the line that begins here stay with the digit before it."""
    length = next((k for k, owner in enumerate(owners) if owner is not None), len(owners))
    return 0 if rng.random() < CLEAN_CUT else int(rng.integers(length + 1))


def join_digits(digits: Sequence[Ink], rng: np.random.Generator) -> Number:
    """Compose a number whose digits are written without lifting the pen in between."""
    gap = list(GAPS.values())[rng.integers(len(GAPS))]
    return join(compose(digits, Line(gap=gap), rng), rng)


def make_non_digits(ink: UnipenInk, split: str, rng: np.random.Generator) -> list[Drawing]:
    """Return letters, symbols, and half as many fragments, pairs and scribbles as digits, each."""
    digits = ink.all_digits(split)
    count = len(digits) // 2
    writers = group_by_writer(digits)

    def wrong_cut() -> Drawing | None:
        own = writers[digits[rng.integers(len(digits))].writer]
        return joined_halves([own[rng.integers(len(own))] for _ in range(2)], rng)

    return [
        *non_digits.characters(ink.non_digits["letters"][split], "letters"),
        *non_digits.characters(ink.non_digits["symbols"][split], "symbols"),
        *non_digits.fragments(digits, count, rng),
        *non_digits.pairs(digits, count, rng),
        *non_digits.joined_pairs(digits, count, rng),
        *non_digits.sample_drawings(count, wrong_cut),
        *non_digits.scribbles(count, rng),
    ]


def joined_halves(digits: Sequence[Ink], rng: np.random.Generator) -> Drawing | None:
    """Return the end of a digit with the start of the next, both written in one stroke.

    None where they are not joined in a stroke.
    """
    number = join_digits(digits, rng)
    for stroke, owners in zip(number.strokes, number.owners or [], strict=True):
        if {0, 1} <= set(owners):
            start, end = owners.count(0), owners.index(1)
            first = int(start * rng.uniform(*HALF))
            last = end + int((len(owners) - end) * rng.uniform(*HALF))
            return [stroke[first : last + 1]]
    return None
