"""What is found on pictures, labelled by what was drawn there."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from export import meta
from export.marks import pictures
from export.marks.chances import DIGIT, NEITHER
from export.marks.pictures import labelled
from tests.train.marks.drawn import drawn_ink
from train.marks.pictures import Picture
from train.network.build import MARK_LABELS

BOXES = np.array([[10.0, 10, 40, 60], [44, 50, 50, 56], [60, 10, 90, 60]])
SHOWN = Picture("7.4", np.zeros((80, 100), np.uint8), BOXES, 50, 6)


@pytest.mark.parametrize(
    ("box", "label"),
    [
        pytest.param([10, 10, 40, 60], DIGIT, id="a digit"),
        pytest.param([44, 50, 50, 56], MARK_LABELS.index("."), id="a mark"),
        pytest.param([42, 47, 52, 57], MARK_LABELS.index("."), id="a mark, softly edged"),
        pytest.param([10, 10, 50, 60], NEITHER, id="a digit and the mark beside it"),
        pytest.param([10, 10, 25, 60], NEITHER, id="a part of a digit"),
        pytest.param([70, 70, 76, 76], NEITHER, id="a speck"),
    ],
)
def test_ink_is_what_was_drawn_within_its_box(box: list[float], label: int) -> None:
    assert labelled(SHOWN, [np.array(box, float)]) == [label]


def test_weights_are_fitted_to_what_the_page_finds(tmp_path, monkeypatch, capsys) -> None:
    """A few pictures of simple shapes; the files are written elsewhere."""
    written = {}
    monkeypatch.setattr(pictures, "save", lambda path, fitted: written.update({path: fitted}))
    images = np.zeros((6000, 28, 28), np.uint8)
    images[:, 6:22, 10:18] = 255
    digits = SimpleNamespace(train_images=images, train_labels=np.arange(6000) % 10)
    pictures.run(drawn_ink(), digits, 18)
    (path, fitted), *_ = written.items()
    assert path == meta.PICTURE_MARKS
    assert np.shape(fitted["kernel"]) == (pictures.HIDDEN, NEITHER + 1)
    shipped = json.loads(path.read_text())
    assert np.shape(shipped["hidden"]) == np.shape(fitted["hidden"]), "the page's inputs"
    assert shipped["weights"] == fitted["weights"] == pictures.WEIGHTS
    share, count = capsys.readouterr().out.strip().splitlines()[-1].split("% of ")
    assert float(share) > 60 and int(count.split()[0]) > 40
