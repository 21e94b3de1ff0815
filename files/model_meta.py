"""Validate a model's meta.json without trusting it; standard library only."""

import json
import re
from typing import Any

FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")  # without folders
SHA256_HEX = re.compile(r"[0-9a-f]{64}")
MAX_TEXT = 1 << 20  # characters; the shipped meta.json has 3,000


def parse(text: str) -> dict[str, Any]:
    """Parse meta.json. Raises ValueError unless it lists files as the export does."""
    if len(text) > MAX_TEXT:
        raise ValueError("too long")
    try:
        meta = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    files = meta.get("files") if isinstance(meta, dict) else None
    if not isinstance(files, dict) or "model.json" not in files:
        raise ValueError("it lists no files")
    for name, entry in files.items():
        if not FILE_NAME.fullmatch(name) or not _is_valid_entry(entry):
            raise ValueError(f"it does not describe {name[:80]!r}")
    return meta


def _is_valid_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("sha256"), str)
        and SHA256_HEX.fullmatch(entry["sha256"]) is not None
    )
