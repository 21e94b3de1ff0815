"""Joined digits cut apart: by geometry alone, and with the network."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from tests.conftest import TIMEOUT_MS

PROPOSE = """async ([stroke, height]) =>
    (await import("./recognition/cuts.js")).proposeCuts(stroke, height)"""
CUT = """async ([drawing, doubtful]) =>
    (await import("./recognition/cuts.js")).cutGroups(drawing, doubtful)"""
INK = "async ([drawing, pieces]) => (await import('./ink.js')).symbolInk(drawing, { pieces })"
SHARE = """async drawing => {
    const { cutGroups } = await import("./recognition/cuts.js");
    const { createPartitioner } = await import("./recognition/partitions.js");
    const cut = cutGroups(drawing, [...drawing.keys()]);
    if (!cut) return null;
    const partition = createPartitioner(
        cut.groups.map(({ cells }) => ({ strokes: cells })), cut.cells, [...cut.cells.keys()]);
    return partition(cut.groups.map((_, k) => (k * 7919) % 13 - 6)).map(k => cut.groups[k]);
}"""
READ = """async drawing => {
    const { text, symbols } = await recognizer.read(drawing);
    return { text, symbols: symbols.map(({ strokes, pieces, box }) => ({ strokes, pieces, box })) };
}"""
COUNT = """async drawing => {
    const { Network } = await import("./recognition/network.js");
    const { loadRecognizer } = await import("./recognizer.js");
    const { predict } = Network.prototype;
    const fresh = await loadRecognizer(new URL("model/", location.href));
    const whole = await loadRecognizer(new URL("model/", location.href));
    whole.meta.segment.cut_weights = { cut: -1e6 };
    await new Promise(done => setTimeout(done));  // after the timers that warm the networks up
    const counts = [];
    for (const each of [fresh, whole]) {
        let images = 0;
        Network.prototype.predict = function (pixels) {
            images += pixels.length / 784;
            return predict.call(this, pixels);
        };
        const { text } = await each.read(drawing);
        counts.push([text, images]);
    }
    Network.prototype.predict = predict;
    return counts;
}"""
BAR = [[0, 0], [0, 10]]


def written(drawings: dict[str, Any], words: str, gap: float = 0.75) -> list[Any]:
    """Draw digits side by side; without a space between them, the pen is not lifted."""
    drawing: list[Any] = []
    place = 0
    for word in words.split():
        for k, digit in enumerate(word):
            first, *others = [
                [[x + gap * place, y] for x, y, *_ in stroke] for stroke in drawings[digit]
            ]
            if k > 0:
                drawing[-1] = drawing[-1] + first
            else:
                drawing.append(first)
            drawing += others
            place += 1
    return drawing


def covered(drawing: Any, symbols: Any) -> bool:
    """Check that pieces follow on each other along every stroke, from its start to its end."""
    for stroke, points in enumerate(drawing):
        ends = sorted(
            (piece["from"], piece["to"])
            for symbol in symbols
            for piece in symbol["pieces"]
            if piece["stroke"] == stroke
        )
        if ends[0][0] != 0 or ends[-1][1] != len(points) - 1:
            return False
        if any(end != start for (_, end), (start, _) in zip(ends, ends[1:], strict=False)):
            return False
    return True


def test_a_line_between_two_bodies_is_the_likeliest_cut(blank, drawings):
    (stroke,) = written(drawings, "00")
    cuts = blank.evaluate(PROPOSE, [stroke, 0.6])
    best = min(cuts, key=lambda cut: cut["cost"])
    end = len(drawings["0"][0]) - 1
    assert (best["from"], best["to"]) == (end, end + 1)
    assert len(cuts) <= 14


@pytest.mark.parametrize("stroke", [[[0, 0]], BAR, [[0, 0], [0, 0]]], ids=["dot", "bar", "still"])
def test_there_is_no_place_to_cut_a_dot_or_a_bar(blank, stroke):
    assert blank.evaluate(PROPOSE, [stroke, 10]) == []
    assert blank.evaluate(CUT, [[stroke], [0]]) is None


def test_scribbles_are_not_cut(blank):
    zigzag = [[k, 10 * (k % 2)] for k in range(60)]
    assert blank.evaluate(PROPOSE, [zigzag, 10]) == []
    assert blank.evaluate(CUT, [[BAR] * 61, [0]]) is None


def test_a_hundred_thousand_points_are_cut_in_bounded_time(blank):
    points = "Array.from({ length: 100000 }, (_, k) => [Math.sin(k / 5000) * 9 + k / 4000, 0])"
    seconds = blank.evaluate(
        f"""async () => {{
            const {{ proposeCuts }} = await import("./recognition/cuts.js");
            const began = performance.now();
            proposeCuts({points}, 20);
            return (performance.now() - began) / 1000;
        }}"""
    )
    assert seconds < TIMEOUT_MS / 1000 / 4


def test_a_symbol_s_ink_is_its_pieces_without_the_line_to_the_next(blank):
    drawing = [[[0, 0], [1, 0], [2, 0], [3, 0]], BAR]
    pieces = [
        {"stroke": 0, "from": 0, "to": 1},
        {"stroke": 0, "from": 1, "to": 2, "connection": True},
        {"stroke": 1, "from": 0, "to": 1},
    ]
    assert blank.evaluate(INK, [drawing, pieces]) == [[[0, 0], [1, 0]], BAR]


COORDINATE = st.integers(0, 40)
STROKE = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(drawing=st.lists(STROKE, min_size=1, max_size=5))
def test_every_point_is_in_some_piece_whatever_is_drawn(blank, drawing):
    shared = blank.evaluate(SHARE, drawing)
    assert shared is None or covered(drawing, shared)


@pytest.mark.parametrize(
    "words", ["10", "1 00", "20", "50", "70", "80", "20 26", "20 2 6", "2 02 6", "2026", "1 000"]
)
def test_joined_digits_are_read_and_say_which_points_are_theirs(opened, drawings, words):
    drawing = written(drawings, words)
    reading = opened.evaluate(READ, drawing)
    assert reading["text"] == words.replace(" ", "")
    assert covered(drawing, reading["symbols"])
    boxes = [symbol["box"] for symbol in reading["symbols"]]
    assert [box["x"] for box in boxes] == sorted(box["x"] for box in boxes)
    assert all(box["width"] < 0.7 for box in boxes)


def test_joined_symbols_name_the_stroke_that_they_share(opened, drawings):
    one, first, second = opened.evaluate(READ, written(drawings, "1 00"))["symbols"]
    assert [one["strokes"], first["strokes"], second["strokes"]] == [[0], [1], [1]]
    end = len(drawings["0"][0]) - 1
    assert first["pieces"] == [
        {"stroke": 1, "from": 0, "to": end},
        {"stroke": 1, "from": end, "to": end + 1, "connection": True},
    ]
    assert second["pieces"] == [{"stroke": 1, "from": end + 1, "to": 2 * end + 1}]


def test_symbols_written_apart_have_whole_strokes(opened, drawings):
    drawing = written(drawings, "4 2 5")
    for symbol in opened.evaluate(READ, drawing)["symbols"]:
        assert symbol["pieces"] == [
            {"stroke": k, "from": 0, "to": len(drawing[k]) - 1} for k in symbol["strokes"]
        ]


@pytest.mark.parametrize("words", ["2 0 2 6", "1 0 0", "4 4 5 5", "0 1 2 3 4 5 6 7 8 9"])
def test_digits_written_apart_cost_no_more_runs_than_without_cuts(
    opened: Page, drawings: dict[str, Any], words: str
) -> None:
    with_cuts, without = opened.evaluate(COUNT, written(drawings, words))
    assert with_cuts == without
    assert with_cuts[0] == words.replace(" ", "")


def test_a_correction_of_one_joined_digit_leaves_the_other(opened, drawings):
    texts = opened.evaluate(
        """async drawing => {
            const { Corrections } = await import("./pad/history.js");
            const reading = await recognizer.read(drawing);
            const corrections = new Corrections();
            corrections.add(drawing, reading.symbols[1], 6);
            return [reading, await recognizer.read([...drawing, [[3, 0], [3, 1]]])]
                .map(each => corrections.apply(each, [...drawing, [[3, 0], [3, 1]]]).text);
        }""",
        written(drawings, "00"),
    )
    assert texts == ["06", "061"]


def test_a_symbol_is_less_sure_for_every_cut_beside_it(opened, drawings):
    shares = opened.evaluate(
        """async drawing => (await recognizer.read(drawing)).symbols.map(
            ({ confidence, probabilities }) => confidence / Math.max(...probabilities))""",
        written(drawings, "1 000"),
    )
    assert shares == pytest.approx([1, 0.95, 0.95**2, 0.95], rel=1e-6)
