import numpy as np
import pytest

from train.data.unipen.characters import Ink
from train.samples.numbers import GAPS, JITTER, Line, compose, writers_with_at_least


def ink(label, *strokes, writer="a/b"):
    return Ink([list(map(list, stroke)) for stroke in strokes], label, writer, "")


ONE = ink("1", [(3, 0), (3, 10)])
FOUR = ink("4", [(0, 0), (0, 5), (6, 5)], [(4, 0), (4, 10)])
EIGHT = ink("8", [(0, 0), (5, 10), (0, 10), (5, 0)])


def boxes(number):
    points = [
        np.concatenate([np.array(number.strokes[k]) for k in symbol]) for symbol in number.symbols
    ]
    return [(each.min(axis=0), each.max(axis=0)) for each in points]


@pytest.mark.parametrize("gap", GAPS)
def test_digits_stand_in_order_at_the_gap_that_is_asked_for(gap):
    number = compose([FOUR, ONE, EIGHT], Line(GAPS[gap]), np.random.default_rng(1))
    assert number.text == "418"
    assert number.symbols == [[0, 1], [2], [3]]
    placed = boxes(number)
    for (_, before), (after, _) in zip(placed, placed[1:], strict=False):
        assert GAPS[gap][0] <= (after[0] - before[0]) / 10 <= GAPS[gap][1]
    for low, high in placed:
        assert abs((low[1] + high[1]) / 2) <= JITTER * 10


def test_digits_keep_their_own_size_and_strokes():
    number = compose([EIGHT, FOUR], Line(), np.random.default_rng(2))
    for symbol, each in zip(number.symbols, (EIGHT, FOUR), strict=True):
        for k, stroke in zip(symbol, each.strokes, strict=True):
            moved = np.array(number.strokes[k]) - number.strokes[symbol[0]][0]
            np.testing.assert_allclose(moved, np.array(stroke) - each.strokes[0][0], atol=1e-9)


def test_sizes_differ_by_no_more_than_the_factor_and_a_digit_keeps_its_shape():
    number = compose([FOUR] * 40, Line(sizes=2.0), np.random.default_rng(3))
    heights = [high[1] - low[1] for low, high in boxes(number)]
    assert 1.7 < max(heights) / min(heights) <= 2
    widths = [high[0] - low[0] for low, high in boxes(number)]
    np.testing.assert_allclose(np.divide(widths, heights), 0.6)


def test_a_late_bar_is_drawn_after_the_next_digit():
    number = compose([FOUR, ONE], Line(late=True), np.random.default_rng(4))
    assert number.symbols == [[0, 2], [1]]
    assert len(number.strokes[1]) == 2  # the 1


def test_a_late_bar_needs_a_digit_of_two_strokes():
    number = compose([ONE, FOUR], Line(late=True), np.random.default_rng(4))
    assert number.symbols == [[0], [1, 2]]


def test_a_slope_climbs_and_leaves_digits_upright():
    number = compose([ONE] * 6, Line(slope=0.26), np.random.default_rng(5))
    assert all(high[0] - low[0] < 1e-9 for low, high in boxes(number))
    first, last = boxes(number)[0], boxes(number)[-1]
    assert last[1][1] < first[1][1]  # y grows downwards


def test_a_turn_turns_everything():
    number = compose([ONE], Line(turn=np.pi / 2), np.random.default_rng(6))
    ((low, high),) = boxes(number)
    np.testing.assert_allclose(high - low, [10, 0], atol=1e-9)


def test_a_mark_is_small_stands_where_it_is_asked_for_and_reads_as_refused():
    for seed in range(20):
        number = compose([EIGHT, EIGHT], Line(mark=0), np.random.default_rng(seed))
        assert number.text == "8?8"
        low, high = boxes(number)[1]
        assert (high - low < 7).all()


def test_the_same_seed_writes_the_same_number():
    one, two = (compose([FOUR, ONE], Line(), np.random.default_rng(7)) for _ in range(2))
    assert one == two


def test_writers_of_few_digits_are_passed_over():
    inks = [ink("1", [(0, 0), (0, 1)], writer=writer) for writer in "babbcb"]
    assert [[each.writer for each in hand] for hand in writers_with_at_least(inks, 2)] == [
        ["b"] * 4
    ]
