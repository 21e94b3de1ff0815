"""What meta.json says of files, from a hand that need not be the export's."""

import json
from typing import Any

import pytest

from export import meta
from export.runtime_bundle import ExportError
from files import model_meta

DIGEST = "0" * 64
SOUND = {"model.json": {"bytes": 2, "sha256": DIGEST}}


def test_what_the_export_writes_is_read() -> None:
    assert model_meta.parse(json.dumps({"files": SOUND}))["files"] == SOUND


@pytest.mark.parametrize(
    "name", ["../model.json", "/dev/zero", "a/b", "", ".", "..", ".x", "a\nb", "\0", "é", "x" * 101]
)
def test_a_file_outside_the_models_folder_is_not_looked_at(name: str) -> None:
    with pytest.raises(ValueError, match="it does not describe"):
        model_meta.parse(json.dumps({"files": SOUND | {name: {"sha256": DIGEST}}}))


@pytest.mark.parametrize(
    "files", [None, [], {}, "model.json", {"model.json": None}, {"model.json": {"sha256": 7}}]
)
def test_files_of_another_shape_are_refused(files: Any) -> None:
    with pytest.raises(ValueError):
        model_meta.parse(json.dumps({"files": files}))


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, " " * 2_000_000, "\ufeff{}", '{"a": 1'])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        model_meta.parse(text)


@pytest.mark.parametrize("content", ["{", json.dumps({"format": 2, "files": SOUND})])
def test_the_export_names_a_meta_json_that_it_did_not_write(tmp_path, content: str) -> None:
    (tmp_path / "meta.json").write_text(content)
    with pytest.raises(ExportError, match=r"meta\.json is .*: export the model again"):
        meta.read(tmp_path)
