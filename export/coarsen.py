"""Round the weights of large layers to 64 of their 256 levels, so that they compress better.

The file keeps its size and its format; Brotli makes it a fifth smaller. Small layers, which have
few bytes to save, keep all levels.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np

MIN_WEIGHTS = 5_000  # in the default network, three convolutions with three quarters of all weights
STEP = 4  # levels
LEVELS = 256


def coarsen(document: dict[str, Any], folder: Path) -> None:
    """Rewrite the files of weights in a folder.

    Args:
        document: content of model.json.
        folder: its files of weights; those of tensors that are not quantised to uint8 stay.
    """
    for group in document["weightsManifest"]:
        paths = [folder / name for name in group["paths"]]
        sizes = [path.stat().st_size for path in paths]
        content = b"".join(path.read_bytes() for path in paths)
        rounded = b"".join(round_tensors(group["weights"], content))
        for path, size in zip(paths, sizes, strict=True):
            path.write_bytes(rounded[:size])
            rounded = rounded[size:]


def round_tensors(weights: list[dict[str, Any]], content: bytes) -> list[bytes]:
    """Return the bytes of each tensor of a group, in its order."""
    rounded = []
    for each in weights:
        count = math.prod(each["shape"])
        quantization = each.get("quantization") or {}
        dtype = quantization.get("dtype", each["dtype"])
        own, content = split(content, count * np.dtype(dtype).itemsize)
        if dtype == "uint8" and count >= MIN_WEIGHTS:
            own = round_levels(np.frombuffer(own, np.uint8), quantization).tobytes()
        rounded.append(own)
    return rounded


def round_levels(levels: np.ndarray, quantization: dict[str, Any]) -> np.ndarray:
    """Round (n,) uint8 levels to every fourth, counted from the one of weight 0, which stays."""
    zero = round(-quantization["min"] / quantization["scale"])
    nearest = np.rint((levels.astype(int) - zero) / STEP) * STEP + zero
    # Where the nearest lies outside, the end of the range serves.
    return np.clip(nearest, 0, LEVELS - 1).astype(np.uint8)


def split(content: bytes, size: int) -> tuple[bytes, bytes]:
    """Return the first `size` bytes, and the others."""
    return content[:size], content[size:]
