"""The IDX format of the original MNIST files.

Two zero bytes, a type (8: unsigned byte), the number of dimensions, each dimension as a big-endian
uint32, then the values, last dimension fastest (http://yann.lecun.com/exdb/mnist/).
"""

import gzip
import io
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from files.drawings import DataError
from files.limits import MAX_UNPACKED, check_size

UNSIGNED_BYTE = 8


def header(shape: tuple[int, ...]) -> bytes:
    """Return the header of an IDX file that holds a uint8 array of this shape."""
    return struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTE, len(shape), *shape)


def decode(data: bytes) -> np.ndarray:
    """Decode a uint8 array. Raises DataError for a damaged or truncated file."""
    if len(data) < 4 or data[:3] != bytes([0, 0, UNSIGNED_BYTE]):
        raise DataError("is not an IDX file of unsigned bytes")
    dimensions = data[3]
    start = 4 + 4 * dimensions
    if dimensions == 0 or len(data) < start:
        raise DataError("ends inside its IDX header")
    shape = struct.unpack_from(f">{dimensions}I", data, 4)
    if 0 in shape:
        raise DataError("holds no values")
    if len(data) - start != math.prod(shape):
        raise DataError(f"has {len(data) - start:,} values where its header says {shape}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def read(path: Path) -> np.ndarray:
    """Read an IDX file, gzipped or not. Raises DataError that names the file."""
    try:
        check_size(path)
        data = path.read_bytes()
        return decode(gunzip(data) if data[:2] == b"\x1f\x8b" else data)
    except (OSError, EOFError, zlib.error, DataError) as problem:
        raise DataError(f"{path} {problem}: download it again") from None


def gunzip(data: bytes) -> bytes:
    """Decompress gzip data. Raises DataError for more than MAX_UNPACKED bytes."""
    with gzip.open(io.BytesIO(data)) as stream:
        content = stream.read(MAX_UNPACKED + 1)
    if len(content) > MAX_UNPACKED:
        raise DataError(f"unpacks to more than {MAX_UNPACKED:,} bytes")
    return content
