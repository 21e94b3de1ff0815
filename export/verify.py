"""Does the exported model read in a real browser as Keras does? `python -m export.verify`.

The site is served from this machine, a headless browser imports the page's own recognizer.js, and
MNIST's whole test set goes through it: exactly what a visitor runs, quantised weights included.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from export import meta
from export.browser.launch import BrowserError
from export.browser.page import MODEL, Progress, SiteError, browser_predictions, browser_readings
from export.convert import ExportError, load_model, predictor
from files.drawings import DataError
from train import data, ink
from train.arguments import positive
from train.evaluation.predictions import Predictions
from train.evaluation.rejection import rejection_rate

KERAS_MODEL = Path(__file__).parents[1] / "models" / "digits.keras"
DISAGREEMENTS = 5 / 10_000  # share of images on which the browser may read another digit than Keras
REFUSALS = 20 / 10_000  # share of images that only one of the two may refuse
ACCURACY_LOSS = 0.001  # by which its accuracy may fall short of Keras's
DRAWING_DIFFERENCE = 0.1  # of a probability; another pen or field would give far more
DRAWINGS = {  # drawn straight, so that they can be read here
    "1": [[[4, 2], [5, 0], [5, 9]]],
    "4": [[[4, 0], [0, 6], [6, 6]], [[4, 3], [4, 9]]],
    "7": [[[0, 0], [6, 0], [2, 9]]],
}


class VerifyError(RuntimeError):
    """The browser reads otherwise than Keras: one line that says what."""


@dataclass(frozen=True)
class Comparison:
    """The browser's readings beside Keras's.

    `disagreements` counts images that are read as different digits, `largest_difference` is
    between two probabilities for one digit. The rest is None where nothing says what is no digit:
    `largest_score_difference` is between two such scores, `refused` the share of images that the
    browser refuses at the model's threshold, `refusals_differing` counts those that only one does.
    """

    keras: float
    browser: float
    samples: int
    disagreements: int
    largest_difference: float
    largest_score_difference: float | None = None
    refused: float | None = None
    refusals_differing: int | None = None

    @property
    def passes(self) -> bool:
        """Whether the exported model may take the old one's place."""
        loss = self.keras - self.browser
        differences = [self.largest_difference, self.largest_score_difference or 0.0]
        return (
            bool(np.isfinite(differences).all())
            and self.disagreements <= max(1, round(DISAGREEMENTS * self.samples))
            and (self.refusals_differing or 0) <= max(1, round(REFUSALS * self.samples))
            and loss <= ACCURACY_LOSS + 1e-9
        )

    def facts(self) -> dict[str, float | int | None]:
        """Return the entries of meta.json, with differences to the third decimal.

        Sums of floats differ between processors from about the sixth decimal on. Rounding keeps
        that out of meta.json, unless a difference lies next to a rounding step.
        """
        return {
            name: round(value, 3) if name.startswith("largest") and value is not None else value
            for name, value in asdict(self).items()
        }

    def __str__(self) -> str:
        """Return the table that the command prints."""
        lines = [
            f"{'MNIST test digits':<24}{self.samples:>9,}",
            f"{'read right by Keras':<24}{self.keras:>9.2%}",
            f"{'read right in a browser':<24}{self.browser:>9.2%}",
            f"{'read differently':<24}{self.disagreements:>9,}",
            f"{'largest difference':<24}{self.largest_difference:>9.4f}  of a probability",
        ]
        if self.largest_score_difference is not None:
            lines.append(f"{'':<24}{self.largest_score_difference:>9.4f}  of a score")
        if self.refused is not None:
            lines += [
                f"{'refused in a browser':<24}{self.refused:>9.2%}",
                f"{'refused differently':<24}{self.refusals_differing:>9,}",
            ]
        return "\n".join(lines)


def compare(
    expected: Predictions, measured: Predictions, labels: np.ndarray, threshold: float | None = None
) -> Comparison:
    """Compare Keras's answers and the browser's.

    Args:
        expected: Keras's.
        measured: the browser's.
        labels: (n,).
        threshold: scores above it are refused; None refuses nothing.

    Raises:
        VerifyError: only one of the two says what is no digit.
    """
    read_by_keras = expected.probabilities.argmax(axis=1)
    read_by_browser = measured.probabilities.argmax(axis=1)
    return Comparison(
        keras=float((read_by_keras == labels).mean()),
        browser=float((read_by_browser == labels).mean()),
        samples=len(labels),
        disagreements=int((read_by_keras != read_by_browser).sum()),
        largest_difference=float(np.abs(expected.probabilities - measured.probabilities).max()),
        **compare_scores(expected.scores, measured.scores, threshold),
    )


