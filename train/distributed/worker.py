"""The training process of a distributed run, as `launcher` starts it."""

import os
import sys
import threading
import traceback
from collections.abc import Callable, Sequence

from train.quiet import quiet

with quiet():
    from jax.errors import JaxRuntimeError

    from train.distributed.launcher import lost_connection
    from train.distributed.options import read_process_spec
    from train.distributed.process_group import ProcessGroup


def work(main: Callable[[list[str], ProcessGroup], int], arguments: Sequence[str]) -> int:
    """Run `train.__main__.main` in a process group; return its exit status.

    The loss of another process is reported in one line.
    """
    spec = read_process_spec(arguments, os.environ)
    try:
        return main(list(arguments), ProcessGroup(spec))
    except Exception as error:
        traceback.print_exc()  # into the log
        if is_lost_connection(error):
            print(lost_connection(spec), file=sys.stderr)
        return 1


def is_lost_connection(error: BaseException | None) -> bool:
    """Tell whether JAX's runtime caused an error, directly or through Keras' follow-up errors."""
    while error is not None:
        # Gloo's collectives also raise ValueError.
        if isinstance(error, JaxRuntimeError) or "Gloo" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def exit_with_parent() -> None:
    """Exit when the parent does: it holds the other end of stdin and never writes to it."""
    sys.stdin.buffer.read()
    os._exit(1)


def start(main: Callable[[list[str], ProcessGroup], int]) -> None:
    """Train with the command line's options, then exit with the resulting status."""
    threading.Thread(target=exit_with_parent, daemon=True).start()
    status = work(main, sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # JAX's exit handlers would wait for processes that are gone
