"""Command-line options of `python -m train`, and the settings and data that they select.

Nothing here imports TensorFlow, which takes seconds.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from train.arguments import add_stroke_variations, add_unipen, positive, rate, seed
from train.distributed.options import ClusterError, add_options
from train.distributed.single_process import SINGLE_PROCESS, SingleProcess
from train.fitting.settings import (
    ARCHITECTURE_NAMES,
    CONTINUE_PRESET,
    DEFAULTS,
    FINE_TUNE_PRESET,
    QUICK_PRESET,
    Settings,
)
from train.samples.prepare import RunData, prepare_data

DESCRIPTION = """\
Train a network on handwritten digits, save it in two formats, and write a report.

python -m train                                  train on MNIST
python -m train --unipen unipen-train_r01_v07-1abcd.tar.xz
python -m train --quick                          train a small network in seconds
python -m train --profile                        measure how long each part takes
python -m train --teachers MODEL…                distil other networks
python -m train --from MODEL                     train a saved network further
python -m train --drawings PATH… --from MODEL    fine-tune a network to one writer
python -m train --distributed …                  train in several processes
"""


def is_fine_tuning(options: argparse.Namespace) -> bool:
    """Tell whether to fine-tune a network to one writer's drawings instead of training it."""
    return bool(options.init_from and options.drawings and not options.teachers)


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the default settings, overridden by presets and then by options."""
    chosen = {"seed": options.seed}
    chosen |= CONTINUE_PRESET if options.init_from else {}
    chosen |= FINE_TUNE_PRESET if is_fine_tuning(options) else {}
    chosen |= QUICK_PRESET if options.quick else {}
    if options.distributed:
        chosen["epoch_fraction"] = 1.0  # on JAX, losses of images are not recorded
    chosen |= {
        name: value
        for name in (
            *("arch", "epochs", "batch_size", "learning_rate", "renders_per_drawing"),
            "stroke_variations",
        )
        if (value := getattr(options, name)) is not None
    }
    return replace(DEFAULTS, **chosen)


def check_distributed_options(options: argparse.Namespace, process_group: SingleProcess) -> None:
    """Raise ClusterError for options that cannot be combined."""
    if options.distributed == (process_group is SINGLE_PROCESS):
        raise ClusterError("--distributed must be spelled out, and works only with python -m train")
    if process_group is SINGLE_PROCESS and (
        options.coordinator or options.num_processes or options.process_id
    ):
        raise ClusterError("--coordinator, --num-processes and --process-id need --distributed")
    if options.distributed and (
        options.teachers or options.profile or options.preview_augmentation
    ):
        raise ClusterError(
            "--teachers, --profile and --preview-augmentation do not work with --distributed"
        )


def read_run_data(options: argparse.Namespace, settings: Settings) -> RunData:
    """Read and make the samples that the options name."""
    return prepare_data(
        options.data,
        options.unipen,
        options.drawings,
        settings.seed,
        settings.validation,
        # Make no more non-digits than the epochs use.
        settings.non_digits_per_digit / DEFAULTS.non_digits_per_digit,
        variations=settings.stroke_variations.split(),
        num_variants=settings.num_variants,
    )


def drawing_settings(options: argparse.Namespace) -> dict:
    """Return the settings that say how drawings to train on are rendered, options first."""
    names = ("stroke_variations", "num_variants")
    values = {name: getattr(options, name) for name in names}
    return {n: getattr(DEFAULTS, n) if value is None else value for n, value in values.items()}


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    made = argparse.ArgumentParser(
        "python -m train", description=DESCRIPTION, formatter_class=argparse.RawTextHelpFormatter
    )
    add = made.add_argument
    add(
        "--data",
        default="mnist",
        metavar="SOURCE",
        help="mnist (default), kaggle, FILE.csv (Kaggle's train.csv or another, also .csv.gz or\n"
        ".zip), FILE.npz, or DIR: MNIST's original files, or images in one sub-folder per digit\n"
        "(DIR/7/*.png)",
    )
    add_unipen(made, "UNIPEN's archives (.tar.xz) or directories, to train on too")
    add(
        "--drawings",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="drawings to train on too: files saved by the page or collected by server.py, or\n"
        "folders, of which all *.jsonl files are read. With --from, only the network's last\n"
        "layers are fine-tuned to them; this is rejected if MNIST validation accuracy would\n"
        "drop by more than 0.1 points. Network and report in --out are replaced",
    )
    add(
        "--from",
        dest="init_from",
        type=Path,
        metavar="MODEL",
        help="start with the weights of a saved network, at a low learning rate",
    )
    add(
        "--teachers",
        nargs="+",
        type=Path,
        default=[],
        metavar="MODEL",
        help="distil the mean prediction of these networks, in addition to the labels",
    )
    add(
        "--arch",
        choices=ARCHITECTURE_NAMES,
        help=f"architecture (default: {DEFAULTS.arch}; with --quick: {QUICK_PRESET['arch']};\n"
        "with --from: that of the network)",
    )
    add(
        "--epochs",
        type=positive,
        metavar="N",
        help=f"number of epochs (default: {DEFAULTS.epochs}; with --from: "
        f"{CONTINUE_PRESET['epochs']};\nwith --quick: {QUICK_PRESET['epochs']}; fine-tuning: "
        f"{FINE_TUNE_PRESET['epochs']})",
    )
    add(
        "--renders-per-drawing",
        type=positive,
        metavar="N",
        help="renders of each drawing per epoch, each with another augmentation\n"
        f"(default: {DEFAULTS.renders_per_drawing})",
    )
    add_stroke_variations(made)
    add(
        "--batch-size",
        type=positive,
        metavar="N",
        help=f"images per step, over all processes (default: {DEFAULTS.batch_size})",
    )
    add(
        "--learning-rate",
        type=rate,
        metavar="RATE",
        help=f"peak learning rate (default: {DEFAULTS.learning_rate}; with --quick: "
        f"{QUICK_PRESET['learning_rate']};\nwith --from: {CONTINUE_PRESET['learning_rate']})",
    )
    add("--seed", type=seed, default=DEFAULTS.seed, metavar="N", help="random seed (default: 0)")
    add(
        "--quick",
        action="store_true",
        help="train a small network for two epochs without augmentation: 99%% of MNIST's\n"
        "validation digits within seconds, but less accurate on pens and photographs",
    )
    add(
        "--profile",
        action="store_true",
        help="measure how long each part of the run takes, then stop without saving anything",
    )
    add("--resume", action="store_true", help="resume the interrupted run in --out")
    add("--out", type=Path, default=Path("models"), metavar="DIR", help="default: models")
    add("--reference", type=Path, metavar="MODEL", help="a network to compare in the report")
    add("--tensorboard", type=Path, metavar="DIR", help="write TensorBoard logs")
    add(
        "--preview-augmentation",
        action="store_true",
        help="write a contact sheet of augmented samples, then stop",
    )
    add_options(made)
    add_old_names(add)
    return made


def add_old_names(add) -> None:
    """Accept the old names of options until the next release, without listing them."""
    hidden = {"default": argparse.SUPPRESS, "help": argparse.SUPPRESS}
    add("--renderings", dest="renders_per_drawing", type=positive, **hidden)
    add("--batch", dest="batch_size", type=positive, **hidden)
    add("--baseline", dest="reference", type=Path, **hidden)
    add("--show-augmented", dest="preview_augmentation", action="store_true", **hidden)
