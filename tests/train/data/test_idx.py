"""IDX files are read completely or rejected."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from files.drawings import DataError
from train.data import idx

ARRAYS = arrays(np.uint8, array_shapes(max_dims=3, max_side=5))


@settings(max_examples=60, deadline=None)
@given(ARRAYS)
def test_an_array_is_decoded_as_it_was_encoded(array):
    decoded = idx.decode(idx.header(array.shape) + array.tobytes())
    assert np.array_equal(decoded, array)


@settings(max_examples=60, deadline=None)
@given(ARRAYS, st.data())
def test_a_stream_of_the_wrong_length_is_rejected(array, data):
    stream = idx.header(array.shape) + array.tobytes()
    cut = data.draw(st.integers(0, len(stream) - 1))
    for wrong in (stream[:cut], stream + b"\0"):
        with pytest.raises(DataError):
            idx.decode(wrong)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40), st.booleans())
def test_arbitrary_bytes_are_an_array_or_rejected(noise, with_magic):
    stream = b"\0\0\x08" + noise if with_magic else noise
    try:
        array = idx.decode(stream)
    except DataError:
        return
    assert idx.header(array.shape) + array.tobytes() == stream


def test_a_gzipped_file_is_read(tmp_path):
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(idx.header((3,)) + bytes([1, 2, 3])))
    assert idx.read(path).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "contents",
    [gzip.compress(bytes(1000))[:-9], b"\x1f\x8bnot really gzip", b"<html>not found</html>", b""],
    ids=["cut short", "altered", "a web page", "empty"],
)
def test_a_damaged_file_is_reported(tmp_path, contents):
    path = tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes(contents)
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte .*: download it again"):
        idx.read(path)


def test_a_decompression_bomb_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(idx, "MAX_UNPACKED", 1000)
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(idx.header((2000,)) + bytes(2000)))
    with pytest.raises(DataError, match="unpacks to more than 1,000 bytes"):
        idx.read(path)
