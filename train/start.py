"""Start TensorFlow: import it quietly and in half the time, with a thread for each half batch."""

import gc
import os
import sys

from train.quiet import quiet

# TensorFlow and Keras import these where they are installed, for functions that nothing here uses.
UNUSED = ("jax", "pandas", "matplotlib", "IPython")


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
