"""What the report beside a network says of it, as long as it is about that very file."""

import hashlib
import json
from pathlib import Path


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def known(model: Path) -> dict | None:
    """The `report.json` beside a network; None when there is none, or it is of another network."""
    try:
        report = json.loads(model.with_name("report.json").read_text(encoding="utf-8"))
        return report if report["model_sha256"] == sha256(model) else None
    except (OSError, ValueError, KeyError, TypeError):  # none there, or not one of ours
        return None


NOTHING_KNOWN = {"run": {"trained_on": []}, "history": []}
