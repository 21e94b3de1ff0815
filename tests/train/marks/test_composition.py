"""Strings of digits and marks, composed of one writer's ink."""

import re

import numpy as np
import pytest

from train.data.unipen.characters import Ink
from train.marks.composition import JOINED, KINDS, PLACES, Composer, in_place, place
from train.network.build import MARK_LABELS
from train.samples.numbers import bounding_box, extent

HEIGHT = 100.0
TEXTS = {
    "amounts": r"\d{1,3}[.,]\d\d|\d,\d{3}\.\d\d|\$\d{1,4}|\d{1,2}%",
    "dates": r"\d{1,2}([/.-])\d{1,2}\1(\d\d|\d{4})",
    "times": r"\d{1,2}:\d\d",
    "telephone numbers": r"(\(\d{3}\)\d{3}-|\d{3}-)\d{4}|\+\d\d-\d{3}",
    "others": r"#\d{1,2}|-?\d{1,3}[+/]\d{1,2}",
    "numbers": r"\d{1,6}",
    JOINED: r"\d{1,6}",
}


def ink(label: str, writer: str, size: float = HEIGHT) -> Ink:
    """Draw two strokes; marks are as large as digits, as UNIPEN's may be."""
    strokes = [[[0.0, 0.0], [size / 2, size]], [[size / 2, 0.0], [0.0, size / 3]]]
    return Ink(strokes, label, writer, "1a/abc/a.dat#1")


@pytest.fixture
def composer() -> Composer:
    digits = [ink(label, writer) for writer in ("a/A", "b/B") for label in "0123456789"]
    return Composer(digits, [ink(label, "a/A") for label in [*MARK_LABELS, "x"]])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_form_and_all_of_its_ink(composer: Composer, kind: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        composed = composer.compose(rng, kind)
        assert re.fullmatch(TEXTS[kind], composed.text), composed.text
        assert len(composed.symbols) == len(composed.text)
        assert {k for own in composed.symbols for k in own} == set(range(len(composed.strokes)))


def test_only_joined_digits_share_strokes(composer: Composer) -> None:
    rng = np.random.default_rng(1)
    for kind in KINDS:
        several = [composer.compose(rng, kind) for _ in range(20)]
        shared = [sum(map(len, each.symbols)) > len(each.strokes) for each in several]
        assert any(shared) == (kind == JOINED)


def test_a_writer_without_a_mark_uses_another_writers(composer: Composer) -> None:
    own = next(each for each in composer.writers if "+" not in each)
    drawn = composer.choose(own, "+", np.random.default_rng(0))
    assert len(drawn) == 2


@pytest.mark.parametrize("mark", PLACES)
def test_marks_have_their_size_and_place_beside_digits(mark: str) -> None:
    digit, drawn = ([np.array(s) for s in ink("1", "a").strokes] for _ in range(2))
    tops, bottoms, sizes = [], [], []
    for seed in range(200):
        composed = place(f"7{mark}7", [digit, drawn, digit], np.random.default_rng(seed))
        own = [np.array(composed.strokes[k]) for k in composed.symbols[1]]
        low, high = bounding_box(own)
        sizes.append(extent(own)[0 if PLACES[mark].flat else 1])
        tops.append(low[1]), bottoms.append(high[1])
    where = PLACES[mark]
    assert np.median(np.log2(np.array(sizes) / HEIGHT)) == pytest.approx(where.size[0], abs=0.15)
    middle = (np.median(tops) + np.median(bottoms)) / 2 / HEIGHT
    assert middle == pytest.approx(where.middle[0], abs=0.05)


def test_a_dot_of_one_point_stays_one() -> None:
    digit = [np.array(s) for s in ink("1", "a").strokes]
    composed = place("1.", [digit, [np.array([[5.0, 5.0]])]], np.random.default_rng(0))
    assert len(composed.strokes[2]) == 1 and np.isfinite(composed.strokes[2]).all()


def test_ink_that_has_lost_its_place_is_left_out() -> None:
    """The first has its box at the origin, with y up as on the tablet; one edge there is chance."""
    lost = Ink([[[0.0, -80.0], [40.0, 0.0]]], "4", "ibm/A", "1a/ibm/a.dat#1")
    strokes = [[[0.0, -80.0], [40.0, -3.0]]], [[[9.0, -80.0], [40.0, 0.0]]]
    whole = [Ink(each, "4", "ibm/A", f"1a/ibm/a.dat#{k}") for k, each in enumerate(strokes, 2)]
    assert in_place([whole[0], lost, whole[1]]) == whole


@pytest.mark.parametrize(("mark", "spaced"), [(":", True), (":", False), ("-", True), (".", True)])
def test_gaps_beside_marks_are_those_of_handwriting_if_asked(mark: str, spaced: bool) -> None:
    digit, drawn = ([np.array(s) for s in ink("1", "a").strokes] for _ in range(2))
    gaps = []
    for seed in range(200):
        text = f"7{mark}7"
        composed = place(text, [digit, drawn, digit], np.random.default_rng(seed), spaced)
        boxes = [bounding_box([np.array(composed.strokes[k]) for k in s]) for s in composed.symbols]
        gaps += [boxes[k + 1][0][0] - boxes[k][1][0] for k in range(2)]
    usual = PLACES[mark].gap
    median = np.median(gaps) / HEIGHT
    if spaced and usual:
        assert median == pytest.approx(usual[0], abs=0.05)
    else:
        assert median < 0.25, "gaps beside marks are as those beside digits"
