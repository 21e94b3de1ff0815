"""What meta.json says of an exported model."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.graph_nodes import SCORE, named_nodes
from export.runtime_bundle import ExportError
from files import model_meta as described
from train import ink
from train.reporting.provenance import report_for, sha256

if TYPE_CHECKING:
    import keras

FORMAT = 1  # web/recognition/model-files.js reads this one
NAME = "meta.json"
# `python -m export.segmentation` fits it.
SEGMENTATION = Path(__file__).parents[1] / "models/segmentation.json"


def describe(
    folder: Path, document: dict[str, Any], model: "keras.Model", source: Path, precision: str
) -> dict[str, Any]:
    """Return meta.json's content for the model files in `folder`, not yet verified.

    Args:
        folder: model.json and its weights.
        document: what model.json says.
        model: the network that was exported.
        source: its Keras file; the report beside it says what it was trained on and above which
            score it refuses.
        precision: of the weights.
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
    """What meta.json holds."""
    return json.dumps(meta, indent=2) + "\n"


def read(folder: Path) -> dict[str, Any]:
    """Read meta.json. Raises ExportError for what the export did not write, and OSError."""
    path = folder / NAME
    try:
        meta = described.parse(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise ExportError(f"{path} is damaged ({fault}): export the model again") from None
    if meta.get("format") != FORMAT:
        raise ExportError(f"{path} is not of format {FORMAT}: export the model again")
    return meta


def facts(file: Path) -> dict[str, Any]:
    """Return a file's `bytes` and `sha256`."""
    return {"bytes": file.stat().st_size, "sha256": sha256(file)}


def threshold(source: Path) -> float | None:
    """Return the score above which a network refuses, as its training's report says.

    None, where there is no such report, refuses nothing.
    """
    return (report_for(source) or {}).get("run", {}).get("refusal", {}).get("threshold")


def trained_on(source: Path) -> list[str]:
    """Return what the training's report says, if there is one and it is about this very file."""
    return list((report_for(source) or {}).get("trained_on", []))
