"""Write and read meta.json, the description of an exported model."""

import json
import math
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.graph_nodes import SCORE, named_nodes
from export.runtime_bundle import ExportError
from files import model_meta as described
from train import ink
from train.reporting.provenance import report_for, sha256

if TYPE_CHECKING:
    import keras

FORMAT = 1  # the format that web/recognition/model-files.js reads
NAME = "meta.json"
SECOND_NETWORK = "strokes"  # the key of its description
# What `python -m export.marks` and `python -m export.marks.pictures` fit, and their names in the
# model's folder.
MARKS = Path(__file__).parents[1] / "models/marks.json"
PICTURE_MARKS = MARKS.with_name("marks-on-pictures.json")
# Segmentation weights, fitted by `python -m export.segmentation`.
SEGMENTATION = Path(__file__).parents[1] / "models/segmentation.json"


def describe(
    folder: Path, document: dict[str, Any], model: "keras.Model", source: Path, precision: str
) -> dict[str, Any]:
    """Return the content of meta.json for the model files in `folder`, not yet verified.

    Args:
        folder: contains model.json and its weights.
        document: content of model.json.
        model: the exported network.
        source: its Keras file. The report beside it gives rejection threshold and training data.
        precision: precision of the weights.
    """
    nodes = named_nodes(document, model)
    return {
        "format": FORMAT,
        "labels": [str(digit) for digit in range(10)],
        "ink": {"size": ink.SIZE, "box": ink.BOX, "width": ink.WIDTH},
        "nodes": nodes,
        "threshold": threshold(source) if nodes[SCORE] else None,
        "segment": json.loads(SEGMENTATION.read_text()),
        "accuracy": {},
        "trained_on": trained_on(source),
        "precision": precision,
        "parameters": sum(math.prod(weight.shape) for weight in model.weights),
        "files": {file.name: facts(file) for file in sorted(folder.iterdir())},
        "verified": "not yet",
    }


def write(folder: Path, meta: dict[str, Any]) -> None:
    """Write meta.json."""
    (folder / NAME).write_text(text(meta))


def text(meta: dict[str, Any]) -> str:
    """Return the text of meta.json."""
    return json.dumps(meta, indent=2) + "\n"


def read(folder: Path) -> dict[str, Any]:
    """Read meta.json.

    Raises:
        ExportError: it is damaged or has another format.
        OSError: it cannot be read.
    """
    path = folder / NAME
    try:
        meta = described.parse(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise ExportError(f"{path} is damaged ({fault}): export the model again") from None
    if meta.get("format") != FORMAT:
        raise ExportError(f"{path} is not in format {FORMAT}: export the model again")
    return meta


def keep_second_network(
    described: dict[str, Any], exported: Path, folder: Path, source: Path
) -> bool:
    """Copy the second network of an exported model, see `export.strokes`, and describe it.

    False, without it, if there is none, or if it was combined with another network than `source`,
    whose classes need not be the same.

    Args:
        described: content of meta.json, which is added to.
        exported: folder of the exported model.
        folder: where to copy it.
        source: Keras file of the first network.
    """
    try:
        second = read(exported)[SECOND_NETWORK]
    except (ExportError, OSError, KeyError):
        return False
    if second["combined_with"] != sha256(source):
        return False
    for name in second["files"]:
        shutil.copy(exported / name, folder / name)
        described["files"][name] = facts(folder / name)
    described[SECOND_NETWORK] = second
    return True


def add_marks(described: dict[str, Any], folder: Path, source: Path) -> bool:
    """Copy the weights for marks into a model's folder, and describe them.

    False, without them, unless they were fitted to the network that was exported from `source`.
    Those for marks on pictures may be missing.
    """
    if not is_fitted(MARKS, source):
        return False
    found = [MARKS, *([PICTURE_MARKS] if is_fitted(PICTURE_MARKS, source) else [])]
    for file in found:
        shutil.copy(file, folder / file.name)
        described["files"][file.name] = facts(folder / file.name)
    described["marks"] = {"files": [file.name for file in found]}
    return True


def is_fitted(weights: Path, source: Path) -> bool:
    """Return whether a file of weights is fitted to the network that was exported from `source`."""
    try:
        return json.loads(weights.read_text(encoding="utf-8"))["fitted_to"] == sha256(source)
    except (OSError, ValueError, KeyError):
        return False


def facts(file: Path) -> dict[str, Any]:
    """Return a file's `bytes` and `sha256`."""
    return {"bytes": file.stat().st_size, "sha256": sha256(file)}


def threshold(source: Path) -> float | None:
    """Return the rejection threshold from the report beside a network.

    None, without a report about this very file: the page then rejects nothing.
    """
    return (report_for(source) or {}).get("run", {}).get("refusal", {}).get("threshold")


def trained_on(source: Path) -> list[str]:
    """Return the training data that the report names; empty without one about this very file."""
    return list((report_for(source) or {}).get("trained_on", []))
