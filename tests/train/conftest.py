"""A small data set that trains in seconds, shared by the training tests."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from train.data.unipen.characters import SPLITS
from train.evaluation import robustness
from train.ink import render
from train.samples import prepare
from train.samples.stroke_variations import augment_strokes

# Non-digits to make, by split: enough for each kind to occur.
FEW_NON_DIGITS = dict.fromkeys(
    SPLITS, {"scribbles": 40, "fragments": 40, "pairs": 40, "pictures": 40}
)

SHAPES = {  # digit-like, easy to tell apart and quick to render
    0: [[[4, 0], [0, 5], [4, 10], [8, 5], [4, 0]]],
    1: [[[3, 0], [3, 10]]],
    2: [[[0, 2], [4, 0], [8, 3], [0, 10], [8, 10]]],
    3: [[[0, 0], [7, 0], [3, 4], [8, 7], [3, 10], [0, 9]]],
    4: [[[2, 0], [0, 6], [8, 6]], [[6, 2], [6, 10]]],
    5: [[[8, 0], [1, 0], [0, 4], [7, 6], [6, 10], [0, 10]]],
    6: [[[6, 0], [0, 7], [4, 10], [7, 7], [1, 6]]],
    7: [[[0, 0], [8, 0], [3, 10]]],
    8: [[[7, 1], [1, 1], [7, 8], [3, 10], [1, 8], [7, 1]]],
    9: [[[7, 3], [3, 0], [1, 3], [7, 3], [6, 10]]],
}


def render_shapes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Render augmented shapes in turn: (count, 28, 28) uint8 images and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = [render(*augment_strokes(SHAPES[label], rng)) for label in labels]
    return np.rint(np.array(images) * 255).astype(np.uint8), labels


@pytest.fixture(scope="session")
def shapes_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an .npz file for `--data`: 1,200 training and 200 test images of ten shapes."""
    path = tmp_path_factory.mktemp("data") / "shapes.npz"
    (x_train, y_train), (x_test, y_test) = render_shapes(1200, 1), render_shapes(200, 2)
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return path


@pytest.fixture(scope="module")
def few_non_digits() -> Iterator[None]:
    """Make few non-digits: thousands of them take longer than a short training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "NON_DIGIT_COUNTS", FEW_NON_DIGITS)
        yield


@pytest.fixture(scope="module")
def brief_reports() -> Iterator[None]:
    """Leave out all corruptions but one: a report predicts 41 corrupted copies of its digits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(robustness, "CORRUPTIONS", robustness.CORRUPTIONS[-1:])
        patch.setattr(robustness, "PEN_WIDTHS", robustness.PEN_WIDTHS[:1])
        yield
