"""Training: how soon 99.0% of validation is read, beside Keras' example, and how time grows."""

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

from bench.medians import median, median_and_quartiles, median_and_range, short, times
from bench.result import ROOT, Result
from bench.training.time_to_accuracy import Run, run_until
from train import data
from train.reporting import figures
from train.reporting.format import markdown_table

BAR = 0.99  # of validation's digits read right
ROUNDS = 3  # of each pair, each with another seed
REPEATS = 2  # of each epoch
SIZES = (10_000, 60_000, 240_000)  # images in an epoch
COMPARED = 60_000  # images in the epochs that are compared
SMALL = 1_200  # images that the smoke version learns from


@dataclass(frozen=True)
class Racer:
    """Somebody who trains: their name, Python's arguments, rounds at most, and epochs at most."""

    name: str
    words: tuple[str, ...]
    kind: str  # of `bench.training.epoch`
    style: dict
    rounds: int = ROUNDS
    most: int = 15


OURS = Racer("`python -m train --quick`", ("-m", "train", "--quick"), "quick", figures.KINDS[0])
EXAMPLE = Racer(
    "Keras' example", ("-m", "bench.training.keras_example"), "example", figures.KINDS[1]
)
# It is made to read best in the end, not soon: an epoch of it, and no race.
PLAIN = Racer("`python -m train`", ("-m", "train"), "default", figures.KINDS[2], rounds=1)
RACERS = (OURS, EXAMPLE)
LEARNERS = (*RACERS, PLAIN)

Runs = dict[str, list[Run]]
Epochs = dict[str, dict[int, list[dict]]]  # by kind and images: what bench.training.epoch says


