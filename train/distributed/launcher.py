"""Run one process of many, and say in one line how it ended.

Keras chooses its backend when it is imported, and JAX ends a process that lost another with many
lines and an abort. So the process that trains is a child of this one, with a log for its stderr.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from train.distributed.options import JOINED, ClusterError, Place, place_of

STOPPED = "train: stopped; --resume goes on after the last whole epoch"
# The command is handed in: a room imports nothing from the commands above it.
WORKER = """
from train.distributed import worker
from train.__main__ import main
worker.start(main)
"""
RESUME = "start all of them again with --resume"


def supervise(arguments: Sequence[str]) -> int:
    """Run `python -m train` with these arguments as its place says; return an exit status."""
    try:
        place = place_of(arguments, os.environ)
    except ClusterError as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    for asked in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(asked, signal.default_int_handler)
    handle, name = tempfile.mkstemp(prefix="digitpad-", suffix=".log")
    log = Path(name)
    try:
        status = run(arguments, handle)
    except KeyboardInterrupt:
        log.unlink()
        print(f"\n{STOPPED}", file=sys.stderr)
        return 130
    finally:
        os.close(handle)
    ending = status and ending_of(place, status, log.read_text(errors="replace"), log)
    if ending:
        print(ending, file=sys.stderr)
    if not ending or log.name not in ending:
        log.unlink()
    return 1 if status < 0 else status  # a signal's is negative


def run(arguments: Sequence[str], log: int) -> int:
    """The exit status of the child, which goes when this process goes: its stdin is a leash."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, *arguments],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        stdin=subprocess.PIPE,
        stderr=log,
    ) as worker:
        try:
            return worker.wait()
        finally:
            worker.kill()


def ending_of(place: Place, status: int, said: str, log: Path) -> str:
    """What to say of a child that failed: its own line, or one that its exit status calls for."""
    own = [line for line in said.splitlines() if line.startswith("train: ")]
    if own:
        return own[-1]
    if status == 2:  # argparse's
        return said.rstrip()
    if status == -signal.SIGABRT and JOINED not in said:
        return f"train: {place.late} (JAX's words: {log})"
    if status == -signal.SIGABRT:  # how JAX leaves when its coordinator reports a fault
        return f"train: {place.name}: another process is gone: {RESUME} (JAX's words: {log})"
    if status < 0:
        name = signal.Signals(-status).name
        return f"train: {place.name} was killed ({name}): {RESUME}"
    reason = (said.strip().splitlines() or ["no reason given"])[-1]
    return f"train: {place.name} failed: {reason} (all of it: {log})"
