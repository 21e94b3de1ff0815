"""One process of many, on JAX, as the launcher starts it."""

import os
import sys
import threading
import traceback
from collections.abc import Callable, Sequence

from train.quiet import quiet

with quiet():
    from jax.errors import JaxRuntimeError

    from train.distributed.launcher import RESUME
    from train.distributed.options import place_of
    from train.distributed.process_group import Crew


def work(main: Callable[[list[str], Crew], int], arguments: Sequence[str]) -> int:
    """Train by `main`, which is `train.__main__`'s; return its exit status.

    What goes wrong between processes becomes one line.
    """
    place = place_of(arguments, os.environ)
    try:
        return main(list(arguments), Crew(place))
    except Exception as error:
        traceback.print_exc()  # into the log
        if lost_another(error):
            print(f"train: {place.name}: another process is gone: {RESUME}", file=sys.stderr)
        return 1


def lost_another(error: BaseException | None) -> bool:
    """Whether JAX's runtime is behind it; Keras stumbles on, and raises something else in turn."""
    while error is not None:
        if isinstance(error, JaxRuntimeError) or "Gloo" in str(error):  # its sums: ValueError too
            return True
        error = error.__cause__ or error.__context__
    return False


def follow() -> None:
    """End with the parent: it holds the other end of stdin and never writes."""
    sys.stdin.buffer.read()
    os._exit(1)


def start(main: Callable[[list[str], Crew], int]) -> None:
    """Do one process's part of a training, as the command line says; end with its status."""
    threading.Thread(target=follow, daemon=True).start()
    status = work(main, sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # JAX would wait at exit for processes that are gone
