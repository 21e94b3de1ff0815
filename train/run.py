"""The runs of `python -m train`: train, fine-tune, profile or preview augmentation."""

import argparse
import platform
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from files.atomic import locked
from train import data
from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.evaluation.summary import validation_summary
from train.fine_tuning import personal
from train.fitting import profile as profiling
from train.fitting.augmentation_sheet import contact_sheet
from train.fitting.chance import ChanceCheck
from train.fitting.fit import TrainingResult, fit, initialize_from
from train.fitting.settings import (
    REPLAY_IMAGES,
    REPLAY_NON_DIGITS,
    FitError,
    Settings,
)
from train.network.build import architecture, build
from train.network.saving import NAMES, load_network, save
from train.options import read_run_data, settings_of
from train.reporting.provenance import sha256
from train.samples.prepare import RunData, prepare_data

NOT_FOR_FINE_TUNING = (
    *("quick", "profile", "resume", "renders_per_drawing", "batch_size", "learning_rate"),
    *("tensorboard", "preview_augmentation", "distributed", "stroke_variations"),
)


def train(
    options: argparse.Namespace,
    read: Callable[[], RunData],
    process_group: SingleProcess = SINGLE_PROCESS,
) -> None:
    """Read data, train, save the network and write its report."""
    began = time.monotonic()
    settings = settings_of(options)
    process_group.join()
    options.out.mkdir(parents=True, exist_ok=True)
    init_from, reference = load_optional(options.init_from), load_optional(options.reference)
    if options.init_from and not options.arch:
        settings = replace(settings, arch=architecture(init_from) or settings.arch)
    teachers = [load_network(path) for path in options.teachers]
    run_data = read()
    if process_group.is_primary:
        print(run_data.summary, flush=True)
    begun_with = options.init_from and sha256(options.init_from)  # --out may replace the file

    def save_and_report(result: TrainingResult) -> None:
        network, history, temperature = result
        save(network, options.out)
        facts = run_facts(network, run_data, settings, time.monotonic() - began)
        facts["temperature"] = temperature
        facts["processes"] = process_group.num_processes
        facts["begun_with"] = begun_with
        facts["teachers"] = {str(path): sha256(path) for path in options.teachers}
        report(options, network, run_data, facts, history, reference)

    with locked(options.out) if process_group.is_primary else nullcontext():
        fit(
            run_data.training_set,
            run_data.validation_data,
            settings,
            options.out / ".training",
            resume=options.resume,
            init_from=init_from,
            teachers=teachers,
            tensorboard=options.tensorboard,
            callbacks=[ChanceCheck(run_data.validation_sets, process_group)],
            on_finished=save_and_report,
            process_group=process_group,
        )


def fine_tune(options: argparse.Namespace) -> None:
    """Fine-tune a network to one writer's drawings, save it and write its report."""
    began = time.monotonic()
    settings = settings_of(options)
    for name in NOT_FOR_FINE_TUNING:
        if getattr(options, name):
            raise FitError(
                f"--{name.replace('_', '-')} does not work with --drawings and --from, which "
                "fine-tune a network's last layers. Leave it out."
            )
    drawings = personal.read(options.drawings)
    network, reference = load_network(options.init_from), load_optional(options.reference)
    if options.arch:
        initialize_from(build(options.arch), network)
    settings = replace(settings, arch=architecture(network) or network.name)
    run_data = prepare_data(
        options.data,
        options.unipen,
        [],
        settings.seed,
        settings.validation,
        REPLAY_NON_DIGITS,
        REPLAY_IMAGES,
    )
    print(run_data.summary.replace("Training on", "Rehearsing", 1), flush=True)
    print(personal.tune(network, drawings, run_data, settings), flush=True)
    run_data = replace(run_data, trained_on=personal.trained_on(options.init_from, drawings))
    limit = personal.start_threshold(options.init_from, network)
    facts = run_facts(network, run_data, settings, time.monotonic() - began, limit)
    facts["begun_with"] = sha256(options.init_from)  # before --out may replace the file
    options.out.mkdir(parents=True, exist_ok=True)
    with locked(options.out):
        save(network, options.out)
        report(options, network, run_data, facts, [], reference)


def profile(options: argparse.Namespace, import_seconds: float) -> None:
    """Print how long each part of a run takes; nothing is written to `--out`."""
    settings = settings_of(options)

    from train.reporting.write import write as write_report  # as in `report`

    def write(network: keras.Model, run_data: RunData, out: Path) -> None:
        facts = run_facts(network, run_data, settings, 0)
        non_digits = run_data.test_non_digits
        write_report(out, network, run_data.test_sets, negatives=non_digits, run=facts, history=[])

    measured_profile = profiling.measure(
        settings,
        imports=import_seconds,
        read=lambda: data.load(options.data),
        prepare=lambda: read_run_data(options, settings),
        report=write,
    )
    print(measured_profile.table())


def preview_augmentation(options: argparse.Namespace) -> None:
    """Write a contact sheet of augmented samples into `--out`."""
    settings = settings_of(options)
    options.out.mkdir(parents=True, exist_ok=True)
    run_data = read_run_data(options, settings)
    print(run_data.summary, flush=True)
    print(f"wrote {contact_sheet(run_data.training_set, settings, options.out)}")


def report(
    options: argparse.Namespace,
    network: keras.Model,
    run_data: RunData,
    facts: dict,
    history: list,
    reference: keras.Model | None,
) -> None:
    """Evaluate a saved network on the test digits and write the report."""
    # Matplotlib takes a quarter of a second to import: training does not wait for it.
    from train.reporting.write import summary
    from train.reporting.write import write as write_report

    print(f"wrote {' and '.join(str(options.out / name) for name in NAMES)}")
    print("evaluating on the test digits", flush=True)
    written = write_report(
        options.out,
        network,
        run_data.test_sets,
        negatives=run_data.test_non_digits,
        run=facts,
        history=history,
        reference=reference,
    )
    print(summary(written))
    print(f"wrote {options.out / 'report' / 'index.html'}")


def load_optional(path: Path | None) -> keras.Model | None:
    """Load a network if its option is given."""
    return load_network(path) if path else None


def run_facts(
    network: keras.Model,
    run_data: RunData,
    settings: Settings,
    seconds: float,
    limit: float = 0.0,
) -> dict:
    """Collect what `report.json` records of a run; `limit` as for `validation_summary`."""
    return {
        "settings": asdict(settings),
        "trained_on": run_data.trained_on,
        **validation_summary(network, run_data, limit),
        "seconds": round(seconds),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
            **({"jax": version("jax")} if keras.backend.backend() == "jax" else {}),
        },
        **run_data.facts,
    }
