"""Compare the exported model in a browser with Keras: `python -m export.verify`.

A headless browser loads the site from this machine, imports the page's recognizer.js, and runs
MNIST's whole test set through it: exactly what a visitor runs, quantised weights included.
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
MAX_DISAGREEMENTS = 5 / 10_000  # share of images that the browser may classify differently
MAX_REJECTION_DIFFERENCES = 20 / 10_000  # share of images that only one of the two may reject
MAX_ACCURACY_LOSS = 0.001
MAX_DRAWING_DIFFERENCE = 0.1  # of a probability; another pen width or field size gives far more
DRAWINGS = {  # straight lines, so that the digits are easy to recognise in this source
    "1": [[[4, 2], [5, 0], [5, 9]]],
    "4": [[[4, 0], [0, 6], [6, 6]], [[4, 3], [4, 9]]],
    "7": [[[0, 0], [6, 0], [2, 9]]],
}


class VerifyError(RuntimeError):
    """The browser disagrees with Keras. The message is one line."""


@dataclass(frozen=True)
class Comparison:
    """Accuracy of Keras and of the browser on the same images, and their differences.

    The fields are the keys of `accuracy` in meta.json.

    Attributes:
        keras: accuracy of Keras, in [0, 1].
        browser: accuracy of the browser.
        samples: number of images.
        disagreements: number of images classified as different digits.
        largest_difference: largest difference between two probabilities of one digit.
        largest_score_difference: the same for rejection scores; None without scores.
        refused: share of images that the browser rejects; None without a threshold.
        refusals_differing: number of images that only one of the two rejects; None likewise.
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
        """Whether the exported model may replace the previous one."""
        loss = self.keras - self.browser
        differences = [self.largest_difference, self.largest_score_difference or 0.0]
        return (
            bool(np.isfinite(differences).all())
            and self.disagreements <= max(1, round(MAX_DISAGREEMENTS * self.samples))
            and (self.refusals_differing or 0)
            <= max(1, round(MAX_REJECTION_DIFFERENCES * self.samples))
            and loss <= MAX_ACCURACY_LOSS + 1e-9
        )

    def facts(self) -> dict[str, float | int | None]:
        """Return the entries of meta.json, with differences rounded to three decimals.

        Sums of floats differ between processors from about the sixth decimal on. Rounding keeps
        that out of meta.json, unless a difference lies next to a rounding step.
        """
        return {
            name: round(value, 3) if name.startswith("largest") and value is not None else value
            for name, value in asdict(self).items()
        }

    def __str__(self) -> str:
        """Format the comparison as a table."""
        lines = [
            f"{'MNIST test digits':<24}{self.samples:>9,}",
            f"{'correct in Keras':<24}{self.keras:>9.2%}",
            f"{'correct in the browser':<24}{self.browser:>9.2%}",
            f"{'classified differently':<24}{self.disagreements:>9,}",
            f"{'largest difference':<24}{self.largest_difference:>9.4f}  (probability)",
        ]
        if self.largest_score_difference is not None:
            lines.append(f"{'':<24}{self.largest_score_difference:>9.4f}  (rejection score)")
        if self.refused is not None:
            lines += [
                f"{'rejected in the browser':<24}{self.refused:>9.2%}",
                f"{'rejected differently':<24}{self.refusals_differing:>9,}",
            ]
        return "\n".join(lines)


def compare(
    expected: Predictions, measured: Predictions, labels: np.ndarray, threshold: float | None = None
) -> Comparison:
    """Compare the predictions of Keras and of the browser.

    Args:
        expected: predictions of Keras for n images.
        measured: predictions of the browser for the same images.
        labels: (n,) integers.
        threshold: images with a higher rejection score are rejected; None rejects nothing.

    Raises:
        VerifyError: only one of the two has rejection scores.
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
    """Return the fields of Comparison about (n,) rejection scores; empty without scores.

    Raises VerifyError if only one of the two has scores.
    """
    if expected is None and measured is None:
        return {}
    if expected is None or measured is None:
        who = "Keras" if measured is None else "the browser"
        raise VerifyError(f"only {who} has a rejection score: export the model again")
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
        predict: returns Keras's predictions for (n, 28, 28, 1) float32 in [0, 1].
        images: (n, 28, 28, 1) float32, from 0 for paper to 1 for ink.
        labels: (n,) integers.
        model_dir: folder of the exported model.
        progress: called with the number of finished images and of all images.

    Raises:
        VerifyError: the browser reads a drawing differently, or only one has rejection scores.
        SiteError, BrowserError: the model or the browser does not run.
    """
    check_drawings(predict, model_dir)
    measured = browser_predictions(images, model_dir=model_dir, progress=progress)
    return compare(predict(images), measured, labels, meta.read(model_dir)["threshold"])


def check_drawings(predict: Callable[[np.ndarray], Predictions], model_dir: Path) -> None:
    """Raise VerifyError unless the browser reads DRAWINGS as Keras does."""
    fields = np.stack([ink.render(drawing) for drawing in DRAWINGS.values()])[..., None]
    readings = browser_readings(list(DRAWINGS.values()), model_dir=model_dir)
    wanted = predict(fields).probabilities
    for name, reading, expected in zip(DRAWINGS, readings, wanted, strict=True):
        difference = np.abs(np.array(reading["probabilities"]) - expected).max()
        if difference > MAX_DRAWING_DIFFERENCE:
            raise VerifyError(
                f"browser and Keras read a drawn {name} differently: "
                f"a probability differs by {difference:.3f}"
            )


def mnist_test_digits(limit: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the first `limit` MNIST test digits, all by default.

    Returns:
        images (n, 28, 28, 1) float32 in [0, 1], and labels (n,).

    Raises:
        DataError: MNIST is not available.
    """
    digits = data.load("mnist")
    images = digits.test_images[:limit, ..., None].astype(np.float32) / 255
    return images, digits.test_labels[:limit]


def show_progress(done: int, total: int) -> None:
    """Print the progress: on a terminal in one line, otherwise after every tenth."""
    line = f"in the browser: {done:,} of {total:,}"
    if sys.stdout.isatty():
        print(f"\r{line}", end="\n" if done == total else "", flush=True)
    elif done == total or done * 10 // total > (done - 250) * 10 // total:
        print(line, flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Verify the exported model, print the table, and fail if it does not pass."""
    parser = argparse.ArgumentParser(
        prog="python -m export.verify",
        description="Run MNIST's test set through the exported model in a headless browser.",
    )
    parser.add_argument(
        "--model", type=Path, default=KERAS_MODEL, help="Keras file (default: models/digits.keras)"
    )
    parser.add_argument(
        "--web-model", type=Path, default=MODEL, help="exported model (default: web/model)"
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N test digits")
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
        sys.exit("digitpad: the browser disagrees with Keras: export the model again")


if __name__ == "__main__":
    main()