def compare_scores(
    expected: np.ndarray | None, measured: np.ndarray | None, threshold: float | None
) -> dict[str, float | int]:
    """Return what Comparison says of scores, nothing where there are none."""
    if expected is None and measured is None:
        return {}
    if expected is None or measured is None:
        who = "Keras" if measured is None else "the browser"
        raise VerifyError(f"only {who} says what is no digit: export the model again")
    found = {"largest_score_difference": float(np.abs(expected - measured).max())}
    if threshold is None:
        return found
    differing = (expected > threshold) != (measured > threshold)
    return found | {
        "refused": rejection_rate(measured, threshold),
        "refusals_differing": int(differing.sum()),
    }


def verify(
    predict: Callable[[np.ndarray], Predictions],
    images: np.ndarray,
    labels: np.ndarray,
    model_dir: Path = MODEL,
    progress: Progress = lambda done, total: None,
) -> Comparison:
    """Run images and a few drawings through the browser and through Keras.

    Args:
        predict: Keras's, from (n, 28, 28, 1) float32 in [0, 1].
        images: (n, 28, 28, 1) float32 in [0, 1], ink high.
        labels: (n,).
        model_dir: the exported model.
        progress: told how many images of how many are done.

    Raises:
        VerifyError: the browser reads drawings differently, or only one knows what is no digit.
        SiteError, BrowserError: the model or the browser does not run.
    """
    check_drawings(predict, model_dir)
    measured = browser_predictions(images, model_dir=model_dir, progress=progress)
    return compare(predict(images), measured, labels, meta.read(model_dir)["threshold"])


def check_drawings(predict: Callable[[np.ndarray], Predictions], model_dir: Path) -> None:
    """Raise VerifyError unless the browser reads the drawings below as Keras does."""
    fields = np.stack([ink.render(drawing) for drawing in DRAWINGS.values()])[..., None]
    readings = browser_readings(list(DRAWINGS.values()), model_dir=model_dir)
    wanted = predict(fields).probabilities
    for name, reading, expected in zip(DRAWINGS, readings, wanted, strict=True):
        difference = np.abs(np.array(reading["probabilities"]) - expected).max()
        if difference > DRAWING_DIFFERENCE:
            raise VerifyError(
                f"the browser reads a drawn {name} unlike Keras: "
                f"a probability differs by {difference:.3f}"
            )


def mnist_test_digits(limit: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return MNIST's test images, (n, 28, 28, 1) float32 in [0, 1], and labels, all or some."""
    digits = data.load("mnist")
    images = digits.test_images[:limit, ..., None].astype(np.float32) / 255
    return images, digits.test_labels[:limit]


def show_progress(done: int, total: int) -> None:
    """Print how far it is: on one line of a terminal, elsewhere every tenth."""
    line = f"in the browser: {done:,} of {total:,}"
    if sys.stdout.isatty():
        print(f"\r{line}", end="\n" if done == total else "", flush=True)
    elif done == total or done * 10 // total > (done - 250) * 10 // total:
        print(line, flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Verify the exported model, print the table, fail if it does not pass."""
    parser = argparse.ArgumentParser(
        prog="python -m export.verify",
        description="Run MNIST's test set through the exported model in a headless browser.",
    )
    parser.add_argument(
        "--model", type=Path, default=KERAS_MODEL, help="Keras file (models/digits.keras)"
    )
    parser.add_argument("--web-model", type=Path, default=MODEL, help="exported folder (web/model)")
    parser.add_argument("--limit", type=positive, help="only the first N test digits")
    options = parser.parse_args(arguments)
    try:
        model = load_model(options.model)
        images, labels = mnist_test_digits(options.limit)
        comparison = verify(
            predictor(model),
            images,
            labels,
            options.web_model,
            show_progress,
        )
    except (ExportError, VerifyError, SiteError, BrowserError, DataError, OSError) as error:
        sys.exit(f"digitpad: {error}")
    print(comparison)
    if not comparison.passes:
        sys.exit("digitpad: the browser does not read as Keras does: export the model again")


if __name__ == "__main__":
    main()
