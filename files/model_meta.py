"""What meta.json says of the files of a model, read without trust; needs nothing but Python."""

import json
import re
from typing import Any

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")  # of a file in the model's own folder
DIGEST = re.compile(r"[0-9a-f]{64}")
MAX_TEXT = 1 << 20  # characters of meta.json; the shipped one has 3,000


def parse(text: str) -> dict[str, Any]:
    """Return meta.json's content. Raises ValueError, unless it lists files as the export does."""
    if len(text) > MAX_TEXT:
        raise ValueError("too long")
    try:
        meta = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    files = meta.get("files") if isinstance(meta, dict) else None
    if not isinstance(files, dict) or "model.json" not in files:
        raise ValueError("it lists no files")
    for name, facts in files.items():
        if not NAME.fullmatch(name) or not _sound(facts):
            raise ValueError(f"it does not describe {name[:80]!r}")
    return meta


def _sound(facts: object) -> bool:
    return (
        isinstance(facts, dict)
        and isinstance(facts.get("sha256"), str)
        and DIGEST.fullmatch(facts["sha256"]) is not None
    )
