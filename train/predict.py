"""Predict images of one digit each: dark or light ink, PNG, JPEG, WebP, TIFF and others.

python -m train.predict seven.png three.jpg
python -m train.predict *.png --model models/final_mnist_cnn.h5
python -m train.predict --submission test.csv     Kaggle's Digit Recognizer: write submission.csv
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from files.drawings import DataError
from train.arguments import require_network
from train.data import kaggle
from train.data.csv_files.reading import read_unlabelled
from train.data.image_folder import read_digit
from train.data.pixels import to_ink
from train.quiet import import_keras, quiet


def read_images(paths: Sequence[Path]) -> tuple[list[Path], np.ndarray, list[str]]:
    """Read and normalise images.

    Returns:
        the readable paths, their images (n, 28, 28, 1) float32 in [0, 1], and an error message for
        each of the other paths.
    """
    good, fields, problems = [], [], []
    for path in paths:
        try:
            fields.append(read_digit(path))
            good.append(path)
        except DataError as problem:
            problems.append(str(problem))
    return good, np.array(fields, np.float32).reshape(-1, 28, 28, 1), problems


def format_table(names: Sequence[str], probabilities: np.ndarray) -> str:
    """Format a line for each image: name, digit, ten probabilities; the highest has a star.

    Args:
        names: n of them.
        probabilities: (n, 10).
    """
    width = max(map(len, [*names, "picture"]))
    lines = [f"{'picture':{width}}  digit " + "".join(f"{digit:>9}" for digit in range(10))]
    for name, row in zip(names, probabilities, strict=True):
        best = row.argmax()
        cells = (f"{'*' if digit == best else ''}{p:.2%}" for digit, p in enumerate(row))
        lines.append(f"{name:{width}}  {best:>5} " + "".join(f"{cell:>9}" for cell in cells))
    return "\n".join(lines)


def predict(paths: Sequence[Path], model: Path) -> list[str]:
    """Print predictions; return an error message for each unreadable image."""
    good, images, problems = read_images(paths)
    if good:
        # Imported late, so that a mistyped name is reported before TensorFlow starts.
        require_network(model)
        import_keras()
        with quiet():
            from train.evaluation.predict import predict as run
            from train.network.saving import load_network

            probabilities = run(load_network(model), images).probabilities
        print(format_table([str(path) for path in good], probabilities))
    return problems


def submit(test_csv: Path, out: Path, model: Path) -> None:
    """Predict Kaggle's test.csv and write a submission."""
    images, note = to_ink(read_unlabelled(test_csv), str(test_csv))
    check_out(out, test_csv)
    if len(images) != kaggle.TEST_ROWS:
        print(
            f"train.predict: {test_csv} has {len(images):,} rows, the competition's "
            f"{kaggle.TEST_ROWS:,}: Kaggle accepts no other number",
            file=sys.stderr,
        )
    require_network(model)
    import_keras()
    with quiet():
        from train.fitting.fit import EVAL_BATCH_SIZE
        from train.network.build import classifier
        from train.network.saving import load_network
        from train.samples.training_set import inputs

        network = classifier(load_network(model))
    if note:
        print(note)
    print(f"reading the {len(images):,} digits of {test_csv}", flush=True)
    shown = int(sys.stdout.isatty())  # a progress bar on terminals
    said = network.predict(inputs(images), batch_size=EVAL_BATCH_SIZE, verbose=shown)
    kaggle.write_submission(out, said.argmax(axis=1))
    print(f"wrote {out}")


def check_out(out: Path, test_csv: Path) -> None:
    """Raise DataError if a submission written to `out` would overwrite what it is made from."""
    if out.is_dir():
        raise DataError(f"{out} is a folder: name a file with --out")
    if out.exists() and out.samefile(test_csv):
        raise DataError(f"{out} is the file to be read: name another file with --out")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = command_line()
    options = parser.parse_args(arguments)
    if bool(options.images) == bool(options.submission):
        parser.error("give pictures, or --submission with Kaggle's test.csv")
    if options.out and not options.submission:
        parser.error("--out belongs to --submission")
    try:
        problems = []
        if options.submission:
            submit(options.submission, options.out or Path("submission.csv"), options.model)
        else:
            problems = predict(options.images, options.model)
    except (DataError, OSError) as problem:
        problems = [str(problem)]
    for problem in problems:
        print(f"train.predict: {problem}", file=sys.stderr)
    return 1 if problems else 0


def command_line() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m train.predict",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("images", nargs="*", type=Path, metavar="IMAGE", help="one digit each")
    add("--submission", type=Path, metavar="FILE", help="Kaggle's test.csv, to read instead")
    add("--out", type=Path, metavar="FILE", help="for --submission (default: submission.csv)")
    add(
        "--model",
        type=Path,
        default=Path("models/digits.keras"),
        metavar="FILE",
        help="a .keras or .h5 file (default: models/digits.keras)",
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
