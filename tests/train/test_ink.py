"""`render` and `normalise`: their contract, and golden vectors shared with JavaScript."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.ink import InkError, normalise, render

GOLDEN = json.loads(
    gzip.decompress((Path(__file__).parents[1] / "fixtures" / "golden.json.gz").read_bytes())
)
coordinates = st.floats(-1e12, 1e12)
drawings = st.lists(
    st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=8), min_size=1, max_size=4
)


def dense(field: list) -> np.ndarray:
    flat = np.zeros(784)
    for pixel, value in field:
        flat[pixel] = value
    return flat.reshape(28, 28)


def centre_of_mass(field: np.ndarray) -> np.ndarray:
    centres = np.arange(28) + 0.5
    return np.array([field.sum(0) @ centres, field.sum(1) @ centres]) / field.sum()


def reference_render(drawing: list, width: float) -> np.ndarray:
    """Render by the contract's three steps, pixel by pixel and segment by segment."""
    strokes = [[np.array(point[:2], float) for point in stroke] for stroke in drawing]
    points = np.array([point for stroke in strokes for point in stroke])
    low, high = points.min(0), points.max(0)
    side = (high - low).max()
    half = np.zeros(2) if side == 0 else (high - low) * (20 - width) / side / 2
    scale = 1 if side == 0 else (20 - width) / side
    placed = [[(p - (low + high) / 2) * scale + 14 for p in stroke] for stroke in strokes]

    def draw(shift: np.ndarray) -> np.ndarray:
        field = np.zeros((28, 28))
        for i in range(28):
            for j in range(28):
                pixel = np.array([j + 0.5, i + 0.5])
                nearest = np.inf
                for stroke in placed:
                    for a, b in zip(stroke, stroke[1:] or stroke, strict=False):
                        a, b = a + shift, b + shift
                        squared = (b - a) @ (b - a)
                        t = 0 if squared == 0 else np.clip((pixel - a) @ (b - a) / squared, 0, 1)
                        nearest = min(nearest, np.linalg.norm(pixel - (a + t * (b - a))))
                field[i, j] = np.clip(width / 2 - nearest + 0.5, 0, 1)
        return field

    room = np.maximum(14 - half - width / 2, 0)
    return draw(np.clip(14 - centre_of_mass(draw(np.zeros(2))), -room, room))


def test_every_golden_drawing_renders_as_recorded():
    assert len(GOLDEN["render"]) >= 200
    for case in GOLDEN["render"]:
        field = render(case["drawing"], case["width"])
        assert field.shape == (28, 28) and field.dtype == np.float32
        np.testing.assert_allclose(field, dense(case["field"]), atol=1e-5, err_msg=case["name"])


def test_every_golden_picture_normalises_as_recorded():
    for case in GOLDEN["normalise"]:
        image = np.array(case["image"]).reshape(case["rows"], case["columns"])
        np.testing.assert_allclose(
            normalise(image), dense(case["field"]), atol=1e-5, err_msg=case["name"]
        )


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in GOLDEN["render"]
        if len(json.dumps(case["drawing"])) < 400 and case["name"] != "tiniest"  # scale overflows
    ][:24],
    ids=lambda case: case["name"],
)
def test_golden_drawings_match_a_reference_implementation(case: dict):
    expected = reference_render(case["drawing"], case["width"])
    np.testing.assert_allclose(dense(case["field"]), expected, atol=1e-5)


def test_a_dot_renders_as_a_disc_of_the_pen_width():
    field = render([[[7, 7]]], 3.0)
    assert field[13, 13] == pytest.approx(min(1, 2 - np.hypot(0.5, 0.5)))
    assert 0.8 < field.sum() / (np.pi * 1.5**2) < 1.2


def test_rendering_ignores_position_and_scale():
    drawing = np.array([[0.0, 0], [4, 1], [3, 9]])
    field = render([drawing.tolist()], 2.0)
    moved = render([(drawing * 1024 + 4096).tolist()], 2.0)
    np.testing.assert_allclose(moved, field, atol=1e-6)


def test_the_smallest_possible_drawing_fills_the_box():
    smallest = render([[[0, 0], [0, 5e-324]]])
    np.testing.assert_allclose(smallest, render([[[0, 0], [0, 1]]]), atol=1e-6)


