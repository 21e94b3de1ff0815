import itertools
import json
from contextlib import nullcontext

import numpy as np
import pytest

from export import meta, segmentation
from export.segmentation import (
    compose_numbers,
    fit,
    partition_features,
    partitions,
    symbol_of,
)
from train.data.unipen.characters import Ink
from train.samples.numbers import Number
from train.samples.unipen_ink import UnipenInk

ONE = Ink([[[0, 0], [0, 10]]], "1", "a/b", "")
FOUR = Ink([[[0, 0], [0, 5], [6, 5]], [[4, 0], [4, 10]]], "4", "a/b", "")
PLUS = Ink([[[0, 5], [10, 5]], [[5, 0], [5, 10]]], "+", "c/d", "")


def candidates(*groups, features=None):
    features = features or [[float(len(group))] for group in groups]
    return [
        {
            "strokes": list(group),
            "cells": list(group),
            "pieces": [{"stroke": k, "from": 0, "to": 0} for k in group],
            "features": each,
        }
        for group, each in zip(groups, features, strict=True)
    ]


def test_every_partition_is_found_once():
    groups = [frozenset(each) for n in (1, 2, 3) for each in itertools.combinations(range(3), n)]
    found = [frozenset(groups[k] for k in partition) for partition in partitions(groups, 3)]
    assert len(found) == len(set(found)) == 5  # the partitions of three


def test_a_partition_contains_every_stroke_once():
    groups = [frozenset(each) for each in ([0], [1], [2], [0, 2], [1, 2])]
    for partition in partitions(groups, 3):
        assert sorted(stroke for k in partition for stroke in groups[k]) == [0, 1, 2]


def test_the_correct_partition_comes_first_with_the_sums_of_its_features():
    number = Number("41", [[[0, 0]]] * 3, [[0, 1], [2]])
    features = [[1.0, 0.1], [1.0, 0.2], [1.0, 0.4], [1.0, 0.8]]
    rows, right = partition_features(number, candidates([0], [1], [2], [0, 1], features=features))
    np.testing.assert_allclose(rows, [[2, 1.2], [3, 0.7]])
    assert right == 1


def test_every_cut_that_keeps_most_of_each_digits_ink_is_correct():
    line = [[float(k), 0.0] for k in range(21)]
    number = Number("11", [line], [[0], [0]], [[0] * 10 + [None] + [1] * 10])
    runs = [(0, 9), (10, 20), (0, 8), (9, 20), (0, 5), (6, 20)]
    cut = [
        {"cells": [k % 2], "pieces": [{"stroke": 0, "from": a, "to": b}], "features": [1.0, k]}
        for k, (a, b) in enumerate(runs)
    ]
    whole = {"cells": [0, 1], "pieces": [{"stroke": 0, "from": 0, "to": 20}], "features": [1.0, 9]}
    rows, right = partition_features(number, [*cut, whole])
    assert right == 4  # each digit has at least nine of its ten points
    assert len(rows) == 10
    assert (rows[:4, 0] == 2).all()


def test_a_connection_or_half_a_digit_belongs_to_no_symbol():
    number = Number("1", [[[0.0, 0.0]] * 10], [[0]], [[0] * 10])
    whole_stroke = {"stroke": 0, "from": 0, "to": 9}
    assert symbol_of(number, [whole_stroke]) == 0
    assert symbol_of(number, [whole_stroke | {"connection": True}]) is None
    assert symbol_of(number, [whole_stroke | {"to": 4}]) is None


def test_a_number_without_its_correct_partition_is_skipped():
    assert partition_features(Number("4", [[[0, 0]]] * 2, [[0, 1]]), candidates([0], [1])) is None


def read_as(digit):
    """Return the ten probabilities of a symbol that reads as `digit`."""
    return [0.91 if each == digit else 0.01 for each in range(10)]


REAL = Number("41", [[[0, 0]], [[2, 0]], [[9, 0]]], [])  # without knowing which strokes are the 4


