"""Judge a trained network on digits that nothing was chosen on, and write down what comes out.

    python -m train.report --unipen PATH                        make models/report again
    python -m train.report --unipen PATH --against OTHER.keras  with a comparison of two networks

`python -m train` calls `write` at its very end. `report.json` has every figure, `report/index.html`
shows them, `MODEL_CARD.md` says what the model is for.
"""

import argparse
import json
import os
import shutil
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from files.drawings import DataError
from train.data.unipen.characters import UnipenError
from train.quiet import quiet

with quiet():
    import keras

    from train.evaluation import doubts, metrics, robustness
    from train.evaluation.intervals import compare
    from train.network.build import knows_digits, scorer
    from train.network.saving import load_network
    from train.reporting import galleries, render
    from train.reporting.provenance import known, sha256
    from train.samples.prepare import HeldOut, read_tests
    from train.samples.training_set import inputs

NOTHING: Mapping[str, np.ndarray] = {}
NOTHING_KNOWN = {"run": {"trained_on": []}, "history": []}


def write(
    out: Path,
    network: keras.Model,
    tests: Sequence[HeldOut],
    *,
    negatives: Mapping[str, np.ndarray] = NOTHING,
    run: Mapping,
    history: Sequence[Mapping],
    baseline: keras.Model | None = None,
    against: tuple[str, keras.Model] | None = None,
    model: Path | None = None,
) -> dict:
    """Write `out/report.json`, `out/report/` and `out/MODEL_CARD.md`; return what the first holds.

    All is written aside and swapped in at the end: what fails leaves the last report as it was.

    Args:
        out: the models' folder.
        network: (n, 28, 28, 1) float32 in [0, 1] -> (n, 10) probabilities.
        tests: what to judge by.
        negatives: (n, 28, 28) uint8 images that are no digits, by kind.
        run: settings, versions, seed, seconds, `trained_on`: kept as it is. Its `refusal` has the
            `threshold` to refuse above, its `temperature` what calibration divided the logits by.
        history: what each epoch's log said.
        baseline: a network to draw beside this one where reading gets hard.
        against: a name and a network to compare with on the same samples.
        model: the network's file, `out/digits.keras` unless given.
    """
    limit = threshold(network, run)
    strangers = {} if limit is None else {k: each for k, each in negatives.items() if len(each)}
    said, scores = answers(network, {test.name: test.images for test in tests} | strangers)
    report = {
        "format": 1,
        "model_sha256": sha256(model or out / "digits.keras"),
        "trained_on": list(run.get("trained_on", [])),
        "run": dict(run),
        "history": [dict(entry) for entry in history],
        "tests": {
            test.name: metrics.measure(
                test.labels, said[test.name], test.writers, run.get("temperature")
            )
            for test in tests
        },
        "refusal": None if limit is None else doubts.measure(tests, said, scores, limit),
        "robustness": {test.name: hardships(test, network, baseline) for test in tests},
        "comparison": comparison(tests, said, against),
    }
    aside = out / f"report.{uuid.uuid4().hex}.partial"
    try:
        (aside / "report").mkdir(parents=True)
        pictures = galleries.draw(aside / "report", tests, said, report, strangers, scores)
        written = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        (aside / "report.json").write_text(written, encoding="utf-8")
        (aside / "MODEL_CARD.md").write_text(render.card(report), encoding="utf-8")
        (aside / "report" / "index.html").write_text(
            render.html(report, pictures), encoding="utf-8"
        )
        swap(aside, out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return report


def threshold(network: keras.Model, run: Mapping) -> float | None:
    """What to refuse above; None for a network that has no score, or a run that chose nothing."""
    return (run.get("refusal") or {}).get("threshold") if knows_digits(network) else None


def answers(
    network: keras.Model, images: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What a network says of (n, 28, 28) uint8 images, by name.

    Returns:
        (n, 10) probabilities, and (n,) scores of what is no digit; none of a network without.
    """
    if not knows_digits(network):
        return {name: probabilities(network, each) for name, each in images.items()}, {}
    both_ways = scorer(network)
    both = {name: probabilities(both_ways, each) for name, each in images.items()}
    return (
        {name: said for name, (said, _) in both.items()},
        {name: score[:, 0] for name, (_, score) in both.items()},
    )


def probabilities(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """(n, 10), or whatever the network says, of (n, 28, 28) uint8 images."""
    return network.predict(inputs(images), batch_size=500, verbose=0)


def hardships(test: HeldOut, network: keras.Model, baseline: keras.Model | None) -> dict:
    """Robustness curves on a fixed part of a set: how many samples, and a list of trials."""
    networks = {"this network": network} | ({"baseline": baseline} if baseline else {})
    chosen = robustness.subset(len(test.labels))
    strokes = None if test.drawings is None else [test.drawings[i] for i in chosen]
    trials = robustness.curves(networks, test.images[chosen], test.labels[chosen], strokes)
    return {"samples": len(chosen), "trials": trials}


def comparison(
    tests: Sequence[HeldOut],
    said: Mapping[str, np.ndarray],
    against: tuple[str, keras.Model] | None,
) -> dict | None:
    """This network and another on the same samples, by test set."""
    if against is None:
        return None
    name, other = against
    return {
        "against": name,
        "tests": {
            test.name: compare(
                test.labels, test.writers, said[test.name], probabilities(other, test.images)
            )
            for test in tests
        },
    }


def swap(aside: Path, out: Path) -> None:
    """Put what was written aside into place; the old report comes back if that fails."""
    old = aside / "before"
    if (out / "report").exists():
        os.rename(out / "report", old)
    try:
        os.rename(aside / "report", out / "report")
    except OSError:
        if old.exists():
            os.rename(old, out / "report")
        raise
    for name in ("MODEL_CARD.md", "report.json"):
        os.replace(aside / name, out / name)
    for left in out.glob("report.*.partial"):  # by whoever was killed; this one goes as well
        shutil.rmtree(left, ignore_errors=True)


def summary(report: Mapping) -> str:
    """A line for each test set."""
    lines = []
    for name, found in report["tests"].items():
        line = (
            f"{name}: {page.percent(found['accuracy'])} of {found['samples']:,} read right "
            f"(95% interval {page.between(found['interval'])}), {found['errors']:,} errors"
        )
        if "writers" in found:
            people = found["writers"]
            line += (
                f"; mean over {people['count']} writers {page.percent(people['macro'])} "
                f"({page.between(people['macro_interval'])})"
            )
        lines.append(line)
    if report["refusal"]:
        for name, found in (report["refusal"]["digits"] | report["refusal"]["negatives"]).items():
            lines.append(
                f"{name}: {page.percent(found['refused'])} of {found['samples']:,} refused "
                f"(95% interval {page.between(found['interval'])})"
            )
    if report["comparison"]:
        for name, both in report["comparison"]["tests"].items():
            macro = both["macro"]
            lines.append(
                f"{name}: {page.percent(macro['reduction'], 1)} fewer errors than "
                f"{report['comparison']['against']} "
                f"(95% interval {page.between(macro['reduction_interval'], 1)})"
            )
    return "\n".join(lines)


def described(model: Path) -> str:
    """A model's file name and, where its report says so, what it was trained on."""
    trained_on = "; ".join((known(model) or NOTHING_KNOWN)["run"].get("trained_on", []))
    return f"{model.name} (trained on {trained_on})" if trained_on else model.name


def remake(options: argparse.Namespace) -> None:
    """Judge a saved network again."""
    network = load_network(options.model)
    baseline = load_network(options.baseline) if options.baseline else None
    against = (
        (described(options.against), load_network(options.against)) if options.against else None
    )
    before = known(options.model) or NOTHING_KNOWN
    if before is NOTHING_KNOWN:
        print(f"no report of {options.model} to take its settings from", file=sys.stderr)
    tests, negatives = read_tests(options.data, options.unipen)
    report = write(
        options.out,
        network,
        tests,
        negatives=negatives,
        run=before["run"],
        history=before["history"],
        baseline=baseline,
        against=against,
        model=options.model,
    )
    print(summary(report))
    print(f"wrote {options.out / 'report' / 'index.html'}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(
        "python -m train.report", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--model", type=Path, metavar="FILE", help="OUT/digits.keras by default")
    add("--data", default="mnist", metavar="SOURCE", help="whose test digits; as for training")
    add("--unipen", metavar="PATH", help="UNIPEN's archive or directory: judge by its test writers")
    add("--baseline", type=Path, metavar="FILE", help="a network to draw beside this one")
    add("--against", type=Path, metavar="FILE", help="a network to compare this one with")
    add("--out", type=Path, metavar="DIR", help="the model's folder by default, models without one")
    options = parser.parse_args(arguments)
    options.out = options.out or (options.model.parent if options.model else Path("models"))
    options.model = options.model or options.out / "digits.keras"
    try:
        remake(options)
    except (DataError, UnipenError, OSError) as error:
        print(f"train.report: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
