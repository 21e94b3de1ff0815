"""Evaluate a network on test digits and write the report, completely or not at all."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from files.atomic import replace_entries
from train.evaluation import metrics, rejection_metrics, robustness
from train.evaluation.intervals import compare
from train.evaluation.predict import predict_sets, rejection_threshold
from train.reporting import galleries, render
from train.reporting.format import format_interval, format_percent
from train.reporting.provenance import sha256
from train.samples.prepare import TestSet

NO_NON_DIGITS: Mapping[str, np.ndarray] = {}


def write(
    out: Path,
    network: keras.Model,
    tests: Sequence[TestSet],
    *,
    negatives: Mapping[str, np.ndarray] = NO_NON_DIGITS,
    run: Mapping,
    history: Sequence[Mapping],
    reference: keras.Model | None = None,
    compare_to: tuple[str, keras.Model] | None = None,
    model: Path | None = None,
    marks: Mapping[str, Mapping[str, int]] | None = None,
) -> dict:
    """Write `out/report.json`, `out/report/` and `out/MODEL_CARD.md`; return the report.

    Files are written to a temporary folder and renamed at the end; after an error the previous
    report is unchanged.

    Args:
        out: folder of the model.
        network: (n, 28, 28, 1) float32 in [0, 1] -> (n, 10) probabilities.
        tests: test sets.
        negatives: (n, 28, 28) uint8 images of non-digits by kind.
        run: settings, versions, seed, seconds, `trained_on`; copied to the report. Its
            `refusal` holds the `threshold`, its `temperature` is that of calibration.
        history: metrics of each epoch.
        reference: network to add to the robustness curves.
        compare_to: name and network to compare with on the same samples.
        model: the network's file; `out/digits.keras` by default.
        marks: of each mark, how many `characters` there are and how many are told `right`, if the
            network has an output for them.
    """
    threshold = rejection_threshold(network, run)
    non_digits = (
        {} if threshold is None else {k: each for k, each in negatives.items() if len(each)}
    )
    probabilities, scores = predict_sets(
        network, {test.name: test.images for test in tests} | non_digits
    )
    report = {
        "format": 1,
        "model_sha256": sha256(model or out / "digits.keras"),
        "trained_on": list(run.get("trained_on", [])),
        "run": dict(run),
        "history": [dict(entry) for entry in history],
        "tests": {
            test.name: metrics.measure(
                test.labels, probabilities[test.name], test.writers, run.get("temperature")
            )
            for test in tests
        },
        "refusal": None
        if threshold is None
        else rejection_metrics.measure(tests, probabilities, scores, threshold),
        "robustness": {test.name: robustness_curves(test, network, reference) for test in tests},
        "comparison": compare_networks(tests, probabilities, compare_to),
        "marks": marks,
    }
    with replace_entries(out) as temp_folder:
        (temp_folder / "report").mkdir()
        figures = galleries.write_figures(
            temp_folder / "report", tests, probabilities, report, non_digits, scores
        )
        written = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        (temp_folder / "report.json").write_text(written, encoding="utf-8")
        (temp_folder / "MODEL_CARD.md").write_text(render.model_card(report), encoding="utf-8")
        (temp_folder / "report" / "index.html").write_text(
            render.report_html(report, figures), encoding="utf-8"
        )
    return report


def robustness_curves(test: TestSet, network: keras.Model, reference: keras.Model | None) -> dict:
    """Measure robustness curves on a fixed subset of a test set."""
    networks = {"this network": network} | ({"baseline": reference} if reference else {})
    chosen = robustness.subset(len(test.labels))
    strokes = None if test.drawings is None else [test.drawings[i] for i in chosen]
    curves = robustness.curves(networks, test.images[chosen], test.labels[chosen], strokes)
    return {"samples": len(chosen), "trials": curves}


def compare_networks(
    tests: Sequence[TestSet],
    probabilities: Mapping[str, np.ndarray],
    compare_to: tuple[str, keras.Model] | None,
) -> dict | None:
    """Compare two networks on the same samples, by test set."""
    if compare_to is None:
        return None
    name, other = compare_to
    of_other, _ = predict_sets(other, {test.name: test.images for test in tests})
    return {
        "against": name,
        "tests": {
            test.name: compare(
                test.labels, test.writers, probabilities[test.name], of_other[test.name]
            )
            for test in tests
        },
    }


def summary(report: Mapping) -> str:
    """Format a line for each test set, kind of non-digit and comparison."""
    lines = []
    for name, found in report["tests"].items():
        line = (
            f"{name}: {format_percent(found['accuracy'])} of {found['samples']:,} read right "
            f"(95% interval {format_interval(found['interval'])}), {found['errors']:,} errors"
        )
        if "writers" in found:
            writers = found["writers"]
            line += (
                f"; mean over {writers['count']} writers {format_percent(writers['macro'])} "
                f"({format_interval(writers['macro_interval'])})"
            )
        lines.append(line)
    if report["refusal"]:
        for name, found in (report["refusal"]["digits"] | report["refusal"]["negatives"]).items():
            lines.append(
                f"{name}: {format_percent(found['refused'])} of {found['samples']:,} rejected "
                f"(95% interval {format_interval(found['interval'])})"
            )
    if report["comparison"]:
        for name, both in report["comparison"]["tests"].items():
            macro = both["macro"]
            lines.append(
                f"{name}: {format_percent(macro['reduction'], 1)} fewer errors than "
                f"{report['comparison']['against']} "
                f"(95% interval {format_interval(macro['reduction_interval'], 1)})"
            )
    return "\n".join(lines)
