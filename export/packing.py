"""Write a converted graph's weights as 8-bit levels, with steps that were chosen before."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from export.graph_nodes import layer_of

LEVELS = 256


def pack(document: dict[str, Any], folder: Path, steps: dict[str, float]) -> None:
    """Rewrite the files of float weights in a folder, and describe them in the document.

    Args:
        document: content of model.json.
        folder: its files of weights, float32 and int32; integers stay as they are.
        steps: distance between two levels of the kernels by layer name. Other tensors, and kernels
            that are no multiples of it, get 256 levels between their extremes.
    """
    for group in document["weightsManifest"]:
        content = b"".join((folder / name).read_bytes() for name in group["paths"])
        packed = b"".join(pack_tensors(group["weights"], content, steps))
        first, *others = group["paths"]
        (folder / first).write_bytes(packed)
        for name in others:
            (folder / name).unlink()
        group["paths"] = [first]


def pack_tensors(
    weights: list[dict[str, Any]], content: bytes, steps: dict[str, float]
) -> list[bytes]:
    """Return the bytes of each tensor of a group, in its order; describe their levels in it."""
    packed, start = [], 0
    for each in weights:
        values = np.frombuffer(content, each["dtype"], math.prod(each["shape"]), start)
        start += values.nbytes
        if each["dtype"] != "float32":
            packed.append(values.tobytes())
            continue
        step = steps.get(layer_of(each["name"], set(steps)) or "")
        levels, least, step = levels_of(values.astype(float), step)
        each["quantization"] = {"dtype": "uint8", "min": least, "scale": step}
        packed.append(levels.tobytes())
    return packed


def levels_of(values: np.ndarray, step: float | None) -> tuple[np.ndarray, float, float]:
    """Return the uint8 levels of values, the value of level 0, and the step between two.

    Steps are short numbers, and 0 is a level: model.json has both numbers in decimal.
    """
    low, high = float(values.min()), float(values.max())
    if step and (high - low) / step < LEVELS:
        levels = np.rint(values / step)
        if np.allclose(levels * step, values, rtol=1e-5, atol=step / 1000):
            return shifted(levels, step)
    step = rounded_up((high - low) / (LEVELS - 2)) or 1.0
    if low <= 0 <= high:
        return shifted(np.rint(values / step), step)
    return np.rint((values - low) / step).astype(np.uint8), low, step


def shifted(levels: np.ndarray, step: float) -> tuple[np.ndarray, float, float]:
    """Return whole multiples of a step as `levels_of` does."""
    least = int(levels.min())
    digits = max(0, 3 - math.floor(math.log10(step)))
    return (levels - least).astype(np.uint8), round(least * step, digits), step


def rounded_up(step: float) -> float:
    """Return a step with three digits that is not smaller."""
    if step == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(step)) - 2)
    return float(f"{math.ceil(step / unit) * unit:.3g}")
