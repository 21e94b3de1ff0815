"""Judge a network by test digits and write the report, all of it or nothing."""

import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from train.evaluation import doubts, metrics, robustness
from train.evaluation.intervals import compare
from train.evaluation.predict import answers, probabilities, threshold
from train.reporting import galleries, render
from train.reporting.provenance import sha256
from train.samples.prepare import TestSet

NOTHING: Mapping[str, np.ndarray] = {}


def write(
    out: Path,
    network: keras.Model,
    tests: Sequence[TestSet],
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


def hardships(test: TestSet, network: keras.Model, baseline: keras.Model | None) -> dict:
    """Robustness curves on a fixed part of a set: how many samples, and a list of trials."""
    networks = {"this network": network} | ({"baseline": baseline} if baseline else {})
    chosen = robustness.subset(len(test.labels))
    strokes = None if test.drawings is None else [test.drawings[i] for i in chosen]
    trials = robustness.curves(networks, test.images[chosen], test.labels[chosen], strokes)
    return {"samples": len(chosen), "trials": trials}


def comparison(
    tests: Sequence[TestSet],
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
            f"{name}: {render.percent(found['accuracy'])} of {found['samples']:,} read right "
            f"(95% interval {render.between(found['interval'])}), {found['errors']:,} errors"
        )
        if "writers" in found:
            people = found["writers"]
            line += (
                f"; mean over {people['count']} writers {render.percent(people['macro'])} "
                f"({render.between(people['macro_interval'])})"
            )
        lines.append(line)
    if report["refusal"]:
        for name, found in (report["refusal"]["digits"] | report["refusal"]["negatives"]).items():
            lines.append(
                f"{name}: {render.percent(found['refused'])} of {found['samples']:,} refused "
                f"(95% interval {render.between(found['interval'])})"
            )
    if report["comparison"]:
        for name, both in report["comparison"]["tests"].items():
            macro = both["macro"]
            lines.append(
                f"{name}: {render.percent(macro['reduction'], 1)} fewer errors than "
                f"{report['comparison']['against']} "
                f"(95% interval {render.between(macro['reduction_interval'], 1)})"
            )
    return "\n".join(lines)
