"""One run from top to bottom: read, fit or tune, save, report."""

import argparse
import platform
import time
from contextlib import nullcontext
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from files.atomic import locked
from train import data
from train.distributed.options import ClusterError
from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.evaluation.summary import measured
from train.fine_tuning import personal
from train.fitting import profile
from train.fitting.augmentation_sheet import contact_sheet
from train.fitting.fit import begin_with, fit
from train.fitting.settings import (
    DEFAULTS,
    PICTURES,
    STRANGE,
    FitError,
    Settings,
)
from train.network.build import architecture, build
from train.network.saving import NAMES, load_network, save
from train.options import settings_of, tunes
from train.reporting.provenance import sha256
from train.reporting.write import summary
from train.reporting.write import write as write_report
from train.samples.prepare import RunData, prepare_data

UNTUNED = ("quick", "profile", "resume", "renderings", "batch", "learning_rate", "tensorboard")
UNTUNED += ("show_augmented", "distributed")


def run(options: argparse.Namespace, process_group: SingleProcess, imports: float) -> None:
    """Read, fit, save, report; `imports` is the seconds that importing took, for --profile."""
    began = time.monotonic()
    settings = settings_of(options)
    if tunes(options):
        tune(options, settings, began)
        return
    check_distributed_options(options, process_group)
    process_group.join()
    if options.profile:
        print(profiled(options, settings, imports).table())
        return
    options.out.mkdir(parents=True, exist_ok=True)
    start, baseline = (path and load_network(path) for path in (options.start, options.baseline))
    if options.start and not options.arch:
        settings = replace(settings, arch=architecture(start) or settings.arch)
    teachers = [load_network(path) for path in options.teachers]
    run_data = gathered(options, settings)
    if process_group.is_primary:
        print(run_data.summary, flush=True)
    if options.show_augmented:
        print(f"wrote {contact_sheet(run_data.training_set, settings, options.out)}")
        return
    begun_with = options.start and sha256(options.start)  # before --out may replace it

    def keep(network: keras.Model, history: list, divisor: float) -> None:
        save(network, options.out)
        facts = run_facts(network, run_data, settings, time.monotonic() - began)
        facts["temperature"] = divisor
        facts["processes"] = process_group.num_processes
        facts["begun_with"] = begun_with
        facts["teachers"] = {str(path): sha256(path) for path in options.teachers}
        judge(options, network, run_data, facts, history, baseline)

    with locked(options.out) if process_group.is_primary else nullcontext():
        fit(
            run_data.training_set,
            run_data.validation_data,
            settings,
            options.out / ".training",
            resume=options.resume,
            start=start,
            teachers=teachers,
            tensorboard=options.tensorboard,
            keep=keep,
            process_group=process_group,
        )


def tune(options: argparse.Namespace, settings: Settings, began: float) -> None:
    """Tune a network to its user's drawings, save, report; `began` is when, in seconds."""
    for name in UNTUNED:
        if getattr(options, name):
            raise FitError(
                f"--{name.replace('_', '-')} does not go with --drawings and --from, which tune a "
                "network's last layers: leave it out"
            )
    hand = personal.read(options.drawings)
    network, baseline = (path and load_network(path) for path in (options.start, options.baseline))
    if options.arch:
        begin_with(build(options.arch), network)
    settings = replace(settings, arch=architecture(network) or network.name)
    run_data = prepare_data(
        options.data, options.unipen, [], settings.seed, settings.validation, STRANGE, PICTURES
    )
    print(run_data.summary.replace("Training on", "Rehearsing", 1), flush=True)
    print(personal.tune(network, hand, run_data, settings), flush=True)
    run_data = replace(run_data, trained_on=personal.learnt(options.start, hand))
    limit = personal.limit(options.start, network)
    facts = run_facts(network, run_data, settings, time.monotonic() - began, limit)
    facts["begun_with"] = sha256(options.start)  # before --out may replace it
    options.out.mkdir(parents=True, exist_ok=True)
    with locked(options.out):
        save(network, options.out)
        judge(options, network, run_data, facts, [], baseline)


def judge(
    options: argparse.Namespace,
    network: keras.Model,
    run_data: RunData,
    facts: dict,
    history: list,
    baseline: keras.Model | None,
) -> None:
    """Judge the network that was saved by the test digits, and write the report."""
    print(f"wrote {' and '.join(str(options.out / name) for name in NAMES)}")
    print("judging by the test digits", flush=True)
    judged = write_report(
        options.out,
        network,
        run_data.test_sets,
        negatives=run_data.test_non_digits,
        run=facts,
        history=history,
        baseline=baseline,
    )
    print(summary(judged))
    print(f"wrote {options.out / 'report' / 'index.html'}")


def check_distributed_options(options: argparse.Namespace, process_group: SingleProcess) -> None:
    """Raise ClusterError for options that do not go together."""
    if options.distributed == (process_group is SINGLE_PROCESS):
        raise ClusterError("--distributed must be spelled out, and works only with python -m train")
    if process_group is SINGLE_PROCESS and (
        options.coordinator or options.num_processes or options.process_id
    ):
        raise ClusterError("--coordinator, --num-processes and --process-id need --distributed")
    if options.distributed and (options.teachers or options.profile or options.show_augmented):
        raise ClusterError(
            "--teachers, --profile and --show-augmented do not work with --distributed"
        )


def gathered(options: argparse.Namespace, settings: Settings) -> RunData:
    """Everything that the run learns from, is watched on and is judged by."""
    return prepare_data(
        options.data,
        options.unipen,
        options.drawings,
        settings.seed,
        settings.validation,
        settings.negatives / DEFAULTS.negatives,  # no more than epochs take
    )


def profiled(options: argparse.Namespace, settings: Settings, imports: float) -> profile.Profile:
    """Where the time of such a run goes; nothing is written to `--out`."""

    def judge(network: keras.Model, run_data: RunData, out: Path) -> None:
        facts = run_facts(network, run_data, settings, 0)
        negatives = run_data.test_non_digits
        write_report(out, network, run_data.test_sets, negatives=negatives, run=facts, history=[])

    return profile.measure(
        settings,
        imports=imports,
        read=lambda: data.load(options.data),
        prepare=lambda: gathered(options, settings),
        judge=judge,
    )


def run_facts(
    network: keras.Model,
    run_data: RunData,
    settings: Settings,
    seconds: float,
    limit: float = 0.0,
) -> dict:
    """What the report says of the run, for `report.json`; `limit` is as for `measured`."""
    return {
        "settings": asdict(settings),
        "trained_on": run_data.trained_on,
        **measured(network, run_data, limit),
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
