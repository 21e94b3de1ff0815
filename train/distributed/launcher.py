"""Start one process of a distributed run and report in one line how it ended.

Keras chooses its backend at import, and JAX aborts with many lines when it loses another process.
The training process is therefore a child of this one, with its stderr in a log file.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from train.distributed.options import (
    JOINED_MARKER,
    ClusterError,
    ProcessSpec,
    read_process_spec,
)

INTERRUPTED = "train: interrupted. Continue after the last finished epoch with --resume."
# Passed as text: importing `train.__main__` here would import upwards.
WORKER_SCRIPT = """
from train.distributed import worker
from train.__main__ import main
worker.start(main)
"""
RESTART = "Restart all processes with --resume."


def launch_worker(arguments: Sequence[str]) -> int:
    """Run `python -m train` as one process of a group; return its exit status."""
    try:
        spec = read_process_spec(arguments, os.environ)
    except ClusterError as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    handle, name = tempfile.mkstemp(prefix="digitpad-", suffix=".log")
    log = Path(name)
    try:
        status = run_worker(arguments, handle)
    except KeyboardInterrupt:
        log.unlink()
        print(f"\n{INTERRUPTED}", file=sys.stderr)
        return 130
    finally:
        os.close(handle)
    message = status and describe_failure(spec, status, log.read_text(errors="replace"), log)
    if message:
        print(message, file=sys.stderr)
    if not message or log.name not in message:
        log.unlink()
    return 1 if status < 0 else status  # a signal gives a negative status


def run_worker(arguments: Sequence[str], log: int) -> int:
    """Run the child process, stderr to `log`; return its exit status.

    The child exits when its stdin closes, and so never outlives this process.
    """
    with subprocess.Popen(
        [sys.executable, "-c", WORKER_SCRIPT, *arguments],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        stdin=subprocess.PIPE,
        stderr=log,
    ) as worker:
        try:
            return worker.wait()
        finally:
            worker.kill()


def describe_failure(spec: ProcessSpec, status: int, stderr: str, log: Path) -> str:
    """Return the worker's own error message, or one derived from its exit status."""
    own = [line for line in stderr.splitlines() if line.startswith("train: ")]
    if own:
        return own[-1]
    if status == 2:  # argparse's usage error
        return stderr.rstrip()
    if status == -signal.SIGABRT and JOINED_MARKER not in stderr:
        return f"train: {spec.timeout_message} (JAX log: {log})"
    if status == -signal.SIGABRT:  # JAX aborts when its coordinator reports a fault
        return f"{lost_connection(spec)} (JAX log: {log})"
    if status < 0:
        return f"train: {spec.name} was killed ({signal.Signals(-status).name}). {RESTART}"
    reason = (stderr.strip().splitlines() or ["no reason given"])[-1]
    return f"train: {spec.name} failed: {reason} (full log: {log})"


def lost_connection(spec: ProcessSpec) -> str:
    """Return the message for a run that lost another process."""
    return f"train: {spec.name} lost its connection to another process. {RESTART}"
