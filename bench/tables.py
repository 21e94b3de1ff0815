"""Medians with their spread, and Markdown tables of them."""

from collections.abc import Sequence

import numpy as np


def median(values: Sequence[float]) -> float:
    """The middle value; values must not be empty."""
    return float(np.median(values))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` percent lie, between neighbours in proportion."""
    return float(np.percentile(values, share))


def spread(values: Sequence[float]) -> str:
    """Median and quartiles as text: `41 (39–45)`."""
    low, high = percentile(values, 25), percentile(values, 75)
    return f"{short(median(values))} ({short(low)}–{short(high)})"


def short(value: float) -> str:
    """A number with two or three significant digits, and no more than two decimals."""
    decimals = 2 if abs(value) < 1 else 1 if abs(value) < 100 else 0
    return f"{value:,.{decimals}f}"


def times(value: float, ours: float) -> str:
    """How many times ours a value is: `3.2x`."""
    return f"{short(value / ours)}x" if ours > 0 else "-"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table, its first column text, the others numbers."""
    marks = ["---", *["---:"] * (len(head) - 1)]
    lines = [[*head], marks, *[[str(cell) for cell in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
