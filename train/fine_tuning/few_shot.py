"""Few-shot evaluation: split each writer's digits into support and query set, compare errors."""

from collections.abc import Sequence

import numpy as np

from train.data.unipen.characters import Ink
from train.evaluation.intervals import BOOTSTRAP_RESAMPLES, bootstrap_counts, percentile_interval
from train.samples.numbers import writers_with_at_least

SUPPORT_SIZE = 10  # the first digits of a writer
MIN_DIGITS = 20  # of a writer; those with fewer are left out


def split_support_query(inks: Sequence[Ink]) -> list[tuple[list[Ink], list[Ink]]]:
    """Split each writer's digits into support and query set; writers are sorted by name."""
    writers = writers_with_at_least(inks, MIN_DIGITS)
    return [(digits[:SUPPORT_SIZE], digits[SUPPORT_SIZE:]) for digits in writers]


def error_change_summary(
    counts: np.ndarray, before: np.ndarray, after: np.ndarray, with_them: str
) -> str:
    """Format pooled errors without and with support sets, and the interval of the difference.

    Args:
        counts: (writers,) digits of each query set.
        before: (writers,) errors without the support set.
        after: (writers,) errors with it.
        with_them: phrase for the errors with it, such as "after tuning".
    """
    draws = bootstrap_counts(len(counts))
    low, high = percentile_interval((draws @ (after - before)) / (draws @ counts))
    clean = before == 0
    return (
        f"{len(counts)} writers, {counts.sum():,} digits after {SUPPORT_SIZE} examples of each: "
        f"{before.sum()} errors without them, {after.sum()} {with_them} "
        f"({before.sum() / counts.sum():.2%}, {after.sum() / counts.sum():.2%})\n"
        f"difference {(after - before).sum() / counts.sum():+.2%}, 95% interval over writers "
        f"{low:+.2%} to {high:+.2%} ({BOOTSTRAP_RESAMPLES:,} bootstrap draws)\n"
        f"{clean.sum()} writers without errors before: {after[clean].sum()} of "
        f"{counts[clean].sum():,} digits are errors now"
    )
