"""A training started as a person starts it, watched until it reads validation well enough."""

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

SAID = re.compile(r"val_accuracy: ([\d.]+)")  # what Keras prints after an epoch, ours and theirs


@dataclass(frozen=True)
class Run:
    """What a training did until it was there, or gave up.

    `epochs` has for each the seconds since the process was started and the accuracy on validation;
    `processor` are the seconds that all cores together worked for it, which other work on the
    machine changes less; `peak` is the memory held at most, in bytes. Both are until then.
    """

    epochs: list[tuple[float, float]]
    processor: float
    peak: int

    def seconds(self, target_accuracy: float) -> float | None:
        """When the accuracy first reached the bar; None if it never did."""
        return next(
            (seconds for seconds, accuracy in self.epochs if accuracy >= target_accuracy), None
        )


def run_until(words: Sequence[str], target_accuracy: float, most: int) -> Run:
    """Run `python WORDS` until validation's accuracy reaches the bar, or for so many epochs.

    The clock starts before the process and stops when its line of the epoch has arrived: Python's
    start, imports, reading the data and evaluating are all in it.

    Raises OSError with the last line of its complaint if it ends before the first epoch does.
    """
    epochs: list[tuple[float, float]] = []
    with tempfile.TemporaryFile("w+") as complaint:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-u", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=complaint,
            text=True,
        )
        with process.stdout as said:
            for line in said:
                if found := SAID.search(line):
                    epochs.append((time.perf_counter() - began, float(found[1])))
                    if epochs[-1][1] >= target_accuracy or len(epochs) == most:
                        break
        usage = ended(process)
        if not epochs:
            complaint.seek(0)
            lines = complaint.read().strip().splitlines() or ["it said nothing"]
            raise OSError(f"python {' '.join(words)}: {lines[-1]}")
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)  # Linux counts kilobytes
    return Run(epochs, usage.ru_utime + usage.ru_stime, peak)


def ended(process: subprocess.Popen) -> resource.struct_rusage:
    """Stop a process and take leave of it; what it used."""
    os.kill(process.pid, signal.SIGKILL)  # Popen's own kill() would reap it, if it ended before
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage
