"""Compute and format medians, percentiles and ratios of measurements."""

from collections.abc import Sequence

import numpy as np


def median(values: Sequence[float]) -> float:
    """Return the median of one or more values."""
    return float(np.median(values))


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile, interpolated; `share` is 0 to 100."""
    return float(np.percentile(values, share))


def median_and_quartiles(values: Sequence[float]) -> str:
    """Format median and quartiles as `41 (39–45)`."""
    return median_between(values, percentile(values, 25), percentile(values, 75))


def median_and_range(values: Sequence[float]) -> str:
    """Format median, lowest and highest as `41 (39–45)`, for too few values to have quartiles."""
    return median_between(values, min(values), max(values))


def median_between(values: Sequence[float], low: float, high: float) -> str:
    """Format the median, with two numbers around it in brackets."""
    return f"{format_number(median(values))} ({format_number(low)}–{format_number(high)})"


def format_number(value: float) -> str:
    """Format a number with two or three significant digits and at most two decimals."""
    decimals = 2 if abs(value) < 1 else 1 if abs(value) < 100 else 0
    return f"{value:,.{decimals}f}"


def format_ratio(value: float, ours: float) -> str:
    """Format a value as a multiple of ours: `3.2x`; a dash if ours is 0."""
    return f"{format_number(value / ours)}x" if ours > 0 else "-"
