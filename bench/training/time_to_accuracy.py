"""Run a training command until its validation accuracy reaches a target."""

import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.result import ROOT

VAL_ACCURACY = re.compile(r"val_accuracy: ([\d.]+)")  # printed by Keras after each epoch


@dataclass(frozen=True)
class Run:
    """Result of a training command until it reached the target or its last epoch.

    `epochs` has for each epoch the seconds since the process started and the validation accuracy;
    `processor` is the processor time in seconds over all cores, which other programs affect less;
    `peak` is the peak memory in bytes.
    """

    epochs: list[tuple[float, float]]
    processor: float
    peak: int

    def seconds(self, target_accuracy: float) -> float | None:
        """Return the seconds until the target was reached, None if it was not."""
        return next(
            (seconds for seconds, accuracy in self.epochs if accuracy >= target_accuracy), None
        )


def run_until(arguments: Sequence[str], target_accuracy: float, max_epochs: int) -> Run:
    """Run `python ARGUMENTS` until the validation accuracy reaches the target, or `max_epochs`.

    The time runs from before the process starts until the line of the epoch arrives, so it includes
    Python's start, imports, reading the data and validation.

    Raises OSError with the last line of stderr if the process ends before the first epoch does.
    """
    epochs: list[tuple[float, float]] = []
    with tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-u", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        with process.stdout as output:
            for line in output:
                if found := VAL_ACCURACY.search(line):
                    epochs.append((time.perf_counter() - began, float(found[1])))
                    if epochs[-1][1] >= target_accuracy or len(epochs) == max_epochs:
                        break
        usage = stop(process)
        if not epochs:
            errors.seek(0)
            lines = errors.read().strip().splitlines() or ["it printed nothing"]
            raise OSError(f"python {' '.join(arguments)}: {lines[-1]}")
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)  # Linux counts kilobytes
    return Run(epochs, usage.ru_utime + usage.ru_stime, peak)


def stop(process: subprocess.Popen) -> resource.struct_rusage:
    """Kill and reap a process; return its resource usage."""
    os.kill(process.pid, signal.SIGKILL)  # Popen.kill() would reap a process that has ended
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage
