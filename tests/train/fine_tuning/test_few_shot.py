"""Few-shot evaluation: the split into support and query, and the summary of errors."""

import numpy as np

from train.data.unipen.characters import Ink
from train.fine_tuning.few_shot import (
    MIN_DIGITS,
    SUPPORT_SIZE,
    error_change_summary,
    split_support_query,
)


def inks(writer: str, count: int) -> list[Ink]:
    return [Ink([[[0, 0], [k, 1]]], str(k % 10), writer, f"{writer} {k}") for k in range(count)]


def test_writers_with_enough_digits_are_split_into_support_and_query():
    few, many = inks("a", MIN_DIGITS - 1), inks("b", MIN_DIGITS + 3)
    ((support, query),) = split_support_query([*few, *many])
    assert support == many[:SUPPORT_SIZE] and query == many[SUPPORT_SIZE:]


def test_the_summary_pools_errors_and_gives_the_interval_of_the_difference():
    counts, before = np.array([100, 50, 50]), np.array([10, 2, 0])
    text = error_change_summary(counts, before, before - [4, 1, -1], "with them")
    assert "3 writers, 200 digits" in text
    assert "12 errors without them, 8 with them (6.00%, 4.00%)" in text
    assert "difference -2.00%, 95% interval over writers" in text
    assert "1 writers without errors before: 1 of 50 digits are errors now" in text


def test_unchanged_errors_have_an_interval_of_zero_width():
    counts = np.array([20, 30])
    assert "+0.00% to +0.00%" in error_change_summary(counts, counts // 10, counts // 10, "x")
