"""What meta.json says of files, from a hand that need not be the export's."""

import json
from typing import Any

import pytest

from export import meta
from export.runtime_bundle import ExportError
from files import model_meta

DIGEST = "0" * 64
SOUND = {"model.json": {"bytes": 2, "sha256": DIGEST}}


def test_exported_meta_json_is_read() -> None:
    assert model_meta.parse(json.dumps({"files": SOUND}))["files"] == SOUND


@pytest.mark.parametrize(
    "name", ["../model.json", "/dev/zero", "a/b", "", ".", "..", ".x", "a\nb", "\0", "é", "x" * 101]
)
def test_a_file_outside_the_model_folder_is_rejected(name: str) -> None:
    with pytest.raises(ValueError, match="it does not describe"):
        model_meta.parse(json.dumps({"files": SOUND | {name: {"sha256": DIGEST}}}))


@pytest.mark.parametrize(
    "files", [None, [], {}, "model.json", {"model.json": None}, {"model.json": {"sha256": 7}}]
)
def test_invalid_file_entries_are_rejected(files: Any) -> None:
    with pytest.raises(ValueError):
        model_meta.parse(json.dumps({"files": files}))


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, " " * 2_000_000, "\ufeff{}", '{"a": 1'])
def test_invalid_json_is_rejected(text: str) -> None:
    with pytest.raises(ValueError):
        model_meta.parse(text)


@pytest.mark.parametrize("content", ["{", json.dumps({"format": 2, "files": SOUND})])
def test_the_export_names_an_invalid_meta_json(tmp_path, content: str) -> None:
    (tmp_path / "meta.json").write_text(content)
    with pytest.raises(ExportError, match=r"meta\.json is .*: export the model again"):
        meta.read(tmp_path)
