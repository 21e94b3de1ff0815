"""Run the benchmarks and write bench/results/: `python -m bench`."""

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Error

from bench.page.contenders import Unusable
from bench.peers.convnet import PeerError
from bench.result import RESULTS, describe_machine, write
from export.browser.launch import BrowserError
from export.convert import ExportError
from files.drawings import DataError

MODULES = {
    "page": "bench.page.measure",
    "memory": "bench.page.memory",
    "growth": "bench.page.growth",
    "photo": "bench.page.photo",
    "first-stroke": "bench.first_stroke",
    "load": "bench.load",
    "training": "bench.training.measure",
}
EXPECTED = (PeerError, Unusable, BrowserError, ExportError, DataError, OSError, Error)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the named benchmarks, all by default."""
    options = parse_arguments(arguments)
    folder = options.out or (
        Path(tempfile.mkdtemp(prefix="digitpad-bench-")) if options.smoke else RESULTS
    )
    facts = describe_machine()
    for name in options.names or MODULES:
        start = time.monotonic()
        try:
            result = importlib.import_module(MODULES[name]).run(options.smoke)
            written = write(result, folder, facts)
        except EXPECTED as error:
            sys.exit(f"bench {name}: {str(error).splitlines()[0]}")
        print(
            f"{result.tables}\n\n{name}: {time.monotonic() - start:.0f} s, in {written[0].parent}\n"
        )


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the page and training, compared with alternatives, and the page's "
        "memory, growth with input size, pictures, and the server under load.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="BENCHMARK", help=f"{', '.join(MODULES)} (default: all)"
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="run in seconds to check that everything works; the times mean nothing",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"folder for results (default: bench/{RESULTS.name}, with --smoke a temporary one)",
    )
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in MODULES:
            parser.error(f"there is no benchmark {name}: choose from {', '.join(MODULES)}")
    return options


if __name__ == "__main__":
    main()
