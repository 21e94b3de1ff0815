"""Start TensorFlow without its messages, in half the time, with a thread for each half batch."""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator

# TensorFlow and Keras import these where they are installed, for functions that nothing here uses.
UNUSED = ("jax", "pandas", "matplotlib", "IPython")


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


def import_keras() -> None:
    """Import TensorFlow and Keras without what they can do without.

    Without UNUSED packages and without garbage collection this takes 2.1 s of processor time
    instead of 4.4. Afterwards these packages can be imported as usual. What is imported already, as
    JAX in a process of a distributed run, stays.
    """
    hidden = [name for name in UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # None: importing it raises ImportError
    collects = gc.isenabled()
    gc.disable()
    try:
        with quiet():
            import keras  # noqa: F401
    finally:
        if collects:
            gc.enable()
        for name in hidden:
            del sys.modules[name]


def share_cores() -> None:
    """Let each operation use half of the cores, as `HalvesModel` needs; call before any operation.

    An environment variable TF_NUM_INTRAOP_THREADS takes precedence.
    """
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, (os.cpu_count() or 1) // 2)))
