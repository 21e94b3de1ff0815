"""Examples of a writer's hand, and what they are worth in errors on the rest of what they wrote."""

from collections.abc import Sequence

import numpy as np

from train.data.unipen.characters import Ink
from train.evaluation.intervals import DRAWS, interval, resamples
from train.samples.numbers import writers_with_at_least

EXAMPLES, ENOUGH = 10, 20  # digits of a writer: the first so many, of those who wrote so many


def shared_out(inks: Sequence[Ink]) -> list[tuple[list[Ink], list[Ink]]]:
    """Of each writer with ENOUGH digits the examples and the rest, writers by name."""
    return [(hand[:EXAMPLES], hand[EXAMPLES:]) for hand in writers_with_at_least(inks, ENOUGH)]


def worth(counts: np.ndarray, before: np.ndarray, after: np.ndarray, with_them: str) -> str:
    """A few lines: pooled errors without and with examples, and the interval of their difference.

    Args:
        counts: (writers,) digits read of each.
        before: (writers,) errors of each without the examples.
        after: (writers,) errors with them.
        with_them: what "with them" is called.
    """
    draws = resamples(len(counts))
    low, high = interval((draws @ (after - before)) / (draws @ counts))
    clean = before == 0
    return (
        f"{len(counts)} writers, {counts.sum():,} digits after {EXAMPLES} examples of each: "
        f"{before.sum()} errors as anybody's, {after.sum()} {with_them} "
        f"({before.sum() / counts.sum():.2%}, {after.sum() / counts.sum():.2%})\n"
        f"difference {(after - before).sum() / counts.sum():+.2%}, 95% interval over writers "
        f"{low:+.2%} to {high:+.2%} ({DRAWS:,} bootstrap draws)\n"
        f"{clean.sum()} writers without errors before: {after[clean].sum()} of "
        f"{counts[clean].sum():,} digits are errors now"
    )
