"""Train a network on handwritten digits, save it twice and report on it.

python -m train                                  MNIST alone
python -m train --unipen unipen-train_r01_v07-1abcd.tar.xz
python -m train --quick                          a small network, soon
python -m train --profile                        where the time goes
python -m train --teachers MODEL…                taught by other networks, beside the labels
python -m train --from MODEL --teachers MODEL…   go on with a network for five gentle epochs
python -m train --drawings FILE… --from MODEL    tune a network to your hand, in a minute or so
python -m train --distributed …                  one of many processes that train it together
"""

import argparse
import platform
import sys
import time
from contextlib import nullcontext
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

from files.atomic import locked
from train.arguments import positive, rate, seed
from train.distributed.launcher import supervise
from train.distributed.options import ClusterError, add_options
from train.distributed.single_process import ALONE, Alone
from train.quiet import quiet

if __name__ == "__main__" and "--distributed" in sys.argv and "--help" not in sys.argv:
    sys.exit(supervise(sys.argv[1:]))  # before Keras is imported, which then chooses its backend

BEGAN = time.perf_counter()

with quiet():
    import keras
    import numpy as np
    import tensorflow as tf

    from files.drawings import DataError
    from train import data, report
    from train.data.unipen.characters import UnipenError
    from train.evaluation.rejection import refused, threshold
    from train.fine_tuning import personal
    from train.fine_tuning.tuner import PICTURES, STRANGE, TUNED
    from train.fitting import profile
    from train.fitting.augmentation_sheet import contact_sheet
    from train.fitting.fit import begin_with, fit
    from train.fitting.settings import FitError, Settings
    from train.network.architectures import ARCHITECTURES
    from train.network.build import architecture, build, multiplies
    from train.network.saving import NAMES, load_network, save
    from train.reporting.provenance import sha256
    from train.samples.prepare import Material, gather

IMPORTS = time.perf_counter() - BEGAN  # seconds
DEFAULTS = Settings()
QUICK = {  # 99.0% of MNIST's validation digits as soon as possible
    "arch": "quick",
    "epochs": 2,  # four seeds: 99.17 ± 0.07%; after one and a half, 98.9 to 99.1%
    "learning_rate": 2e-2,  # after two epochs at 1e-2 or 3e-2: 99.05%
    "averaging": 0.0,  # the rate goes to zero: averages read neither better nor worse, and cost 10%
    "label_smoothing": 0.1,  # after so few epochs it brings 0.1%
    "variation": 0.0,  # half of the default's brings nothing to MNIST so soon, and costs 30%
    "negatives": 0.05,  # enough to refuse 97% of fragments by, and made in a second
}
UNTUNED = ("quick", "profile", "resume", "renderings", "batch", "learning_rate", "tensorboard")
UNTUNED += ("show_augmented", "distributed")
TAUGHT = {"epochs": 5, "learning_rate": 2e-3, "averaging": 0.2}  # it can read already


