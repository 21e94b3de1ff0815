"""Strokes segmented into symbols: by geometry alone, and with the network."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from tests.web.recognition.conftest import COUNT_CLASSIFIED

PROPOSE = """async drawing => (await import("./segment.js")).candidateGroups(drawing)"""
DIVIDE = """async ([groups, scores, drawing]) => {
    const { createPartitioner } = await import("./recognition/partitions.js");
    return createPartitioner(groups.map(strokes => ({ strokes })), drawing)(scores)
        .map(index => groups[index]);
}"""
SHARE = """async drawing => {
    const { createPartitioner } = await import("./recognition/partitions.js");
    const { candidateGroups } = await import("./segment.js");
    const groups = candidateGroups(drawing);
    return createPartitioner(groups, drawing)(groups.map((_, k) => (k * 7919) % 13 - 6))
        .map(index => groups[index].strokes);
}"""
READ = "async drawing => (await recognizer.read(drawing)).text"
BAR = [[0, 0], [0, 10]]
FLAG = [[-4, 6], [4, 6]]


def moved(stroke: Any, x: float, y: float = 0, scale: float = 1) -> list[list[float]]:
    return [[scale * point[0] + x, scale * point[1] + y] for point in stroke]


def row(drawings: dict[str, Any], text: str, gap: float = 0.75) -> list[Any]:
    """Draw digits side by side, with all strokes in one list."""
    return [moved(stroke, gap * k) for k, each in enumerate(text) for stroke in drawings[each]]


def groups(page: Page, drawing: Any) -> set[tuple[int, ...]]:
    return {tuple(group["strokes"]) for group in page.evaluate(PROPOSE, drawing)}


def test_a_stroke_forms_groups_alone_and_with_near_strokes(blank):
    assert groups(blank, [BAR, FLAG]) == {(0,), (1,), (0, 1)}
    assert groups(blank, [BAR, moved(FLAG, 30)]) == {(0,), (1,)}


def test_two_strokes_can_form_a_group_across_others(blank):
    assert (0, 2) in groups(blank, [BAR, moved(BAR, 6), FLAG])


def test_a_flag_forms_a_group_with_the_digit_below_it_across_a_wide_gap(blank):
    body = [[0, 60], [0, 100], [60, 130], [0, 160]]
    above, beside = [[0, 0], [70, 0]], [[120, 60], [190, 60]]
    assert (0, 1) in groups(blank, [body, above])
    assert (0, 1) not in groups(blank, [body, beside])
    too_far = [[x, y - 80] for x, y in above]
    assert (0, 1) not in groups(blank, [body, too_far])


@pytest.mark.parametrize(
    ("stroke", "raised", "touching"),
    [
        ([[0, 0], [0, 60], [50, 60]], 0.4, 0),  # as the first stroke of a 4
        ([[0, 0], [0, 100], [50, 100]], 0, 0),
        ([[50, 0], [51, 1]], 0.99, 1 / 3),  # a dot at a tenth of the height
        ([[40, 99], [41, 100]], 0, 0),  # a full stop
    ],
    ids=["raised", "level", "dot at the top", "full stop"],
)
def test_parts_of_a_digit_differ_in_shape_from_symbols_of_their_own(
    blank, stroke, raised, touching
):
    stem = [[60, 0], [60, 100]]
    shape = blank.evaluate(
        """async drawing => {
            const { SHAPE, candidateGroups } = await import("./segment.js");
            const alone = ({ strokes }) => strokes.join() === "0";
            const { shape } = candidateGroups(drawing).find(alone);
            return Object.fromEntries(SHAPE.map((name, k) => [name, shape[k]]));
        }""",
        [stroke, stem],
    )
    assert shape["raised"] == pytest.approx(raised, abs=0.02)
    assert shape["touching"] == pytest.approx(touching, abs=0.12)


def test_scores_decide_and_symbols_are_ordered_from_left_to_right(blank):
    drawing = [moved(BAR, 20), BAR, moved(BAR, 3)]
    choices = [[0], [1], [2], [1, 2]]
    assert blank.evaluate(DIVIDE, [choices, [0, 1, 1, 3], drawing]) == [[1, 2], [0]]
    assert blank.evaluate(DIVIDE, [choices, [0, 2, 2, 3], drawing]) == [[1], [2], [0]]


COORDINATE = st.floats(-1e4, 1e4, width=32)
DRAWING = st.lists(
    st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1, max_size=6), min_size=1, max_size=12
)


@settings(max_examples=60, deadline=None)
@given(drawing=DRAWING)
def test_every_stroke_is_in_exactly_one_symbol_whatever_is_drawn(blank, drawing):
    shared = blank.evaluate(SHARE, drawing)
    assert sorted(stroke for group in shared for stroke in group) == list(range(len(drawing)))


def test_a_hundred_overlapping_strokes_are_partitioned_in_bounded_time(blank):
    heap = [moved(BAR, k / 100) for k in range(100)]
    assert len(groups(blank, heap)) <= 24 * 100
    assert sorted(sum(blank.evaluate(SHARE, heap), [])) == list(range(100))


@pytest.mark.parametrize("text", ["2026", "44", "57", "10", "0123456789"])
def test_a_row_of_digits_is_read(opened, drawings, text):
    assert opened.evaluate(READ, row(drawings, text)) == text


def test_digits_of_different_sizes_and_on_a_slope_are_read(opened, drawings):
    line = [
        moved(stroke, 0.9 * k, -0.2 * k, 1 if k % 2 else 0.6)
        for k, digit in enumerate("4725")
        for stroke in drawings[digit]
    ]
    assert opened.evaluate(READ, line) == "4725"


def test_a_late_bar_is_assigned_to_its_digit(opened, drawings):
    first, second = drawings["4"]
    one = [moved(stroke, 0.75) for stroke in drawings["1"]]
    assert opened.evaluate(READ, [first, *one, second]) == "41"


@pytest.mark.parametrize(
    "mark",
    [
        [[0, 0]],
        [[0, 0], [0.01, 0.01]],
        [[0.02, 0], [0, 0.12]],
    ],
)
def test_a_mark_between_digits_is_read_as_a_question_mark(opened, drawings, mark):
    three = drawings["3"]
    rest = [moved(stroke, 1) for stroke in drawings["1"]]
    rest += [moved(stroke, 1.7) for stroke in drawings["4"]]
    assert opened.evaluate(READ, [*three, moved(mark, 1, 0.75), *rest]) == "3?14"


def test_a_dash_before_a_digit_is_read_as_a_question_mark(opened, drawings):
    dash = [[-0.3, 0.5], [0.1, 0.5]]
    assert opened.evaluate(READ, [dash, *drawings["5"]]) == "?5"


def test_only_new_groups_are_classified(opened, drawings):
    drawing = [moved(stroke, 0.01) for stroke in row(drawings, "2538")]
    before = drawing[:-1]
    counted = opened.evaluate(COUNT_CLASSIFIED, [before, drawing, drawing, before])
    assert counted[0] > counted[1] > 0
    assert counted[2:] == [0, 0]


@pytest.mark.parametrize("text", ["2538", "4455", "7714", "0123456789"])
@pytest.mark.parametrize("gap", [0.55, 0.75, 1.2])
def test_lazy_classification_gives_the_same_partition(opened, drawings, text, gap):
    found = opened.evaluate(
        """async drawing => {
            const { FEATURES } = await import("./recognizer.js");
            const { createPartitioner } = await import("./recognition/partitions.js");
            const { symbols } = await recognizer.read(drawing);
            const candidates = await recognizer.candidates(drawing);
            const { weights } = recognizer.meta.segment;
            const scores = candidates.map(({ features }) =>
                features.reduce((sum, value, k) => sum + value * weights[FEATURES[k]], 0));
            const best = createPartitioner(candidates, drawing)(scores);
            return [symbols, best.map(index => candidates[index])]
                .map(chosen => chosen.map(({ strokes }) => strokes));
        }""",
        row(drawings, text, gap),
    )
    assert found[0] == found[1]


def test_synchronous_and_asynchronous_readings_of_numbers_are_equal(opened, drawings):
    both = opened.evaluate(
        """async drawing =>
            [recognizer.readNow(drawing).text, (await recognizer.read(drawing)).text]""",
        row(drawings, "9071"),
    )
    assert both == ["9071"] * 2
