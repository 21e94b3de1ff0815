"""`make audit`: nothing known, something known, and sources that could not be asked."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from hosting import audit

FAULT = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
FAULTY = {"dependencies": [{"name": "jinja2", "version": "2.4.1", "vulns": [FAULT]}]}
SOUND = {"dependencies": [{"name": "flask", "version": "3.1.3", "vulns": []}]}
VIA = [{"title": "Prototype pollution", "url": "https://example.org/1"}, "lodash"]
NPM_SOUND: dict[str, Any] = {"vulnerabilities": {}, "metadata": {"dependencies": {"total": 44}}}
NPM_FAULTY = NPM_SOUND | {
    "vulnerabilities": {"lodash": {"range": "<4.17.21", "severity": "high", "via": VIA}}
}
# Answers about what is known to be faulty with the first text, about all else with the second.
FAKE = """import sys
asked = " ".join(sys.argv[1:])
probe, others = {answers!r}
text = others if {root!r} in asked else probe
print(text) if text.startswith("{{") else print(text, file=sys.stderr)
sys.exit(1)
"""


@pytest.fixture
def fake(tmp_path: Path):
    """`fake(probe, others)` is a command that answers so; a text is an error."""

    def command(probe: Any, others: Any) -> list[str]:
        answers = [each if isinstance(each, str) else json.dumps(each) for each in (probe, others)]
        path = tmp_path / f"fake{len(list(tmp_path.iterdir()))}.py"
        path.write_text(FAKE.format(answers=answers, root=str(audit.ROOT)))
        return [sys.executable, str(path)]

    return command


def test_nothing_is_known_where_all_were_asked(fake, capsys) -> None:
    assert audit.audit(fake(NPM_FAULTY, NPM_SOUND), fake(FAULTY, SOUND)) == 0
    said = capsys.readouterr().out
    for lock in (*audit.PYTHON_LOCKS, *audit.NPM_LOCKS):
        assert f"{lock}: " in said
    assert said.endswith("no known fault in any locked package\n")


def test_what_is_known_is_listed(fake, capsys) -> None:
    assert audit.audit(fake(NPM_FAULTY, NPM_FAULTY), fake(FAULTY, FAULTY)) == 1
    said = capsys.readouterr().out
    assert "  jinja2 2.4.1: PYSEC-1, mended in 2.0\n" in said
    assert "  lodash <4.17.21: high, Prototype pollution (https://example.org/1)\n" in said
    assert said.endswith("4 known faults: take newer versions, then `make lock`\n")


@pytest.mark.parametrize("failure", ["getaddrinfo ENOTFOUND", "", '{"error": {"code": "E404"}}'])
def test_a_source_that_cannot_be_asked_is_no_good_news(fake, capsys, failure: str) -> None:
    assert audit.audit(fake(failure, failure), fake(failure, failure)) == 2
    said = capsys.readouterr().out
    assert "no known fault" not in said
    assert said.count("not looked up: ") == 2 and "nothing can be said" in said


def test_a_source_that_knows_nothing_is_no_good_news(fake, capsys) -> None:
    assert audit.audit(fake(NPM_SOUND, NPM_SOUND), fake(FAULTY, SOUND)) == 2
    said = capsys.readouterr().out
    assert "not looked up: export/runtime/package-lock.json and bench/peers/js" in said
    assert "knows nothing of a package that has had faults for years" in said


def test_what_one_source_knows_outweighs_that_the_other_was_not_asked(fake) -> None:
    assert audit.audit(fake("no network", "no network"), fake(FAULTY, FAULTY)) == 1


def test_a_package_that_was_passed_over_is_no_good_news(fake, capsys) -> None:
    passed = {"dependencies": [{"name": "flask", "skip_reason": "PyPI is away"}]}
    assert audit.audit(fake(NPM_FAULTY, NPM_SOUND), fake(FAULTY, passed)) == 2
    assert "it passed flask over: PyPI is away" in capsys.readouterr().out


def test_a_program_that_is_not_there_is_named(fake, capsys) -> None:
    assert audit.audit(["no-such-npm"], fake(FAULTY, SOUND)) == 2
    assert "no-such-npm does not start" in capsys.readouterr().out
