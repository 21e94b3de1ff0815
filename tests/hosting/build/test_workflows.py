"""GitHub workflows use pinned actions and minimal permissions."""

import re
from pathlib import Path

import pytest

from environment import SERVING, VERSIONS
from tests.conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_there_are_a_test_and_a_pages_workflow() -> None:
    assert [path.name for path in WORKFLOWS] == ["pages.yml", "test.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text())
    assert used
    for action in used:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_permissions_are_minimal_and_no_expression_runs_in_a_shell(path: Path) -> None:
    text = path.read_text()
    assert re.search(r"^permissions:\n  contents: read\n\n", text, re.MULTILINE)
    assert re.findall(r"(\S+): write", text) == (
        ["pages", "id-token"] if path.name == "pages.yml" else []
    )
    assert "pull_request_target" not in text and "secrets." not in text
    expressions = re.findall(r"run: .*\$\{\{ (.+?) \}\}", text)
    assert set(expressions) <= {"matrix.target"}, "other expressions could contain untrusted text"


def test_the_pythons_and_the_targets_are_those_of_the_project() -> None:
    text = (ROOT / ".github" / "workflows" / "test.yml").read_text()
    tested = [
        found.replace('"', "").split(", ") for found in re.findall(r"python: \[(.+)\]", text)
    ]
    assert tested == [
        [f"{major}.{minor}" for major, minor in versions] for versions in (VERSIONS, SERVING)
    ]
    targets = re.search(r"target: \[(.+)\]", text)[1].split(", ")
    assert all(re.search(rf"^{target}: ", MAKEFILE, re.MULTILINE) for target in targets)
    assert re.search(r"^site: ", MAKEFILE, re.MULTILINE)
