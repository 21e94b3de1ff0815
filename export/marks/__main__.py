"""Fit what tells marks from digits on a line of writing.

    python -m train.marks --unipen PATH…      first: the network's head for marks
    python -m export                          and its export
    python -m export.marks --unipen PATH…     fit; write models/marks.json and the page's copy

Lines are composed of training writers' digits and marks; UNIPEN's category 7, if it is among the
paths, adds the numbers and strings with marks that training writers wrote. Their labels do not say
which strokes form a symbol: the likeliest groups are taken, given the text.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from train.arguments import add_unipen, positive
from train.quiet import quiet

with quiet():
    import numpy as np
    from playwright.sync_api import Page

    from export import meta
    from export.browser.launch import BrowserError
    from export.browser.page import SiteError, evaluate, model_page
    from export.marks.chances import Line, fit_chances
    from export.marks.saved import described_model, save
    from export.marks.structure import count_likeliest, fit_structure, named_patterns
    from export.marks.weights import NAMES, START, Measured, count_segmented, fit_weights
    from export.runtime_bundle import ExportError
    from train.data.unipen.characters import UnipenError
    from train.ink import Drawing
    from train.marks.composition import KINDS, composer_of
    from train.samples.numbers import Number
    from train.samples.unipen_ink import UnipenInk, read_ink

LINES = 8000
REAL_WEIGHT = 6.0  # of a line that somebody wrote, beside a composed one
REFUSED = -6.0  # score of a digit that the network refuses, less than the group's as it is
SEED = 0
CANDIDATES = """async drawing => (await recognizer.candidates(drawing, [], true)).map(
    ({ strokes, features, prediction, markInputs }) => ({
        strokes, features, markInputs, probabilities: Array.from(prediction.probabilities),
    }))"""
FEATURES = """async () => (await import("/recognizer.js")).FEATURES"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    try:
        save(meta.MARKS, fit(read_ink(options.unipen), options.lines))
    except (ExportError, SiteError, BrowserError, UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def fit(ink: UnipenInk, count: int) -> dict[str, Any]:
    """Compose `count` lines, measure them and what people wrote in the browser, and fit.

    Returns:
        What `save` writes.

    Raises:
        ExportError: the exported network has no head for marks.
        SiteError, BrowserError: the page does not run.
    """
    described = described_model()
    composed = compose(ink, count, np.random.default_rng(SEED))
    written = [*ink.numbers["train"], *ink.strings["train"]]
    with model_page() as page:
        names = evaluate(page, FEATURES)
        weights = np.array([described["segment"]["weights"].get(name, 0.0) for name in names])
        read = Reader(page, names, weights)
        lines = [read.line(each.text, each.strokes, each.symbols) for each in composed]
        real = [read.line(each.label, each.strokes) for each in written]
    chances = fit_chances(lines, [1.0] * len(lines), SEED)
    # In digits that cannot be told apart, because some are joined, no group is a mark.
    real = [
        replace(
            line,
            truth=Measured(line, chances).aligned(START) or ({} if line.text.isdigit() else None),
        )
        for line in real
    ]
    chances = fit_chances([*lines, *real], [1.0] * len(lines) + [REAL_WEIGHT] * len(real), SEED)
    measured = [Measured(line, chances) for line in lines]
    measured_real = [Measured(line, chances) for line in real]
    fitted = fit_weights([*measured, *measured_real * round(REAL_WEIGHT)], SEED)
    for kind, some in (("composed", measured), ("written", measured_real)):
        right, known = count_segmented(some, fitted)
        print(f"{right:,} of {known:,} {kind} lines of training writers are segmented correctly")
    named = dict(zip(NAMES, np.round(fitted, 4).tolist(), strict=True))
    patterns = fit_structure([*measured, *measured_real * round(REAL_WEIGHT)], fitted)
    right, known = count_likeliest([*measured, *measured_real], fitted, patterns)
    print(f"{right:,} of {known:,} lines, if their texts are looked at, too")
    return {**chances.facts(), "weights": named, "patterns": named_patterns(patterns)}


def compose(ink: UnipenInk, count: int, rng: np.random.Generator) -> list[Number]:
    """Compose lines of training writers' ink."""
    composer = composer_of(ink, "train")
    kinds = [*KINDS, "amounts"]  # the kind with most marks of its own
    return [composer.compose(rng, kinds[k]) for k in rng.integers(len(kinds), size=count)]


class Reader:
    """Measures lines in the browser."""

    def __init__(self, page: Page, names: Sequence[str], weights: np.ndarray) -> None:
        """Remember the page, and the weights of the features that it measures."""
        self.page, self.names, self.weights = page, list(names), weights
        self.count = 0

    def line(self, text: str, strokes: Drawing, symbols: Sequence[Sequence[int]] = ()) -> Line:
        """Measure a line; `symbols` are the strokes of each of its characters, if known."""
        candidates = evaluate(self.page, CANDIDATES, strokes)
        self.count += 1
        if self.count % 200 == 0:
            print(f"measured {self.count:,} lines", flush=True)
        features = np.array([each["features"] for each in candidates], np.float32)
        best = features @ self.weights
        users = Counter(stroke for own in symbols for stroke in own)  # joined digits share one
        truth = {
            tuple(own): label
            for own, label in zip(symbols, text if symbols else "", strict=True)
            if all(users[stroke] == 1 for stroke in own)
        }
        lefts = [min(point[0] for point in stroke) for stroke in strokes]
        rights = [max(point[0] for point in stroke) for stroke in strokes]
        groups = [tuple(each["strokes"]) for each in candidates]
        return Line(
            text,
            len(strokes),
            groups,
            sorted(range(len(strokes)), key=lambda k: (lefts[k], k)),
            np.array([each["markInputs"] for each in candidates], np.float32),
            self.digit_scores(features, best, candidates),
            best,
            features[:, [self.names.index(n) for n in ("spread", "nearness", "interruptions")]],
            np.array([min(lefts[k] for k in g) + max(rights[k] for k in g) for g in groups]) / 2,
            truth if symbols else None,
        )

    def digit_scores(
        self, features: np.ndarray, best: np.ndarray, candidates: Sequence[dict[str, Any]]
    ) -> np.ndarray:
        """Return the scores of groups read as each digit."""
        reading = self.weights[self.names.index("reading")]
        probabilities = np.array([each["probabilities"] for each in candidates], np.float32)
        logs = np.log(np.maximum(1e-4, probabilities))
        scores = best[:, None] + reading * (logs - logs.max(axis=1, keepdims=True))
        none = (features[:, [self.names.index("mark"), self.names.index("refused")]] == 1).any(
            axis=1
        )
        return np.where(none[:, None], best[:, None] + REFUSED, scores)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m export.marks",
        description="Fit what tells marks from digits on a line of writing.",
    )
    add_unipen(made, "UNIPEN's archives (.tar.xz) or directories, to fit to", required=True)
    made.add_argument(
        "--lines", type=positive, default=LINES, metavar="N", help="composed (default: %(default)s)"
    )
    return made


if __name__ == "__main__":
    main()