def run(smoke: bool) -> Result:
    """Race ours against the example, in turn; then train epochs of growing size."""
    with tempfile.TemporaryDirectory(prefix="digitpad-bench-") as name:
        source = small(Path(name)) if smoke else "mnist"
        target_accuracy, rounds = (0.0, 1) if smoke else (BAR, ROUNDS)
        sizes, compared = ((SMALL // 2, SMALL), SMALL) if smoke else (SIZES, COMPARED)
        runs = race(RACERS, source, rounds, target_accuracy, Path(name))
        learners = RACERS if smoke else LEARNERS
        epochs = growth(learners, source, 1 if smoke else REPEATS, sizes, compared)
    found = {
        "bar": target_accuracy,
        "runs": {name: [asdict(each) for each in taken] for name, taken in runs.items()},
        "epochs": epochs,
    }
    tables = "\n\n".join([races(runs, target_accuracy), speeds(epochs, compared), grown(epochs)])
    return Result("training", tables, found, picture(runs, epochs, target_accuracy))


def small(folder: Path) -> str:
    """A file of a few of MNIST's training images, to be read instead of all."""
    digits = data.load("mnist")
    images, labels = digits.train_images, digits.train_labels
    path = folder / "small.npz"
    held = slice(SMALL, SMALL + 200)
    np.savez(
        path,
        x_train=images[:SMALL],
        y_train=labels[:SMALL],
        x_test=images[held],
        y_test=labels[held],
    )
    return str(path)


def race(
    racers: tuple[Racer, ...], source: str, rounds: int, target_accuracy: float, folder: Path
) -> Runs:
    """Every racer in turn, round by round, each round with a seed of its own."""
    runs: Runs = {racer.name: [] for racer in racers}
    for seed in range(rounds):
        for racer in (each for each in racers if seed < each.rounds):
            say(f"{racer.name}, seed {seed}")
            words = [*racer.words, "--seed", str(seed), "--data", source]
            if racer is not EXAMPLE:
                words += ["--out", str(folder / f"{racer.kind}-{seed}")]
            runs[racer.name].append(run_until(words, target_accuracy, racer.most))
    return runs


def growth(
    racers: tuple[Racer, ...], source: str, rounds: int, sizes: tuple[int, ...], compared: int
) -> Epochs:
    """An epoch of ours at every size, and one of everybody at the size that is compared."""
    epochs: Epochs = {racer.kind: {} for racer in racers}
    for number in range(rounds):
        for racer in (each for each in racers if number < each.rounds):
            for size in sizes if racer is OURS else (compared,):
                say(f"an epoch of {racer.kind}, {size:,} images, round {number + 1} of {rounds}")
                epochs[racer.kind].setdefault(size, []).append(epoch(racer.kind, size, source))
    return epochs


def epoch(kind: str, size: int, source: str) -> dict:
    """What `bench.training.epoch` says of one epoch. Raises OSError if it fails."""
    words = ["-m", "bench.training.epoch", kind, str(size), "--data", source]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise OSError((done.stderr.strip() or f"python {' '.join(words)} failed").splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])


def races(runs: Runs, target_accuracy: float) -> str:
    """The table of seconds until the bar, from the start of the process."""
    ours = middle(runs[OURS.name], target_accuracy)
    rows = []
    for name, taken in runs.items():
        reached = [each.seconds(target_accuracy) for each in taken]
        there = [seconds for seconds in reached if seconds is not None]
        rows.append(
            [
                name,
                f"{len(there)} of {len(taken)}",
                median_and_range(there) if there else "-",
                times(median(there), ours) if there and ours else "-",
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
        f"From the start of the process until {target_accuracy:.1%} of the same validation digits "
        "are read right: median (lowest–highest), in turn, another seed each time; MNIST alone, "
        "Python's start, imports, reading and evaluating included. The example is Keras' "
        "`mnist_convnet` as published, validated once an epoch.\n\n" + markdown_table(head, rows)
    )


def speeds(epochs: Epochs, compared: int) -> str:
    """The table of images a second."""
    rows = []
    for kind, by_size in epochs.items():
        taken = by_size[compared]
        rows.append(
            [
                next(racer.name for racer in LEARNERS if racer.kind == kind),
                median_and_quartiles([each["images"] / each["seconds"] for each in taken]),
                f"{median([each['peak'] for each in taken]) / 1e6:,.0f} MB",
            ]
        )
    head = ["As learns", "Images a second", "Peak memory"]
    title = f"An epoch of {compared:,} images, once traced: median (quartiles)."
    return f"{title}\n\n{markdown_table(head, rows)}"


def grown(epochs: Epochs) -> str:
    """The table of seconds an epoch against its images."""
    rows = [
        [
            f"{size:,}",
            median_and_quartiles([each["seconds"] for each in taken]),
            short(1e6 * median([each["seconds"] / size for each in taken])),
            f"{median([each['peak'] for each in taken]) / 1e6:,.0f} MB",
        ]
        for size, taken in epochs[OURS.kind].items()
    ]
    head = ["Images", "Seconds an epoch", "Microseconds an image", "Peak memory"]
    title = f"Growth with data, as {OURS.name} learns: median (quartiles)."
    return f"{title}\n\n{markdown_table(head, rows)}"


def middle(taken: list[Run], target_accuracy: float) -> float | None:
    """The median of the seconds until the bar, of those that reached it."""
    there = [seconds for each in taken if (seconds := each.seconds(target_accuracy)) is not None]
    return median(there) if there else None


@matplotlib.rc_context(figures.STYLE)
def picture(runs: Runs, epochs: Epochs, target_accuracy: float) -> Figure:
    """Validation against the clock, and an epoch's seconds against its images."""
    drawn = figures.figure(8.4, 3.6)
    left, right = drawn.subplots(1, 2)
    for racer in RACERS:
        for number, taken in enumerate(runs.get(racer.name, [])):
            seconds, accuracy = zip(*taken.epochs, strict=True)
            label = racer.name.strip("`") if number == 0 else None
            left.plot(seconds, [100 * (1 - each) for each in accuracy], label=label, **racer.style)
    left.axhline(100 * (1 - target_accuracy), color=figures.GREY, linewidth=0.8)
    left.set(title="misread of validation", xlabel="seconds since the start", ylabel="%")
    left.set(yscale="log", xlim=(0, None))
    left.legend()
    for racer in LEARNERS:
        sizes = epochs.get(racer.kind, {})
        seconds = [median([each["seconds"] for each in taken]) for taken in sizes.values()]
        right.plot(list(sizes), seconds, label=racer.name.strip("`"), **racer.style)
    right.set(title="an epoch", xlabel="images", ylabel="seconds", xscale="log", yscale="log")
    for axis in (left.yaxis, right.xaxis, right.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(lambda value, _: f"{value:,g}")
        axis.set_minor_formatter(NullFormatter())
    return drawn


def say(line: str) -> None:
    """A line of progress, on stderr."""
    print(f"training: {line}", file=sys.stderr, flush=True)
