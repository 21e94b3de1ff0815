"""Networks side by side, as visitors meet them: quantised, in a browser, on the test digits.

python -m export.judge models/seeds/*/digits.keras --unipen PATH
python -m export.judge models/digits.keras --unipen PATH --against models/mnist/digits.keras
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export import meta
from export.browser import BrowserError
from export.convert import ExportError, convert, load_model
from export.site import SiteError, browser_probabilities
from train.digits import DataError
from train.material import HeldOut, read_tests
from train.record import known
from train.unipen import UnipenError
from train.writers import compare, over_writers

PRECISION = "uint8"  # what is shipped


@dataclass(frozen=True)
class Judged:
    """A network's file, its accuracies in validation, and its (n, 10) answers by test set."""

    file: Path
    validation: dict[str, float]
    said: dict[str, np.ndarray]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        tests = read_tests("mnist", options.unipen)
        networks = [judge(file, tests) for file in options.models]
        print(table(networks, tests))
        if options.against:
            print(comparison(networks[0], judge(options.against, tests), tests))
    except (ExportError, SiteError, BrowserError, DataError, UnipenError, OSError) as error:
        sys.exit(f"digitpad: {error}")


def judge(file: Path, tests: Sequence[HeldOut]) -> Judged:
    """Export a network aside, as it would be shipped, and let a browser read the tests with it."""
    print(f"reading with {file}", file=sys.stderr, flush=True)
    model = load_model(file)
    with tempfile.TemporaryDirectory(prefix="digitpad-") as name:
        folder = Path(name)
        document = convert(model, folder, PRECISION)
        meta.write(folder, meta.describe(folder, document, model, file, PRECISION))
        said = {
            test.name: browser_probabilities(test.images.astype(np.float32) / 255, model_dir=folder)
            for test in tests
        }
    return Judged(file, validation_of(file), said)


def validation_of(file: Path) -> dict[str, float]:
    """Accuracies on the sets that were watched, from the report beside a network, if it is its."""
    watched = (known(file) or {}).get("run", {}).get("validation", {})
    return {name: found["accuracy"] for name, found in watched.items()}


def figures(network: Judged, tests: Sequence[HeldOut]) -> dict[str, float]:
    """Accuracies by name of the column: validation, test, and mean over writers."""
    columns = {f"{name}, validation": value for name, value in network.validation.items()}
    for test in tests:
        readings = network.said[test.name].argmax(axis=1)
        columns[test.name] = float((readings == test.labels).mean())
        if test.writers is not None:
            over = over_writers(test.labels, readings, test.writers)
            columns["mean over writers"] = over["macro"]
    return columns


def table(networks: Sequence[Judged], tests: Sequence[HeldOut]) -> str:
    """A row a network and, for several, their mean and standard deviation (n - 1)."""
    rows = [figures(network, tests) for network in networks]
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[f"{row[name]:.2%}" if name in row else "-" for name in names] for row in rows]
    heads = [str(network.file) for network in networks]
    if len(rows) > 1:
        columns = [np.array([row[name] for row in rows if name in row]) for name in names]
        spread = [f"{100 * c.mean():.2f} ± {100 * c.std(ddof=1):.2f}%" for c in columns]
        heads, cells = [*heads, "mean ± standard deviation"], [*cells, spread]
    widths = [max(map(len, [name, *(row[k] for row in cells)])) for k, name in enumerate(names)]
    first = max(map(len, heads))
    lines = [
        f"{head:{first}}  " + "  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True))
        for head, row in zip(["", *heads], [names, *cells], strict=True)
    ]
    counts = ", ".join(f"{test.name}: {len(test.labels):,} digits" for test in tests)
    return "\n".join([*lines, f"({PRECISION}, in a browser; {counts})"])


def comparison(network: Judged, other: Judged, tests: Sequence[HeldOut]) -> str:
    """How many of the other's errors the first one spares; 95% intervals over writers."""
    lines = [f"{network.file} against {other.file}"]
    for test in tests:
        found = compare(test.labels, test.writers, network.said[test.name], other.said[test.name])
        for kind in ("micro",) if test.writers is None else ("micro", "macro"):
            both = found[kind]
            spared = "-" if both["reduction"] is None else f"{both['reduction']:.1%}"
            lines.append(
                f"  {test.name}, {kind}: {both['accuracy']:.2%} "
                f"{between(both['accuracy_interval'])} against {both['accuracy_against']:.2%} "
                f"{between(both['accuracy_against_interval'])}: "
                f"{spared} {between(both['reduction_interval'], 1)} fewer errors"
            )
    return "\n".join(lines)


def between(interval: Sequence[float] | None, decimals: int = 2) -> str:
    """A 95% interval in percent; a dash where some resample left it undefined."""
    return "(-)" if interval is None else "({:.{d}%} to {:.{d}%})".format(*interval, d=decimals)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m export.judge",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("models", nargs="+", type=Path, metavar="FILE", help="Keras files")
    made.add_argument("--unipen", metavar="PATH", help="UNIPEN's archive: its test writers too")
    made.add_argument(
        "--against", type=Path, metavar="FILE", help="a network to compare the first one with"
    )
    return made


if __name__ == "__main__":
    main()