def test_the_correct_partition_of_a_real_number_is_the_one_that_reads_as_its_label():
    groups = candidates([0], [1], [2], [0, 1], [1, 2])
    for each, digit in zip(groups, (1, 1, 1, 4, 7), strict=True):
        each["probabilities"] = read_as(digit)
    features = [[1.0, 0.1], [1.0, 0.2], [1.0, 0.4], [1.0, 0.8], [1.0, 1.6]]
    groups = [each | {"features": row} for each, row in zip(groups, features, strict=True)]
    rows, right = partition_features(REAL, groups)
    assert right == 1
    np.testing.assert_allclose(rows[0], [2, 1.2])
    assert sorted(map(tuple, rows.round(6))) == [(2, 1.2), (2, 1.7), (3, 0.7)]
    backwards = Number("14", REAL.strokes, [])
    assert partition_features(backwards, groups) is None


def test_a_real_number_with_two_digits_in_one_stroke_is_skipped():
    one = candidates([0])
    one[0]["probabilities"] = read_as(1)
    assert partition_features(Number("100", [[[0, 0]]], []), one) is None


def test_a_number_with_too_many_partitions_is_skipped(monkeypatch):
    monkeypatch.setattr(segmentation, "MAX_PARTITIONS", 1)
    number = Number("4", [[[0, 0]]] * 2, [[0, 1]])
    assert partition_features(number, candidates([0], [1], [0, 1])) is None


def test_the_fit_recovers_known_weights():
    random = np.random.default_rng(0)
    truth = np.array([2.0, -1.0, 0.5])
    examples = []
    for _ in range(4000):
        rows = random.normal(size=(6, 3))
        shares = np.exp(rows @ truth)
        chosen = random.choice(6, p=shares / shares.sum())
        rows[[0, chosen]] = rows[[chosen, 0]]
        examples.append((rows, 1))
    np.testing.assert_allclose(fit(examples, prior=1e-6), truth, atol=0.15)


def test_weights_of_separable_data_stay_finite():
    examples = [(np.array([[1.0, 0.0], [0.0, 1.0]]), 1)] * 50
    weights = fit(examples, prior=1e-2)
    assert np.isfinite(weights).all() and 0 < weights[0] < 20


def test_the_fit_needs_only_one_of_several_correct_partitions():
    rows = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    weights = fit([(rows, 2)] * 50, prior=1e-2)
    best = (rows @ weights).argsort()
    assert list(best) == [2, 1, 0]
    alone = fit([(rows, 1)] * 50, prior=1e-2)
    assert 0 < weights[0] < alone[0]  # the second partition is correct too


def test_a_share_of_the_numbers_has_joined_digits():
    composed = compose_numbers([ONE, FOUR] * 5, [PLUS], 400, np.random.default_rng(2), joined=0.3)
    assert 50 < sum(bool(each.owners) for each in composed) < 150


def test_strokes_of_doubtful_symbols_are_cut_and_those_of_sure_ones_are_not():
    from export.browser.page import evaluate, model_page

    scribble = [[0, 0], [9, 30], [2, 4], [12, 28], [5, 2], [16, 30], [8, 3], [20, 26]]
    with model_page() as page:
        weights = meta.read(segmentation.MODEL)["segment"]["weights"]
        evaluate(page, segmentation.READ_WHOLE, weights)
        found = evaluate(page, segmentation.DOUBTFUL, [[[40, 0], [40, 30]], scribble])
    assert found == [1]


def test_composed_numbers_have_marks_non_digits_and_late_bars():
    composed = compose_numbers([ONE, FOUR] * 5, [PLUS], 400, np.random.default_rng(1))
    assert {len(each.text.replace("?", "")) for each in composed} == {1, 2, 3, 4}
    marked = [each for each in composed if "?" in each.text]
    assert 80 < len(marked) < 240
    parts = {len(each.symbols[each.text.index("?")]) for each in marked}
    assert parts == {1, 2}  # dots and dashes, and the plus
    assert any(
        symbol[-1] - symbol[0] >= len(symbol) for each in composed for symbol in each.symbols
    )


