import numpy as np
import pytest

from train.data.unipen.characters import Ink
from train.samples.numbers import (
    GAPS,
    JITTER,
    LIGATURES,
    Line,
    compose,
    join,
    ligature,
    writers_with_at_least,
)


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
def test_digits_are_in_order_with_the_requested_gap(gap):
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


def test_a_turn_rotates_the_whole_number():
    number = compose([ONE], Line(turn=np.pi / 2), np.random.default_rng(6))
    ((low, high),) = boxes(number)
    np.testing.assert_allclose(high - low, [10, 0], atol=1e-9)


def test_a_mark_is_small_and_labelled_as_rejected_at_its_position():
    for seed in range(20):
        number = compose([EIGHT, EIGHT], Line(mark=0), np.random.default_rng(seed))
        assert number.text == "8?8"
        low, high = boxes(number)[1]
        assert (high - low < 7).all()


def test_the_same_seed_composes_the_same_number():
    one, two = (compose([FOUR, ONE], Line(), np.random.default_rng(7)) for _ in range(2))
    assert one == two


def test_writers_with_few_digits_are_skipped():
    inks = [ink("1", [(0, 0), (0, 1)], writer=writer) for writer in "babbcb"]
    assert [[each.writer for each in group] for group in writers_with_at_least(inks, 2)] == [
        ["b"] * 4
    ]


def points_of(number, symbol):
    """Return the points of a symbol of a joined number, in the order of writing."""
    return [
        point
        for stroke, owners in zip(number.strokes, number.owners, strict=True)
        for point, owner in zip(stroke, owners, strict=True)
        if owner == symbol
    ]


@pytest.mark.parametrize("seed", range(6))
def test_joined_digits_are_one_stroke_and_keep_their_ink(seed):
    apart = compose([ONE, EIGHT, ONE], Line(), np.random.default_rng(seed))
    joined = join(apart, np.random.default_rng(seed))
    assert joined.text == "181"
    assert len(joined.strokes) == 1
    assert joined.symbols == [[0], [0], [0]]
    for symbol, each in enumerate(apart.strokes):
        moved = np.array(points_of(joined, symbol)) - np.array(each)
        np.testing.assert_allclose(moved, np.broadcast_to(moved[0], moved.shape), atol=1e-9)
        assert moved[0][1] == pytest.approx(0)  # no digit moves up or down


def test_joining_connects_a_digits_last_stroke_to_the_next_digits_first():
    apart = compose([FOUR, FOUR], Line(), np.random.default_rng(0))
    joined = join(apart, np.random.default_rng(0))
    assert joined.symbols == [[0, 1], [1, 2]]
    assert joined.strokes[0] == apart.strokes[0]


def test_a_share_of_a_number_is_joined_and_at_least_one_pair():
    apart = compose([ONE] * 6, Line(), np.random.default_rng(0))
    counts = {
        len(join(apart, np.random.default_rng(seed), share=0.5).strokes) for seed in range(40)
    }
    assert {2, 3, 4} < counts <= {1, 2, 3, 4, 5}
    assert len(join(apart, np.random.default_rng(0), share=0).strokes) == 5


@pytest.mark.parametrize("kind", LIGATURES)
def test_a_ligature_connects_strokes_with_points_as_dense_as_theirs(kind):
    before = np.array([[0.0, y] for y in range(11)])
    after = np.array([[8.0, y] for y in range(11)])
    line = ligature(before, after, kind)
    if kind == "touch":
        assert len(line) == 0
        return
    steps = np.hypot(*np.diff([before[-1], *line, after[0]], axis=0).T)
    assert steps.min() > 0.3 and steps.max() < 2
    (x, y), (across, down) = (line - before[-1]).T, after[0] - before[-1]
    bend = np.abs(x * down - y * across).max() / np.hypot(across, down)
    assert bend < 1e-9 if kind == "straight" else bend > 0.5


def test_the_same_seed_joins_in_the_same_way():
    apart = compose([FOUR, ONE, EIGHT], Line(), np.random.default_rng(7))
    one, two = (join(apart, np.random.default_rng(8), share=0.5) for _ in range(2))
    assert one == two


def test_a_mark_is_never_joined_to_a_digit():
    for seed in range(10):
        apart = compose([ONE, ONE, ONE], Line(mark=0), np.random.default_rng(seed))
        joined = join(apart, np.random.default_rng(seed))
        assert joined.text == "1?11"
        assert joined.symbols == [[0], [1], [2], [2]]
    alone = compose([ONE, ONE], Line(mark=0), np.random.default_rng(0))
    assert join(alone, np.random.default_rng(0)) is alone
