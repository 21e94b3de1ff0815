"""`server.py --collect DIR`: folders that it refuses, and the link that it prints."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import server as program
from hosting.collect import store
from tests.hosting.running_server import ROOT, SECRET, TIMEOUT_SECONDS, small_site


def test_a_folder_that_everybody_could_read_is_refused(tmp_path: Path) -> None:
    site = small_site(tmp_path / "web")
    for folder in (site, site / "collected"):
        said = run("--site", site, "--collect", folder)
        assert re.fullmatch(r"digitpad: \S+ would be public: choose [^\n]+\n", said)
    assert not (site / "collected").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    said = run("--site", small_site(tmp_path / "web"), "--collect", tmp_path / "secret.txt")
    assert re.fullmatch(r"digitpad: \S+secret.txt: [^\n]+ or choose another folder\n", said)
    assert (tmp_path / "secret.txt").read_bytes() == SECRET


def run(*arguments: str | Path) -> str:
    command = [sys.executable, ROOT / "server.py", "--port", "0", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    assert done.returncode == 1
    return done.stderr


def test_the_link_holds_the_token_and_the_code_leads_to_it(
    monkeypatch: pytest.MonkeyPatch, capsys, tmp_path: Path
) -> None:
    shown = []
    make = program.segno.make
    monkeypatch.setattr(program.segno, "make", lambda *a, **o: shown.append(a[0]) or make(*a, **o))
    monkeypatch.setattr(program, "lan_address", lambda: "192.168.7.9")
    made = store.Collection(tmp_path)
    program.announce("0.0.0.0", 8123, made)
    said = capsys.readouterr().out
    link = f"http://192.168.7.9:8123/#collect={made.token}"
    assert shown == [link]
    assert f"On a phone in the same network: {link}\n" in said
    assert f"digitpad is at http://localhost:8123/#collect={made.token} (Ctrl-C" in said
    assert said.endswith(f"Anyone with this link can send drawings to {made.folder}\n")


def test_collecting_needs_no_package_beyond_those_of_the_server(tmp_path: Path) -> None:
    without = "import sys; sys.modules.update(dict.fromkeys(['numpy', 'tensorflow', 'brotli']))"
    command = [sys.executable, "-c", f"{without}; import server; server.main()", "--collect"]
    with subprocess.Popen(
        [*command, tmp_path, "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        said = process.stdout.readline()
        process.terminate()
    assert "/#collect=" in said
