"""Suppress what native libraries print, in particular while TensorFlow is imported."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def quiet(descriptor: int = 2) -> Iterator[None]:
    """Discard what native code writes to a file descriptor: 2 is stderr, 1 is stdout.

    TensorFlow's CUDA plugins print while they are loaded, before TF_CPP_MIN_LOG_LEVEL takes effect,
    and with the first operation: https://github.com/tensorflow/tensorflow/issues/62075
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with open(os.devnull, "wb") as null:
        saved = os.dup(descriptor)
        os.dup2(null.fileno(), descriptor)
        try:
            yield
        finally:
            os.dup2(saved, descriptor)
            os.close(saved)
