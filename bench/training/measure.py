"""Measure training: time to 99.0% validation accuracy, epoch time, and growth with data."""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from bench.medians import (
    format_number,
    format_ratio,
    median,
    median_and_quartiles,
    median_and_range,
)
from bench.result import ROOT, Result
from bench.training.time_to_accuracy import Run, run_until
from train import data
from train.reporting import figures
from train.reporting.format import markdown_table

TARGET_ACCURACY = 0.99  # on validation digits
SEEDS = 5  # runs of each contender, each with another seed
REPEATS = 2  # of each epoch
SIZES = (10_000, 60_000, 240_000)  # images per epoch
COMPARED_SIZE = 60_000  # images per epoch in the comparison
SMOKE_SIZE = 1_200  # training images with --smoke


@dataclass(frozen=True)
class Contender:
    """One training command."""

    name: str
    arguments: tuple[str, ...]  # of Python
    kind: str  # one of bench.training.epoch.KINDS
    style: dict  # of its line in the plots
    rounds: int = SEEDS  # at most
    max_epochs: int = 15


OURS = Contender("`python -m train --quick`", ("-m", "train", "--quick"), "quick", figures.KINDS[0])
EXAMPLE = Contender(
    "Keras' example", ("-m", "bench.training.keras_example"), "example", figures.KINDS[1]
)
# Optimised for final accuracy, so only the time of an epoch is measured.
DEFAULT = Contender("`python -m train`", ("-m", "train"), "default", figures.KINDS[2], rounds=1)
TIMED = (OURS, EXAMPLE)  # until the target accuracy
ALL = (*TIMED, DEFAULT)

Runs = dict[str, list[Run]]
Epochs = dict[str, dict[int, list[dict]]]  # output of bench.training.epoch, by kind and images


def run(smoke: bool) -> Result:
    """Time ours and the example in turn until the target; then time epochs of growing size."""
    with tempfile.TemporaryDirectory(prefix="digitpad-bench-") as name:
        source = write_small_dataset(Path(name)) if smoke else "mnist"
        target_accuracy, rounds = (0.0, 1) if smoke else (TARGET_ACCURACY, SEEDS)
        sizes, compared = SIZES, COMPARED_SIZE
        if smoke:
            sizes, compared = (SMOKE_SIZE // 2, SMOKE_SIZE), SMOKE_SIZE
        runs = time_runs(TIMED, source, rounds, target_accuracy, Path(name))
        contenders = TIMED if smoke else ALL
        epochs = time_epochs(contenders, source, 1 if smoke else REPEATS, sizes, compared)
    found = {
        "bar": target_accuracy,
        "runs": {name: [asdict(each) for each in taken] for name, taken in runs.items()},
        "epochs": epochs,
    }
    times, speeds = time_table(runs, target_accuracy), speed_table(epochs, compared)
    tables = "\n\n".join([times, speeds, growth_table(epochs)])
    return Result("training", tables, found, picture(runs, epochs, target_accuracy))


def write_small_dataset(folder: Path) -> str:
    """Write a few of MNIST's training images to a file; return its path."""
    digits = data.load("mnist")
    images, labels = digits.train_images, digits.train_labels
    path = folder / "small.npz"
    test = slice(SMOKE_SIZE, SMOKE_SIZE + 200)
    np.savez(
        path,
        x_train=images[:SMOKE_SIZE],
        y_train=labels[:SMOKE_SIZE],
        x_test=images[test],
        y_test=labels[test],
    )
    return str(path)


def time_runs(
    contenders: tuple[Contender, ...],
    source: str,
    rounds: int,
    target_accuracy: float,
    folder: Path,
) -> Runs:
    """Run every contender in turn until the target accuracy, each round with another seed."""
    runs: Runs = {contender.name: [] for contender in contenders}
    for seed in range(rounds):
        for contender in (each for each in contenders if seed < each.rounds):
            report(f"{contender.name}, seed {seed}")
            arguments = [*contender.arguments, "--seed", str(seed), "--data", source]
            if contender is not EXAMPLE:
                arguments += ["--out", str(folder / f"{contender.kind}-{seed}")]
            run = run_until(arguments, target_accuracy, contender.max_epochs)
            runs[contender.name].append(run)
    return runs


def time_epochs(
    contenders: tuple[Contender, ...],
    source: str,
    rounds: int,
    sizes: tuple[int, ...],
    compared: int,
) -> Epochs:
    """Time an epoch of ours at every size, and of the others at the size `compared`."""
    epochs: Epochs = {contender.kind: {} for contender in contenders}
    for number in range(rounds):
        for kind in (each.kind for each in contenders if number < each.rounds):
            for size in sizes if kind == OURS.kind else (compared,):
                report(f"an epoch of {kind}, {size:,} images, round {number + 1} of {rounds}")
                epochs[kind].setdefault(size, []).append(time_epoch(kind, size, source))
    return epochs


def time_epoch(kind: str, size: int, source: str) -> dict:
    """Return the output of `bench.training.epoch`. Raises OSError if it fails."""
    arguments = ["-m", "bench.training.epoch", kind, str(size), "--data", source]
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        command = f"python {' '.join(arguments)}"
        raise OSError((done.stderr.strip() or f"{command} failed").splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])


