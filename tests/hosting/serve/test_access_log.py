"""The access log: one line for each answer, which no request can forge."""

import re
from pathlib import Path

import pytest

from tests.site import Serving, serving, small_site

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return small_site(tmp_path / "web")


def logged(server: Serving, *requests: bytes) -> list[str]:
    """The log's lines for these requests, without their times."""
    for request in requests:
        server.ask(request + b" HTTP/1.0\r\n\r\n")
    server.process.terminate()
    code, said = server.stopped()
    assert code == 0
    lines = said.splitlines()
    for line in lines:
        assert re.fullmatch(TIME + r" 127\.0\.0\.1 \S+ \S+ \d{3} \d+ \d+\.\d", line), line
    return [" ".join(line.split(" ")[2:6]) for line in lines]


def test_it_tells_what_was_asked_and_answered(site: Path) -> None:
    asked = [b"GET /script.js?drawing=secret", b"HEAD /script.js", b"GET /nowhere", b"DELETE /"]
    with serving(site, "--access-log") as server:
        assert logged(server, *asked) == [
            "GET /script.js 200 21",
            "HEAD /script.js 200 0",
            "GET /nowhere 404 14",
            "DELETE / 405 0",
        ]


def test_it_tells_what_never_reached_the_application(site: Path) -> None:
    large = b"GET /" + b"a" * 20000
    with serving(site, "--access-log") as server:
        lines = logged(server, b"no http at all", large, b"GET http://[")
    assert [line.rsplit(" ", 1)[0] for line in lines] == ["- - 400", "- - 431", "GET - 400"]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (b"/%0a2026-01-01T00:00:00+00:00%20forged", "/%0A2026-01-01T00:00:00+00:00%20forged"),
        (b"/\x1b[2J\x00%85%FF", "/%1B%5B2J%00%85%FF"),
        (b"/\x85\xff", "-"),
        (b'/"%20200%20"\'\\', "/%22%20200%20%22%27%5C"),
        (b"/" + b"a" * 5000, "/" + "a" * 199 + "..."),
        (b"?", "-"),
    ],
)
def test_a_path_cannot_forge_a_line_or_a_field(site: Path, path: bytes, written: str) -> None:
    with serving(site, "--access-log") as server:
        (line,) = logged(server, b"GET " + path)
    assert line.split(" ")[1] == written


def test_it_is_silent_unless_it_is_asked_for(site: Path) -> None:
    with serving(site) as server:
        assert logged(server, b"GET /") == []
