"""The options of `python -m train`, and the settings that they choose."""

import argparse
from dataclasses import replace
from pathlib import Path

from train.arguments import positive, rate, seed
from train.distributed.options import add_options
from train.fitting.settings import (
    DEFAULTS,
    QUICK,
    TAUGHT,
    TUNED,
    Settings,
)
from train.network.architectures import ARCHITECTURES

DESCRIPTION = """\
Train a network on handwritten digits, save it twice and report on it.

python -m train                                  MNIST alone
python -m train --unipen unipen-train_r01_v07-1abcd.tar.xz
python -m train --quick                          a small network, soon
python -m train --profile                        where the time goes
python -m train --teachers MODEL…                taught by other networks, beside the labels
python -m train --from MODEL --teachers MODEL…   go on with a network for five gentle epochs
python -m train --drawings FILE… --from MODEL    tune a network to your hand, in a minute or so
python -m train --distributed …                  one of many processes that train it together
"""


def tunes(options: argparse.Namespace) -> bool:
    """Whether a network is to be tuned to its user's hand, rather than trained."""
    return bool(options.start and options.drawings and not options.teachers)


def settings_of(options: argparse.Namespace) -> Settings:
    """The defaults, changed by what the command line names."""
    chosen = {"seed": options.seed}
    chosen |= TAUGHT if options.start and options.teachers else {}
    chosen |= TUNED if tunes(options) else {}
    chosen |= QUICK if options.quick else {}
    chosen |= {
        name: value
        for name in ("arch", "epochs", "batch", "learning_rate", "renderings")
        if (value := getattr(options, name)) is not None
    }
    return replace(DEFAULTS, **chosen)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m train", description=DESCRIPTION, formatter_class=argparse.RawTextHelpFormatter
    )
    add = made.add_argument
    add(
        "--data",
        default="mnist",
        metavar="SOURCE",
        help="mnist (default), kaggle, FILE.csv (Kaggle's train.csv), FILE.npz, or DIR: MNIST's\n"
        "own files, or pictures in a sub-folder for each digit (DIR/7/*.png)",
    )
    add("--unipen", metavar="PATH", help="UNIPEN's archive (.tar.xz) or directory: learn from ink")
    add(
        "--drawings",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="drawings saved by the page: learn from them. With --from only they are new, and the\n"
        "network's last layers are tuned to them; refused where more than 0.1 point of\n"
        "MNIST's validation digits would be lost. As ever, network and report in --out are\n"
        "replaced, be it the one that was begun with: another --out keeps that",
    )
    add(
        "--from",
        dest="start",
        type=Path,
        metavar="MODEL",
        help="begin with a saved network, of its own architecture",
    )
    add(
        "--teachers",
        nargs="+",
        type=Path,
        default=[],
        metavar="MODEL",
        help="learn from what these networks say on average, beside the labels; with --from, five\n"
        "gentle epochs",
    )
    add(
        "--arch",
        choices=ARCHITECTURES,
        help=f"which network to train: {DEFAULTS.arch}, with --quick {QUICK['arch']}, with --from\n"
        "the same again",
    )
    add(
        "--epochs",
        type=positive,
        metavar="N",
        help=f"{DEFAULTS.epochs} by default, with --from and --teachers {TAUGHT['epochs']}, "
        f"--quick {QUICK['epochs']}, tuning {TUNED['epochs']}",
    )
    add(
        "--renderings",
        type=positive,
        metavar="N",
        help=f"of each ink in an epoch, each in another hand ({DEFAULTS.renderings})",
    )
    add(
        "--batch",
        type=positive,
        metavar="N",
        help=f"images a step, of all processes together ({DEFAULTS.batch})",
    )
    add(
        "--learning-rate",
        type=rate,
        metavar="RATE",
        help=f"at its highest: {DEFAULTS.learning_rate}, with --quick {QUICK['learning_rate']}",
    )
    add("--seed", type=seed, default=DEFAULTS.seed, metavar="N", help="another seed, another run")
    add(
        "--quick",
        action="store_true",
        help="a small network in two epochs: MNIST's validation digits to 99%% within seconds, of\n"
        "unvaried pictures, so that it reads pens and photographs worse",
    )
    add(
        "--profile",
        action="store_true",
        help="measure where the time of such a run goes, and stop; nothing is kept",
    )
    add("--resume", action="store_true", help="go on with an interrupted run in --out")
    add("--out", type=Path, default=Path("models"), metavar="DIR", help="models by default")
    add("--baseline", type=Path, metavar="MODEL", help="a network to draw beside in the report")
    add("--tensorboard", type=Path, metavar="DIR", help="write TensorBoard's logs")
    add("--show-augmented", action="store_true", help="write a sheet of varied samples and stop")
    add_options(made)
    return made
