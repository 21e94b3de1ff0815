"""Measure how long each part of a training run takes: `python -m train --profile`."""

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from train.fitting.batches import BatchLoader, one_hot
from train.fitting.fit import EVAL_BATCH_SIZE, training_model
from train.fitting.settings import Settings
from train.network.build import build
from train.network.normalisation import fused_batch_norm
from train.network.saving import save
from train.samples.prepare import RunData
from train.samples.training_set import inputs

MEASURED_STEPS = 40  # their median is within 3% of that of 400 steps, on a busy machine


@dataclass(frozen=True)
class Part:
    """A part of a run: the seconds it takes once, and how often it occurs."""

    name: str
    seconds: float
    times: int = 1

    @property
    def total(self) -> float:
        """Seconds in a whole run."""
        return self.seconds * self.times


@dataclass(frozen=True)
class Profile:
    """The parts of a run, its training speed and its memory."""

    parts: Sequence[Part]
    epochs: int
    images_per_second: float  # in training, including augmentation, which overlaps with the steps
    peak_memory: int  # bytes

    def table(self) -> str:
        """Format as a table: time of each part once, in a whole run, and its share."""
        total = sum(part.total for part in self.parts)
        lines = [f"{'':32}{'once':>11}{'times':>8}{'whole run':>12}{'share':>8}"]
        for part in self.parts:
            lines.append(
                f"{part.name:32}{format_duration(part.seconds):>11}{part.times:>8,}"
                f"{format_duration(part.total):>12}{part.total / total:>8.1%}"
            )
        lines.append(f"{f'all, with {self.epochs} epochs':32}{'':19}{format_duration(total):>12}")
        lines.append(
            f"{self.images_per_second:,.0f} images per second in training, with batches prepared "
            f"in parallel; peak memory {self.peak_memory / 1e6:,.0f} MB"
        )
        return "\n".join(lines)


def measure(
    settings: Settings,
    *,
    imports: float,
    read: Callable[[], object],
    prepare: Callable[[], RunData],
    report: Callable[[keras.Model, RunData, Path], object],
    steps: int = MEASURED_STEPS,
) -> Profile:
    """Measure every part of a run, with a few training steps in place of all.

    Args:
        settings: of the run.
        imports: seconds that imports took.
        read: reads only the data.
        prepare: reads the data and prepares all samples.
        report: writes the report of a network into a folder; here a temporary one.
        steps: number of training steps to measure.
    """
    reading, _ = timed(read)
    preparing, run_data = timed(prepare)
    keras.utils.set_random_seed(settings.seed)
    loader = BatchLoader(run_data.training_set, settings)
    building, (network, model) = timed(lambda: build_and_compile(settings, loader))
    augmenting, made_batches = timed_each(loader.__getitem__, range(min(steps, len(loader))))
    with fused_batch_norm(network):
        tracing, _ = timed(lambda: model.train_on_batch(*made_batches[0]))
        stepping, _ = timed_each(lambda batch: model.train_on_batch(*batch), made_batches)
        speed = images_per_second(model, loader, len(made_batches))
    validation = inputs(run_data.validation_data[0]), one_hot(run_data.validation_data[1])
    model.evaluate(*validation, batch_size=EVAL_BATCH_SIZE, verbose=0)  # traces the graph
    evaluating, _ = timed(
        lambda: model.evaluate(*validation, batch_size=EVAL_BATCH_SIZE, verbose=0)
    )
    with tempfile.TemporaryDirectory(prefix="digitpad-") as name:
        saving, _ = timed(lambda: save(network, Path(name)))
        reporting, _ = timed(lambda: report(network, run_data, Path(name)))
    parts = [
        Part("imports", imports),
        Part("reading the data", reading),
        Part("non-digits and renders", max(0.0, preparing - reading)),
        Part("building and tracing the network", building + tracing),
        Part("augmentation, a batch", augmenting, len(loader) * settings.epochs),
        Part("training, a step", stepping, len(loader) * settings.epochs),
        Part("evaluation, an epoch", evaluating, settings.epochs),
        Part("saving", saving),
        Part("report", reporting),
    ]
    return Profile(parts, settings.epochs, speed, peak_memory())


def build_and_compile(settings: Settings, loader: BatchLoader) -> tuple[keras.Model, keras.Model]:
    """Build a network, and its logits model compiled for training."""
    network = build(settings.arch)
    return network, training_model(network, settings, len(loader))


def images_per_second(model: keras.Model, loader: BatchLoader, steps: int) -> float:
    """Measure the throughput of Keras' loop, which prepares batches while a step runs."""
    options = {"steps_per_epoch": steps, "shuffle": False, "verbose": 0}
    model.fit(loader, **options)  # traces the graph
    seconds, _ = timed(lambda: model.fit(loader, **options))
    return min(steps * loader.settings.batch_size, len(loader.order)) / seconds


def timed(work: Callable) -> tuple[float, object]:
    """Run work; return its seconds and its result."""
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


def timed_each(work: Callable, items: Iterable) -> tuple[float, list]:
    """Run work on each item; return the median of the seconds, and the results."""
    found = [timed(lambda item=item: work(item)) for item in items]
    return statistics.median(seconds for seconds, _ in found), [done for _, done in found]


def peak_memory() -> int:
    """Return the peak memory of this process in bytes."""
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024  # Linux counts kilobytes


def format_duration(seconds: float) -> str:
    """Format seconds as `12.3 ms`, `4.6 s` or `5.1 min`."""
    if seconds < 1:
        return f"{1000 * seconds:.1f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
