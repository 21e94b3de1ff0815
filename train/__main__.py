"""Train a network on handwritten digits, save it twice and report on it.

python -m train                                  MNIST alone
python -m train --unipen unipen-train_r01_v07-1abcd.tar.xz
python -m train --quick                          two epochs, to see that all works
python -m train --from MODEL --teachers MODEL…   go on with a network, taught by others
"""

import argparse
import platform
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from train.quiet import quiet

with quiet():
    import keras
    import numpy as np
    import tensorflow as tf

    from train import report
    from train.data import DataError
    from train.fit import FitError, Settings, fit
    from train.material import Material, gather
    from train.model import ARCHITECTURES, multiplies
    from train.record import sha256
    from train.refusal import refused, threshold
    from train.save import NAMES, load_network, save
    from train.sheet import contact_sheet
    from train.unipen import UnipenError

DEFAULTS = Settings()
QUICK = {"epochs": 2}
TAUGHT = {"epochs": 5, "learning_rate": 2e-3, "averaging": 0.2}  # it can read already


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        run(options)
    except (DataError, UnipenError, FitError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntrain: stopped; --resume goes on after the last whole epoch", file=sys.stderr)
        return 130
    return 0


def run(options: argparse.Namespace) -> None:
    """Read, fit, save, report."""
    began = time.monotonic()
    settings = settings_of(options)
    options.out.mkdir(parents=True, exist_ok=True)
    start, baseline = (path and load_network(path) for path in (options.start, options.baseline))
    teachers = [load_network(path) for path in options.teachers]
    material = gather(
        options.data, options.unipen, options.drawings, settings.seed, settings.validation
    )
    print(material.summary)
    if options.show_augmented:
        print(f"wrote {contact_sheet(material.samples, settings, options.out)}")
        return
    network, history, divisor = fit(
        material.samples,
        material.watched,
        settings,
        options.out / ".training",
        resume=options.resume,
        start=start,
        teachers=teachers,
        tensorboard=options.tensorboard,
        keep=lambda network: save(network, options.out),
    )
    print(f"wrote {' and '.join(str(options.out / name) for name in NAMES)}")
    facts = run_facts(network, material, settings, time.monotonic() - began)
    facts["temperature"] = divisor
    facts["begun_with"] = options.start and sha256(options.start)
    facts["teachers"] = {str(path): sha256(path) for path in options.teachers}
    print("judging by the test digits")
    judged = report.write(
        options.out,
        network,
        material.tests,
        negatives=material.test_negatives,
        run=facts,
        history=history,
        baseline=baseline,
    )
    print(report.summary(judged))
    print(f"wrote {options.out / 'report' / 'index.html'}")


def settings_of(options: argparse.Namespace) -> Settings:
    """The defaults, changed by what the command line names."""
    chosen = {"arch": options.arch, "seed": options.seed}
    chosen |= (TAUGHT if options.teachers else {}) | (QUICK if options.quick else {})
    chosen |= {
        name: value
        for name in ("epochs", "renderings")
        if (value := getattr(options, name)) is not None
    }
    return replace(DEFAULTS, **chosen)


def run_facts(network: keras.Model, material: Material, settings: Settings, seconds: float) -> dict:
    """What the report says of the run, for `report.json`."""
    return {
        "settings": asdict(settings),
        "trained_on": material.trained_on,
        **measured(network, material),
        "seconds": round(seconds),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        **material.facts,
    }


def measured(network: keras.Model, material: Material) -> dict:
    """A network's size and cost, and what it reads and refuses of validation.

    `refusal` is the threshold above which nothing is a digit, and the shares that it refuses.
    """
    digits = {name: images for name, (images, _) in material.validation.items()}
    said, scores = report.answers(network, digits | material.negatives)
    limit = threshold({name: scores[name] for name in digits}, material.writers)
    return {
        "validation": {
            name: {
                "samples": len(labels),
                "accuracy": float((said[name].argmax(axis=1) == labels).mean()),
            }
            for name, (_, labels) in material.validation.items()
        },
        "refusal": {
            "threshold": limit,
            "validation": {name: refused(each, limit) for name, each in scores.items()},
        },
        "parameters": network.count_params(),
        "multiplies": multiplies(network),
    }


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m train", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
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
        help="drawings saved by the page: learn from them",
    )
    add("--from", dest="start", type=Path, metavar="MODEL", help="begin with a saved network")
    add(
        "--teachers",
        nargs="+",
        type=Path,
        default=[],
        metavar="MODEL",
        help="learn from what these networks say on average, beside the labels; with --from, five\n"
        "gentle epochs",
    )
    add("--arch", default=DEFAULTS.arch, choices=ARCHITECTURES, help="which network to train")
    add(
        "--epochs",
        type=positive,
        metavar="N",
        help=f"{DEFAULTS.epochs} by default, with --teachers 5, --quick 2",
    )
    add(
        "--renderings",
        type=positive,
        metavar="N",
        help=f"of each ink in an epoch, each in another hand ({DEFAULTS.renderings})",
    )
    add("--seed", type=int, default=DEFAULTS.seed, metavar="N", help="another seed, another run")
    add("--quick", action="store_true", help="two epochs: enough to see that everything works")
    add("--resume", action="store_true", help="go on with an interrupted run in --out")
    add("--out", type=Path, default=Path("models"), metavar="DIR", help="models by default")
    add("--baseline", type=Path, metavar="MODEL", help="a network to draw beside in the report")
    add("--tensorboard", type=Path, metavar="DIR", help="write TensorBoard's logs")
    add("--show-augmented", action="store_true", help="write a sheet of varied samples and stop")
    return made


def positive(text: str) -> int:
    """A number of 1 or more, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {number}")
    return number


if __name__ == "__main__":
    sys.exit(main())
