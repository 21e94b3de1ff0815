"""Figures are formatted alike in reports, tables and on the command line."""

import pytest

from train.reporting.format import (
    format_interval,
    format_mean_and_sd,
    format_percent,
    markdown_table,
    mean_and_sd,
)


def test_a_share_is_a_percentage_and_none_is_a_dash():
    assert format_percent(0.99614) == "99.61%"
    assert format_percent(0.5, 0) == "50%"
    assert format_percent(-0.034, 1) == "−3.4%"
    assert format_percent(None) == "–"


def test_an_interval_has_one_percent_sign_and_no_dash_next_to_a_minus():
    assert format_interval([0.9947, 0.9972]) == "99.47–99.72%"
    assert format_interval([-0.021, 0.34], 1) == "−2.1 to 34.0%"
    assert format_interval(None) == "–"


def test_the_standard_deviation_is_of_a_sample_and_0_for_a_single_value():
    assert mean_and_sd([1, 2, 3]) == (2, 1)
    assert mean_and_sd([5]) == (5, 0)


@pytest.mark.parametrize(
    ("mean_sd", "spec", "text"),
    [
        ((0.99506, 0.00041), ".2%", "99.51 ± 0.04%"),
        ((0.776, 0.0388), ".1%", "77.6 ± 3.9%"),
        ((3152.4, 1040.2), ",.0f", "3,152 ± 1,040"),
    ],
)
def test_a_mean_and_its_standard_deviation_share_a_unit(mean_sd, spec, text):
    assert format_mean_and_sd(mean_sd, spec) == text


def test_numbers_in_a_markdown_table_are_right_aligned_by_default():
    assert markdown_table(["a", "b"], [["x", 1]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
    assert markdown_table(["a"], [], align=[":-:"]) == "| a |\n| :-: |"