def test_lopsided_ink_stays_inside_the_field():
    field = render([[[0, 0], [100, 0]], [[0, k] for k in range(9)]], 4.0)
    assert field[:, 0].sum() + field[:, -1].sum() < field.sum() / 20


@pytest.mark.parametrize(
    ("drawing", "message"),
    [
        (5, "not a list of strokes"),
        ("ink", "not a list of strokes"),
        ([[[0, 0]], None], "stroke 2 is not a list of points"),
        ([{(0, 0): 1}], "stroke 1 is not a list of points"),
        ([[[0, 0]]] * 301, "more than 300 strokes"),
        ([[[-(2**63), 0]]], "stroke 1 has a coordinate beyond"),
        ([[[10**400, 0.5]]], "stroke 1 has a coordinate beyond"),
        ([], "no strokes"),
        ([[[0, 0]], []], "stroke 2 has no points"),
        ([[[0, 0], [float("nan"), 1]]], "stroke 1 .* finite"),
        ([[[0, 0]], [[float("inf"), 1]]], "stroke 2 .* finite"),
        ([[[0, 0], [1e13, 0]]], "stroke 1 .* beyond"),
        ([[[0]]], "stroke 1 .* not \\[x, y\\]"),
        ([[["a", "b"]]], "stroke 1 .* not \\[x, y\\]"),
        ([[None]], "stroke 1 .* not \\[x, y\\]"),
        ([[[0, 0, float("nan")]]], "stroke 1 has a time that is not a finite"),
        ([[[0, 0, 10**400]]], "stroke 1 has a time that is not a finite"),
        ([[[0, 0]] * 100_001], "more than 100000 points"),
    ],
)
def test_render_rejects_invalid_drawings_with_a_reason(drawing: list, message: str):
    with pytest.raises(InkError, match=message):
        render(drawing, 2.0)


@pytest.mark.parametrize("width", [0, -1, 20, float("nan")])
def test_render_rejects_a_pen_width_that_does_not_fit_the_box(width: float):
    with pytest.raises(InkError, match="width"):
        render([[[0, 0], [1, 1]]], width)


@given(drawings, st.floats(0.5, 6))
@settings(max_examples=60, deadline=None)
def test_any_finite_drawing_renders_with_ink(drawing: list, width: float):
    field = render(drawing, width)
    assert np.isfinite(field).all()
    assert field.min() >= 0 and field.max() <= 1 and field.sum() > 0


def test_a_normalised_picture_does_not_depend_on_its_polarity():
    image = render([[[0, 0], [10, 0], [4, 18]]], 2.5) * 200
    np.testing.assert_allclose(normalise(image), normalise(255 - image), atol=1e-6)


def test_a_normalised_picture_is_centred_and_twenty_pixels_high():
    image = np.full((300, 200), 250)
    image[40:240, 90:110] = 20
    field = normalise(image)
    np.testing.assert_allclose(centre_of_mass(field), [14, 14], atol=0.01)
    assert (field.sum(axis=1) > 0.5).sum() == 20


def test_a_thin_line_in_a_large_picture_keeps_its_contrast():
    image = np.full((1000, 700), 255)
    image[100:900, 300:304] = 0
    assert normalise(image).max() > 0.5


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (
            np.array([[-1.7e308] * 3, [-1.7e308, 1.7e308, -1.7e308], [-1.7e308] * 3]),
            "too far apart",
        ),
        (np.zeros((5, 5)), "no ink"),
        (np.zeros((5, 5, 3)), "rows and columns"),
        (np.zeros((0, 5)), "rows and columns"),
        (np.full((5, 5), np.nan), "finite"),
    ],
)
def test_normalise_rejects_invalid_images_with_a_reason(image: np.ndarray, message: str):
    with pytest.raises(InkError, match=message):
        normalise(image)


def test_strokes_may_be_numpy_arrays_of_any_type():
    plain = [[[0, 0], [4, 1]], [[3, 9]]]
    for dtype in (np.float32, np.int16):
        arrays = [np.array(stroke, dtype) for stroke in plain]
        rows = [tuple(tuple(row) for row in stroke) for stroke in arrays]  # numpy scalars
        for drawing in (arrays, rows, [list(stroke) for stroke in arrays]):
            np.testing.assert_array_equal(render(drawing), render(plain))
