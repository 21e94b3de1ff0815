"""A file of results, to which a comparison adds one at a time, so that it can be resumed."""

import json
from collections.abc import Mapping
from pathlib import Path

from files.atomic import write_atomically


def read_results(file: Path) -> list[dict]:
    """Load the results so far; none without a file."""
    return json.loads(file.read_text()) if file.exists() else []


def add_result(file: Path, result: Mapping) -> None:
    """Append one result."""
    text = json.dumps([*read_results(file), result], indent=1) + "\n"
    write_atomically(file, lambda temporary: temporary.write(text.encode()))
