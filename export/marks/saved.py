"""Write what was fitted, for later exports and for the page."""

import json
from pathlib import Path
from typing import Any

from export import meta
from export.browser.page import MODEL
from export.runtime_bundle import ExportError
from files import precache
from files.atomic import write_atomically
from train.network.build import MARK_LABELS
from train.reporting.provenance import sha256

NETWORK = meta.MARKS.with_name("digits.keras")


def described_model() -> dict[str, Any]:
    """Return the content of the exported model's meta.json.

    Raises ExportError if the model has no head for marks.
    """
    described = meta.read(MODEL)
    if not described["nodes"].get("marks"):
        raise ExportError(
            "the exported network has no output for marks: run `python -m train.marks`"
        )
    return described


def save(path: Path, fitted: dict[str, Any]) -> None:
    """Write weights for marks to `path`, in models/, and the page's copy of them."""
    content = saved_form(fitted)
    write_atomically(path, lambda file: file.write(content))
    described = meta.read(MODEL)
    meta.add_marks(described, MODEL, NETWORK)
    description = meta.text(described).encode()
    write_atomically(MODEL / meta.NAME, lambda file: file.write(description))
    precache.write(MODEL.parent)
    print(f"wrote {path} and {MODEL / path.name}")


def saved_form(fitted: dict[str, Any]) -> bytes:
    """Return the content of the file: what was fitted, its labels, and the network's checksum."""
    labelled = {"fitted_to": sha256(NETWORK), "labels": MARK_LABELS, **fitted}
    return (json.dumps(labelled, separators=(",", ":")) + "\n").encode()
