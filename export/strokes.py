"""Export the second network, `python -m export.strokes`: convert, verify in a browser, swap in.

It goes into the folder of the page's model, and its description into that model's meta.json. Later
exports of the first network keep both.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export import meta, runtime_bundle
from export.browser.launch import BrowserError
from export.browser.page import MODEL, WEB, SiteError, evaluate, model_page
from export.convert import PRECISIONS, ExportError, convert, import_keras
from export.graph_nodes import output_node
from export.verify import VerifyError
from files import precache
from files.atomic import replace_folder
from train.reporting.provenance import sha256

if TYPE_CHECKING:
    import keras

MODELS = Path(__file__).parents[1] / "models"
GRAPH, WEIGHTS = "strokes.json", "strokes.bin"  # in the model's folder
DRAWINGS = 200
MAX_MEAN_DIFFERENCE = 0.01  # of a probability; other features of the path give far more
CLASSES = """async drawings => {
    const { loadStrokeNetwork } = await import("/recognition/strokes.js");
    const folder = new URL("model/", location.href);
    const { meta } = recognizer;
    const network = await loadStrokeNetwork(folder, meta, meta.strokes);
    return drawings.map(drawing => Array.from(network.classify([drawing])));
}"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    os.environ["KERAS_BACKEND"] = "tensorflow"  # only its TensorFlow backend writes a SavedModel
    try:
        export(options.models, options.out, options.precision)
    except BlockingIOError:
        sys.exit(f"digitpad: another export is writing {options.out}. Wait until it has finished.")
    except OSError as error:
        where = error.filename or options.models
        sys.exit(f"digitpad: {where}: {error.strerror or error}: run `python -m train.strokes`")
    except (ExportError, VerifyError, SiteError, BrowserError) as error:
        sys.exit(f"digitpad: {error}")


def export(models: Path, out: Path, precision: str) -> None:
    """Add the second network to an exported model. An error leaves `out` unchanged.

    Args:
        models: holds strokes.keras and strokes.json, as `python -m train.strokes` writes them, and
            digits.keras.
        out: folder of the first network's export.
        precision: one of `export.convert.PRECISIONS`.

    Raises:
        ExportError: it cannot be converted, or `out` holds no exported model.
        VerifyError: the browser disagrees with Keras.
        SiteError, BrowserError: the page or the browser does not run.
        OSError: a file cannot be read or written.
    """
    described = meta.read(out)
    facts = json.loads((models / "strokes.json").read_text(encoding="utf-8"))
    if facts["combined_with"] != sha256(models / "digits.keras"):
        raise ExportError(
            f"{models / 'strokes.json'} has weights for another network than digits.keras: "
            "run `python -m train.strokes`"
        )
    network = import_keras().saving.load_model(models / "strokes.keras", compile=False)
    with replace_folder(out) as staging:
        shutil.copytree(out, staging, dirs_exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="digitpad-") as folder:
            document = convert(network, Path(folder), precision)
            described["files"] |= add_files(Path(folder), staging)
        described[meta.SECOND_NETWORK] = {
            "files": [WEIGHTS, GRAPH],
            "node": output_node(document)["name"],
            "weights": facts["weights"],
            "combined_with": facts["combined_with"],
        }
        meta.write(staging, described)
        missing = runtime_bundle.operations_of(staging, GRAPH) - runtime_bundle.operations_of(out)
        if missing:
            names = ", ".join(sorted(missing))
            raise ExportError(f"the page's runtime lacks {names}: use layers of the first network")
        print(f"mean difference of a probability: {verify(network, staging):.4f}")
    if out.resolve() == MODEL:
        precache.write(WEB)
    size = sum(described["files"][name]["bytes"] for name in (WEIGHTS, GRAPH))
    print(f"wrote {out / GRAPH}: {network.count_params():,} parameters, {size:,} bytes")


def add_files(folder: Path, staging: Path) -> dict[str, Any]:
    """Copy a converted graph and its one file of weights under names of their own.

    Returns what meta.json says of these files.
    """
    document = json.loads((folder / "model.json").read_text())
    (manifest,) = document["weightsManifest"]
    (shard,) = manifest["paths"]
    manifest["paths"] = [WEIGHTS]
    shutil.copy(folder / shard, staging / WEIGHTS)
    (staging / GRAPH).write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))
    return {name: meta.facts(staging / name) for name in (WEIGHTS, GRAPH)}


def verify(network: "keras.Model", model_dir: Path) -> float:
    """Return the mean difference between the browser's and Keras' probabilities of scribbles.

    Raises VerifyError if it is too large.
    """
    from train.samples.non_digits import scribbles
    from train.strokes.paths import features, sample_paths

    drawings = scribbles(DRAWINGS, np.random.default_rng(0))
    with model_page(model_dir) as page:
        measured = np.array(evaluate(page, CLASSES, drawings))
    expected = network.predict(features(sample_paths(drawings)), verbose=0)
    difference = float(np.abs(measured - expected).mean())
    if not difference <= MAX_MEAN_DIFFERENCE:
        raise VerifyError(f"browser and Keras differ by {difference:.3f} of a probability")
    return difference


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m export.strokes",
        description="Convert the second network, which reads the path of the pen, and add it to "
        "the page's model, if a headless browser agrees with Keras.",
    )
    add = made.add_argument
    add("--models", type=Path, default=MODELS, metavar="DIR", help="default: models")
    add("--out", type=Path, default=MODEL, metavar="DIR", help="default: web/model")
    add("--precision", choices=PRECISIONS, default="uint8", help="default: %(default)s")
    return made


if __name__ == "__main__":
    main()
