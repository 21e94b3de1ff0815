"""A clone by Git for Windows, which writes CRLF unless told otherwise, has the same bytes."""

import base64
import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from hosting.build.dist import build

ROOT = Path(__file__).parents[2]


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; return what it prints."""
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clone the last commit as Git for Windows does."""
    folder = tmp_path_factory.mktemp("windows") / "clone"
    crlf = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    git(ROOT, "clone", "--quiet", "--shared", *crlf, str(ROOT), str(folder))
    return folder


def test_every_file_has_the_bytes_that_were_committed(clone: Path) -> None:
    committed = re.findall(r"^\d+ (\w+) 0\t(.+)$", git(clone, "ls-files", "-s"), re.MULTILINE)
    assert len(committed) > 300
    names = [name for _, name in committed]
    found = git(clone, "hash-object", "--no-filters", *names).split()
    assert [name for (blob, name), own in zip(committed, found, strict=True) if blob != own] == []
    assert git(clone, "status", "--porcelain") == ""


def test_the_checksums_of_the_page_and_of_its_model_are_right(clone: Path) -> None:
    web = clone / "web"
    listed = re.findall(r'"([^"]+)": "sha256-([^"]+)"', (web / "files.js").read_text())
    assert len(listed) > 30
    for name, checksum in listed:
        digest = hashlib.sha256((web / name).read_bytes()).digest()
        assert base64.b64encode(digest).decode() == checksum, name
    for name, facts in json.loads((web / "model" / "meta.json").read_text())["files"].items():
        content = (web / "model" / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (
            facts["bytes"],
            facts["sha256"],
        )


def test_a_site_built_there_is_the_site_built_here(clone: Path, tmp_path: Path) -> None:
    head = tmp_path / "head"
    git(ROOT, "clone", "--quiet", "--shared", "-c", "core.autocrlf=false", str(ROOT), str(head))
    built = [build(each / "web", tmp_path / each.name / "dist", "/") for each in (clone, head)]
    assert built[0].folder == built[1].folder, "named by the hash of its content"
