"""What the documents say is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_test_that_the_failure_modes_name_is_there() -> None:
    table = (ROOT / "docs" / "failure-modes.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", table)
    rows = re.findall(r"^\| (?!When)[A-Z`].*$", table, re.MULTILINE)
    assert len(named) >= len(rows) > 25
    for file, name in named:
        assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"
    assert all("::test_" in row for row in rows)
