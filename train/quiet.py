"""Start TensorFlow without its messages, in half the time, with a thread for each half batch.

What needs no TensorFlow can be done meanwhile, in another process.
"""

import contextlib
import functools
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

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


@contextlib.contextmanager
def meanwhile(function: Callable, *arguments: object) -> Iterator[Callable[[], Any]]:
    """Call a function in another process; yield what waits for its result, or raises its error.

    The function, its arguments and its result are pickled. Where TensorFlow is imported already it
    is called in this process, once its result is asked for.
    """
    if "tensorflow" in sys.modules:
        yield functools.partial(function, *arguments)
        return
    context = multiprocessing.get_context("spawn")  # a fork could copy a lock that NumPy holds
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=send, args=(sender, function, *arguments), daemon=True)
    # Ctrl-C reaches both processes: this one ends the other, which inherits the mask.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    sender.close()

    def wait() -> Any:
        try:
            result, error = receiver.recv()
        except EOFError:  # it was killed, perhaps for its memory
            return function(*arguments)
        if error:
            raise error
        return result

    try:
        yield wait
    finally:
        receiver.close()
        process.terminate()
        process.join()


def send(sender: Connection, function: Callable, *arguments: object) -> None:
    """Send what a function returns, or its exception."""
    try:
        answer = function(*arguments), None
    except Exception as error:
        answer = None, error
    sender.send(answer)
