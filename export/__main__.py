"""Export a Keras model to the page: convert, write meta.json, verify in a browser, swap in.

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
from files.atomic import describe_fault, replace_folder
from files.drawings import DataError

REPLACED = "replaced it with the complete runtime, which is 7 kB larger to download"
RUNTIME = WEB / "vendor" / runtime_bundle.NAME
UNVERIFIED = "exported with --skip-verification: not run in a browser"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    # Keras reads this when it is imported. Only its TensorFlow backend can write a SavedModel.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        export(options.model, options.out, options.precision, not options.skip_verification)
    except BlockingIOError:
        sys.exit(f"digitpad: another export is writing {options.out}. Wait until it has finished.")
    except OSError as error:
        sys.exit(f"digitpad: {describe_fault(error, options.out)}")
    except (ExportError, VerifyError, SiteError, BrowserError, DataError) as error:
        sys.exit(f"digitpad: {error}")


def export(source: Path, out: Path, precision: str, verified: bool) -> None:
    """Export a model. An error leaves `out` unchanged.

    Args:
        source: Keras file.
        out: folder to write; missing, empty or an exported model.
        precision: one of PRECISIONS.
        verified: whether to compare browser and Keras on MNIST's test set.

    Raises:
        ExportError: the model cannot be exported, or `out` contains something else.
        VerifyError: the browser disagrees with Keras.
        SiteError, BrowserError: the model or the browser does not run.
        DataError: MNIST's test set is not available.
        BlockingIOError: another export is writing `out`.
        OSError: a file cannot be read or written.
    """
    check_out(out)
    model = load_model(source)
    with replace_folder(out) as staging:
        print(f"converting {source} to a {precision} graph model", flush=True)
        document = convert(model, staging, precision)
        described = meta.describe(staging, document, model, source, precision)
        meta.write(staging, described)
        if described["nodes"].get("not_a_digit") and described["threshold"] is None:
            print(f"note: no report beside {source} describes it: the page will reject nothing")
        if verified:
            images, labels = mnist_test_digits()
            comparison = verify(predictor(model), images, labels, staging, show_progress)
            print(comparison)
            if not comparison.passes:
                raise VerifyError(f"the browser disagrees with Keras: {out} stays unchanged")
            described |= {"accuracy": {"mnist": comparison.facts()}, "verified": True}
        else:
            described["verified"] = UNVERIFIED
        if not meta.keep_second_network(described, MODEL, staging, source):
            print(
                "note: the page's second network does not fit this one: run "
                "`python -m export.strokes`, after `python -m train.strokes` for another first one"
            )
        if described["nodes"]["marks"] and not meta.add_marks(described, staging, source):
            print("note: no weights for marks fit this network: `python -m export.marks` fits some")
        meta.write(staging, described)
        operations = runtime_bundle.operations_of(staging)
        if out.resolve() == MODEL:
            # Before the model is swapped in, because the page must work at any moment.
            missing = runtime_bundle.install(operations, RUNTIME)
            if missing:
                print(f"note: {RUNTIME} lacked {', '.join(sorted(missing))}: {REPLACED}")
    if out.resolve() == MODEL:
        precache.write(MODEL.parent)
    elif not operations <= runtime_bundle.operations_in(RUNTIME):
        print(f"note: {RUNTIME} cannot run this model; {runtime_bundle.COMPLETE} can")
    weights = sum(file["bytes"] for file in described["files"].values())
    print(f"wrote {out}: {described['parameters']:,} parameters, {weights:,} bytes")


def check_out(out: Path) -> None:
    """Raise ExportError unless `out` is missing, empty or an exported model."""
    empty = out.is_dir() and not any(out.iterdir())
    if not out.exists() or empty or (out / meta.NAME).is_file():
        return
    what = "is not an exported model" if out.is_dir() else "is not a folder"
    raise ExportError(f"{out} {what} and would be lost: choose another --out")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m export",
        description="Convert a Keras model to a TensorFlow.js graph model, run MNIST's test set "
        "through it in a headless browser, and replace the page's model if the browser agrees "
        "with Keras. If anything fails, the previous model stays.",
    )
    parser.add_argument(
        "--model",
        type=Path,
        default=KERAS_MODEL,
        metavar="FILE",
        help="Keras file (default: models/digits.keras)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=MODEL,
        metavar="DIR",
        help="folder to replace (default: web/model)",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="uint8",
        help="precision of the weights; uint6 is uint8 with few levels in large kernels; "
        "arithmetic is always float32 (default: %(default)s)",
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