def time_table(runs: Runs, target_accuracy: float) -> str:
    """Format the table of seconds until the target accuracy, from the start of the process."""
    ours = median_seconds(runs[OURS.name], target_accuracy)
    rows = []
    for name, taken in runs.items():
        reached = [each.seconds(target_accuracy) for each in taken]
        times = [seconds for seconds in reached if seconds is not None]
        rows.append(
            [
                name,
                f"{len(times)} of {len(taken)}",
                median_and_range(times) if times else "-",
                format_ratio(median(times), ours) if times and ours else "-",
                median_and_range([each.processor for each in taken]),
                ", ".join(str(len(each.epochs)) for each in taken),
                ", ".join(f"{each.epochs[-1][1]:.2%}" for each in taken),
                f"{median([each.peak for each in taken]) / 1e6:,.0f} MB",
            ]
        )
    head = [
        "Command",
        f"Reached {target_accuracy:.1%}",
        "Seconds",
        "Beside ours",
        "Processor seconds",
    ]
    head += ["Epochs", "Accuracy then", "Peak memory"]
    return (
        f"From the start of the process to {target_accuracy:.1%} accuracy on the same validation "
        "digits: median (lowest–highest), in turn, each run with another seed. MNIST only; times "
        "include Python's start, imports, reading the data and validation. The example is Keras' "
        "`mnist_convnet` as published, validated after each epoch.\n\n" + markdown_table(head, rows)
    )


def speed_table(epochs: Epochs, compared: int) -> str:
    """Format the table of images per second."""
    rows = []
    for kind, by_size in epochs.items():
        taken = by_size[compared]
        rows.append(
            [
                next(each.name for each in ALL if each.kind == kind),
                median_and_quartiles([each["images"] / each["seconds"] for each in taken]),
                f"{median([each['peak'] for each in taken]) / 1e6:,.0f} MB",
            ]
        )
    head = ["As learns", "Images a second", "Peak memory"]
    title = f"An epoch of {compared:,} images, without tracing: median (quartiles)."
    return f"{title}\n\n{markdown_table(head, rows)}"


def growth_table(epochs: Epochs) -> str:
    """Format the table of seconds per epoch for each number of images."""
    rows = [
        [
            f"{size:,}",
            median_and_quartiles([each["seconds"] for each in taken]),
            format_number(1e6 * median([each["seconds"] / size for each in taken])),
            f"{median([each['peak'] for each in taken]) / 1e6:,.0f} MB",
        ]
        for size, taken in epochs[OURS.kind].items()
    ]
    head = ["Images", "Seconds an epoch", "Microseconds an image", "Peak memory"]
    return f"Growth with data, {OURS.name}: median (quartiles).\n\n" + markdown_table(head, rows)


def median_seconds(taken: list[Run], target_accuracy: float) -> float | None:
    """Return the median time to the target, over the runs that reached it; None if none did."""
    times = [seconds for each in taken if (seconds := each.seconds(target_accuracy)) is not None]
    return median(times) if times else None


@matplotlib.rc_context(figures.STYLE)
def picture(runs: Runs, epochs: Epochs, target_accuracy: float) -> Figure:
    """Plot validation error over time, and seconds per epoch over images."""
    figure = figures.figure(8.4, 3.6)
    left, right = figure.subplots(1, 2)
    for contender in TIMED:
        for number, taken in enumerate(runs.get(contender.name, [])):
            seconds, accuracy = zip(*taken.epochs, strict=True)
            label = contender.name.strip("`") if number == 0 else None
            errors = [100 * (1 - each) for each in accuracy]
            left.plot(seconds, errors, label=label, **contender.style)
    left.axhline(100 * (1 - target_accuracy), color=figures.GREY, linewidth=0.8)
    left.set(title="validation error", xlabel="seconds since the start", ylabel="%")
    left.set(yscale="log", xlim=(0, None))
    left.legend()
    for contender in ALL:
        sizes = epochs.get(contender.kind, {})
        seconds = [median([each["seconds"] for each in taken]) for taken in sizes.values()]
        right.plot(list(sizes), seconds, label=contender.name.strip("`"), **contender.style)
    right.set(title="an epoch", xlabel="images", ylabel="seconds", xscale="log", yscale="log")
    for axis in (left.yaxis, right.xaxis, right.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(lambda value, _: f"{value:,g}")
        axis.set_minor_formatter(NullFormatter())
    return figure


def report(progress: str) -> None:
    """Print a line of progress to stderr."""
    print(f"training: {progress}", file=sys.stderr, flush=True)
