"""Export a Keras model to the page: convert, describe, verify in a browser, swap in.

For example `python -m export --model models/digits.keras --precision float16`.
"""

import argparse
import os
import sys
from pathlib import Path

from export import meta, runtime_bundle
from export.browser.launch import BrowserError
from export.browser.page import MODEL, WEB, SiteError
from export.convert import PRECISIONS, ExportError, convert, load_model, predictor
from export.verify import (
    KERAS_MODEL,
    VerifyError,
    mnist_test_digits,
    show_progress,
    verify,
)
from files import precache
from files.atomic import replace_folder
from files.drawings import DataError

REPLACED = "the runtime with all operations has taken its place (6 kB more for visitors)"
RUNTIME = WEB / "vendor" / runtime_bundle.NAME
UNVERIFIED = "exported with --skip-verification: not run in a browser"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    # Keras reads its backend once, at its import; only TensorFlow's models become SavedModels.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        export(options.model, options.out, options.precision, not options.skip_verification)
    except BlockingIOError:
        sys.exit(f"digitpad: another export is writing {options.out}: wait for it")
    except OSError as error:
        where = error.filename or options.out
        sys.exit(f"digitpad: {where}: {error.strerror}: choose another --out, or make room there")
    except (ExportError, VerifyError, SiteError, BrowserError, DataError) as error:
        sys.exit(f"digitpad: {error}")


def export(source: Path, out: Path, precision: str, verified: bool) -> None:
    """Export `source` to `out`, which keeps its old content unless all went well."""
    check_place(out)
    model = load_model(source)
    with replace_folder(out) as aside:
        print(f"converting {source} to a {precision} graph model", flush=True)
        document = convert(model, aside, precision)
        described = meta.describe(aside, document, model, source, precision)
        meta.write(aside, described)
        if described["nodes"].get("not_a_digit") and described["threshold"] is None:
            print(f"note: no report beside {source} is of it: the page will refuse nothing")
        if verified:
            images, labels = mnist_test_digits()
            comparison = verify(predictor(model), images, labels, aside, show_progress)
            print(comparison)
            if not comparison.passes:
                raise VerifyError(f"the browser does not read as Keras does: {out} stays as it was")
            described |= {"accuracy": {"mnist": comparison.facts()}, "verified": True}
        else:
            described["verified"] = UNVERIFIED
        meta.write(aside, described)
        operations = runtime_bundle.operations_of(aside)
        if out.resolve() == MODEL:
            # Before the model takes its place: the page must work at each moment.
            lacked = runtime_bundle.install(operations, RUNTIME)
            if lacked:
                print(f"note: {RUNTIME} lacked {', '.join(sorted(lacked))}: {REPLACED}")
    if out.resolve() == MODEL:
        precache.write(MODEL.parent)
    elif not operations <= runtime_bundle.operations_in(RUNTIME):
        print(f"note: {RUNTIME} cannot run this model: {runtime_bundle.COMPLETE} can")
    weights = sum(file["bytes"] for file in described["files"].values())
    print(f"wrote {out}: {described['parameters']:,} parameters, {weights:,} bytes")


def check_place(out: Path) -> None:
    """Raise ExportError unless there is an exported model, or nothing, that may be replaced."""
    empty = out.is_dir() and not any(out.iterdir())
    if not out.exists() or empty or (out / meta.NAME).is_file():
        return
    what = "holds something else than an exported model" if out.is_dir() else "is no folder"
    raise ExportError(f"{out} {what}, and would be lost: give --out another")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m export",
        description="Convert a Keras digit model to a TensorFlow.js graph model, run MNIST's test "
        "set through it in a headless browser, and put it in the page's place if it reads as "
        "Keras does. If anything fails, the model that was there stays.",
    )
    parser.add_argument(
        "--model",
        type=Path,
        default=KERAS_MODEL,
        metavar="FILE",
        help="Keras file (models/digits.keras)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=MODEL,
        metavar="DIR",
        help="folder to replace (web/model)",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="uint8",
        help="of the weights; the arithmetic is float32 in any case (%(default)s)",
    )
    parser.add_argument(
        "--skip-verification",
        action="store_true",
        help="export without a browser; meta.json records that the model is not verified",
    )
    parser.add_argument(  # the old name
        "--unverified", dest="skip_verification", action="store_true", help=argparse.SUPPRESS
    )
    return parser


if __name__ == "__main__":
    main()