def test_ink_of_training_writers_is_fitted(monkeypatch, capsys):
    measured, saved = [], []
    ink = UnipenInk(
        {"train": [ONE, FOUR] * 5},
        {kind: {"train": [PLUS]} for kind in ("letters", "symbols")},
        {},
        "",
        {
            "train": [
                Ink(FOUR.strokes + ONE.strokes, "41", "a/b", "7/hpp/a.dat#0-2"),
                Ink(FOUR.strokes, "4", "a/b", "7/hpp/a.dat#3-4"),
            ],
            "test": [Ink(ONE.strokes * 2, "11", "e/f", "7/hpp/b.dat#0-1")],
        },
    )

    def measure(number, _):
        measured.append(number)
        return np.array([[1.0, 0.0], [0.0, 1.0]]), 1

    def answer(page, script, *arguments):
        if script == segmentation.DOUBTFUL:
            return [0] if len(arguments[0]) == 2 else []
        return ["symbol", "width"]

    monkeypatch.setattr(segmentation, "model_page", lambda: nullcontext())
    monkeypatch.setattr(segmentation, "evaluate", answer)
    monkeypatch.setattr(segmentation, "partition_features", measure)
    monkeypatch.setattr(segmentation, "read_ink", lambda paths: ink)
    monkeypatch.setattr(segmentation, "save", saved.append)
    segmentation.main(["--unipen", "a", "b", "--numbers", "20"])
    assert len(measured) > 20 + 6 + 1
    # All digits of several strokes: those of both categories.
    assert measured[20:26] == [Number("4", FOUR.strokes, [[0, 1]])] * 6
    assert measured[26] == Number("41", FOUR.strokes + ONE.strokes, [])
    assert not any(number.owners for number in measured[:27])
    # Only what is doubtful is cut, whole digits as well as joined ones.
    assert all(len(number.strokes) == 2 for number in measured[27:])
    assert any(number.owners for number in measured[27:])
    assert Number("4", FOUR.strokes, [[0, 1]]) in measured[27:]
    assert set(saved[0]) == {"weights", "cut_weights"}
    assert set(saved[0]["weights"]) == set(saved[0]["cut_weights"]) == {"symbol", "width"}
    printed = capsys.readouterr().out
    assert "100.0% of 20 composed numbers" in printed and "100.0% of 1 real numbers" in printed
    assert "100.0% of 6 single digits of several strokes" in printed
    assert f"100.0% of {len(measured) - 27} numbers with cut strokes" in printed


def test_weights_are_written_for_later_exports_and_to_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(meta, "SEGMENTATION", tmp_path / "segmentation.json")
    monkeypatch.setattr(segmentation, "MODEL", tmp_path)
    files = {"model.json": {"bytes": 2, "sha256": "0" * 64}}
    meta.write(tmp_path, {"format": meta.FORMAT, "labels": ["0"], "files": files})
    weights = {"weights": {"symbol": 1.5}, "cut_weights": {"symbol": 1.0}}
    segmentation.save(weights)
    written = json.loads((tmp_path / "segmentation.json").read_text())
    assert written == weights
    shipped = meta.read(tmp_path)
    assert shipped["segment"] == weights and shipped["labels"] == ["0"]


def test_every_feature_of_the_page_has_a_weight_in_the_shipped_model():
    shipped = meta.read(segmentation.MODEL)["segment"]
    assert shipped == json.loads(meta.SEGMENTATION.read_text())
    from export.browser.page import evaluate, model_page

    with model_page() as page:
        names = evaluate(page, segmentation.NAMES)
    assert list(shipped["weights"]) == list(shipped["cut_weights"]) == names


def test_a_missing_archive_is_reported_in_one_line(capsys):
    with pytest.raises(SystemExit, match="^digitpad: .*nowhere"):
        segmentation.main(["--unipen", "nowhere"])
