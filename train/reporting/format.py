"""Format figures for people: shares, intervals, means and Markdown tables."""

from collections.abc import Sequence

import numpy as np

NO_VALUE = "–"  # where a figure is unknown or undefined


def format_percent(share: float | None, decimals: int = 2) -> str:
    """Format a share as `99.61%`; None as a dash."""
    return NO_VALUE if share is None else f"{share:.{decimals}%}".replace("-", "−")


def format_interval(interval: Sequence[float] | None, decimals: int = 2) -> str:
    """Format an interval of a share as `99.47–99.72%`; None as a dash."""
    if interval is None:
        return NO_VALUE
    low, high = (f"{100 * end:.{decimals}f}".replace("-", "−") for end in interval)
    return f"{low} to {high}%" if "−" in low + high else f"{low}–{high}%"


def mean_and_sd(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and standard deviation (n - 1; 0 for a single value)."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def format_mean_and_sd(mean_sd: tuple[float, float], spec: str = ".2%") -> str:
    """Format mean and standard deviation as `99.51 ± 0.04%`; `spec` is each one's format."""
    mean, deviation = (f"{value:{spec}}" for value in mean_sd)
    return f"{mean.removesuffix('%')} ± {deviation}"


def markdown_row(cells: Sequence[object]) -> str:
    """Format a row of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def markdown_table(
    head: Sequence[str], rows: Sequence[Sequence[object]], align: Sequence[str] = ()
) -> str:
    """Format a Markdown table; without `align`, the first column is left, the others right."""
    align = align or ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(map(markdown_row, [head, align, *rows]))
