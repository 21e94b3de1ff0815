"""Start TensorFlow without the lines that its libraries write to everybody's terminal."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def quiet(descriptor: int = 2) -> Iterator[None]:
    """Within it, what native code writes to stderr is dropped; Python's exceptions are as ever.

    `descriptor` 1 is stdout.

    TensorFlow's CUDA plugins complain while they are loaded, before TF_CPP_MIN_LOG_LEVEL is heard,
    and with the first operation: https://github.com/tensorflow/tensorflow/issues/62075
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with open(os.devnull, "wb") as nowhere:
        kept = os.dup(descriptor)
        os.dup2(nowhere.fileno(), descriptor)
        try:
            yield
        finally:
            os.dup2(kept, descriptor)
            os.close(kept)
