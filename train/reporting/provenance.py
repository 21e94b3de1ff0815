"""Find the report of a network file: its report.json must name the file's SHA-256."""

import hashlib
import json
from pathlib import Path


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def report_for(model: Path) -> dict | None:
    """Load the `report.json` beside a network; None if it is missing or of another network."""
    try:
        report = json.loads(model.with_name("report.json").read_text(encoding="utf-8"))
        return report if report["model_sha256"] == sha256(model) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


NO_REPORT = {"run": {"trained_on": []}, "history": []}
