"""`python -m train.marks`: a further output, and the others as they were."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.train.marks.drawn import drawn_ink
from train.marks import __main__ as command
from train.marks import head
from train.marks.head import count_recognised, fit_head, labelled
from train.network.build import MARK_LABELS, build, with_marks
from train.network.saving import NAMES, load_network, save
from train.reporting.provenance import sha256
from train.samples.unipen_ink import UnipenInk

FIELDS = np.random.default_rng(0).random((5, 28, 28, 1), np.float32)


@pytest.fixture(scope="module")
def ink() -> UnipenInk:
    return drawn_ink()


def test_classes_are_the_marks_and_one_for_everything_else(ink: UnipenInk) -> None:
    inks, classes = labelled(ink, "train", 0)
    assert set(classes) == set(range(len(MARK_LABELS) + 1))
    for each, k in zip(inks, classes, strict=True):
        expected = MARK_LABELS.index(each.label) if each.label in MARK_LABELS else len(MARK_LABELS)
        assert k == expected


def small_network() -> keras.Model:
    """Build a network with the same random weights each time."""
    keras.utils.set_random_seed(0)
    return build("tiny")


def test_marks_of_different_shapes_are_told_apart(
    ink: UnipenInk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "EPOCHS", 40)
    monkeypatch.setattr(head, "BATCH_SIZE", 16)  # of few characters
    network = small_network()
    network = with_marks(network, *fit_head(network, ink, 0))
    counts = count_recognised(network, ink, "test", 0)
    assert list(counts) == [*MARK_LABELS, "other"]
    shapes = [counts[mark] for mark in "-+/(#"]
    assert sum(each["right"] for each in shapes) >= 0.8 * sum(each["characters"] for each in shapes)


def test_the_command_adds_the_output_and_changes_nothing_else(
    ink: UnipenInk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    network = small_network()
    save(network, tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in NAMES}
    old = sha256(tmp_path / NAMES[0])
    (tmp_path / "MODEL_CARD.md").write_text(f"SHA-256 `{old}`\n")
    facts = {"report.json": {"model_sha256": old}, "strokes.json": {"combined_with": "another"}}
    for name, content in facts.items():
        (tmp_path / name).write_text(json.dumps(content))
    monkeypatch.setattr(command, "read_ink", lambda paths: ink)
    command.main(["--unipen", "any", "--models", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "validation writers, by the image alone: . " in printed
    after = load_network(tmp_path / NAMES[0])
    assert list(after.output) == ["digits", "not_a_digit", "marks"]
    for name in ("digits", "not_a_digit"):
        expected = network.predict(FIELDS, verbose=0)[name]
        np.testing.assert_array_equal(after.predict(FIELDS, verbose=0)[name], expected)
    assert load_network(tmp_path / NAMES[1]).output_shape == (None, 10)
    new = sha256(tmp_path / NAMES[0])
    assert new != old and (tmp_path / NAMES[0]).read_bytes() != before[NAMES[0]]
    assert (tmp_path / "MODEL_CARD.md").read_text() == f"SHA-256 `{new}`\n"
    assert json.loads((tmp_path / "report.json").read_text()) == {"model_sha256": new}
    assert json.loads((tmp_path / "strokes.json").read_text()) == {"combined_with": "another"}


def test_without_a_network_it_says_in_one_line_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        command.main(["--unipen", "any", "--models", str(tmp_path)])
    assert "no such model. `make train` writes one." in str(stopped.value)
    assert "\n" not in str(stopped.value)
