"""Weights as 8-bit levels."""

import json
from pathlib import Path

import numpy as np
import pytest

from export.packing import levels_of, pack, rounded_up

NAMES = {"kernel": "a/conv1_1/convolution/ReadVariableOp", "bias": "a/conv1_1/Squeeze"}


def restored(levels: np.ndarray, least: float, step: float) -> np.ndarray:
    return levels.astype(np.float32) * np.float32(step) + np.float32(least)


@pytest.mark.parametrize("size", [1e-4, 1, 300])
def test_multiples_of_a_step_are_kept_exactly(size):
    step = float(f"{0.0317 * size:.3g}")
    values = np.arange(-9, 17) * step
    levels, least, found = levels_of(values, step)
    assert found == step and len(np.unique(levels)) == 26
    np.testing.assert_allclose(restored(levels, least, step), values, rtol=1e-6, atol=1e-6 * step)


@pytest.mark.parametrize("step", [None, 0.1])
@pytest.mark.parametrize("low", [-0.7, 0.2])
def test_other_values_get_256_levels_between_their_extremes(low, step):
    values = np.linspace(low, 1.3, 1000) + 1e-3
    levels, least, found = levels_of(values, step)
    assert levels.max() >= 250
    np.testing.assert_allclose(restored(levels, least, found), values, atol=found / 2 + 1e-6)
    assert low > 0 or np.abs(restored(np.arange(256), least, found)).min() < 1e-6


def test_a_constant_tensor_is_kept():
    for value in (-0.3, 0.0, 0.5):
        np.testing.assert_allclose(restored(*levels_of(np.full(3, value), None)), value, atol=1e-3)


def test_steps_are_short_and_never_too_small():
    for step in (0.123456, 7.001e-5, 3.0, 1e-9):
        assert step <= rounded_up(step) <= 1.01 * step
        assert len(json.dumps(rounded_up(step))) <= 8


def test_files_of_weights_are_rewritten_and_integers_stay(tmp_path: Path):
    kernel = (np.array([-2, 0, 5, 1]) * 0.25).astype(np.float32)
    bias, shape = np.float32([0.1, -0.2]), np.int32([7, 9])
    content = b"".join(each.tobytes() for each in (kernel, shape, bias))
    (tmp_path / "one.bin").write_bytes(content[:10])
    (tmp_path / "two.bin").write_bytes(content[10:])
    weights = [
        {"name": NAMES["kernel"], "shape": [4], "dtype": "float32"},
        {"name": "shape", "shape": [2], "dtype": "int32"},
        {"name": NAMES["bias"], "shape": [2], "dtype": "float32"},
    ]
    document = {"weightsManifest": [{"paths": ["one.bin", "two.bin"], "weights": weights}]}
    pack(document, tmp_path, {"conv1": 0.25})
    assert document["weightsManifest"][0]["paths"] == ["one.bin"]
    assert [file.name for file in tmp_path.iterdir()] == ["one.bin"]
    packed = (tmp_path / "one.bin").read_bytes()
    assert packed[:4] == bytes([0, 2, 7, 3]) and packed[4:12] == shape.tobytes()
    assert weights[0]["quantization"] == {"dtype": "uint8", "min": -0.5, "scale": 0.25}
    assert "quantization" not in weights[1] and len(packed) == 14
