"""`server.py --public-url`: the link and the QR code lead there, and errors are one line."""

import subprocess
import sys
from pathlib import Path

import pytest

import server as program
from hosting.collect.store import Collection
from hosting.serve.public_url import parse_public_url
from tests.hosting.running_server import ROOT, TIMEOUT_SECONDS, small_site


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://pad.example.org", "https://pad.example.org/"),
        ("http://192.168.1.7:8000/", "http://192.168.1.7:8000/"),
        ("https://host.ts.net/digits/pad//", "https://host.ts.net/digits/pad/"),
        ("http://[fd00::7]:8000", "http://[fd00::7]:8000/"),
    ],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "172.17.0.2"])
def test_link_and_code_lead_to_the_named_address(
    monkeypatch: pytest.MonkeyPatch, capsys, tmp_path: Path, given: str, url: str, host: str
) -> None:
    shown = []
    make = program.segno.make
    monkeypatch.setattr(program.segno, "make", lambda *a, **o: shown.append(a[0]) or make(*a, **o))
    monkeypatch.setattr(program, "lan_address", lambda: "172.17.0.2")
    program.announce(host, 8123, public_url=parse_public_url(given))
    said = capsys.readouterr().out
    assert shown == [url] and f"On other devices: {url}\n" in said
    assert "same network" not in said
    made = Collection(tmp_path)
    program.announce(host, 8123, made, parse_public_url(given))
    assert shown[1] == f"{url}#collect={made.token}"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "does not begin with http"),
        ("pad.example.org", "does not begin with http"),
        ("192.168.1.7:8000", "does not begin with http"),
        ("ftp://pad.example.org/", "does not begin with http"),
        ("javascript:alert(1)", "does not begin with http"),
        ("http://", "invalid host or port"),
        ("https:///pad", "invalid host or port"),
        ("http://pad:99999/", "invalid host or port"),
        ("http://pad:eight/", "invalid host or port"),
        ("http://pad:0/", "invalid host or port"),
        ("http://[::1/", "invalid host or port"),
        ("http://my pad/", "invalid host or port"),
        ("http://pad/\x1b[31m", "invalid host or port"),
        ("http://pad/\nhttp://other/", "invalid host or port"),
        ("http://me:secret@pad/", "has a user name"),
        ("http://pad/?a=1", "has a part after"),
        ("http://pad/#collect=x", "has a part after"),
    ],
)
def test_what_is_no_address_is_refused_in_one_line(given: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as problem:
        parse_public_url(given)
    assert "--public-url" in str(problem.value) and "https://pad.example.org/" in str(problem.value)
    assert str(problem.value).isprintable()


def test_the_command_ends_with_that_line(tmp_path: Path) -> None:
    site = small_site(tmp_path / "web")
    command = [sys.executable, ROOT / "server.py", "--site", site, "--public-url", "pad.lan"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("digitpad: --public-url 'pad.lan' does not begin with http://")
    assert done.stderr.count("\n") == 1
