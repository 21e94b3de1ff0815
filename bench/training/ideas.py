"""Measure what each idea of `python -m train --quick` brings, by leaving it out.

    python -m bench.training.ideas

Every variant trains in a process of its own, with several seeds in turn: accuracy on MNIST's
validation digits, seconds of training without imports and data, and processor seconds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bench.medians import median_and_range
from bench.result import ROOT
from train.arguments import positive
from train.quiet import import_keras, share_cores
from train.reporting.format import format_mean_and_sd, markdown_table, mean_and_sd

SEEDS = 5
IMPORTS = {
    "`train.quiet.import_keras`": "from train.quiet import import_keras; import_keras()",
    "`import keras`": "import keras",
}
WHOLE = "whole batches, each operation on all cores"
# Settings of `--quick` that are changed, by the name of the idea that is left out.
SETTINGS = {
    "as it is": {},
    "a second epoch of all images": {"epoch_fraction": 1.0},
    "two epochs of random two thirds": {},
    "`beta_2` 0.999": {"beta_2": 0.999},
    WHOLE: {},
    "padding, and with it larger maps": {},
    "a residual third convolution": {},
    "batches of 256": {"batch_size": 256},
    "Nesterov momentum instead of AdamW": {"learning_rate": 0.05},
    "augmentation at half strength": {"augmentation_strength": 0.5},
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line: all variants, or the one that a process is started for."""
    parser = argparse.ArgumentParser("python -m bench.training.ideas", description=__doc__)
    parser.add_argument("--seeds", type=positive, default=SEEDS, metavar="N")
    parser.add_argument("--variant", choices=SETTINGS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.variant:
        print(json.dumps(measure(options.variant, range(options.seeds))))
        return
    print(import_table(options.seeds))
    rows = []
    for name in SETTINGS:
        print(f"ideas: {name}", file=sys.stderr, flush=True)
        variant = ("--variant", name, "--seeds", str(options.seeds))
        found = run_process("-m", "bench.training.ideas", *variant)
        accuracies, seconds, processor = zip(*json.loads(found.splitlines()[-1]), strict=True)
        rows.append(
            [
                name,
                format_mean_and_sd(mean_and_sd(accuracies)),
                f"{min(accuracies):.2%}",
                median_and_range(seconds),
                median_and_range(processor),
            ]
        )
    head = ["`python -m train --quick` with", "Validation accuracy, mean", "lowest"]
    print(f"\n{markdown_table([*head, 'Seconds', 'Processor seconds'], rows)}")


def import_table(count: int) -> str:
    """Return a Markdown table of what importing Keras takes, `count` times each."""
    rows = []
    for name, program in IMPORTS.items():
        taken = [time_import(program) for _ in range(count)]
        seconds, processor = zip(*taken, strict=True)
        rows.append([name, median_and_range(seconds), median_and_range(processor)])
    return markdown_table(["Importing Keras", "Seconds", "Processor seconds"], rows)


def time_import(program: str) -> tuple[float, float]:
    """Return the seconds of a process that imports, and its processor seconds."""
    before, began = os.times(), time.perf_counter()
    run_process("-c", program)
    seconds, after = time.perf_counter() - began, os.times()
    used = after.children_user + after.children_system
    return seconds, used - before.children_user - before.children_system


def run_process(*arguments: str) -> str:
    """Run Python; return what it prints. Raises OSError with its last line if it fails."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise OSError((done.stderr.strip() or "it failed").splitlines()[-1])
    return done.stdout


def measure(variant: str, seeds: Sequence[int]) -> list[tuple[float, float, float]]:
    """Train with each seed; return accuracy, seconds and processor seconds."""
    if variant != WHOLE:
        share_cores()
    import_keras()
    from train.fitting import fit as fitting
    from train.options import parser, read_run_data, settings_of

    leave_out(variant)
    options = parser().parse_args(["--quick"])
    settings = settings_of(options)
    run_data = read_run_data(options, settings)
    measured = []
    for seed in seeds:
        began, used = time.perf_counter(), time.process_time()
        with tempfile.TemporaryDirectory(prefix="digitpad-") as name:
            result = fitting.fit(
                run_data.training_set,
                run_data.validation_data,
                replace(settings, seed=seed, **SETTINGS[variant]),
                Path(name) / "run",
            )
        taken = time.perf_counter() - began, time.process_time() - used
        measured.append((result.history[-1]["val_accuracy"], *taken))
    return measured


def leave_out(variant: str) -> None:
    """Change what no setting changes."""
    import keras

    from train.fitting import halves
    from train.fitting.batches import BatchLoader
    from train.network import architectures
    from train.network.architectures import convolution, residual

    def network(padding: str, third: Callable) -> Callable:
        def build(x: keras.KerasTensor) -> keras.KerasTensor:
            x = convolution(x, 16, 5, strides=2, padding=padding, name="stem")
            x = convolution(x, 32, 3, strides=2, padding=padding, name="conv1")
            return keras.layers.Flatten(name="features")(third(x))

        return build

    def plain(x: keras.KerasTensor) -> keras.KerasTensor:
        return convolution(x, 32, 3, name="conv2")

    if variant == "padding, and with it larger maps":
        architectures.ARCHITECTURES["quick"] = network("same", plain)
    elif variant == WHOLE:
        halves.PARTS = 1
    elif variant == "a residual third convolution":
        third = lambda x: residual(x, name="2")  # noqa: E731
        architectures.ARCHITECTURES["quick"] = network("valid", third)
    elif variant.startswith("Nesterov"):
        replace_optimizer(
            lambda rate: keras.optimizers.SGD(
                rate, momentum=0.9, nesterov=True, weight_decay=5e-4
            )
        )
    elif variant == "two epochs of random two thirds":
        BatchLoader.on_epoch_end = next_epoch_without_losses


def replace_optimizer(make: Callable) -> None:
    """Let training use another optimizer, made from a schedule of the learning rate."""
    import keras

    keras.optimizers.AdamW = lambda rate, **_: make(rate)


def next_epoch_without_losses(loader: object) -> None:
    """Advance to the next epoch, whose images are random ones."""
    loader.epoch += 1
    loader.prepare()


if __name__ == "__main__":
    main()