def main(arguments: list[str] | None = None, crew: Alone = ALONE) -> int:
    """Run the command line, as one of a crew; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        run(options, crew)
    except BlockingIOError:
        print(
            f"train: another run is writing {options.out}: wait, or choose another --out",
            file=sys.stderr,
        )
        return 1
    except (ClusterError, DataError, UnipenError, FitError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntrain: stopped; --resume goes on after the last whole epoch", file=sys.stderr)
        return 130
    return 0


def run(options: argparse.Namespace, crew: Alone) -> None:
    """Read, fit, save, report."""
    began = time.monotonic()
    settings = settings_of(options)
    if tunes(options):
        tune(options, settings, began)
        return
    check_crew(options, crew)
    crew.join()
    if options.profile:
        print(profiled(options, settings).table())
        return
    options.out.mkdir(parents=True, exist_ok=True)
    start, baseline = (path and load_network(path) for path in (options.start, options.baseline))
    if options.start and not options.arch:
        settings = replace(settings, arch=architecture(start) or settings.arch)
    teachers = [load_network(path) for path in options.teachers]
    material = gathered(options, settings)
    if crew.leads:
        print(material.summary, flush=True)
    if options.show_augmented:
        print(f"wrote {contact_sheet(material.samples, settings, options.out)}")
        return
    begun_with = options.start and sha256(options.start)  # before --out may replace it

    def keep(network: keras.Model, history: list, divisor: float) -> None:
        save(network, options.out)
        facts = run_facts(network, material, settings, time.monotonic() - began)
        facts["temperature"] = divisor
        facts["processes"] = crew.processes
        facts["begun_with"] = begun_with
        facts["teachers"] = {str(path): sha256(path) for path in options.teachers}
        judge(options, network, material, facts, history, baseline)

    with locked(options.out) if crew.leads else nullcontext():
        fit(
            material.samples,
            material.watched,
            settings,
            options.out / ".training",
            resume=options.resume,
            start=start,
            teachers=teachers,
            tensorboard=options.tensorboard,
            keep=keep,
            crew=crew,
        )


def tunes(options: argparse.Namespace) -> bool:
    """Whether a network is to be tuned to its user's hand, rather than trained."""
    return bool(options.start and options.drawings and not options.teachers)


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
    material = gather(
        options.data, options.unipen, [], settings.seed, settings.validation, STRANGE, PICTURES
    )
    print(material.summary.replace("Learning from", "Rehearsing", 1), flush=True)
    print(personal.tune(network, hand, material, settings), flush=True)
    material = replace(material, trained_on=personal.learnt(options.start, hand))
    limit = personal.limit(options.start, network)
    facts = run_facts(network, material, settings, time.monotonic() - began, limit)
    facts["begun_with"] = sha256(options.start)  # before --out may replace it
    options.out.mkdir(parents=True, exist_ok=True)
    with locked(options.out):
        save(network, options.out)
        judge(options, network, material, facts, [], baseline)


def judge(
    options: argparse.Namespace,
    network: keras.Model,
    material: Material,
    facts: dict,
    history: list,
    baseline: keras.Model | None,
) -> None:
    """Judge the network that was saved by the test digits, and write the report."""
    print(f"wrote {' and '.join(str(options.out / name) for name in NAMES)}")
    print("judging by the test digits", flush=True)
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


def check_crew(options: argparse.Namespace, crew: Alone) -> None:
    """Raise ClusterError for options that do not go together."""
    if options.distributed == (crew is ALONE):
        raise ClusterError("--distributed comes in full, and with python -m train alone")
    if crew is ALONE and (options.coordinator or options.processes or options.process):
        raise ClusterError("--coordinator, --processes and --process go with --distributed")
    if options.distributed and (options.teachers or options.profile or options.show_augmented):
        raise ClusterError("--teachers, --profile and --show-augmented need one process alone")


def gathered(options: argparse.Namespace, settings: Settings) -> Material:
    """Everything that the run learns from, is watched on and is judged by."""
    return gather(
        options.data,
        options.unipen,
        options.drawings,
        settings.seed,
        settings.validation,
        settings.negatives / DEFAULTS.negatives,  # no more than epochs take
    )


def profiled(options: argparse.Namespace, settings: Settings) -> profile.Profile:
    """Where the time of such a run goes; nothing is written to `--out`."""

    def judge(network: keras.Model, material: Material, out: Path) -> None:
        facts = run_facts(network, material, settings, 0)
        negatives = material.test_negatives
        report.write(out, network, material.tests, negatives=negatives, run=facts, history=[])

    return profile.measure(
        settings,
        imports=IMPORTS,
        read=lambda: data.load(options.data),
        gather=lambda: gathered(options, settings),
        judge=judge,
    )


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


def run_facts(
    network: keras.Model,
    material: Material,
    settings: Settings,
    seconds: float,
    limit: float = 0.0,
) -> dict:
    """What the report says of the run, for `report.json`; `limit` is as for `measured`."""
    return {
        "settings": asdict(settings),
        "trained_on": material.trained_on,
        **measured(network, material, limit),
        "seconds": round(seconds),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
            **({"jax": version("jax")} if keras.backend.backend() == "jax" else {}),
        },
        **material.facts,
    }


def measured(network: keras.Model, material: Material, limit: float = 0.0) -> dict:
    """A network's size and cost, and what it reads and refuses of validation.

    `refusal` is the threshold above which nothing is a digit, and the shares that it refuses; the
    threshold is not below `limit`.
    """
    digits = {name: images for name, (images, _) in material.validation.items()}
    said, scores = report.answers(network, digits | material.negatives)
    chosen = threshold({name: scores[name] for name in digits}, material.writers)
    limit = max(limit, chosen)
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


if __name__ == "__main__":
    sys.exit(main())
