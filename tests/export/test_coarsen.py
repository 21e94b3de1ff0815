"""Weights of large layers in fewer levels."""

from pathlib import Path

import numpy as np

from export.coarsen import MIN_WEIGHTS, STEP, coarsen, round_levels

QUANTIZED = {"dtype": "uint8", "min": -1.0, "scale": 0.01}


def tensor(count: int, **more) -> dict:
    return {"name": "a", "shape": [count], "dtype": "float32", **more}


def test_large_tensors_are_rounded_and_all_others_stay(tmp_path: Path):
    rng = np.random.default_rng(0)
    large = rng.integers(0, 256, MIN_WEIGHTS, np.uint8)
    small = rng.integers(0, 256, MIN_WEIGHTS - 1, np.uint8)
    shape, exact = np.array([7, 9], np.int32), rng.random(MIN_WEIGHTS).astype(np.float32)
    content = b"".join(each.tobytes() for each in (small, shape, large, exact))
    (tmp_path / "one.bin").write_bytes(content[:6000])
    (tmp_path / "two.bin").write_bytes(content[6000:])
    weights = [
        tensor(len(small), quantization=QUANTIZED),
        {"name": "shape", "shape": [2], "dtype": "int32"},
        tensor(len(large), quantization=QUANTIZED),
        tensor(len(exact)),
    ]
    coarsen({"weightsManifest": [{"paths": ["one.bin", "two.bin"], "weights": weights}]}, tmp_path)
    assert (tmp_path / "one.bin").stat().st_size == 6000
    found = (tmp_path / "one.bin").read_bytes() + (tmp_path / "two.bin").read_bytes()
    start = len(small) + 8
    assert found[:start] == content[:start]
    assert found[start + len(large) :] == content[start + len(large) :]
    rounded = np.frombuffer(found[start : start + len(large)], np.uint8)
    assert len(np.unique(rounded)) <= 256 / STEP + 2
    assert np.abs(rounded.astype(int) - large).max() <= STEP / 2


def test_the_level_of_weight_0_stays():
    zero = 100
    levels = round_levels(np.arange(256, dtype=np.uint8), QUANTIZED)
    assert levels[zero] == zero and levels[zero + STEP] == zero + STEP
    assert levels[zero + 1] in (zero, zero + STEP)
    assert levels[0] == 0 and levels[255] >= 254
