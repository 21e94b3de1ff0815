"""`python -m train --profile`: where a run's time goes, each part measured by itself."""

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from train.fitting.batches import Batches, one_hot
from train.fitting.fit import EVALUATED, compile_for_training, trainer_of
from train.fitting.settings import Settings
from train.network.build import build
from train.network.normalisation import fused
from train.network.saving import save
from train.samples.prepare import RunData
from train.samples.training_set import inputs

STEPS = 40  # of which the median is taken: within 3% of that of 400, on a machine with other work


@dataclass(frozen=True)
class Part:
    """Something that a run does: how long once, in seconds, and how often in a whole run."""

    name: str
    seconds: float
    times: int = 1

    @property
    def whole(self) -> float:
        """Seconds of a whole run."""
        return self.seconds * self.times


@dataclass(frozen=True)
class Profile:
    """All parts of a run, and its speed and memory."""

    parts: Sequence[Part]
    epochs: int
    images_a_second: float  # while it learns, batches being made beside the steps
    peak: int  # bytes of memory that the process held at most

    def table(self) -> str:
        """Lines for a terminal, the whole run's time and the share of it in columns."""
        whole = sum(part.whole for part in self.parts)
        lines = [f"{'':32}{'once':>11}{'times':>8}{'whole run':>12}{'share':>8}"]
        for part in self.parts:
            lines.append(
                f"{part.name:32}{duration(part.seconds):>11}{part.times:>8,}"
                f"{duration(part.whole):>12}{part.whole / whole:>8.1%}"
            )
        lines.append(f"{f'all, with {self.epochs} epochs':32}{'':19}{duration(whole):>12}")
        lines.append(
            f"{self.images_a_second:,.0f} images a second while it learns, the next batch being "
            f"made beside each step; peak memory {self.peak / 1e6:,.0f} MB"
        )
        return "\n".join(lines)


def measure(
    settings: Settings,
    *,
    imports: float,
    read: Callable[[], object],
    prepare: Callable[[], RunData],
    judge: Callable[[keras.Model, RunData, Path], object],
    steps: int = STEPS,
) -> Profile:
    """Go through every part of a run, a few steps of training in place of all.

    Args:
        settings: of the run.
        imports: seconds that the imports took.
        read: reads the data alone.
        prepare: reads the data and makes everything else that a run needs.
        judge: writes the report of a network into a folder, here one that goes away again.
        steps: how many steps to measure.
    """
    reading, _ = timed(read)
    preparing, run_data = timed(prepare)
    keras.utils.set_random_seed(settings.seed)
    batches = Batches(run_data.training_set, settings)
    building, (network, trainer) = timed(lambda: started(settings, batches))
    making, made = several(batches.__getitem__, range(min(steps, len(batches))))
    with fused(network):
        tracing, _ = timed(lambda: trainer.train_on_batch(*made[0]))
        stepping, _ = several(lambda batch: trainer.train_on_batch(*batch), made)
        speed = images_a_second(trainer, batches, len(made))
    watched = inputs(run_data.validation_data[0]), one_hot(run_data.validation_data[1])
    trainer.evaluate(*watched, batch_size=EVALUATED, verbose=0)  # traces
    evaluating, _ = timed(lambda: trainer.evaluate(*watched, batch_size=EVALUATED, verbose=0))
    with tempfile.TemporaryDirectory(prefix="digitpad-") as name:
        saving, _ = timed(lambda: save(network, Path(name)))
        judging, _ = timed(lambda: judge(network, run_data, Path(name)))
    parts = [
        Part("imports", imports),
        Part("reading the data", reading),
        Part("negatives and renderings", max(0.0, preparing - reading)),
        Part("building and tracing the network", building + tracing),
        Part("augmentation, a batch", making, len(batches) * settings.epochs),
        Part("training, a step", stepping, len(batches) * settings.epochs),
        Part("evaluation, an epoch", evaluating, settings.epochs),
        Part("saving", saving),
        Part("report", judging),
    ]
    return Profile(parts, settings.epochs, speed, peak())


def started(settings: Settings, batches: Batches) -> tuple[keras.Model, keras.Model]:
    """A new network, and the same ready for training."""
    network = build(settings.arch)
    trainer = trainer_of(network)
    compile_for_training(trainer, settings, len(batches))
    return network, trainer


def images_a_second(trainer: keras.Model, batches: Batches, steps: int) -> float:
    """Throughput of Keras' own loop, which makes the next batch while a step runs."""
    options = {"steps_per_epoch": steps, "shuffle": False, "verbose": 0}
    trainer.fit(batches, **options)  # traces
    seconds, _ = timed(lambda: trainer.fit(batches, **options))
    return min(steps * batches.settings.batch, len(batches.order)) / seconds


def timed(work: Callable) -> tuple[float, object]:
    """Seconds that work takes, and what comes of it."""
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


def several(work: Callable, items: Iterable) -> tuple[float, list]:
    """The median of the seconds that work takes on each item, and what comes of each."""
    found = [timed(lambda item=item: work(item)) for item in items]
    return statistics.median(seconds for seconds, _ in found), [done for _, done in found]


def peak() -> int:
    """Bytes of memory that this process has held at most."""
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024  # Linux counts kilobytes


def duration(seconds: float) -> str:
    """`12.3 ms`, `4.6 s` or `5.1 min`."""
    if seconds < 1:
        return f"{1000 * seconds:.1f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
